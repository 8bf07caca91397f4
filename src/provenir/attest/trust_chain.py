"""From the trust policy that a verifier holds to the newest one: the chain of versions.

Version N+1 lies beside the policy as `trust.<N+1>.dsse.json`: an envelope over the exact bytes of
its file. It takes the place of version N when all of this holds:

1. the payload type is `ROTATION_TYPE`, so that nothing else that was signed can pass for it;
2. the payload is a trust policy of the same name with the version N+1;
3. as many distinct `root` keys of version N have signed it as version N asks for;
4. as many distinct `root` keys of version N+1 have signed it as version N+1 asks for.

Rule 3 keeps outsiders out. Rule 4 shows that the new keys are held by those who say so: without
it a slip of the pen could lock everybody out.

A root key counts by the verifier's clock alone, by the dates that the version at hand gives it:
not before its `not_before`, and not from its `compromised_at` on. No log entry and no earlier
checkpoint excuses a compromised root key.

What is in the chain and does not hold is `bad-rotation`, a number that is left out too: nobody
goes on with the older keys. What was remembered as newer, or with other bytes, is `rolled-back`.

Source: `docs/reference/verification.md`, "Rotation"; the rules follow TUF's root rotation (The
Update Framework 1.0, section 5.3).
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from provenir.attest.dsse import Envelope
from provenir.attest.trust_policy import MAX_POLICY_BYTES, TrustPolicy
from provenir.core.clock import SystemClock
from provenir.core.errors import EvidenceError, InputError, UsageError
from provenir.core.files import read_bounded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from provenir.attest.keys import Signer
    from provenir.attest.verifier_state import VerifierState

__all__ = [
    "MAX_VERSIONS",
    "ROTATION_TYPE",
    "TrustVersion",
    "accept_rotation",
    "load_trust",
    "missing_signatures",
    "read_rotation",
    "rotation_envelope",
    "rotation_name",
    "trust_versions",
]

ROTATION_TYPE: Final = "application/vnd.provenir.trust-policy+toml"
MAX_VERSIONS: Final = 1_000
"""Most versions that are followed from one file."""

_NAME = re.compile(r"trust\.([1-9][0-9]{0,15})\.dsse\.json")
# The payload in base64, and 32 signatures.
_MAX_ENVELOPE_BYTES = 2 * MAX_POLICY_BYTES
_NEWEST = "get the newest policy and its chain from who keeps them"


def load_trust(
    path: str | Path, *, state: VerifierState | None = None, at: datetime | None = None
) -> TrustPolicy:
    """Read a trust policy and follow its chain of versions as far as it goes.

    Args:
        path: The policy that the verifier holds; no link, since the chain lies beside the file.
        state: What was remembered; None remembers nothing.
        at: The verifier's clock, by which root keys are judged; None is now.

    Returns:
        The newest version.

    Raises:
        UsageError: The time has no zone.
        InputError: The policy itself cannot be read.
        EvidenceError: The chain does not hold (reason `bad-rotation`), or an older version or
            other bytes than the remembered ones are shown (reason `rolled-back`).
    """
    versions = trust_versions(path, at=at)
    if state is not None:
        _check_remembered(versions, state, str(path))
    return versions[-1].policy


@dataclass(frozen=True, slots=True)
class TrustVersion:
    """One version of a trust policy, accepted.

    Attributes:
        policy: What it says.
        data: Its exact bytes.
    """

    policy: TrustPolicy
    data: bytes


def trust_versions(path: str | Path, *, at: datetime | None = None) -> tuple[TrustVersion, ...]:
    """Follow the chain from the policy that the verifier holds; see `load_trust`.

    Returns:
        Every version from the held one to the newest.
    """
    anchor = Path(path)
    data = read_bounded(anchor, max_bytes=MAX_POLICY_BYTES, follow_symlinks=False)
    policy = TrustPolicy.parse(data, where=str(anchor))
    clock = at if at is not None else SystemClock().now()
    if clock.tzinfo is None:
        raise UsageError("a time without a time zone", mend="pass tzinfo=datetime.UTC")
    versions = [TrustVersion(policy, data)]
    for version in _following(anchor.parent, policy.version):
        file = anchor.parent / rotation_name(version)
        try:
            envelope = read_rotation(file)
        except InputError as fault:
            raise _refusal(fault.what, str(file)) from fault
        policy = accept_rotation(policy, envelope, at=clock, where=str(file))
        versions.append(TrustVersion(policy, envelope.payload))
    return tuple(versions)


def rotation_name(version: int) -> str:
    """The file name of a version that takes the place of the one before."""
    return f"trust.{version}.dsse.json"


def rotation_envelope(toml: bytes, signers: Sequence[Signer], *, where: str = "policy") -> Envelope:
    """Sign a new version of a trust policy.

    Args:
        toml: The exact bytes of its file.
        signers: Holders of root keys; none makes an envelope for others to sign.
        where: What to call the file in an error.

    Raises:
        InputError: The bytes are no trust policy.
        UsageError: A signer is a shared secret, or is given twice.
    """
    TrustPolicy.parse(toml, where=where)
    if any(signer.algorithm.startswith("hmac") for signer in signers):
        raise UsageError("a shared secret signs no trust policy", mend="sign with a root key's PEM")
    if not signers:
        return Envelope(toml, ROTATION_TYPE, ())
    return Envelope.sign(toml, signers, payload_type=ROTATION_TYPE)


def read_rotation(path: Path) -> Envelope:
    """Read the envelope of a version; no link is followed.

    Raises:
        InputError: It cannot be read, or is no envelope.
    """
    data = read_bounded(path, max_bytes=_MAX_ENVELOPE_BYTES, follow_symlinks=False)
    return Envelope.parse(data, where=str(path))


def accept_rotation(
    old: TrustPolicy, envelope: Envelope, *, at: datetime, where: str
) -> TrustPolicy:
    """Return the version that takes the place of another, if it may (see the module's rules).

    Args:
        old: The version at hand.
        envelope: The one after it.
        at: The verifier's clock.
        where: What to call the envelope in an error.

    Raises:
        EvidenceError: A rule does not hold (reason `bad-rotation`).
    """
    if envelope.payload_type != ROTATION_TYPE:
        raise _refusal("the envelope holds no trust policy", where)
    try:
        new = TrustPolicy.parse(envelope.payload, where=where)
    except InputError as fault:
        raise _refusal(fault.what, where) from fault
    if new.name != old.name:
        raise _refusal(f"the policy is called {new.name!r}, not {old.name!r}", where)
    if new.version != old.version + 1:
        raise _refusal(f"version {new.version} cannot follow version {old.version}", where)
    for policy, missing in zip((old, new), missing_signatures(old, new, envelope, at), strict=True):
        if missing:
            needed = policy.threshold("root")
            what = f"{missing} of the {needed} root signatures that version {policy.version} asks"
            raise _refusal(f"{what} for are missing", where)
    return new


def missing_signatures(
    old: TrustPolicy, new: TrustPolicy, envelope: Envelope, at: datetime
) -> tuple[int, int]:
    """How many more root keys of the old and of the new version must sign; see `accept_rotation`.

    Args:
        old: The version at hand.
        new: The version in the envelope.
        envelope: With the signatures so far.
        at: The verifier's clock.
    """
    return _missing(old, envelope, at), _missing(new, envelope, at)


def _missing(policy: TrustPolicy, envelope: Envelope, at: datetime) -> int:
    counting = [each.key for each in policy.keys_of("root") if each.counts_at(at)]
    return max(0, policy.threshold("root") - len(envelope.verified_by(counting)))


def _following(folder: Path, held: int) -> Iterator[int]:
    """The versions after the held one that lie in the folder, without a gap."""
    try:
        with os.scandir(folder) as entries:
            found = {int(m[1]) for entry in entries if (m := _NAME.fullmatch(entry.name))}
    except OSError as fault:
        raise InputError(
            f"the folder of the trust policy cannot be listed ({fault.strerror})",
            where=str(folder),
            mend="its newer versions lie there: make it readable",
        ) from fault
    last = max((version for version in found if version > held), default=held)
    if last - held > MAX_VERSIONS:
        what = f"more than {MAX_VERSIONS} versions after version {held}"
        raise _refusal(what, str(folder / rotation_name(last)))
    for version in range(held + 1, last + 1):
        if version not in found:
            what = f"version {version} is not there, version {last} is"
            raise _refusal(what, str(folder / rotation_name(version)))
        yield version


def _check_remembered(versions: Sequence[TrustVersion], state: VerifierState, where: str) -> None:
    """Refuse a chain that ends before the remembered version, or passes it with other bytes."""
    newest = versions[-1].policy
    known = state.policy_version(newest.name)
    for policy in (version.policy for version in versions):
        if policy is newest or (known is not None and policy.version == known.version):
            state.check_policy(policy.name, policy.version, policy.digest, where=where)


def _refusal(what: str, where: str) -> EvidenceError:
    return EvidenceError(what, reason="bad-rotation", where=where, mend=_NEWEST)
