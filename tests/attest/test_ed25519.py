from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from provenir.attest.ed25519 import _SMALL_ORDER_Y
from provenir.attest.keys import Ed25519Signer, PublicKey, Signer, VerificationKey
from provenir.core.errors import InputError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

P = 2**255 - 19


def test_rfc_8032_vector(other_signer: Ed25519Signer) -> None:
    # Section 7.1, TEST 2.
    assert other_signer.verification_key.raw.hex() == (
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
    )
    assert other_signer.sign(b"\x72").hex() == (
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )


def test_the_interfaces_hold(signer: Ed25519Signer) -> None:
    assert isinstance(signer, Signer)
    assert isinstance(signer.verification_key, VerificationKey)
    assert signer.keyid == signer.verification_key.keyid
    assert signer.keyid.startswith("ed25519:")
    assert len(signer.keyid) == len("ed25519:") + 64


@given(data=st.binary(max_size=100), junk=st.binary(max_size=80))
def test_only_the_signature_over_these_bytes_verifies(data: bytes, junk: bytes) -> None:
    signer = Ed25519Signer.generate()
    key = signer.verification_key
    good = signer.sign(data)
    assert key.verify(data, good)
    assert not key.verify(data + b"x", good)
    assert not key.verify(data, junk)
    assert not key.verify(data, good + b"\x00")
    assert not Ed25519Signer.generate().verification_key.verify(data, good)


def test_a_signature_cannot_be_respelled(signer: Ed25519Signer) -> None:
    # S + L is the same scalar; RFC 8032 section 5.1.7 wants S < L.
    order = 2**252 + 27742317777372353535851937790883648493
    good = signer.sign(b"data")
    respelled = good[:32] + (int.from_bytes(good[32:], "little") + order).to_bytes(32, "little")
    assert not signer.verification_key.verify(b"data", respelled)


def _order_divides_8(y: int) -> bool:
    """Slow oracle: decode the point by RFC 8032 section 5.1.3 and double it three times."""
    d = -121665 * pow(121666, -1, P) % P
    x2 = (y * y - 1) * pow(d * y * y + 1, -1, P) % P
    x = pow(x2, (P + 3) // 8, P)
    if x * x % P != x2:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != x2:
        return False
    for _ in range(3):
        k = d * x * x * y * y % P
        x, y = (
            2 * x * y * pow(1 + k, -1, P) % P,
            (y * y + x * x) * pow(1 - k, -1, P) % P,
        )
    return (x, y) == (0, 1)


def test_the_weak_points_are_all_there_are(signer: Ed25519Signer) -> None:
    assert all(_order_divides_8(y) for y in _SMALL_ORDER_Y)
    # 8 points: y = 1 and y = -1 have one x, the three others two.
    assert len(_SMALL_ORDER_Y) == 5
    assert not _order_divides_8(int.from_bytes(signer.verification_key.raw, "little") % 2**255)


@pytest.mark.parametrize("sign_bit", [0, 1 << 255])
@pytest.mark.parametrize("y", [*sorted(_SMALL_ORDER_Y), P, P + 1, 2**255 - 1])
def test_a_key_that_verifies_anything_is_refused(y: int, sign_bit: int) -> None:
    with pytest.raises(InputError, match="weak"):
        PublicKey((y | sign_bit).to_bytes(32, "little"))


def test_a_weak_key_in_a_pem_file_is_refused(tmp_path: Path, signer: Ed25519Signer) -> None:
    import base64

    der = signer.verification_key.material[:-32] + (1).to_bytes(32, "little")
    path = tmp_path / "weak.pub.pem"
    body = base64.b64encode(der)
    path.write_bytes(b"-----BEGIN PUBLIC KEY-----\n" + body + b"\n-----END PUBLIC KEY-----\n")
    with pytest.raises(InputError, match=r"weak.*weak\.pub\.pem"):
        PublicKey.from_pem(path)


def test_keys_are_equal_by_material(signer: Ed25519Signer, pair: tuple[Path, Path]) -> None:
    assert PublicKey.from_pem(pair[1]) == signer.verification_key
    assert len({PublicKey.from_pem(pair[1]), signer.verification_key}) == 1


def test_pem_round_trips_as_path_text_and_bytes(
    signer: Ed25519Signer, pair: tuple[Path, Path]
) -> None:
    private, public = pair
    key = signer.verification_key
    assert Ed25519Signer.from_pem(private).verification_key == key
    assert Ed25519Signer.from_pem(str(private)).sign(b"x") == signer.sign(b"x")
    for source in (public, str(public), public.read_bytes(), public.read_text()):
        assert PublicKey.from_pem(source) == key


def test_files_have_their_modes_whatever_the_umask(signer: Ed25519Signer, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        private, public = signer.write(tmp_path / "open")
    finally:
        os.umask(before)
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert stat.S_IMODE(public.stat().st_mode) == 0o644
    assert (private.name, public.name) == ("open.pem", "open.pub.pem")


def test_a_name_with_its_suffix_is_the_same_name(signer: Ed25519Signer, tmp_path: Path) -> None:
    assert signer.write(tmp_path / "team.pem")[0] == tmp_path / "team.pem"


@pytest.mark.parametrize("taken", ["team.pem", "team.pub.pem"])
def test_no_key_file_is_ever_overwritten(signer: Ed25519Signer, tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).write_text("precious")
    with pytest.raises(UsageError, match="never overwritten"):
        signer.write(tmp_path / "team")
    assert [path.name for path in tmp_path.iterdir()] == [taken]
    assert (tmp_path / taken).read_text() == "precious"


@pytest.mark.parametrize("taken", ["team.pem", "team.pub.pem"])
def test_a_dangling_link_is_not_followed(signer: Ed25519Signer, tmp_path: Path, taken: str) -> None:
    (tmp_path / taken).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="exists"):
        signer.write(tmp_path / "team")
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("name", ["", ".", "..", "a/..", ".pem", "a\x00b"])
def test_a_name_that_is_none_is_refused(signer: Ed25519Signer, name: str) -> None:
    with pytest.raises(UsageError, match="no name"):
        signer.write(name)


def test_a_missing_folder_is_named(signer: Ed25519Signer, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no such folder.*nowhere"):
        signer.write(tmp_path / "nowhere" / "team")


def test_a_file_for_a_folder_is_named(signer: Ed25519Signer, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="no such folder"):
        signer.write(tmp_path / "file" / "team")
    with pytest.raises(InputError, match="cannot make"):
        signer.write(tmp_path / ("n" * 300))


@pytest.mark.parametrize("source", ["missing.pem", ""])
def test_a_missing_key_file_is_an_input_error(source: str) -> None:
    for read in (PublicKey.from_pem, Ed25519Signer.from_pem):
        with pytest.raises((InputError, UsageError)):
            read(source)


def test_only_small_regular_files_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "big").write_bytes(b"x" * 100_000)
    for name in ("pipe", "big", "."):
        for read in (PublicKey.from_pem, Ed25519Signer.from_pem):
            with pytest.raises((InputError, UsageError)):
                read(tmp_path / name)


def test_a_private_key_is_refused_as_public_key(pair: tuple[Path, Path]) -> None:
    with pytest.raises(UsageError, match=r"private key was given.*pub\.pem"):
        PublicKey.from_pem(pair[0])


def test_private_and_public_in_one_file_are_refused(signer: Ed25519Signer, tmp_path: Path) -> None:
    both = tmp_path / "both.pem"
    both.write_bytes(signer.public_pem() + signer.private_pem())
    for read in (PublicKey.from_pem, Ed25519Signer.from_pem):
        with pytest.raises(InputError, match="2 PEM blocks"):
            read(both)


def test_a_public_key_cannot_sign(pair: tuple[Path, Path]) -> None:
    with pytest.raises(UsageError, match=r"NAME\.pem"):
        Ed25519Signer.from_pem(pair[1])


def test_other_kinds_of_key_are_named(tmp_path: Path) -> None:
    keys = {
        "RSA": rsa.generate_private_key(65537, 2048),
        "EC": ec.generate_private_key(ec.SECP256R1()),
    }
    for name, key in keys.items():
        private, public = tmp_path / f"{name}.pem", tmp_path / f"{name}.pub.pem"
        private.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        public.write_bytes(
            key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )
        with pytest.raises(InputError, match=rf"{name}\w* key.*, not Ed25519.*provenir key new"):
            PublicKey.from_pem(public)
        with pytest.raises(InputError, match=rf"{name}\w* key.*, not Ed25519.*provenir key new"):
            Ed25519Signer.from_pem(private)


def test_broken_pem_is_an_input_error(pair: tuple[Path, Path], tmp_path: Path) -> None:
    for path in pair:
        broken = tmp_path / "broken.pem"
        broken.write_bytes(path.read_bytes().replace(b"MC", b"ZZ"))
        read = PublicKey.from_pem if path == pair[1] else Ed25519Signer.from_pem
        with pytest.raises(InputError, match=r"broken\.pem"):
            read(broken)


def test_a_password_locks_the_private_file(signer: Ed25519Signer, tmp_path: Path) -> None:
    private, _ = signer.write(tmp_path / "locked", password="päss")
    assert b"ENCRYPTED" in private.read_bytes()
    assert Ed25519Signer.from_pem(private, "päss").keyid == signer.keyid
    assert Ed25519Signer.from_pem(private, "päss".encode()).keyid == signer.keyid
    with pytest.raises(UsageError, match=r"encrypted.*give its password"):
        Ed25519Signer.from_pem(private)
    with pytest.raises(InputError, match="wrong password"):
        Ed25519Signer.from_pem(private, "other")
    with pytest.raises(UsageError, match="password is empty"):
        Ed25519Signer.from_pem(private, "")


def test_a_password_that_openssl_cannot_take_is_refused(
    signer: Ed25519Signer, tmp_path: Path
) -> None:
    private, _ = signer.write(tmp_path / "longest", password="x" * 1023)
    assert Ed25519Signer.from_pem(private, "x" * 1023).keyid == signer.keyid
    with pytest.raises(UsageError, match="at most 1,023 bytes"):
        signer.write(tmp_path / "longer", password="x" * 1024)
    assert not (tmp_path / "longer.pem").exists()


def test_a_password_for_an_open_file_is_said_to_be_superfluous(
    pair: tuple[Path, Path],
) -> None:
    with pytest.raises(UsageError, match="not encrypted"):
        Ed25519Signer.from_pem(pair[0], "pw")


def test_a_private_key_shows_nowhere(signer: Ed25519Signer) -> None:
    assert "private" not in repr(signer)


def test_wrong_types_are_misuse() -> None:
    with pytest.raises(UsageError):
        PublicKey(b"short")
    with pytest.raises(UsageError):
        PublicKey.from_pem(7)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="from_pem"):
        Ed25519Signer(b"x" * 32)  # type: ignore[arg-type]
