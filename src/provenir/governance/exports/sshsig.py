"""SSHSIG: a signature over the passport's payload that `ssh-keygen -Y verify` checks.

Source: OpenSSH `PROTOCOL.sshsig`, version 1, with SHA-512 and an Ed25519 key (RFC 8709). It is a
new signature over the same bytes: the payload of the envelope, without its DSSE encoding.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Final

from provenir.attest.ed25519 import Ed25519Signer, PublicKey
from provenir.core.errors import UsageError
from provenir.governance.exports.source import ExportSigner, ExportSource, require_signer

__all__ = ["NAMESPACE", "allowed_signer", "sshsig"]

NAMESPACE: Final = "provenir-passport"
"""What the signature is for; `ssh-keygen -Y verify -n` has to name it."""

_MAGIC: Final = b"SSHSIG"
_KEY_TYPE: Final = "ssh-ed25519"
_HASH: Final = "sha512"
_LINE_CHARS: Final = 70


def sshsig(source: ExportSource, *, signer: ExportSigner | None = None) -> bytes:
    """Sign the passport's payload.

    Args:
        source: The passport.
        signer: An Ed25519 signer.

    Raises:
        UsageError: No Ed25519 signer.
    """
    key = require_signer(signer, "sshsig")
    if not isinstance(key, Ed25519Signer):
        raise UsageError(
            f"this format takes an Ed25519 key, not {key.algorithm}",
            mend="make one with: provenir key new --out NAME",
        )
    scope = _string(NAMESPACE) + _string(b"") + _string(_HASH)
    digest = hashlib.sha512(source.envelope.payload).digest()
    raw = key.sign(_MAGIC + scope + _string(digest))
    signature = _string(_KEY_TYPE) + _string(raw)
    blob = (
        _MAGIC
        + (1).to_bytes(4, "big")
        + _string(_public_blob(key.verification_key))
        + scope
        + _string(signature)
    )
    text = base64.b64encode(blob).decode("ascii")
    lines = [text[at : at + _LINE_CHARS] for at in range(0, len(text), _LINE_CHARS)]
    armor = ["-----BEGIN SSH SIGNATURE-----", *lines, "-----END SSH SIGNATURE-----"]
    return ("\n".join(armor) + "\n").encode("ascii")


def allowed_signer(key: PublicKey, principal: str = "issuer") -> str:
    """The line of an `allowed_signers` file (ssh-keygen(1)) that accepts this key for passports.

    Args:
        key: The public key.
        principal: What the verifier calls its holder; `ssh-keygen -Y verify -I` has to name it.
    """
    blob = base64.b64encode(_public_blob(key)).decode("ascii")
    return f'{principal} namespaces="{NAMESPACE}" {_KEY_TYPE} {blob}'


def _public_blob(key: PublicKey) -> bytes:
    return _string(_KEY_TYPE) + _string(key.raw)


def _string(value: str | bytes) -> bytes:
    """A string of the SSH protocol (RFC 4251 section 5): its length in four bytes, then it."""
    data = value.encode("ascii") if isinstance(value, str) else value
    return len(data).to_bytes(4, "big") + data
