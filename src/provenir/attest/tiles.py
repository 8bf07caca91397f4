"""Roots and proofs of a tree that is kept in tiles (c2sp.org/tlog-tiles).

A tile of level 0 is 256 leaf hashes; a hash of level k + 1 is the root of a complete tile of level
k. Any complete subtree lies within one tile, so a root or a proof needs a few hundred of the
hashes, however many leaves there are.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final, Protocol

from provenir.core.merkle import (
    EMPTY_ROOT,
    consistency_ranges,
    inclusion_ranges,
    node_hash,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "HASH_BYTES",
    "TILE_WIDTH",
    "TileHashes",
    "peaks",
    "prove_consistency",
    "prove_inclusion",
    "range_root",
    "tile_root",
]

HASH_BYTES: Final = 32
TILE_WIDTH: Final = 256
_HEIGHT: Final = 8  # of the subtree that one tile is


class TileHashes(Protocol):
    """Whatever has the hashes of a tree by tile level."""

    def hashes(self, level: int, start: int, stop: int) -> bytes:
        """The hashes `start` to `stop` of a level, one after the other, 32 bytes each."""


def tile_root(hashes: bytes) -> bytes:
    """Root of a complete subtree from the hashes at its foot, a power of two of them."""
    sha256 = hashlib.sha256
    row = hashes
    while len(row) > HASH_BYTES:
        row = b"".join(
            [
                sha256(b"\x01" + row[at : at + 2 * HASH_BYTES]).digest()
                for at in range(0, len(row), 2 * HASH_BYTES)
            ]
        )
    return row


def _subtree_root(tree: TileHashes, height: int, number: int) -> bytes:
    """Root of the complete subtree `number` of 2**height leaves."""
    level, above = divmod(height, _HEIGHT)
    return tile_root(tree.hashes(level, number << above, (number + 1) << above))


def _subtrees(start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Height and number of the complete subtrees that fill an aligned range, the largest first."""
    while start < stop:
        height = (stop - start).bit_length() - 1
        yield height, start >> height
        start += 1 << height


def peaks(tree: TileHashes, n: int) -> list[bytes]:
    """The roots of the complete subtrees of the first `n` leaves, the largest first."""
    return [_subtree_root(tree, height, number) for height, number in _subtrees(0, n)]


def range_root(tree: TileHashes, start: int, stop: int) -> bytes:
    """Root over the leaves of a range that begins at a multiple of a power of two ≥ its length."""
    roots = [_subtree_root(tree, height, number) for height, number in _subtrees(start, stop)]
    if not roots:
        return EMPTY_ROOT
    node = roots.pop()
    while roots:
        node = node_hash(roots.pop(), node)
    return node


def prove_inclusion(tree: TileHashes, n: int, index: int) -> list[bytes]:
    """The audit path of a leaf in the tree of the first `n` (RFC 6962 section 2.1.1).

    Raises:
        UsageError: There is no such leaf.
    """
    return [range_root(tree, start, stop) for start, stop in inclusion_ranges(n, index)]


def prove_consistency(tree: TileHashes, n: int, m: int) -> list[bytes]:
    """The proof that the first `m` leaves are a prefix of the first `n` (section 2.1.2).

    Raises:
        UsageError: `m` is negative or larger than `n`.
    """
    return [range_root(tree, start, stop) for start, stop in consistency_ranges(n, m)]
