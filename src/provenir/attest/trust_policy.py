"""The trust policy: whose signature counts, for what, and how many are needed.

A TOML file that the verifier holds. Nothing that is signed can change what it says: algorithm,
roles and dates of a key come from its entry here, and key ids in an envelope are hints.

Source: `docs/reference/verification.md`, "The trust policy".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from provenir.attest.trust_key import NOTE_ROLES, ROLES, TrustKey, joined, known, read_key
from provenir.core.digest import digest_bytes
from provenir.core.errors import BoundsError, UsageError
from provenir.core.files import read_bounded
from provenir.core.limits import MAX_SAFE_INTEGER
from provenir.core.strict_toml import TomlTable, parse_toml

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["LEVELS", "MAX_KEYS", "MAX_POLICY_BYTES", "ROLES", "SCHEMA", "TrustKey", "TrustPolicy"]

SCHEMA: Final = "trust-policy/1"
LEVELS: Final = ("declared", "L0", "L1", "L2")
"""What an issuer's passport can claim, weakest first."""
MAX_POLICY_BYTES: Final = 2**20
MAX_KEYS: Final = 256

_FIELDS: Final = ("schema", "name", "version", "require", "thresholds", "evidence", "keys")
_MAX_NAME_CHARS = 128
_LEAST: Final = ("operator",)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustPolicy:
    """What a verifier trusts.

    Attributes:
        name: What remembered versions are kept under.
        version: From 1; a newer one replaces an older one.
        keys: In the order of the file. A public key in several entries is one key, with the roles
            of all of them under the stricter dates; only of log and witness keys each name stands
            for itself, so whoever counts keys counts `key.material`.
        thresholds: Role to number of keys, where the file states one.
        require: Assurance level to roles, where the file states them.
        needs_reports: Whether a passport without its reports is refused.
        digest: Of the exact bytes of the file.
    """

    name: str
    version: int
    keys: tuple[TrustKey, ...]
    thresholds: Mapping[str, int]
    require: Mapping[str, tuple[str, ...]]
    needs_reports: bool
    digest: str

    @classmethod
    def parse(cls, data: bytes, *, where: str) -> TrustPolicy:
        """Read a trust policy from its exact bytes.

        Args:
            data: The TOML text.
            where: What to call the file in an error.

        Raises:
            InputError: Not such a policy, whatever the bytes; names the field and the mend.
        """
        if len(data) > MAX_POLICY_BYTES:
            raise BoundsError(f"a trust policy beyond {MAX_POLICY_BYTES:,} bytes", where=where)
        whole = TomlTable(parse_toml(data, where=where, what="the trust policy"), where)
        if whole.values.get("schema") != SCHEMA:
            mend = f'this version of provenir reads schema = "{SCHEMA}"'
            raise whole.fault("schema", "not a trust policy of this version", mend)
        whole.only(_FIELDS)
        policy = cls(
            name=whole.text("name", max_chars=_MAX_NAME_CHARS),
            version=whole.integer("version", most=MAX_SAFE_INTEGER),
            keys=_keys(whole),
            thresholds=MappingProxyType(_thresholds(whole.table("thresholds"))),
            require=MappingProxyType(_require(whole.table("require"))),
            needs_reports=_needs_reports(whole.table("evidence")),
            digest=digest_bytes(data),
        )
        if "|" in policy.name:
            raise whole.fault("name", 'holds a "|"', "remembered versions are kept under it")
        policy._check_reachable(whole)
        return policy

    @classmethod
    def read(cls, path: str | Path) -> TrustPolicy:
        """Read a trust policy from a file.

        Raises:
            InputError: The file cannot be read, or is no such policy.
        """
        return cls.parse(read_bounded(path, max_bytes=MAX_POLICY_BYTES), where=str(path))

    def keys_of(self, role: str) -> tuple[TrustKey, ...]:
        """The keys that hold a role, in the order of the file.

        Raises:
            UsageError: There is no such role.
        """
        _check_role(role)
        return tuple(key for key in self.keys if role in key.roles)

    def threshold(self, role: str) -> int:
        """How many distinct keys a role needs: 1 unless stated.

        Raises:
            UsageError: There is no such role.
        """
        _check_role(role)
        return self.thresholds.get(role, 1)

    def required(self, level: str) -> tuple[str, ...]:
        """The roles that a passport needs which claims this assurance.

        Args:
            level: One of `LEVELS`; what is asked of the levels below it is asked too.

        Returns:
            The roles in the order of the levels and of the file. Where none is stated for
            `declared` it is `operator`, whatever is asked of the levels above: nobody gets past
            the operator by claiming more.

        Raises:
            UsageError: There is no such level.
        """
        if level not in LEVELS:
            raise UsageError(f"no such level {level!r}", mend=f"one of: {', '.join(LEVELS)}")
        asked = LEVELS[: LEVELS.index(level) + 1]
        stated = {**self.require, "declared": self.require.get("declared") or _LEAST}
        return tuple(dict.fromkeys(role for each in asked for role in stated.get(each, ())))

    def _check_reachable(self, whole: TomlTable) -> None:
        """Refuse a required role that its own keys can never fill."""
        for role in dict.fromkeys(role for roles in self.require.values() for role in roles):
            distinct = len({key.key.material for key in self.keys_of(role)})
            needed = self.threshold(role)
            if distinct < needed:
                what = f"{role} is required; distinct keys needed: {needed}, here: {distinct}"
                raise whole.fault("require", what, "add keys of the role, or do not require it")


def _keys(whole: TomlTable) -> tuple[TrustKey, ...]:
    listed = whole.values.get("keys")
    if not isinstance(listed, list) or not all(isinstance(item, Mapping) for item in listed):
        raise whole.fault("keys", "no keys", "write each one under [[keys]]")
    if not 0 < len(listed) <= MAX_KEYS:
        raise whole.fault("keys", f"{len(listed)} keys", f"a policy has 1 to {MAX_KEYS}")
    tables = [TomlTable(item, whole.where, f"keys[{n}]") for n, item in enumerate(listed)]
    entries = [(read_key(table), table) for table in tables]
    taken: dict[str, bool] = {}
    for key, table in entries:
        signs_notes = bool(NOTE_ROLES & set(key.roles))
        # Several log keys may sign for one origin, and the origin is their name.
        if key.id in taken and not (signs_notes and taken[key.id]):
            raise table.fault("id", "stands twice", "give every key an id of its own")
        taken[key.id] = signs_notes
    return joined(entries)


def _thresholds(table: TomlTable) -> dict[str, int]:
    table.only(ROLES)
    return {role: table.integer(role, most=MAX_KEYS) for role in table.values}


def _require(table: TomlTable) -> dict[str, tuple[str, ...]]:
    table.only(LEVELS)
    return {level: known(table, level) for level in table.values}


def _needs_reports(table: TomlTable) -> bool:
    table.only(("reports",))
    return table.boolean("reports")


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise UsageError(f"no such role {role!r}", mend=f"one of: {', '.join(ROLES)}")
