from __future__ import annotations

import base64
import random
import string
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from provenir.attest.key_material import describe_key, pem_label
from provenir.attest.p256 import P256Signer
from provenir.attest.shared_secret import HmacKey, hmac_secret
from provenir.core.errors import InputError, UsageError

if TYPE_CHECKING:
    from provenir.attest.keys import Ed25519Signer


# SubjectPublicKeyInfo of a compressed point of P-256 (RFC 5480), up to the point.
COMPRESSED_SPKI = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200")


def _spellings(signer: Ed25519Signer) -> dict[str, bytes]:
    key = signer.private_key
    public = key.public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    private_der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    locked = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, BestAvailableEncryption(b"pw"))
    pem = signer.public_pem()
    p256 = P256Signer.generate()
    return {
        "public PEM": pem,
        "private PEM": signer.private_pem(),
        "encrypted PEM": signer.private_pem("pw"),
        "OpenSSH private": key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()),
        "OpenSSH line": public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH),
        "DER": der,
        "private DER": private_der,
        "encrypted DER": locked,
        "base64 of DER": base64.b64encode(der),
        "PEM body": b"\n".join(pem.splitlines()[1:-1]),
        "PEM with CRLF": pem.replace(b"\n", b"\r\n"),
        "PEM after a BOM": b"\xef\xbb\xbf" + pem,
        "PEM after blanks": b"\n\t " + pem,
        "PEM in UTF-16": pem.decode().encode("utf-16"),
        "PEM cut short": pem[:40],
        "JWK": b'{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg"}',
        "key id": signer.keyid.encode(),
        "DER and a newline": der + b"\n",
        "DER behind blanks": b"\n " + der,
        "base64 of DER for URLs": base64.urlsafe_b64encode(der),
        "base64 of DER without padding": base64.urlsafe_b64encode(der).rstrip(b"="),
        "hexadecimal DER": der.hex().encode(),
        "hexadecimal DER with colons": der.hex(":").upper().encode() + b"\n",
        "base64 of PEM": base64.b64encode(pem),
        "base64 of base64 of DER": base64.b64encode(base64.b64encode(der)),
        "hexadecimal PEM": pem.hex().encode(),
        "base64 of a key id": base64.b64encode(signer.keyid.encode()),
        "SSH2": b"---- BEGIN SSH2 PUBLIC KEY ----\nAAAA\n---- END SSH2 PUBLIC KEY ----\n",
        "OpenSSH body": public.public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).split()[1],
        "RSA PEM": rsa.generate_private_key(65537, 2048)
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "P-256 key id": p256.keyid.encode(),
        "P-256 PEM": p256.public_pem(),
        "P-256 private PEM": p256.private_pem(),
        "P-256 PEM body": b"".join(p256.public_pem().splitlines()[1:-1]),
        "raw P-256 point": p256.verification_key.raw,
        "hexadecimal P-256 point": p256.verification_key.raw.hex().encode(),
        "base64 of a P-256 point": base64.b64encode(p256.verification_key.raw),
        "compressed P-256 DER": p256.private_key.public_key()
        .public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
        .join((COMPRESSED_SPKI, b"")),
        "EC DER": ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    }


def test_every_spelling_of_a_key_is_recognised_and_no_secret(signer: Ed25519Signer) -> None:
    spellings = _spellings(signer)
    missed = [name for name, text in spellings.items() if describe_key(text) is None]
    assert missed == []
    for text in spellings.values():
        with pytest.raises(UsageError, match="HMAC secret is expected"):
            hmac_secret(text)


def test_sixty_five_bytes_off_the_curve_are_a_secret() -> None:
    assert describe_key(b"\x04" + bytes(64)) is None
    assert describe_key(bytes(65)) is None


@pytest.mark.parametrize(
    "secret", [b"team-signing-key", b"k", b"0", b"MCow", b"\x30\x2a", b"a-----b", bytes(32)]
)
def test_a_plain_secret_is_no_key(secret: bytes) -> None:
    assert describe_key(secret) is None
    HmacKey(secret)


@given(st.text(alphabet=string.ascii_letters + string.digits + "+/-_=", min_size=1, max_size=120))
def test_a_secret_of_letters_is_no_key(text: str) -> None:
    assert describe_key(text.encode()) is None


@pytest.mark.parametrize("length", [16, 31, 32, 33, 48])
def test_random_bytes_in_any_spelling_are_a_secret(length: int) -> None:
    """`openssl rand -hex 32` makes good secrets; a raw public key looks no different."""
    for seed in range(50):
        raw = random.Random(seed).randbytes(length)
        for text in (raw.hex(), base64.b64encode(raw), base64.urlsafe_b64encode(raw)):
            assert hmac_secret(text)


@given(st.binary(max_size=300))
def test_any_bytes_get_an_answer(data: bytes) -> None:
    kind = describe_key(data)
    assert kind is None or isinstance(kind, str)
    assert describe_key(b"-----BEGIN X-----" + data) is not None


def test_two_blocks_in_one_file_are_not_guessed_at(
    signer: Ed25519Signer, other_signer: Ed25519Signer
) -> None:
    with pytest.raises(InputError, match="2 PEM blocks"):
        pem_label(signer.public_pem() + other_signer.public_pem(), where="both.pem")


def test_a_block_of_any_label_counts(signer: Ed25519Signer) -> None:
    foreign = b"-----BEGIN m\xc3\xb6re-----\nAA==\n-----END m\xc3\xb6re-----\n"
    with pytest.raises(InputError, match="2 PEM blocks"):
        pem_label(foreign + signer.public_pem(), where="both.pem")
    assert describe_key(foreign) is not None


def test_a_file_without_pem_is_named(signer: Ed25519Signer) -> None:
    ssh = signer.private_key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    with pytest.raises(InputError, match=r"an OpenSSH public key.*id\.pub"):
        pem_label(ssh, where="id.pub")
    with pytest.raises(InputError, match="not a PEM key file"):
        pem_label(b"hello", where="x")
