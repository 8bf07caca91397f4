"""Roots and proofs from tiles, against the tree that keeps every leaf."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenir.attest.tiles import (
    HASH_BYTES,
    TILE_WIDTH,
    peaks,
    prove_consistency,
    prove_inclusion,
    range_root,
    tile_root,
)
from provenir.core.errors import UsageError
from provenir.core.merkle import (
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    merkle_root,
)

LEAVES = [number.to_bytes(4, "big") for number in range(140_000)]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]


class Oracle:
    """Every level in memory, each made from the one below."""

    def __init__(self, leaf_hashes: list[bytes]) -> None:
        self.levels = [leaf_hashes]
        while len(self.levels[-1]) >= TILE_WIDTH:
            below = self.levels[-1]
            whole = len(below) // TILE_WIDTH
            tiles = [below[k * TILE_WIDTH : (k + 1) * TILE_WIDTH] for k in range(whole)]
            self.levels.append([_root(tile) for tile in tiles])

    def hashes(self, level: int, start: int, stop: int) -> bytes:
        assert start // TILE_WIDTH == (stop - 1) // TILE_WIDTH
        found = self.levels[level][start:stop]
        assert len(found) == stop - start
        return b"".join(found)


def _root(hashes: list[bytes]) -> bytes:
    frontier = Frontier()
    for each in hashes:
        frontier.append_hash(each)
    return frontier.root()


TREE = Oracle(HASHES)
SIZES = st.one_of(
    st.integers(1, 2_000), st.sampled_from([255, 256, 257, 65_535, 65_536, 65_537, 140_000])
)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_roots_and_proofs_are_those_of_the_whole_tree(data: st.DataObject) -> None:
    n = data.draw(SIZES)
    index, m = data.draw(st.integers(0, n - 1)), data.draw(st.integers(0, n))
    assert range_root(TREE, 0, n) == _root(HASHES[:n])
    assert Frontier.restored(n, peaks(TREE, n)).root() == _root(HASHES[:n])
    assert prove_inclusion(TREE, n, index) == inclusion_proof(HASHES[:n], index)
    assert prove_consistency(TREE, n, m) == consistency_proof(HASHES[:n], m)


def test_an_empty_range_has_the_empty_root() -> None:
    assert range_root(TREE, 0, 0) == merkle_root([])
    assert peaks(TREE, 0) == []


def test_a_tile_is_the_root_of_its_hashes() -> None:
    for width in (1, 2, 4, 128, 256):
        assert tile_root(b"".join(HASHES[:width])) == _root(HASHES[:width])
    assert len(tile_root(b"".join(HASHES[:256]))) == HASH_BYTES


def test_there_is_no_proof_for_what_is_not_there() -> None:
    for wrong in (-1, 5):
        with pytest.raises(UsageError):
            prove_inclusion(TREE, 5, wrong)
    with pytest.raises(UsageError):
        prove_consistency(TREE, 5, 6)
