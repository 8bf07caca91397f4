from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from provenir.attest.keys import Ed25519Signer

if TYPE_CHECKING:
    from pathlib import Path

# Private keys of RFC 8032 section 7.1, tests 1 and 2: public, so good for tests only.
SEED_ONE = bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
SEED_TWO = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")


@pytest.fixture(scope="session")
def signer() -> Ed25519Signer:
    return Ed25519Signer(Ed25519PrivateKey.from_private_bytes(SEED_ONE))


@pytest.fixture(scope="session")
def other_signer() -> Ed25519Signer:
    return Ed25519Signer(Ed25519PrivateKey.from_private_bytes(SEED_TWO))


@pytest.fixture
def pair(signer: Ed25519Signer, tmp_path: Path) -> tuple[Path, Path]:
    return signer.write(tmp_path / "team")
