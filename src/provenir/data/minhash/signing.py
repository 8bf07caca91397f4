"""Signatures and shingles of texts, by compiled code where numba is there, else by numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np

from provenir.data.minhash import kernels, plain
from provenir.data.minhash.kernels import BREAK, EMPTY, LETTERS, SIZE
from provenir.data.minhash.parts import Textual, parts_of
from provenir.data.overlap.compiled import COMPILED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

BLOCK_BYTES: Final = 1 << 20
"""Text that is signed at once; a longer row is signed alone."""
_BREAK: Final = bytes([BREAK])


class Signed(NamedTuple):
    """What is known of signed texts.

    Attributes:
        sketches: uint32 of texts x `SIZE`.
        seen: int64, the number of shingles.
        sums: uint64, equal where the same shingles occur as often.
    """

    sketches: Any
    seen: Any
    sums: Any


class Block:
    """Texts one after the other, waiting to be signed."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.first = [0]
        self.size = 0

    def __len__(self) -> int:
        return len(self.first) - 1

    @property
    def full(self) -> bool:
        """Whether it is time to sign."""
        return self.size >= BLOCK_BYTES or len(self.parts) >= BLOCK_BYTES >> 4

    def add(self, parts: list[bytes]) -> None:
        """Append the parts of one text."""
        self.parts += parts
        self.first.append(len(self.parts))
        self.size += sum(map(len, parts))

    def arrays(self) -> tuple[Any, Any, Any, Any]:
        """The bytes, the beginnings and the ends of the parts, the first part of each text."""
        sizes = np.fromiter(map(len, self.parts), np.int64, len(self.parts))
        ends = np.cumsum(sizes + 1) - 1
        data = np.frombuffer(_BREAK.join(self.parts), np.uint8)
        return data, ends - sizes, ends, np.array(self.first, np.int64)

    def sign(self) -> Signed:
        """Sign the texts and empty the block."""
        data, lo, hi, first = self.arrays()
        out: Any = np.full((len(self), SIZE), EMPTY, np.uint32)
        seen: Any = np.zeros(len(self), np.int64)
        sums: Any = np.zeros(len(self), np.uint64)
        (kernels if COMPILED else plain).sign(data, lo, hi, first, LETTERS, out, seen, sums)
        self.parts, self.first, self.size = [], [0], 0
        return Signed(out, seen, sums)


def signatures(texts: Iterable[Textual]) -> Any:
    """The signature of every text.

    Args:
        texts: Texts, UTF-8 bytes, or rows, of which every text at any depth counts.

    Returns:
        uint32 of shape (texts, `kernels.SIZE`). The share of equal entries of two rows estimates
        the Jaccard similarity of the texts' sets of five-word runs, with a standard error of
        sqrt(J (1 - J) / 128). All entries of a text without words are `kernels.EMPTY`.
    """
    signed = [block.sketches for block in sign_all(texts)]
    return np.concatenate(signed) if signed else np.zeros((0, SIZE), np.uint32)


def sign_all(texts: Iterable[Textual]) -> Iterator[Signed]:
    """Sign texts, block after block."""
    block = Block()
    for text in texts:
        block.add(parts_of(text))
        if block.full:
            yield block.sign()
    if len(block):
        yield block.sign()


def shingle_set(parts: list[bytes]) -> Any:
    """The distinct shingles of one text, in order (uint64)."""
    block = Block()
    block.add(parts)
    data, lo, hi, _ = block.arrays()
    if not COMPILED:
        return np.unique(plain.part_shingles(data, lo, hi, LETTERS)[0])
    room: Any = np.empty(block.size // 2 + len(parts) + 1, np.uint64)
    return np.unique(room[: kernels.shingles(data, lo, hi, LETTERS, room)])


def jaccard(a: Any, b: Any) -> float:
    """The Jaccard similarity of two sets that `shingle_set` made; 0 where both are empty."""
    common = len(np.intersect1d(a, b, assume_unique=True))
    return common / max(len(a) + len(b) - common, 1)
