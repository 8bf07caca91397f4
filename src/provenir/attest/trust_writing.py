"""Writing trust policies: the first one, the next version, and its signatures one after another.

A policy is written as a whole in one fixed order, so that equal policies are equal bytes; comments
of a file that is rewritten are lost, its fields are not. What is written here is read back before
it is returned: nobody is asked to sign what no verifier would take.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from provenir.attest import base64_strict
from provenir.attest.dsse import Envelope
from provenir.attest.trust_chain import ROTATION_TYPE, missing_signatures, rotation_envelope
from provenir.attest.trust_key import KEY_FIELDS, read_key
from provenir.attest.trust_policy import LEVELS, ROLES, SCHEMA, TrustPolicy
from provenir.core.clock import utc_text
from provenir.core.errors import UsageError
from provenir.core.strict_toml import TomlTable, parse_toml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from provenir.attest.keys import Signer, VerificationKey

__all__ = ["NamedKey", "SignedRotation", "first_policy", "revoked", "sign_rotation"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedKey:
    """A key that goes into a new policy.

    Attributes:
        id: Its label.
        key: The public key.
        roles: What it is trusted for.
    """

    id: str
    key: VerificationKey
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRotation:
    """The next version with the signatures that it has so far.

    Attributes:
        envelope: The version and its signatures.
        old: The version that it takes the place of.
        new: The version in the envelope.
        missing_old: How many more root keys of the old version must sign.
        missing_new: How many more root keys of the new version must sign.
    """

    envelope: Envelope
    old: TrustPolicy
    new: TrustPolicy
    missing_old: int
    missing_new: int

    @property
    def complete(self) -> bool:
        """Whether a verifier accepts it."""
        return self.missing_old == self.missing_new == 0


def first_policy(
    name: str,
    keys: Sequence[NamedKey],
    *,
    thresholds: Mapping[str, int],
    require: Mapping[str, Sequence[str]],
    where: str,
) -> bytes:
    """Write version 1 of a policy.

    Args:
        name: What remembered versions are kept under.
        keys: Whom it names.
        thresholds: Role to number of keys, where it is not 1.
        require: Assurance level to roles.
        where: What to call the policy in an error.

    Raises:
        InputError: It would be no valid policy.
        UsageError: A threshold is beyond the number of distinct keys of its role, or a log's or
            witness's key is no Ed25519 key, so that none of its notes would ever count.
    """
    for each in keys:
        if {"log", "witness"} & set(each.roles) and each.key.algorithm != "ed25519":
            raise UsageError(
                f"{each.id}: notes are signed with Ed25519, not {each.key.algorithm}",
                where=where,
                mend="make a key for it with: provenir key new --out NAME",
            )
    document = {
        "schema": SCHEMA,
        "name": name,
        "version": 1,
        "require": {level: list(roles) for level, roles in require.items()},
        "thresholds": dict(thresholds),
        "keys": [
            {
                "id": each.id,
                "alg": each.key.algorithm,
                "public": base64_strict.encode(each.key.material),
                "roles": list(each.roles),
            }
            for each in keys
        ],
    }
    data = _toml(document)
    policy = TrustPolicy.parse(data, where=where)
    for role, needed in policy.thresholds.items():
        distinct = len({each.key.material for each in policy.keys_of(role)})
        if distinct < needed:
            what = f"distinct keys that {role} needs: {needed}, here: {distinct}"
            raise UsageError(what, where=where, mend="add keys of the role, or lower its threshold")
    return data


def revoked(data: bytes, key: str, at: datetime, *, where: str) -> bytes:
    """Write the version after a policy, in which a key is compromised.

    Args:
        data: The exact bytes of the policy.
        key: The label of the key, or its key id.
        at: From when on somebody else may hold it.
        where: What to call the policy in an error.

    Raises:
        UsageError: The policy names no such key, or says of it that it was compromised before.
        InputError: The bytes are no policy, or the new version would be none.
    """
    TrustPolicy.parse(data, where=where)
    document = parse_toml(data, where=where)
    entries = document["keys"]
    read = [read_key(TomlTable(entry, where, f"keys[{n}]")) for n, entry in enumerate(entries)]
    meant = {each.key.material for each in read if key in (each.id, each.key.keyid)}
    if len(meant) != 1:
        what = f"{'several keys' if meant else 'no key'} of the policy called {key!r}"
        mend = "give a key id; provenir key show lists them"
        raise UsageError(what, where=where, mend=mend)
    for entry, each in zip(entries, read, strict=True):
        if each.key.material in meant:
            if each.compromised_at is not None and each.compromised_at <= at:
                said = utc_text(each.compromised_at)
                what = f"{each.id} is compromised since {said} already"
                raise UsageError(what, where=where, mend="give an earlier time")
            entry["compromised_at"] = utc_text(at)
    document["version"] += 1
    changed = _toml(document)
    TrustPolicy.parse(changed, where=where)
    return changed


def sign_rotation(
    old: TrustPolicy,
    toml: bytes,
    signers: Sequence[Signer],
    *,
    before: Envelope | None,
    at: datetime,
    where: str,
) -> SignedRotation:
    """Sign the next version of a policy, beside those who have signed it before.

    Args:
        old: The version at hand.
        toml: The exact bytes of the next one.
        signers: Holders of root keys.
        before: The next version with the signatures that it has already.
        at: By when root keys are judged.
        where: What to call the next version in an error.

    Raises:
        InputError: The bytes are no trust policy.
        UsageError: It is not the version after `old`, other bytes were signed before, or a signer
            holds no root key of either version.
    """
    new = TrustPolicy.parse(toml, where=where)
    if (new.name, new.version) != (old.name, old.version + 1):
        what = f"{old.name!r} version {old.version} is not followed by {new.name!r} {new.version}"
        mend = f'write name = "{old.name}" and version = {old.version + 1}'
        raise UsageError(what, where=where, mend=mend)
    if before is not None and (before.payload_type, before.payload) != (ROTATION_TYPE, toml):
        mend = "sign the same bytes as the others, or move the unfinished file away"
        raise UsageError("others have signed other bytes for this version", where=where, mend=mend)
    roots = {each.key.keyid: each.key for each in (*old.keys_of("root"), *new.keys_of("root"))}
    for signer in signers:
        if signer.keyid not in roots:
            what = f"{signer.keyid} is a root key of neither version"
            raise UsageError(what, where=where, mend="sign with a key of the role root")
    made = rotation_envelope(toml, signers, where=where)
    if before is not None:
        fresh = {signature.keyid for signature in made.signatures}
        # What no root key made is dropped: an envelope has room for so many signatures only.
        signed = {key.keyid for key in before.verified_by(roots.values())} - fresh
        kept = [signature for signature in before.signatures if signature.keyid in signed]
        made = Envelope(made.payload, made.payload_type, (*kept, *made.signatures))
    missing_old, missing_new = missing_signatures(old, new, made, at)
    return SignedRotation(
        envelope=made, old=old, new=new, missing_old=missing_old, missing_new=missing_new
    )


def _toml(document: Mapping[str, Any]) -> bytes:
    """Spell a policy in its fixed order; what is no field of one is for its reader to refuse."""
    lines = [f"{name} = {_value(document[name])}" for name in ("schema", "name", "version")]
    for name, order in (("require", LEVELS), ("thresholds", ROLES), ("evidence", ("reports",))):
        table = document.get(name, {})
        if table:
            foreign = {_value(key): table[key] for key in table if key not in order}
            named = {key: table[key] for key in order if key in table} | foreign
            lines += ["", f"[{name}]", *(f"{key} = {_value(named[key])}" for key in named)]
    for entry in document["keys"]:
        lines += ["", "[[keys]]"]
        lines += [f"{key} = {_value(entry[key])}" for key in KEY_FIELDS if key in entry]
    try:
        return ("\n".join(lines) + "\n").encode("utf-8")
    except UnicodeEncodeError as fault:
        raise UsageError("a name or id that is no text", mend="write it in UTF-8") from fault


def _value(value: Any) -> str:
    """A text, number, boolean or list of texts, which TOML spells as JSON does; or an instant."""
    if isinstance(value, datetime):
        return json.dumps(utc_text(value))
    return json.dumps(value, ensure_ascii=False)
