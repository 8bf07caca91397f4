"""The Merkle tree of RFC 6962, used for datasets, ledgers, the log and tensors alike.

A leaf's hash is SHA-256 of 0x00 and the leaf's bytes, a node's is SHA-256 of 0x01 and its two
children, and a tree of n leaves splits at the largest power of two below n (RFC 6962 section
2.1). The separate first bytes keep a node from passing as a leaf. Proofs follow sections 2.1.1
and 2.1.2; they are checked by the iterative algorithms of RFC 9162 sections 2.1.3.2 and 2.1.4.2.
A root means nothing without its number of leaves: state the two together.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Final

from provenir.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "EMPTY_ROOT",
    "Frontier",
    "consistency_proof",
    "consistency_ranges",
    "inclusion_proof",
    "inclusion_ranges",
    "leaf_hash",
    "merkle_root",
    "node_hash",
    "verify_consistency",
    "verify_inclusion",
]

_HASH_BYTES: Final = 32

EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
"""Root of the tree without leaves (RFC 6962 section 2.1)."""


def leaf_hash(leaf_input: bytes) -> bytes:
    """Return the hash of a leaf: SHA-256(0x00 || leaf_input)."""
    return hashlib.sha256(b"\x00" + leaf_input).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: SHA-256(0x01 || left || right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: appends in amortised O(1), remembers O(log n) hashes.

    It holds the roots of the complete subtrees that the leaves so far fill, one for each bit set
    in their number, the largest first.
    """

    __slots__ = ("_n", "_peaks")

    def __init__(self) -> None:
        self._n = 0
        self._peaks: list[bytes] = []

    @classmethod
    def restored(cls, n: int, peaks: Sequence[bytes]) -> Frontier:
        """Go on from a tree that is known by the roots of its complete subtrees.

        Args:
            n: How many leaves it has.
            peaks: One root for each bit set in `n`, the largest subtree first.

        Raises:
            UsageError: There are not as many roots as bits.
        """
        if n.bit_count() != len(peaks):
            raise UsageError(f"a tree of {n} leaves has {n.bit_count()} peaks, not {len(peaks)}")
        frontier = cls()
        frontier._n = n
        frontier._peaks = list(peaks)
        return frontier

    @property
    def n(self) -> int:
        """How many leaves were appended."""
        return self._n

    def append(self, leaf_input: bytes) -> None:
        """Append a leaf by its bytes."""
        self.append_hash(leaf_hash(leaf_input))

    def append_hash(self, hashed_leaf: bytes) -> None:
        """Append a leaf whose `leaf_hash` is known."""
        node = hashed_leaf
        # Each trailing one bit of n is a complete subtree that the new leaf merges with.
        size = self._n
        while size & 1:
            node = node_hash(self._peaks.pop(), node)
            size >>= 1
        self._peaks.append(node)
        self._n += 1

    def extend(self, leaf_inputs: Iterable[bytes]) -> None:
        """Append several leaves by their bytes; cheaper than one after the other.

        The new nodes of one level are hashed together, from the leaves upwards.
        """
        sha256 = hashlib.sha256
        nodes = [sha256(b"\x00" + leaf_input).digest() for leaf_input in leaf_inputs]
        size = self._n
        self._n += len(nodes)
        alone: list[bytes] = []
        while nodes:
            if size & 1:
                nodes.insert(0, self._peaks.pop())
            if len(nodes) & 1:
                alone.append(nodes.pop())
            left = iter(nodes)
            nodes = [sha256(b"\x01" + a + b).digest() for a, b in zip(left, left, strict=True)]
            size >>= 1
        self._peaks.extend(reversed(alone))

    def root(self) -> bytes:
        """Return the root over the leaves so far; it may be asked at any time."""
        if not self._peaks:
            return EMPTY_ROOT
        node = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            node = node_hash(peak, node)
        return node


def merkle_root(leaves: Iterable[bytes]) -> bytes:
    """Return the root over leaf inputs (not yet hashed), reading them once."""
    frontier = Frontier()
    for leaf_input in leaves:
        frontier.append(leaf_input)
    return frontier.root()


def _range_root(leaf_hashes: Sequence[bytes], start: int, stop: int) -> bytes:
    frontier = Frontier()
    for index in range(start, stop):
        frontier.append_hash(leaf_hashes[index])
    return frontier.root()


def _split(n: int) -> int:
    """Return the largest power of two below n, for n > 1."""
    return 1 << ((n - 1).bit_length() - 1)


def inclusion_ranges(n: int, index: int) -> list[tuple[int, int]]:
    """Return the ranges of leaves whose roots are a leaf's audit path (RFC 6962 section 2.1.1).

    Args:
        n: How many leaves the tree has.
        index: Which leaf, from 0.

    Returns:
        Half-open ranges from the leaf upwards. Each begins at a multiple of the power of two that
        its length is at most, so it falls into complete subtrees.

    Raises:
        UsageError: There is no such leaf.
    """
    if not 0 <= index < n:
        raise UsageError(f"leaf {index} of a tree with {n} leaves", mend="count leaves from 0")
    start, stop = 0, n
    ranges: list[tuple[int, int]] = []
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            ranges.append((middle, stop))
            stop = middle
        else:
            ranges.append((start, middle))
            start = middle
    ranges.reverse()
    return ranges


def inclusion_proof(leaf_hashes: Sequence[bytes], index: int) -> list[bytes]:
    """Return the audit path of a leaf, from the leaf upwards (RFC 6962 section 2.1.1).

    Args:
        leaf_hashes: The `leaf_hash` of every leaf of the tree, in order.
        index: Which leaf, from 0.

    Raises:
        UsageError: There is no such leaf.
    """
    ranges = inclusion_ranges(len(leaf_hashes), index)
    return [_range_root(leaf_hashes, start, stop) for start, stop in ranges]


def verify_inclusion(
    leaf_hash: bytes, index: int, n: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """Say whether `proof` shows that the leaf is number `index` of the tree (`n`, `root`).

    RFC 9162 section 2.1.3.2. Never raises, whatever stands for any of them.
    """
    if not _are_counts(index, n) or not _are_hashes(proof, leaf_hash, root):
        return False
    if not index < n:
        return False
    fn, sn = index, n - 1
    node = leaf_hash
    for sibling in proof:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            node = node_hash(sibling, node)
            while fn and not fn & 1:
                fn >>= 1
                sn >>= 1
        else:
            node = node_hash(node, sibling)
        fn >>= 1
        sn >>= 1
    return sn == 0 and node == root


def consistency_ranges(n: int, m: int) -> list[tuple[int, int]]:
    """Return the ranges of leaves whose roots show that `m` leaves are a prefix of `n`.

    RFC 6962 section 2.1.2. For m = 0 and m = n there are none: there is nothing to show.

    Args:
        n: Size of the larger tree.
        m: Size of the smaller tree.

    Returns:
        Half-open ranges in the order of the proof, each as in `inclusion_ranges`.

    Raises:
        UsageError: `m` is negative or larger than the tree.
    """
    if not 0 <= m <= n:
        raise UsageError(f"no tree of {m} leaves is a prefix of one with {n}")
    if m == 0:
        return []
    start, stop = 0, n
    ranges: list[tuple[int, int]] = []
    # While every leaf from `start` on that belongs to the smaller tree fills the range, its root
    # is known to the checker (the smaller root itself) as long as the range begins at 0.
    while m != stop:
        middle = start + _split(stop - start)
        if m <= middle:
            ranges.append((middle, stop))
            stop = middle
        else:
            ranges.append((start, middle))
            start = middle
    if start:
        ranges.append((start, stop))
    ranges.reverse()
    return ranges


def consistency_proof(leaf_hashes: Sequence[bytes], m: int) -> list[bytes]:
    """Return the proof that the tree of the first `m` leaves is a prefix of the whole.

    RFC 6962 section 2.1.2. For m = 0 and m = n the proof is empty: there is nothing to show.

    Args:
        leaf_hashes: The `leaf_hash` of every leaf of the larger tree, in order.
        m: Size of the smaller tree.

    Raises:
        UsageError: `m` is negative or larger than the tree.
    """
    ranges = consistency_ranges(len(leaf_hashes), m)
    return [_range_root(leaf_hashes, start, stop) for start, stop in ranges]


def verify_consistency(
    m: int, n: int, proof: Sequence[bytes], root_m: bytes, root_n: bytes
) -> bool:
    """Say whether `proof` shows that the tree (`n`, `root_n`) extends (`m`, `root_m`).

    RFC 9162 section 2.1.4.2. Never raises, whatever stands for any of them.
    """
    if not _are_counts(m, n) or not _are_hashes(proof, root_m, root_n):
        return False
    if m > n:
        return False
    if m == n:
        return not proof and root_m == root_n
    if m == 0:
        return not proof and root_m == EMPTY_ROOT
    path = list(proof)
    if m & (m - 1) == 0:
        path.insert(0, root_m)
    if not path:
        return False
    fn, sn = m - 1, n - 1
    while fn & 1:
        fn >>= 1
        sn >>= 1
    older = newer = path[0]
    for sibling in path[1:]:
        if sn == 0:
            return False
        if fn & 1 or fn == sn:
            older = node_hash(sibling, older)
            newer = node_hash(sibling, newer)
            while fn and not fn & 1:
                fn >>= 1
                sn >>= 1
        else:
            newer = node_hash(newer, sibling)
        fn >>= 1
        sn >>= 1
    return sn == 0 and older == root_m and newer == root_n


def _are_counts(*values: object) -> bool:
    return all(isinstance(value, int) and value >= 0 for value in values)


def _are_hashes(proof: object, *roots: object) -> bool:
    if not isinstance(proof, list | tuple):
        return False
    return all(isinstance(one, bytes) and len(one) == _HASH_BYTES for one in (*proof, *roots))
