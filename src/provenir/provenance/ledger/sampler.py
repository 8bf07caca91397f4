"""The order of training, version 1: a function of a seed that anyone can compute again.

A SHA-256 counter stream feeds a Fisher-Yates shuffle (Knuth, TAOCP 2, algorithm P) of the admitted
rows, one for each epoch; the shuffled list is cut into batches. The standard library is all it
needs. Exact bytes and test vectors: docs/reference/ledger.md, "The sampler, version 1".
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from provenir.core.digest import digest_bytes
from provenir.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

__all__ = ["SAMPLER_VERSION", "SEED_BYTES", "Sampler", "micro_sizes", "seed_commit", "shuffled"]

SAMPLER_VERSION: Final = 1
SEED_BYTES: Final = 32
_WORDS: Final = struct.Struct(">4Q")
_RANGE: Final = 2**64


def seed_commit(seed: bytes) -> str:
    """Return the digest under which a seed is published before the start."""
    return digest_bytes(b"provenir/sampler/1" + seed)


def _words(seed: bytes, epoch: int) -> Iterator[int]:
    """The epoch's stream of 64-bit words."""
    prefix = hashlib.sha256(b"provenir/stream/1" + seed + epoch.to_bytes(8, "big"))
    counter = 0
    while True:
        state = prefix.copy()
        state.update(counter.to_bytes(8, "big"))
        yield from _WORDS.unpack(state.digest())
        counter += 1


def shuffled(seed: bytes, epoch: int, rows: Sequence[int]) -> list[int]:
    """Return the rows in the order of one epoch.

    Args:
        seed: 32 bytes.
        epoch: From 0.
        rows: The admitted rows, ascending.
    """
    order = list(rows)
    words = _words(seed, epoch)
    for last in range(len(order) - 1, 0, -1):
        size = last + 1
        # Words past the last whole multiple of `size` would favour the small results.
        bound = _RANGE - _RANGE % size
        word = next(words)
        while word >= bound:
            word = next(words)
        other = word % size
        order[last], order[other] = order[other], order[last]
    return order


def micro_sizes(n: int, micro: int) -> list[int]:
    """Return the sizes of the microbatches that a batch of `n` rows is cut into."""
    return [min(micro, n - start) for start in range(0, n, micro)]


@dataclass(slots=True)
class Sampler:
    """Which rows a step draws.

    Attributes:
        seed: 32 bytes, committed to before the start and opened in the close.
        rows: Rows whose line in `admission.jsonl` is allowed or attenuated, ascending.
        batch: Rows of one step.
        epochs: How often every row is drawn.
        drop_last: Whether an epoch's last, shorter stretch is left out.

    Raises:
        UsageError: A part is out of range.
    """

    seed: bytes = field(repr=False)
    rows: Sequence[int]
    batch: int
    epochs: int
    drop_last: bool = False
    _epoch: int = field(default=-1, init=False, repr=False)
    _order: list[int] = field(default_factory=list, init=False, repr=False)

    def __post_init__(self) -> None:
        if len(self.seed) != SEED_BYTES:
            raise UsageError(f"a sampler's seed of {len(self.seed)} bytes", mend="give 32 bytes")
        if self.batch < 1 or self.epochs < 1:
            raise UsageError("a sampler draws at least one row, in at least one epoch")
        if any(a >= b for a, b in zip(self.rows, self.rows[1:], strict=False)):
            raise UsageError("the sampler's rows are not in ascending order")

    @property
    def per_epoch(self) -> int:
        """Steps of one epoch."""
        whole, rest = divmod(len(self.rows), self.batch)
        return whole + (1 if rest and not self.drop_last else 0)

    @property
    def total_steps(self) -> int:
        """Steps of all epochs."""
        return self.epochs * self.per_epoch

    def drawn(self, step: int) -> tuple[int, list[int]]:
        """Return the epoch of a step and the rows that it draws, before any is dropped.

        Args:
            step: From 1.

        Raises:
            UsageError: The sampler has no such step.
        """
        if not 1 <= step <= self.total_steps:
            raise UsageError(f"step {step} of a sampler with {self.total_steps} steps")
        epoch, stretch = divmod(step - 1, self.per_epoch)
        if epoch != self._epoch:
            self._order = shuffled(self.seed, epoch, self.rows)
            self._epoch = epoch
        return epoch, self._order[stretch * self.batch : (stretch + 1) * self.batch]
