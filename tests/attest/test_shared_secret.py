from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.attest.key_material import describe_key
from provenir.attest.keys import (
    HMAC_NOTE,
    Ed25519Signer,
    HmacKey,
    HmacSigner,
    Signer,
    VerificationKey,
    hmac_secret,
)
from provenir.attest.shared_secret import is_shared_secret_id
from provenir.core.errors import UsageError


def test_rfc_4231_vector() -> None:
    # Test case 2.
    tag = HmacSigner(b"Jefe").sign(b"what do ya want for nothing?")
    assert tag.hex() == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"


@given(secret=st.binary(min_size=1, max_size=80), data=st.binary(max_size=80), junk=st.binary())
def test_only_the_tag_over_these_bytes_verifies(secret: bytes, data: bytes, junk: bytes) -> None:
    if describe_key(secret):
        return
    signer = HmacSigner(secret, "team")
    key = signer.verification_key
    assert key.verify(data, signer.sign(data))
    assert not key.verify(data + b"x", signer.sign(data))
    assert not key.verify(data, junk)


def test_the_interfaces_hold() -> None:
    signer = HmacSigner(b"s", "team")
    assert isinstance(signer, Signer)
    assert isinstance(signer.verification_key, VerificationKey)
    assert signer.keyid == signer.verification_key.keyid == "hmac-sha256:team"
    assert HmacSigner(b"s").keyid == "hmac-sha256:default"
    assert "forge" in HMAC_NOTE


def test_a_secret_shows_nowhere() -> None:
    assert "hunter2" not in repr(HmacSigner(b"hunter2")) + repr(HmacKey(b"hunter2"))
    with pytest.raises(UsageError) as caught:
        hmac_secret(b"-----BEGIN PUBLIC KEY-----hunter2")
    assert "hunter2" not in str(caught.value)


def test_equal_keys_under_different_secrets_are_one() -> None:
    # RFC 2104 section 2: short keys are padded with zeros, long ones hashed.
    import hashlib

    long = b"k" * 65
    assert HmacKey(b"k").material == HmacKey(b"k\x00").material
    assert HmacKey(long).material == HmacKey(hashlib.sha256(long).digest()).material
    assert HmacKey(b"k").material != HmacKey(b"l").material
    assert HmacKey(b"k", "a").material == HmacKey(b"k", "b").material
    assert HmacKey(b"k\x00").verify(b"data", HmacSigner(b"k").sign(b"data"))


@pytest.mark.parametrize("make", [HmacSigner, HmacKey, hmac_secret])
def test_no_public_or_private_key_is_a_secret(make: object, signer: Ed25519Signer) -> None:
    for pem in (signer.public_pem(), signer.private_pem(), signer.private_pem("pw")):
        with pytest.raises(UsageError, match=r"PEM block.*--public-key"):
            make(pem)  # type: ignore[operator]


@pytest.mark.parametrize("make", [HmacSigner, HmacKey, hmac_secret])
def test_an_empty_or_foreign_secret_is_refused(make: object) -> None:
    with pytest.raises(UsageError, match="empty"):
        make(b"")  # type: ignore[operator]
    with pytest.raises(UsageError):
        make(7)  # type: ignore[operator]


@pytest.mark.parametrize("key_id", ["", "a\nb", "\x1b[31m", "‮team", "x" * 200, 7])
def test_a_key_id_is_plain(key_id: str) -> None:
    with pytest.raises(UsageError, match="printable"):
        HmacSigner(b"s", key_id)


def test_a_secret_that_names_a_file_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert hmac_secret("team.pub.pem") == b"team.pub.pem"
    Path("team.pub.pem").write_text("anything")
    os.mkfifo("pipe")
    Path("folder").mkdir()
    Path("dangling").symlink_to("nowhere")
    for value in ("team.pub.pem", b"./team.pub.pem", str(tmp_path / "team.pub.pem"), "pipe"):
        with pytest.raises(UsageError, match=r"existing file.*--public-key"):
            hmac_secret(value)
    for value in ("folder", "dangling"):
        assert hmac_secret(value) == value.encode()


@given(st.binary(min_size=1, max_size=400))
def test_any_secret_is_taken_as_it_is_or_refused(value: bytes) -> None:
    try:
        assert hmac_secret(value) == value
    except UsageError:
        assert describe_key(value) or Path(os.fsdecode(value)).exists()


def test_text_is_taken_as_utf8_and_argv_bytes_come_back() -> None:
    assert hmac_secret("schlüssel") == "schlüssel".encode()
    assert hmac_secret(os.fsdecode(b"\xff\xfe")) == b"\xff\xfe"
    assert hmac_secret(bytearray(b"abc")) == b"abc"
    with pytest.raises(UsageError, match="surrogates"):
        hmac_secret("\ud800")


@pytest.mark.parametrize("keyid", ["", "hmac", "hmac-sha256", "ed25519:aa", " hmac-sha256:team"])
def test_the_id_of_a_shared_secret_is_told_by_its_beginning(keyid: str) -> None:
    assert is_shared_secret_id(HmacSigner(b"a secret", "team").keyid)
    assert not is_shared_secret_id(keyid)
