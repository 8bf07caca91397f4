from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from provenir.attest.keys import (
    Ed25519Signer,
    HmacSigner,
    P256Signer,
    PublicKey,
    Signer,
    each_key,
    load_signer,
    public_key,
    public_key_from_der,
)
from provenir.core.errors import InputError, UsageError


@dataclass(frozen=True)
class ServiceSigner:
    """A key service of the user's own: fits the protocol without a base class."""

    keyid: str = "kms:1"
    algorithm: str = "ed25519"

    def sign(self, data: bytes) -> bytes:
        return data[:1] * 64


def test_bytes_are_a_shared_secret() -> None:
    assert load_signer(b"team-signing-key") == HmacSigner(b"team-signing-key", "default")
    assert load_signer(bytearray(b"k")) == HmacSigner(b"k")  # type: ignore[arg-type]


def test_a_secret_may_have_a_name() -> None:
    assert load_signer(b"k", key_id="team-1") == HmacSigner(b"k", "team-1")


ONE_KEY = [b"k", bytearray(b"k"), memoryview(b"k"), "k.pem", Path("k.pem"), HmacSigner(b"k"),
           HmacSigner(b"k").verification_key, ServiceSigner(), {"k": 1}, None, 3]  # fmt: skip


@pytest.mark.parametrize("key", ONE_KEY)
def test_one_key_is_one_key_and_a_list_is_several(key: object) -> None:
    assert each_key(key) == (key,)
    assert each_key([key, key]) == each_key(iter((key, key))) == (key, key)
    assert each_key(()) == ()


def test_a_path_is_an_ed25519_pem(pair: tuple[Path, Path], signer: Ed25519Signer) -> None:
    for spec in (pair[0], str(pair[0])):
        assert load_signer(spec).keyid == signer.keyid


def test_the_key_in_the_pem_says_which_signer_it_is(tmp_path: Path) -> None:
    mine = P256Signer.generate()
    private, public = mine.write(tmp_path / "token", password="pw")
    assert load_signer(private, password="pw").keyid == mine.keyid
    with pytest.raises(InputError, match=r"ECPublic key.*, not Ed25519"):
        PublicKey.from_pem(public)


def test_a_public_key_is_of_either_algorithm(signer: Ed25519Signer) -> None:
    for mine in (signer, P256Signer.generate()):
        key = mine.verification_key
        assert public_key(mine.public_pem()) == key
        assert public_key(mine.public_pem(), alg=mine.algorithm) == key
        assert public_key_from_der(key.material, alg=mine.algorithm, where="x") == key
        other = "p256" if mine is signer else "ed25519"
        with pytest.raises(InputError, match=", not "):
            public_key(mine.public_pem(), alg=other)
        with pytest.raises(InputError, match=r", not .*here"):
            public_key_from_der(key.material, alg=other, where="here")
        with pytest.raises(InputError, match="no public key in DER"):
            public_key_from_der(key.material + b"x")


def test_a_locked_pem_takes_its_password(signer: Ed25519Signer, tmp_path: Path) -> None:
    private, _ = signer.write(tmp_path / "locked", password="pw")
    assert load_signer(private, password="pw").keyid == signer.keyid
    with pytest.raises(UsageError, match="give its password"):
        load_signer(private)


def test_a_signer_is_itself() -> None:
    mine = ServiceSigner()
    assert isinstance(mine, Signer)
    assert load_signer(mine) is mine


def test_keys_of_the_wrong_kind_are_refused(pair: tuple[Path, Path]) -> None:
    with pytest.raises(UsageError, match="to sign"):
        load_signer(pair[1])
    with pytest.raises(UsageError, match="PEM block"):
        load_signer(pair[0].read_bytes())
    with pytest.raises(UsageError, match="existing file"):
        load_signer(str(pair[0]).encode())
    for spec in (None, 7, [b"a"], ServiceSigner):
        with pytest.raises(UsageError, match="no signing key"):
            load_signer(spec)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="password"):
        load_signer(b"secret", password="pw")


def test_a_secret_given_as_text_is_not_repeated_in_the_message(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"no such key file.*as bytes") as caught:
        load_signer("hunter2")
    assert "hunter2" not in str(caught.value)
    with pytest.raises(UsageError, match=r"gone\.pem"):
        load_signer(tmp_path / "gone.pem")


def test_impossible_paths_are_errors_of_ours() -> None:
    for spec in ("a\x00b", "n" * 5000, ""):
        with pytest.raises((UsageError, InputError)):
            load_signer(spec)


def test_an_encrypted_key_is_opened_by_the_variable(tmp_path, monkeypatch):
    Ed25519Signer.generate().write(tmp_path / "team", password="pw")
    path = tmp_path / "team.pem"
    with pytest.raises(UsageError, match="PROVENIR_KEY_PASSWORD"):
        load_signer(path)
    monkeypatch.setenv("PROVENIR_KEY_PASSWORD", "pw")
    assert load_signer(path).keyid == load_signer(path, password="pw").keyid
    monkeypatch.setenv("PROVENIR_KEY_PASSWORD", "other")
    with pytest.raises(InputError, match="wrong password"):
        load_signer(path)
