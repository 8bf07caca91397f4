from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenir.attest.dsse import (
    MAX_ENVELOPE_BYTES,
    MAX_SIGNATURES,
    PAYLOAD_TYPE,
    Envelope,
    Signature,
    pae,
)
from provenir.attest.keys import Ed25519Signer, HmacKey, HmacSigner
from provenir.core.errors import BoundsError, InputError, UsageError

PAYLOAD = b'{"_type":"https://in-toto.io/Statement/v1"}'


def _document(envelope: Envelope) -> dict[str, Any]:
    return json.loads(envelope.to_bytes())


def _bytes(document: Any) -> bytes:
    return json.dumps(document).encode()


@pytest.fixture
def envelope(signer: Ed25519Signer) -> Envelope:
    return Envelope.sign(PAYLOAD, [signer])


# --- what is signed


def test_the_vector_of_the_specification() -> None:
    # DSSE protocol.md, "Test Vectors".
    encoded = pae("http://example.com/HelloWorld", b"hello world")
    assert encoded == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_the_envelope_of_the_specification_is_read() -> None:
    # The same section's envelope: no key id, ECDSA, which none of our keys accepts.
    text = (
        b'{"payload": "aGVsbG8gd29ybGQ=",\n "payloadType": "http://example.com/HelloWorld",\n'
        b' "signatures": [{"sig": "A3JqsQGtVsJ2O2xqrI5IcnXip5GToJ3F+FnZ+O88SjtR6rDAajabZKciJTfUi'
        b'HqJPcIAriEGAHTVeCUjW2JIZA=="}]}'
    )
    read = Envelope.parse(text)
    assert read.payload == b"hello world"
    assert read.signatures[0].keyid == ""
    assert read.verified_by([Ed25519Signer.generate().verification_key]) == ()


def test_lengths_are_in_bytes() -> None:
    assert pae("ä", "ö€".encode()) == b"DSSEv1 2 \xc3\xa4 5 \xc3\xb6\xe2\x82\xac"
    assert pae("t", b"") == b"DSSEv1 1 t 0 "


@given(
    one=st.tuples(st.text(max_size=8), st.binary(max_size=8)),
    two=st.tuples(st.text(max_size=8), st.binary(max_size=8)),
)
def test_no_two_contents_share_their_signed_bytes(
    one: tuple[str, bytes], two: tuple[str, bytes]
) -> None:
    try:
        equal = pae(*one) == pae(*two)
    except UsageError:  # a lone surrogate
        return
    assert equal == (one == two)


# --- round trip and verification


@settings(max_examples=50)
@given(payload=st.binary(max_size=200), kind=st.text(min_size=1, max_size=20))
def test_what_is_written_is_read_back_and_verifies(payload: bytes, kind: str) -> None:
    signers = [Ed25519Signer.generate(), HmacSigner(b"secret", "team")]
    keys = [signer.verification_key for signer in signers]
    try:
        made = Envelope.sign(payload, signers, payload_type=kind)
    except UsageError:  # a lone surrogate
        return
    read = Envelope.parse(made.to_bytes())
    assert read == made
    assert read.to_bytes() == made.to_bytes()
    assert read.verified_by(keys) == tuple(keys)
    assert not read.verified_by([Ed25519Signer.generate().verification_key, HmacKey(b"other")])


@settings(max_examples=60)
@given(data=st.data())
def test_no_changed_byte_of_the_file_verifies_as_another_content(data: st.DataObject) -> None:
    signer = Ed25519Signer.generate()
    made = Envelope.sign(PAYLOAD, [signer])
    text = bytearray(made.to_bytes())
    place = data.draw(st.integers(0, len(text) - 1))
    text[place] = data.draw(st.integers(0, 255))
    try:
        read = Envelope.parse(bytes(text))
    except InputError:
        return
    if read.verified_by([signer.verification_key]):
        assert (read.payload, read.payload_type) == (PAYLOAD, PAYLOAD_TYPE)


def test_the_url_safe_alphabet_is_accepted(signer: Ed25519Signer) -> None:
    made = Envelope.sign(b"\xfb\xff\xbf>?", [signer])
    document = _document(made)
    document["payload"] = base64.urlsafe_b64encode(made.payload).decode()
    document["signatures"][0]["sig"] = base64.urlsafe_b64encode(made.signatures[0].sig).decode()
    assert "_" in document["payload"]
    read = Envelope.parse(_bytes(document))
    assert read == made
    assert read.verified_by([signer.verification_key])


def test_the_type_is_signed(envelope: Envelope, signer: Ed25519Signer) -> None:
    swapped = Envelope(envelope.payload, "application/vnd.other+json", envelope.signatures)
    assert swapped.verified_by([signer.verification_key]) == ()


def test_key_ids_decide_nothing(
    envelope: Envelope, signer: Ed25519Signer, other_signer: Ed25519Signer
) -> None:
    sig = envelope.signatures[0].sig
    for keyid in ("", "nonsense", other_signer.keyid, "hmac-sha256:default"):
        relabelled = Envelope(PAYLOAD, PAYLOAD_TYPE, (Signature(keyid, sig),))
        assert relabelled.verified_by([other_signer.verification_key, signer.verification_key]) == (
            signer.verification_key,
        )
    claimed = Envelope(PAYLOAD, PAYLOAD_TYPE, (Signature(signer.keyid, bytes(64)),))
    assert claimed.verified_by([signer.verification_key]) == ()


def test_one_key_counts_once(
    envelope: Envelope, signer: Ed25519Signer, other_signer: Ed25519Signer
) -> None:
    sig = envelope.signatures[0].sig
    twice = Envelope(
        PAYLOAD, PAYLOAD_TYPE, (Signature(signer.keyid, sig), Signature("other name", sig))
    )
    key = signer.verification_key
    assert twice.verified_by([key, key, other_signer.verification_key]) == (key,)


@dataclass(frozen=True)
class CredulousKey:
    """A key that verifies anything, as an Ed25519 key of small order would."""

    keyid: str
    algorithm: str = "ed25519"

    @property
    def material(self) -> bytes:
        return self.keyid.encode()

    def verify(self, data: bytes, signature: bytes) -> bool:
        return True


def test_one_signature_counts_for_one_key(envelope: Envelope, signer: Ed25519Signer) -> None:
    keys = [CredulousKey("a"), CredulousKey("b"), signer.verification_key]
    assert envelope.verified_by(keys) == (signer.verification_key,)  # the hint names it
    assert envelope.verified_by(keys[:2]) == (keys[0],)


def test_equal_shared_secrets_count_once() -> None:
    made = Envelope.sign(PAYLOAD, [HmacSigner(b"k", "one"), HmacSigner(b"k\x00", "two")])
    keys = [HmacKey(b"k", "one"), HmacKey(b"k\x00", "two"), HmacKey(b"k", "three")]
    assert made.verified_by(keys) == (keys[0],)


def test_keys_come_back_in_the_order_given(
    signer: Ed25519Signer, other_signer: Ed25519Signer
) -> None:
    made = Envelope.sign(PAYLOAD, [signer, other_signer])
    keys = (other_signer.verification_key, signer.verification_key)
    assert made.verified_by(keys) == keys
    assert made.verified_by(iter(keys[::-1])) == keys[::-1]


def test_no_hmac_passes_for_a_public_key(signer: Ed25519Signer) -> None:
    # The forger knows everything public and signs with it as if it were the secret.
    key = signer.verification_key
    message = pae(PAYLOAD_TYPE, PAYLOAD)
    import hashlib
    import hmac

    for secret in (key.pem(), key.material, key.raw, key.keyid.encode(), key.raw.hex().encode()):
        tag = hmac.new(secret, message, hashlib.sha256).digest()
        for sig in (tag, tag * 2, tag + bytes(32)):
            for keyid in (key.keyid, "hmac-sha256:default"):
                forged = Envelope(PAYLOAD, PAYLOAD_TYPE, (Signature(keyid, sig),))
                assert forged.verified_by([key]) == ()


def test_no_ed25519_signature_passes_for_a_shared_secret(envelope: Envelope) -> None:
    assert envelope.verified_by([HmacKey(b"secret")]) == ()


def test_an_envelope_that_lost_its_signatures_is_signed_by_nobody(
    envelope: Envelope, signer: Ed25519Signer
) -> None:
    document = _document(envelope) | {"signatures": []}
    assert Envelope.parse(_bytes(document)).verified_by([signer.verification_key]) == ()
    assert envelope.verified_by([]) == ()


def test_only_verification_keys_verify(envelope: Envelope, signer: Ed25519Signer) -> None:
    for wrong in (b"secret", signer, "team.pub.pem", None):
        with pytest.raises(UsageError, match="verification key"):
            envelope.verified_by([wrong])  # type: ignore[list-item]


def test_signing_needs_distinct_signers(signer: Ed25519Signer) -> None:
    with pytest.raises(UsageError, match="nobody"):
        Envelope.sign(PAYLOAD, [])
    with pytest.raises(UsageError, match="key_id"):
        Envelope.sign(PAYLOAD, [HmacSigner(b"a"), HmacSigner(b"b")])
    with pytest.raises(UsageError):
        Envelope.sign("text", [signer])  # type: ignore[arg-type]


# --- reading what a stranger wrote


def _changed(**changes: Any) -> dict[str, Any]:
    base = {
        "payload": "aGk=",
        "payloadType": "t",
        "signatures": [{"keyid": "k", "sig": "aGk="}],
    }
    return {name: value for name, value in (base | changes).items() if value is not ...}


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        "text",
        7,
        {},
        _changed(payload=...),
        _changed(payloadType=...),
        _changed(signatures=...),
        _changed(verified=True),  # unsigned text beside the signature
        _changed(payload=None),
        _changed(payload=["aGk="]),
        _changed(payload="aGk=\n"),
        _changed(payload="aGk"),
        _changed(payload="aGl="),
        _changed(payload="a\u00e4k="),
        _changed(payloadType=""),
        _changed(payloadType=7),
        _changed(payloadType="x" * 300),
        _changed(signatures={}),
        _changed(signatures=None),
        _changed(signatures=[None]),
        _changed(signatures=[{}]),
        _changed(signatures=[{"keyid": "k"}]),
        _changed(signatures=[{"sig": ""}]),
        _changed(signatures=[{"sig": "aGk= "}]),
        _changed(signatures=[{"sig": 7}]),
        _changed(signatures=[{"sig": "aGk=", "keyid": None}]),
        _changed(signatures=[{"sig": "aGk=", "keyid": "x" * 300}]),
        _changed(signatures=[{"sig": "aGk=", "alg": "none"}]),
        _changed(signatures=[{"sig": base64.b64encode(bytes(9000)).decode()}]),
        _changed(signatures=[{"sig": "aGk="}] * (MAX_SIGNATURES + 1)),
    ],
)
def test_what_is_no_envelope_is_refused(document: Any) -> None:
    with pytest.raises(InputError) as caught:
        Envelope.parse(_bytes(document), where="evil.json")
    assert "evil.json" in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b"\xff",
        b"\xef\xbb\xbf" + _bytes(_changed()),
        b'{"payload":"aGk=","payload":"eW8=","payloadType":"t","signatures":[]}',
        b'{"payload":"aGk=","payloadType":"t","signatures":[{"sig":"aGk=","sig":"eW8="}]}',
        b'{"payload":"aGk=","payloadType":"\\ud800","signatures":[]}',
        b'{"payload":"aGk=","payloadType":"t","signatures":' + b"[" * 9000 + b"]" * 9000 + b"}",
        _bytes(_changed()) + b"{}",
        _bytes(_changed()).ljust(MAX_ENVELOPE_BYTES + 1),
    ],
)
def test_what_has_no_single_reading_is_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        Envelope.parse(data)


def test_more_values_than_an_envelope_has_are_not_built() -> None:
    with pytest.raises(BoundsError, match="values"):
        Envelope.parse(_bytes(_changed(signatures=[[]] * 10_000)))
    fullest = [{"sig": "aGk=", "keyid": "," * 256}] * MAX_SIGNATURES
    assert Envelope.parse(_bytes(_changed(signatures=fullest, payloadType="," * 256)))


@given(
    st.binary(max_size=300)
    | st.text(max_size=100).map(lambda text: text.encode("utf-8", "replace"))
)
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with pytest.raises(InputError):
        Envelope.parse(data)


def test_foreign_text_is_not_repeated_raw() -> None:
    evil = _changed(**{"\x1b]0;owned\x07": 1})
    with pytest.raises(InputError) as caught:
        Envelope.parse(_bytes(evil))
    assert "\x1b" not in str(caught.value)


def test_layout_and_order_of_the_file_do_not_matter(
    envelope: Envelope, signer: Ed25519Signer
) -> None:
    document = dict(reversed(_document(envelope).items()))
    read = Envelope.parse(json.dumps(document, indent=3).encode() + b"\n")
    assert read == envelope
    assert read.verified_by([signer.verification_key])


def test_wrong_types_are_misuse(signer: Ed25519Signer) -> None:
    for make in (
        lambda: Signature(7, b"s"),  # type: ignore[arg-type]
        lambda: Signature("k", "s"),  # type: ignore[arg-type]
        lambda: Signature("\ud800", b"s"),
        lambda: Envelope(b"", "", ()),
        lambda: Envelope("x", "t", ()),  # type: ignore[arg-type]
    ):
        with pytest.raises(UsageError):
            make()
