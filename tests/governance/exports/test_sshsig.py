"""The SSH signature: its parts, and who may make it. ssh-keygen's verdict is in tests/interop."""

from __future__ import annotations

import base64
import hashlib

from provenir.governance.exports import allowed_signer, export_passport


def strings(blob):
    found = []
    while blob:
        size = int.from_bytes(blob[:4], "big")
        found.append(blob[4 : 4 + size])
        blob = blob[4 + size :]
    return found


def test_the_blob_holds_what_the_protocol_asks_for(passport, ed25519, public):
    armor = export_passport(passport.envelope, "sshsig", signer=ed25519).decode().splitlines()
    assert (armor[0], armor[-1]) == (
        "-----BEGIN SSH SIGNATURE-----",
        "-----END SSH SIGNATURE-----",
    )
    assert max(map(len, armor)) <= 70
    blob = base64.b64decode("".join(armor[1:-1]), validate=True)
    assert blob[:10] == b"SSHSIG\x00\x00\x00\x01"
    key, namespace, reserved, algorithm, signature = strings(blob[10:])
    assert strings(key) == [b"ssh-ed25519", public.raw]
    assert (namespace, reserved, algorithm) == (b"provenir-passport", b"", b"sha512")
    kind, raw = strings(signature)
    assert kind == b"ssh-ed25519"
    parts = (namespace, reserved, algorithm, hashlib.sha512(passport.envelope.payload).digest())
    message = b"SSHSIG" + b"".join(len(p).to_bytes(4, "big") + p for p in parts)
    assert public.verify(message, raw)


def test_the_allowed_signers_line_is_for_this_purpose_only(public):
    principal, options, kind, blob = allowed_signer(public).split(" ")
    assert (principal, options, kind) == (
        "issuer",
        'namespaces="provenir-passport"',
        "ssh-ed25519",
    )
    assert strings(base64.b64decode(blob))[1] == public.raw
