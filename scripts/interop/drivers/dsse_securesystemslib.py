"""securesystemslib: DSSE signatures of every line of a file."""

from __future__ import annotations

import json
from pathlib import Path

from cryptography.hazmat.primitives.serialization import load_pem_public_key
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import SSlibKey
from verdict import answer


def check(arguments: list[str]) -> str | None:
    """Verify FILE, one envelope a line, with the public key KEY."""
    path, key = arguments
    public = load_pem_public_key(Path(key).read_bytes())
    for line in Path(path).read_bytes().splitlines():
        envelope = Envelope.from_dict(json.loads(line))
        if not envelope.signatures:
            return "no signature"
        keyid = next(iter(envelope.signatures))
        envelope.verify([SSlibKey.from_crypto(public, keyid=keyid)], threshold=1)
    return None


if __name__ == "__main__":
    answer(check, (VerificationError,))
