"""Salted commitments: the public files name rows and losses by them alone.

One random secret of 32 bytes for each run, from the system's generator. From it HMAC-SHA256 makes a
key for examples and one for facts, and from these a salt for each row and each entry, so that one
can be opened without another and nothing but the secret has to survive (docs/reference/ledger.md,
"Commitments"). The secret lies outside the run folder, mode 0600.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from provenir.core.digest import format_digest
from provenir.core.errors import InputError, UsageError
from provenir.core.files import read_bounded
from provenir.core.new_files import write_new

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["KEY_BYTES", "Salts", "example_commit", "facts_commit", "facts_value"]

KEY_BYTES: Final = 32
_HEX_KEY: Final = re.compile(rb"[0-9a-f]{64}\n?")


def example_commit(example_key: bytes, row: int, example: bytes) -> bytes:
    """Return the 32 bytes that stand for a row in public.

    Args:
        example_key: `K_example`, 32 bytes.
        row: Number of the row in the dataset, from 0.
        example: The 32 bytes of the example's digest.
    """
    salt = hmac.digest(example_key, row.to_bytes(8, "big"), "sha256")
    return hashlib.sha256(salt + example).digest()


def facts_commit(salt: bytes, line: bytes) -> str:
    """Return the digest that stands for an entry's loss and norms in public.

    Args:
        salt: The entry's salt, 32 bytes.
        line: The line of `facts_value`.
    """
    return format_digest(hashlib.sha256(salt + line).digest())


def facts_value(loss: str, norms: Sequence[str | None]) -> dict[str, object]:
    """Return what is committed of one entry: its loss, and a norm or null for each block."""
    return {"loss": loss, "norms": list(norms)}


@dataclass(frozen=True, slots=True)
class Salts:
    """The secret of one run's commitments.

    Attributes:
        secret: 32 random bytes; kept out of `repr`.
    """

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != KEY_BYTES:
            raise UsageError(f"a secret of {len(self.secret)} bytes", mend="give 32 random bytes")

    @classmethod
    def create(cls, path: str | Path, *, run_folder: str | Path) -> Salts:
        """Draw a secret and keep it in a new file, mode 0600.

        Args:
            path: The file; its folder must exist.
            run_folder: The run's folder, in which the secret may not lie.

        Raises:
            UsageError: Something is there already, or the place is inside the run folder.
            OSError: It cannot be written.
        """
        place = Path(path).resolve()
        if place.is_relative_to(Path(run_folder).resolve()):
            raise UsageError(
                "the secret of the salts inside the run folder",
                where=str(path),
                mend="keep it elsewhere: a run folder is handed to strangers",
            )
        salts = cls(secrets.token_bytes(KEY_BYTES))
        write_new(place, salts.secret.hex().encode("ascii") + b"\n", mode=0o600)
        return salts

    @classmethod
    def load(cls, path: str | Path) -> Salts:
        """Read the secret that `create` wrote.

        Raises:
            InputError: There is no such file, or it holds something else.
        """
        data = read_bounded(path, max_bytes=4_096)
        if _HEX_KEY.fullmatch(data) is None:
            raise InputError(
                "not the secret of a ledger's salts",
                where=str(path),
                mend="give the file that was made when the run began: 64 hex digits",
            )
        return cls(bytes.fromhex(data.decode("ascii")))

    @property
    def example_key(self) -> bytes:
        """`K_example`: whoever holds it can link rows to contents, and nothing more."""
        return hmac.digest(self.secret, b"provenir/example", "sha256")

    @property
    def facts_key(self) -> bytes:
        """`K_facts`: opens every loss and norm; never handed out, single salts are."""
        return hmac.digest(self.secret, b"provenir/facts", "sha256")

    @property
    def sampler_seed(self) -> bytes:
        """A seed for the sampler that survives with the secret, 32 bytes; tells nothing of it."""
        return hmac.digest(self.secret, b"provenir/sampler", "sha256")

    def facts_salt(self, step: int, entry: int) -> bytes:
        """Return the salt of an entry of a step's batch.

        Args:
            step: From 1.
            entry: Place in the batch, from 0.
        """
        place = step.to_bytes(8, "big") + entry.to_bytes(8, "big")
        return hmac.digest(self.facts_key, place, "sha256")
