"""Which of the verifier's keys signed an envelope, and why the others did not."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from provenir.attest.keys import (
    HmacKey,
    SecretBytes,
    VerificationKey,
    each_key,
    hmac_secret,
    public_key,
)
from provenir.attest.shared_secret import ALGORITHM as HMAC
from provenir.attest.shared_secret import is_shared_secret_id
from provenir.core.errors import UsageError
from provenir.governance.verdict import Check

if TYPE_CHECKING:
    from collections.abc import Iterable

    from provenir.attest.dsse import Envelope

__all__ = ["KeySpec", "check_signatures", "verification_keys"]

KeySpec = SecretBytes | str | Path | VerificationKey
"""An HMAC secret as bytes or text, the path of a public key in PEM, or a key."""


def verification_keys(keys: KeySpec | Iterable[KeySpec]) -> tuple[VerificationKey, ...]:
    """Turn what a caller gives as keys into keys.

    Args:
        keys: One key, or several; none at all leaves the signature undecided.

    Raises:
        UsageError: Something that is no key, or a public key given as an HMAC secret.
        InputError: A file that cannot be read or holds no public key.
    """
    return tuple(_key(key) for key in each_key(keys))


def check_signatures(envelope: Envelope, keys: tuple[VerificationKey, ...]) -> list[Check]:
    """Make one row for each key: did it sign exactly these bytes?

    Args:
        envelope: The envelope as received.
        keys: The verifier's keys; every one of them is asked for.
    """
    if not keys:
        return [Check(name="signature", status="undecided", reason="no-key")]
    signed = {(key.algorithm, key.material) for key in envelope.verified_by(keys)}
    rows = []
    for key in keys:
        name = "signature" if len(keys) == 1 else f"signature:{key.keyid}"
        if (key.algorithm, key.material) in signed:
            rows.append(Check(name=name, status="pass", detail=_label(key)))
        else:
            reason, detail = _why_not(envelope, key)
            rows.append(Check(name=name, status="fail", reason=reason, detail=detail))
    return rows


def _key(spec: object) -> VerificationKey:
    if isinstance(spec, SecretBytes | str):
        return HmacKey(hmac_secret(spec))
    if isinstance(spec, Path):
        return public_key(spec)
    if isinstance(spec, VerificationKey) and not isinstance(spec, type):
        return spec
    raise UsageError(
        f"no verification key: {type(spec).__name__}",
        mend="give the team's secret as bytes, or the Path of NAME.pub.pem",
    )


def _label(key: VerificationKey) -> str:
    return "HMAC-SHA256 with the shared secret" if key.algorithm == HMAC else key.keyid


def _why_not(envelope: Envelope, key: VerificationKey) -> tuple[str, str]:
    """Tell a changed envelope from one that others signed, as far as the key ids give it away."""
    if not envelope.signatures:
        return "bad-signature", "the envelope carries no signature"
    ids = {signature.keyid for signature in envelope.signatures}
    if key.algorithm == HMAC:
        # The id of a shared secret is only a label, so another secret and other bytes look alike.
        if any(map(is_shared_secret_id, ids)):
            return "bad-signature", "the secret is another one, or the bytes were changed"
        return "unknown-key", "it was not signed with a shared secret"
    if key.keyid in ids:
        return "bad-signature", "the bytes were changed after they were signed"
    return "unknown-key", f"it was signed by {', '.join(sorted(ids))[:400]}"
