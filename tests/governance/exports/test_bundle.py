"""The Sigstore bundle: the passport's own signature, or a new one."""

from __future__ import annotations

import base64
import json

import pytest

from provenir.attest.keys import Ed25519Signer
from provenir.core.errors import UsageError
from provenir.governance.exports import export_passport
from provenir.governance.passport import PassportSigner


def bundle(passport, **options):
    return json.loads(export_passport(passport.envelope, "sigstore-bundle", **options))


def test_the_passports_own_signature_is_taken_over(passport, public):
    written = bundle(passport)
    assert written["mediaType"] == "application/vnd.dev.sigstore.bundle.v0.3+json"
    assert written["verificationMaterial"] == {
        "publicKey": {"hint": public.keyid},
        "tlogEntries": [],
    }
    (signature,) = written["dsseEnvelope"]["signatures"]
    assert base64.b64decode(signature["sig"]) == passport.envelope.signatures[0].sig
    assert base64.b64decode(written["dsseEnvelope"]["payload"]) == passport.envelope.payload


def test_a_new_signature_is_over_the_same_payload(passport):
    other = Ed25519Signer.generate()
    written = bundle(passport, signer=other)
    assert written["verificationMaterial"]["publicKey"]["hint"] == other.keyid
    sig = base64.b64decode(written["dsseEnvelope"]["signatures"][0]["sig"])
    assert other.verification_key.verify(passport.envelope.signed_bytes(), sig)


def test_a_team_internal_passport_has_nothing_for_a_stranger(seed_bom):
    passport = PassportSigner(b"s" * 32, key_id="team").sign(seed_bom)
    with pytest.raises(UsageError, match="no signature that a stranger can check"):
        bundle(passport)


def test_one_of_several_signatures_is_not_picked(seed_bom, ed25519):
    passport = PassportSigner([ed25519, Ed25519Signer.generate()]).sign(seed_bom)
    with pytest.raises(UsageError, match="several signatures"):
        bundle(passport)
