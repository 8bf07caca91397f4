"""One key of a trust policy: what it is called, which roles it has, and what it may sign.

Source: `docs/reference/verification.md`, "The trust policy".
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from provenir.attest import base64_strict
from provenir.attest.keys import ALGORITHMS, public_key, public_key_from_der
from provenir.attest.statement import (
    DATA_SOURCE_PREDICATE,
    EXAMPLE_METADATA_PREDICATE,
    LEDGER_CLOSE_PREDICATE,
    PASSPORT_PREDICATE,
    POLICY_PREDICATE,
    REVOCATION_PREDICATE,
    RUN_PREDICATE,
    VERDICT_PREDICATE,
)
from provenir.core.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from provenir.attest.keys import VerificationKey
    from provenir.core.strict_toml import TomlTable

__all__ = [
    "DEFAULT_PREDICATES",
    "KEY_FIELDS",
    "NOTE_ROLES",
    "ROLES",
    "TrustKey",
    "joined",
    "known",
    "read_key",
]

ROLES: Final = ("operator", "data-source", "governance", "auditor", "root", "log", "witness")

KEY_FIELDS: Final = (
    "id",
    "alg",
    "public",
    "roles",
    "predicate_types",
    "not_before",
    "compromised_at",
)
"""Of a `[[keys]]` table, in the order in which they are written."""

NOTE_ROLES: Final = frozenset({"log", "witness"})
"""Roles that sign notes, in which a key goes by its `id`."""

DEFAULT_PREDICATES: Final[Mapping[str, tuple[str, ...]]] = {
    "operator": (PASSPORT_PREDICATE, RUN_PREDICATE, LEDGER_CLOSE_PREDICATE),
    "data-source": (DATA_SOURCE_PREDICATE, EXAMPLE_METADATA_PREDICATE),
    "governance": (POLICY_PREDICATE, REVOCATION_PREDICATE),
    "auditor": (VERDICT_PREDICATE,),
    "root": (),
    "log": (),
    "witness": (),
}
"""What a key of a role signs unless the policy says otherwise."""

_ALONE: Final = ("root", "log", "witness")
_MAX_ID_CHARS = 128
_MAX_PUBLIC_CHARS = 2_048
# RFC 3986 section 4.3: a scheme, and no white space after it.
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[!-~]{1,500}")
_FROM_PEM = "copy it from NAME.pub.pem"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustKey:
    """A key that a trust policy names, with what it is trusted for.

    Attributes:
        id: A label; of a `log` or `witness` key the name in its signed notes.
        alg: `ed25519` or `p256`; decided here, never by what was signed.
        key: The public key.
        roles: In the order of `ROLES`.
        predicate_types: Of the statements that count when this key signed them.
        not_before: Before this instant of the verifier's clock no signature counts; None is always.
        compromised_at: From when on somebody else may hold the private half; None is never.
    """

    id: str
    alg: str
    key: VerificationKey
    roles: tuple[str, ...]
    predicate_types: tuple[str, ...]
    not_before: datetime | None
    compromised_at: datetime | None

    def counts_at(self, at: datetime) -> bool:
        """Whether a signature counts at an instant, where nothing shows that it is older."""
        begun = self.not_before is None or self.not_before <= at
        return begun and (self.compromised_at is None or at < self.compromised_at)


def read_key(table: TomlTable) -> TrustKey:
    """Read one `[[keys]]` table.

    Raises:
        InputError: A field is missing, unknown or wrong; names the field and the mend.
    """
    table.only(KEY_FIELDS)
    label = table.text("id", max_chars=_MAX_ID_CHARS)
    alg = _algorithm(table)
    named = known(table, "roles")
    roles = tuple(role for role in ROLES if role in named)
    if not roles:
        raise table.fault("roles", "a key without a role", f"give one of: {', '.join(ROLES)}")
    _check_alone(roles, table)
    if NOTE_ROLES & set(roles) and re.search(r"[\s+]", label):
        raise table.fault("id", "a name in signed notes has no space and no +", "correct it")
    return TrustKey(
        id=label,
        alg=alg,
        key=_public(table, alg),
        roles=roles,
        predicate_types=_predicate_types(table, roles),
        not_before=table.instant("not_before"),
        compromised_at=table.instant("compromised_at"),
    )


def known(table: TomlTable, field: str) -> tuple[str, ...]:
    """Read a list of roles, in the order of the file.

    Raises:
        InputError: It is none, or names what is no role.
    """
    roles = table.texts(field) or ()
    for role in roles:
        if role not in ROLES:
            raise table.fault(field, f"no such role {role[:40]!r}", f"known: {', '.join(ROLES)}")
    return roles


def joined(entries: Iterable[tuple[TrustKey, TomlTable]]) -> tuple[TrustKey, ...]:
    """Make one key of entries with one public key: the roles of all, under the stricter dates.

    Of log and witness keys each name is kept, with what holds for the key as a whole.

    Args:
        entries: The keys in the order of the file, each with its table for messages.

    Raises:
        InputError: Together the entries have roles that exclude each other.
    """
    whole: dict[bytes, TrustKey] = {}
    names: dict[tuple[bytes, str], None] = {}
    first: dict[bytes, str] = {}
    for entry, table in entries:
        material = entry.key.material
        whole[material] = _both(whole[material], entry) if material in whole else entry
        _check_alone(whole[material].roles, table)
        label = first.setdefault(material, entry.id)
        names[material, entry.id if NOTE_ROLES & set(entry.roles) else label] = None
    return tuple(replace(whole[material], id=label) for material, label in names)


def _both(one: TrustKey, other: TrustKey) -> TrustKey:
    """One key from two entries."""
    begins = [day for day in (one.not_before, other.not_before) if day is not None]
    ends = [day for day in (one.compromised_at, other.compromised_at) if day is not None]
    roles = {*one.roles, *other.roles}
    return replace(
        one,
        roles=tuple(role for role in ROLES if role in roles),
        predicate_types=tuple(dict.fromkeys((*one.predicate_types, *other.predicate_types))),
        not_before=max(begins, default=None),
        compromised_at=min(ends, default=None),
    )


def _algorithm(table: TomlTable) -> str:
    alg = table.text("alg", max_chars=64)
    if alg.startswith("hmac"):
        what = "a shared secret cannot stand in a trust policy"
        raise table.fault("alg", what, "give a public key: whoever can verify an HMAC can forge it")
    if alg not in ALGORITHMS:
        raise table.fault("alg", "no such algorithm", f"known: {', '.join(ALGORITHMS)}")
    return alg


def _public(table: TomlTable, alg: str) -> VerificationKey:
    """The key of the field `public`; a text that is no PEM is base64, and never a path."""
    text = table.values.get("public")
    if not isinstance(text, str) or not 0 < len(text) <= _MAX_PUBLIC_CHARS:
        raise table.fault("public", "not the text of a public key", _FROM_PEM)
    try:
        if "-----BEGIN " in text:
            return public_key(text.encode("utf-8"), alg=alg)
        return public_key_from_der(base64_strict.decode(text), alg=alg)
    except (InputError, UsageError) as fault:
        raise table.fault("public", fault.what, fault.mend or _FROM_PEM) from fault


def _predicate_types(table: TomlTable, roles: tuple[str, ...]) -> tuple[str, ...]:
    stated = table.texts("predicate_types")
    if stated is None:
        return tuple(dict.fromkeys(kind for role in roles for kind in DEFAULT_PREDICATES[role]))
    for kind in stated:
        if not _URI.fullmatch(kind):
            mend = f"write it in full, like {PASSPORT_PREDICATE}"
            raise table.fault("predicate_types", "not a predicate type", mend)
    if stated and set(roles) & set(_ALONE):
        what = f"a key of the role {roles[0]} signs no statements"
        raise table.fault("predicate_types", what, "leave it out")
    return stated


def _check_alone(roles: tuple[str, ...], table: TomlTable) -> None:
    for role in _ALONE:
        if role in roles and len(roles) > 1:
            what = f"a key of the role {role} has no other role"
            raise table.fault("roles", what, "make a key of its own for it")
