"""Laws of every signer and its key: it verifies its own bytes, and no others."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenir.attest.dsse import Envelope
from provenir.attest.keys import (
    ALGORITHMS,
    Ed25519Signer,
    HmacKey,
    HmacSigner,
    P256Signer,
    Signer,
    VerificationKey,
    public_key,
)
from provenir.attest.shared_secret import ALGORITHM as SHARED_SECRET

SECRET = b"a secret of the team"


def ed25519():
    signer = Ed25519Signer.generate()
    return signer, public_key(signer.public_pem())


def p256():
    signer = P256Signer.generate()
    return signer, public_key(signer.public_pem())


def hmac(secret=SECRET):
    return HmacSigner(secret, "team"), HmacKey(secret)


MAKERS = {"ed25519": ed25519, "p256": p256, "hmac-sha256": hmac}


def test_every_algorithm_is_under_these_laws():
    assert set(MAKERS) == {*ALGORITHMS, SHARED_SECRET}
    assert all(maker()[0].algorithm == name for name, maker in MAKERS.items())


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
@settings(max_examples=40)
@given(data=st.binary(max_size=200), other=st.binary(max_size=200), place=st.integers(0, 10_000))
def test_a_signature_fits_its_own_bytes_alone(maker, data, other, place):
    signer, key = maker()
    signature = signer.sign(data)
    assert key.verify(data, signature)
    assert key.verify(other, signature) == (other == data)
    damaged = bytearray(signature)
    damaged[place % len(damaged)] ^= 1 << (place % 8)
    assert not key.verify(data, bytes(damaged))
    assert not key.verify(data, b"")


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
@settings(max_examples=25)
@given(payload=st.binary(max_size=300))
def test_an_envelope_round_trips_with_the_exact_payload(maker, payload):
    signer, key = maker()
    envelope = Envelope.sign(payload, [signer])
    read = Envelope.parse(envelope.to_bytes(), where="test")
    assert read == envelope
    assert read.payload == payload
    assert list(read.verified_by([key])) == [key]


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
@pytest.mark.parametrize("other", MAKERS.values(), ids=MAKERS)
def test_no_signer_is_taken_for_another(maker, other):
    signer, _ = maker()
    envelope = Envelope.sign(b"{}", [signer])
    _, foreign = hmac(b"another secret") if other is hmac else other()
    assert list(envelope.verified_by([foreign])) == []


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
def test_a_key_has_its_own_id_and_material_and_its_signers_algorithm(maker):
    signer, key = maker()
    assert isinstance(signer, Signer)
    assert isinstance(key, VerificationKey)
    assert signer.algorithm == key.algorithm
    assert signer.keyid.startswith(f"{signer.algorithm}:")
    assert signer.verification_key.material == key.material
    # A shared secret's id is a label that each holder may choose.
    assert maker is hmac or signer.keyid == key.keyid


@pytest.mark.parametrize("maker", MAKERS.values(), ids=MAKERS)
@settings(max_examples=40)
@given(junk=st.binary(max_size=300))
def test_no_bytes_make_a_key_raise(maker, junk):
    assert maker()[1].verify(b"data", junk) is False
