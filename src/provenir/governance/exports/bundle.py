"""Sigstore bundle v0.3 around a DSSE envelope, with a public key's hint and no certificate.

Source: https://docs.sigstore.dev/about/bundle/ and `sigstore_bundle.proto`. A bundle holds exactly
one signature; nothing in it comes from Sigstore's services, so there are no log entries.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from provenir.attest import base64_strict
from provenir.attest.dsse import Envelope
from provenir.attest.shared_secret import is_shared_secret_id
from provenir.core.errors import UsageError
from provenir.governance.exports.source import json_text

if TYPE_CHECKING:
    from provenir.attest.dsse import Signature
    from provenir.governance.exports.source import ExportSigner, ExportSource

__all__ = ["bundle_bytes", "sigstore_bundle"]

MEDIA_TYPE: Final = "application/vnd.dev.sigstore.bundle.v0.3+json"


def sigstore_bundle(source: ExportSource, *, signer: ExportSigner | None = None) -> bytes:
    """Write the passport as a Sigstore bundle.

    Args:
        source: The passport.
        signer: Signs the payload anew; without one the passport's own signature is taken over,
            which holds because both are over the same DSSE encoding.

    Raises:
        UsageError: The passport has no signature that a stranger can check, or several, and no
            signer was given.
    """
    envelope = source.envelope
    if signer is not None:
        envelope = Envelope.sign(envelope.payload, [signer], payload_type=envelope.payload_type)
        return bundle_bytes(envelope, envelope.signatures[0], envelope.signatures[0].keyid)
    public = [one for one in envelope.signatures if not is_shared_secret_id(one.keyid)]
    if len(public) != 1:
        found = "no signature that a stranger can check" if not public else "several signatures"
        raise UsageError(
            f"a bundle carries one signature, and this passport has {found}",
            mend="give --signing-key FILE to sign its payload anew",
        )
    return bundle_bytes(envelope, public[0], public[0].keyid)


def bundle_bytes(envelope: Envelope, signature: Signature, hint: str) -> bytes:
    """Spell a bundle.

    Args:
        envelope: Payload and type.
        signature: The one signature that the bundle carries.
        hint: By which the verifier finds the public key; unauthenticated, left out when empty.
    """
    material: dict[str, Any] = {"publicKey": {"hint": hint} if hint else {}}
    return json_text(
        {
            "mediaType": MEDIA_TYPE,
            "verificationMaterial": {**material, "tlogEntries": []},
            "dsseEnvelope": {
                "payload": base64_strict.encode(envelope.payload),
                "payloadType": envelope.payload_type,
                "signatures": [
                    {"sig": base64_strict.encode(signature.sig), "keyid": signature.keyid}
                ],
            },
        }
    )
