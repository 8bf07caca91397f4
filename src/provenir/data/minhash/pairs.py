"""Pairs of signatures that meet in a band, joined at once where they surely are near.

The work is bounded: in a band each signature is compared with the `WINDOW` before it of those that
have its key, nearest first by the key of another band, and never with one that it is joined with
already. What was left out so is counted.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from provenir.data.minhash.banding import band_keys, margin, shape
from provenir.data.minhash.kernels import SIZE
from provenir.data.overlap.compiled import COMPILED, jit

WINDOW: Final = 256


@jit
def root(parent: Any, node: Any) -> Any:
    """The root of a node, whose path to it is halved."""
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


def roots(parent: Any) -> Any:
    """The roots of all nodes."""
    while (parent != (above := parent[parent])).any():
        parent = above
    return parent


@jit
def join(parent: Any, a: Any, b: Any) -> None:
    """Make one of the sets of two nodes; its root is its least member."""
    a, b = root(parent, a), root(parent, b)
    parent[max(a, b)] = min(a, b)


@jit
def _count_equal(sketches: Any, a: Any, b: Any) -> Any:
    equal = 0
    for at in range(SIZE):
        equal += sketches[a, at] == sketches[b, at]
    return equal


def _count_equal_plainly(sketches: Any, a: Any, b: Any) -> int:
    return int(np.count_nonzero(sketches[a] == sketches[b]))


count_equal: Final = _count_equal if COMPILED else _count_equal_plainly
"""How many entries of two signatures are equal."""


@jit
def _walk(
    order: Any, keys: Any, sketches: Any, parent: Any, least: Any, sure: Any, found: Any
) -> Any:
    """Compare those that are side by side under one key.

    Returns:
        How many pairs that are neither sure nor out of the question were met (those beyond the
        room of `found` were not written), and how many pairs were left out.
    """
    met, left_out, start = 0, 0, 0
    for k in range(1, len(order)):
        if keys[order[k]] != keys[order[k - 1]]:
            start = k
        left_out += max(k - start - WINDOW, 0)
        for j in range(k - 1, max(start, k - WINDOW) - 1, -1):
            a, b = order[j], order[k]
            if root(parent, a) == root(parent, b):
                continue
            equal = count_equal(sketches, a, b)
            if equal >= sure:
                join(parent, a, b)
            elif equal >= least:
                if met < len(found):
                    found[met, 0], found[met, 1] = min(a, b), max(a, b)
                met += 1
    return met, left_out


def near_pairs(sketches: Any, threshold: float) -> tuple[Any, Any, int]:
    """Join what is surely near, and list what must be looked at.

    Args:
        sketches: Distinct signatures, uint32 of n x `SIZE`.
        threshold: Least Jaccard similarity of a pair.

    Returns:
        Parents (int64 of n; see `root`); pairs that may be near (int64 of m x 2); how many pairs
        that met in a band were not compared.
    """
    bands, rows = shape(threshold)
    wide = margin(threshold)
    least, sure = np.ceil(SIZE * np.array([threshold - wide, threshold + wide])).astype(np.int64)
    parent: Any = np.arange(len(sketches), dtype=np.int64)
    pairs: list[Any] = [np.zeros((0, 2), np.int64)]
    left_out = 0
    keys = band_keys(sketches, rows, bands - 1)
    for band in range(bands):
        second, keys = keys, band_keys(sketches, rows, band)
        order: Any = np.argsort(keys)
        if (keys[order[WINDOW:]] == keys[order[:-WINDOW]]).any():
            order = np.lexsort((second, keys))
        found: Any = np.zeros((0, 2), np.int64)
        met = 1 << 12
        while len(found) < met:
            found = np.zeros((met, 2), np.int64)
            met, skipped = _walk(order, keys, sketches, parent, least, min(sure, SIZE), found)
        left_out += skipped
        pairs = [np.unique(np.concatenate([*pairs, found[:met]]), axis=0)]
    apart = [root(parent, a) != root(parent, b) for a, b in pairs[0]]
    return parent, pairs[0][np.array(apart, bool)], left_out
