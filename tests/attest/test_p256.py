from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from provenir.attest.keys import Ed25519Signer, Signer, VerificationKey, public_key_from_der
from provenir.attest.p256 import P256PublicKey, P256Signer
from provenir.core.errors import InputError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

# RFC 6979 appendix A.2.5: the key and its signature of "sample" with SHA-256.
RFC6979_X = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
RFC6979_R = 0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716
RFC6979_S = 0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@pytest.fixture(scope="module")
def token() -> P256Signer:
    return P256Signer(ec.derive_private_key(RFC6979_X, ec.SECP256R1()))


def compressed(signer: P256Signer) -> bytes:
    key = signer.private_key.public_key()
    return key.public_bytes(Encoding.X962, PublicFormat.CompressedPoint)


def test_rfc_6979_vector(token: P256Signer) -> None:
    signature = encode_dss_signature(RFC6979_R, RFC6979_S)
    assert token.verification_key.verify(b"sample", signature)
    assert not token.verification_key.verify(b"test", signature)
    assert token.verification_key.raw.hex().startswith("0460fed4ba255a9d31c961eb74c6356d68c049b8")


def test_the_interfaces_hold(token: P256Signer) -> None:
    assert isinstance(token, Signer)
    assert isinstance(token.verification_key, VerificationKey)
    assert token.keyid == token.verification_key.keyid
    assert token.keyid.startswith("p256:")
    assert len(token.keyid) == len("p256:") + 64
    assert "private" not in repr(token)


def test_one_key_has_one_material_however_its_point_is_spelled(token: P256Signer) -> None:
    key = token.verification_key
    assert P256PublicKey(compressed(token)) == key
    spki = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200")
    read = public_key_from_der(spki + compressed(token), alg="p256")
    assert (read, read.material, read.keyid) == (key, key.material, key.keyid)
    assert len({read, key}) == 1


@pytest.mark.parametrize(
    "raw",
    [b"", b"\x00", b"\x04" + bytes(64), b"\x02" + b"\xff" * 32, b"\x04" + b"\xff" * 64, bytes(65)],
    ids=["empty", "infinity", "off the curve", "no such x", "beyond the field", "zeros"],
)
def test_what_is_no_point_is_refused(raw: bytes) -> None:
    with pytest.raises(InputError, match=r"no point.*--alg p256"):
        P256PublicKey(raw)


def test_a_moved_point_is_refused(token: P256Signer) -> None:
    raw = bytearray(token.verification_key.raw)
    raw[-1] ^= 1
    with pytest.raises(InputError, match="no point"):
        P256PublicKey(bytes(raw))
    hybrid = bytes([6 + token.verification_key.raw[-1] % 2]) + token.verification_key.raw[1:]
    with pytest.raises(InputError, match="no point"):
        P256PublicKey(hybrid)


def test_a_signature_is_strict_der(token: P256Signer) -> None:
    key, good = token.verification_key, token.sign(b"data")
    r, s = decode_dss_signature(good)
    assert key.verify(b"data", encode_dss_signature(r, s))
    for bad in (
        good + b"\x00",
        good[:-1],
        r.to_bytes(32, "big") + s.to_bytes(32, "big"),
        b"\x30\x81" + good[1:],
        encode_dss_signature(0, s),
        encode_dss_signature(r, 0),
        encode_dss_signature(r + ORDER, s),
        encode_dss_signature(r, s + ORDER),
    ):
        assert not key.verify(b"data", bad)


def test_pem_round_trips(token: P256Signer, tmp_path: Path) -> None:
    private, public = token.write(tmp_path / "token")
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert P256PublicKey.from_pem(public) == token.verification_key
    assert P256Signer.from_pem(private).keyid == token.keyid
    locked, _ = token.write(tmp_path / "locked", password="pw")
    assert P256Signer.from_pem(locked, "pw").keyid == token.keyid
    with pytest.raises(UsageError, match="encrypted"):
        P256Signer.from_pem(locked)
    sec1 = token.private_key.private_bytes(
        Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()
    )
    (tmp_path / "sec1.pem").write_bytes(sec1)
    assert P256Signer.from_pem(tmp_path / "sec1.pem").keyid == token.keyid


def test_other_keys_are_named(tmp_path: Path) -> None:
    keys = {
        "Ed25519": Ed25519Signer.generate().private_key,
        "RSA": rsa.generate_private_key(65537, 2048),
        "secp384r1": ec.generate_private_key(ec.SECP384R1()),
        "secp256k1": ec.generate_private_key(ec.SECP256K1()),
    }
    for name, key in keys.items():
        path = tmp_path / f"{name}.pem"
        path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        with pytest.raises(InputError, match=rf"{name}.*not P-256.*--alg p256"):
            P256Signer.from_pem(path)
        public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        with pytest.raises(InputError, match=rf"{name}.*not P-256.*--alg p256"):
            P256PublicKey.from_pem(public)


def test_wrong_types_are_misuse() -> None:
    with pytest.raises(UsageError):
        P256PublicKey("text")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="from_pem"):
        P256Signer(ec.generate_private_key(ec.SECP384R1()))
    with pytest.raises(UsageError, match="from_pem"):
        P256Signer(Ed25519Signer.generate().private_key)  # type: ignore[arg-type]
