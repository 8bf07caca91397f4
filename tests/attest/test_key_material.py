from __future__ import annotations

import base64
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
from provenir.core.errors import InputError

if TYPE_CHECKING:
    from provenir.attest.keys import Ed25519Signer


def _spellings(signer: Ed25519Signer) -> dict[str, bytes]:
    key = signer.private_key
    public = key.public_key()
    der = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    private_der = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
    locked = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, BestAvailableEncryption(b"pw"))
    pem = signer.public_pem()
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
        "RSA PEM": rsa.generate_private_key(65537, 2048)
        .public_key()
        .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        "EC DER": ec.generate_private_key(ec.SECP256R1())
        .public_key()
        .public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
    }


def test_every_spelling_of_a_key_is_recognised(signer: Ed25519Signer) -> None:
    missed = [name for name, text in _spellings(signer).items() if describe_key(text) is None]
    assert missed == []


@pytest.mark.parametrize(
    "secret", [b"team-signing-key", b"0", b"0" * 64, b"MCow", b"\x30\x2a", b"a-----b", bytes(32)]
)
def test_a_plain_secret_is_no_key(secret: bytes) -> None:
    assert describe_key(secret) is None


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
