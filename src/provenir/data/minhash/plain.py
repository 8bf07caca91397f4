"""What `kernels` does, in numpy alone: the same signatures, for where numba is missing."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from provenir.data.minhash.kernels import (
    BYTE,
    EMPTY,
    KEPT,
    SHORT,
    SIZE,
    STEP,
    WORD,
    WORDS,
    thrown,
)

_INVERSE: Final = np.uint64(pow(int(BYTE), -1, 1 << 64))
_BITS: Final = tuple(np.uint64(bit) for bit in (24, 32, 33, 57))
_LOW: Final = np.uint64(0xFFFFFF)


def sign(
    buf: Any, lo: Any, hi: Any, first: Any, letters: Any, out: Any, seen: Any, sums: Any
) -> None:
    """Write the signature of each text; see `kernels.sign`."""
    shingles, parts = part_shingles(buf, lo, hi, letters)
    texts = np.searchsorted(first, parts, side="right") - 1
    seen += np.bincount(texts, minlength=len(seen))
    _throw(shingles, texts, 0, out)
    np.add.at(sums, texts, thrown(shingles, np.zeros(1, np.uint64)))
    open_texts = np.flatnonzero((seen > 0) & (out == EMPTY).any(axis=1))
    shingles, texts = _first_distinct(shingles, texts, open_texts)
    turn = 1
    while len(shingles):
        _throw(shingles, texts, turn, out)
        unfinished = (out[open_texts] == EMPTY).any(axis=1)
        left = np.isin(texts, open_texts[unfinished])
        shingles, texts, turn = shingles[left], texts[left], turn + 1


def part_shingles(buf: Any, lo: Any, hi: Any, letters: Any) -> tuple[Any, Any]:
    """The shingles of all parts in order, and the number of the part that each is of."""
    words, parts = _words(buf, lo, hi, letters)
    words = words * WORD
    words ^= words >> _BITS[1]
    at: Any = np.searchsorted(parts, np.arange(len(lo) + 1))
    counts = np.diff(at)
    whole = _chain([words[k : max(len(words) - WORDS + 1 + k, k)] for k in range(WORDS)])
    inside = np.arange(len(whole)) + WORDS <= at[1:][parts[: len(whole)]]
    few = np.flatnonzero((counts > 0) & (counts < WORDS))
    short: Any = np.zeros(len(few), np.uint64)
    for k in range(WORDS - 1):
        more = counts[few] > k
        short[more] = short[more] * STEP + words[at[few[more]] + k]
    short += counts[few].astype(np.uint64) * SHORT
    made = np.concatenate([whole[inside], short])
    owners = np.concatenate([parts[: len(whole)][inside], few])
    order = np.argsort(owners, kind="stable")
    return made[order], owners[order]


def _words(buf: Any, lo: Any, hi: Any, letters: Any) -> tuple[Any, Any]:
    """The hash of every word, and the number of its part; hashes by differences of prefix sums."""
    size = hi - lo
    part: Any = np.repeat(np.arange(len(lo)), size)
    place = np.arange(len(part)) + np.repeat(lo - (np.cumsum(size) - size), size)
    letter = letters[0][buf[place]]
    inside = letter != 0
    same: Any = np.zeros(len(part) + 1, bool)
    same[1:-1] = part[1:] == part[:-1]
    begins = np.flatnonzero(inside & ~(np.append(False, inside[:-1]) & same[:-1]))
    ends = np.flatnonzero(inside & ~(np.append(inside[1:], False) & same[1:]))
    scaled = np.cumsum(letter * _powers(_INVERSE, len(part)), dtype=np.uint64)
    below = np.where(begins > 0, scaled[begins - 1], np.uint64(0))
    words = (scaled[ends] - below) * _powers(BYTE, len(part))[ends]
    return words[words != 0], part[begins][words != 0]


def _powers(base: Any, count: int) -> Any:
    powers: Any = np.full(count, base, np.uint64)
    powers[:1] = 1
    return np.cumprod(powers, dtype=np.uint64)


def _chain(words: list[Any]) -> Any:
    made = words[0]
    for more in words[1:]:
        made = made * STEP + more
    return made


def _throw(shingles: Any, texts: Any, turn: int, out: Any) -> None:
    x = thrown(shingles, np.full(1, turn, np.uint64))  # a scalar would warn of overflow
    bins = (x >> _BITS[3]).astype(np.int64) if turn < SIZE else np.full(len(x), turn - SIZE)
    values = (np.uint64(turn) << _BITS[0]) | ((x >> _BITS[2]) & _LOW)
    np.minimum.at(out, (texts, bins), values.astype(np.uint32))


def _first_distinct(shingles: Any, texts: Any, wanted: Any) -> tuple[Any, Any]:
    """Of each wanted text the first `KEPT` distinct shingles."""
    left = np.isin(texts, wanted)
    shingles, texts = shingles[left], texts[left]
    order = np.lexsort((shingles, texts))
    fresh: Any = np.ones(len(order), bool)
    fresh[1:] = (np.diff(texts[order]) != 0) | (shingles[order][1:] != shingles[order][:-1])
    distinct = np.sort(order[fresh])
    shingles, texts = shingles[distinct], texts[distinct]
    rank = np.arange(len(texts)) - np.searchsorted(texts, texts)
    return shingles[rank < KEPT], texts[rank < KEPT]
