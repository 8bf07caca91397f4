"""Other people's tools say the same: OpenSSL and securesystemslib."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from provenir.attest.dsse import PAYLOAD_TYPE, Envelope, Signature
from provenir.attest.keys import Ed25519Signer, P256Signer, PublicKey

if TYPE_CHECKING:
    from pathlib import Path

PAYLOAD = b'{"_type":"https://in-toto.io/Statement/v1"}'


@pytest.fixture
def openssl() -> str:
    path = shutil.which("openssl")
    if path is None:
        pytest.skip("openssl is not installed")
    version = subprocess.run([path, "version"], capture_output=True, text=True, check=True).stdout
    if not version.startswith("OpenSSL 3"):
        pytest.skip(f"pkeyutl -rawin with Ed25519 needs OpenSSL 3, this is {version.strip()}")
    return path


def _openssl_accepts(openssl: str, public: Path, message: bytes, sig: bytes) -> bool:
    folder = public.parent
    (folder / "pae.bin").write_bytes(message)
    (folder / "sig.bin").write_bytes(sig)
    command = [openssl, "pkeyutl", "-verify", "-pubin", "-inkey", public.name, "-rawin"]
    done = subprocess.run(
        [*command, "-in", "pae.bin", "-sigfile", "sig.bin"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert ("Signature Verified Successfully" in done.stdout) == (done.returncode == 0)
    return done.returncode == 0


def test_openssl_accepts_the_good_and_refuses_the_changed(
    openssl: str, pair: tuple[Path, Path]
) -> None:
    made = Envelope.sign(PAYLOAD, [Ed25519Signer.from_pem(pair[0])])
    good, sig = made.signed_bytes(), made.signatures[0].sig
    assert _openssl_accepts(openssl, pair[1], good, sig)
    changed = Envelope(PAYLOAD[:-1] + b" }", PAYLOAD_TYPE, made.signatures)
    assert not _openssl_accepts(openssl, pair[1], changed.signed_bytes(), sig)
    assert not _openssl_accepts(openssl, pair[1], good, sig[:-1] + bytes([sig[-1] ^ 1]))
    assert not _openssl_accepts(openssl, pair[1], PAYLOAD, sig)


def test_openssl_keys_work_here(openssl: str, tmp_path: Path) -> None:
    for line in (
        "genpkey -algorithm ed25519 -out team.pem",
        "pkey -in team.pem -pubout -out team.pub.pem",
        "pkey -in team.pem -aes256 -passout pass:pw -out locked.pem",
    ):
        subprocess.run([openssl, *line.split()], cwd=tmp_path, check=True, capture_output=True)
    signer = Ed25519Signer.from_pem(tmp_path / "team.pem")
    assert PublicKey.from_pem(tmp_path / "team.pub.pem") == signer.verification_key
    assert Ed25519Signer.from_pem(tmp_path / "locked.pem", "pw").keyid == signer.keyid


def test_openssl_opens_our_locked_file(openssl: str, signer: Ed25519Signer, tmp_path: Path) -> None:
    private, public = signer.write(tmp_path / "locked", password="pw")
    done = subprocess.run(
        [openssl, "pkey", "-in", private.name, "-passin", "pass:pw", "-pubout"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    assert done.stdout == public.read_bytes()


def test_securesystemslib_agrees(signer: Ed25519Signer, other_signer: Ed25519Signer) -> None:
    sslib = pytest.importorskip("securesystemslib.signer", reason="needs securesystemslib[crypto]")
    dsse = pytest.importorskip("securesystemslib.dsse", reason="needs securesystemslib[crypto]")
    errors = pytest.importorskip("securesystemslib.exceptions")

    def key(of: Ed25519Signer) -> object:
        return sslib.SSlibKey.from_crypto(of.private_key.public_key(), keyid=of.keyid)

    made = Envelope.sign(PAYLOAD, [signer, other_signer])
    theirs = dsse.Envelope.from_dict(json.loads(made.to_bytes()))
    assert theirs.pae() == made.signed_bytes()
    accepted = theirs.verify([key(signer), key(other_signer)], threshold=2)
    assert set(accepted) == {signer.keyid, other_signer.keyid}

    changed = Envelope(PAYLOAD + b" ", PAYLOAD_TYPE, made.signatures)
    with pytest.raises(errors.VerificationError):
        dsse.Envelope.from_dict(json.loads(changed.to_bytes())).verify([key(signer)], 1)


def test_envelopes_of_securesystemslib_verify_here() -> None:
    sslib = pytest.importorskip("securesystemslib.signer", reason="needs securesystemslib[crypto]")
    dsse = pytest.importorskip("securesystemslib.dsse", reason="needs securesystemslib[crypto]")
    ours = Ed25519Signer.generate()
    theirs = sslib.CryptoSigner(ours.private_key)
    made = dsse.Envelope(PAYLOAD, PAYLOAD_TYPE, {})
    made.sign(theirs)
    read = Envelope.parse(json.dumps(made.to_dict()).encode())
    assert read.verified_by([ours.verification_key]) == (ours.verification_key,)
    flipped = (Signature("", read.signatures[0].sig[::-1]),)
    assert not Envelope(PAYLOAD, PAYLOAD_TYPE, flipped).verified_by([ours.verification_key])


def test_openssl_and_the_p256_signer_accept_each_other(openssl: str, tmp_path: Path) -> None:
    token = P256Signer.generate()
    private, public = token.write(tmp_path / "token")
    data, sig = tmp_path / "data", tmp_path / "sig"
    data.write_bytes(b"some bytes")
    dgst = [openssl, "dgst", "-sha256"]
    made = subprocess.run([*dgst, "-sign", private, data], capture_output=True, check=True).stdout
    assert token.verification_key.verify(b"some bytes", made)
    sig.write_bytes(token.sign(b"some bytes"))
    verify = [*dgst, "-verify", public, "-signature", sig, data]
    assert subprocess.run(verify, capture_output=True, check=False).returncode == 0
    data.write_bytes(b"other bytes")
    assert subprocess.run(verify, capture_output=True, check=False).returncode != 0
