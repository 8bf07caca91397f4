"""Signatures of texts in one pass over their bytes, as compiled code; `plain` says the same.

A word is a run of ASCII letters and digits, lower-cased, or of bytes beyond ASCII (`parts` brings
other scripts into that form). A shingle is `WORDS` consecutive words of one part of a text; a part
of fewer words is one shingle. A word's hash is a polynomial in its bytes.

The signature is the sketch of Dahlgaard, Knudsen and Thorup, "Fast similarity sketching" (FOCS
2017): in round 0 every shingle goes into one of `SIZE` bins, and a bin keeps the least hash. Where
bins are empty after it, every shingle goes into a bin of round 1 by another hash, and so on; round
`SIZE` + b fills bin b for certain. A long text costs one hash a shingle, as with one-permutation
hashing; a short one gets new hashes where that would copy its few bins. The share of equal bins
estimates the Jaccard similarity without bias.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from provenir.data.overlap.compiled import jit

SIZE: Final = 128
"""Bins of a signature."""
WORDS: Final = 5
"""Words of a shingle."""
EMPTY: Final = np.uint32(0xFFFFFFFF)
BREAK: Final = 0xFF
"""A byte of no UTF-8 text, between two parts; so are all from `NO_TEXT` on."""
NO_TEXT: Final = 0xF8
STRIDE: Final = 1 << 13
"""Bytes that are taken at once; they end fewer than half as many words."""
ROOM: Final = STRIDE + 2 * WORDS
KEPT: Final = 1 << 12
"""Distinct shingles for the later rounds; with so many round 0 leaves no bin empty."""

BYTE: Final = np.uint64(0x9E3779B97F4A7C15)
WORD: Final = np.uint64(0xD6E8FEB86659FD93)
STEP: Final = np.uint64(0xA0761D6478BD642F)
SHORT: Final = np.uint64(0xE7037ED1A0B428DB)
ROUND: Final = np.uint64(0x8EBC6AF09C88C6E3)
MIX_1: Final = np.uint64(0xBF58476D1CE4E5B9)
MIX_2: Final = np.uint64(0x94D049BB133111EB)
_0: Final = np.uint64(0)
_24: Final = np.uint64(24)
_27: Final = np.uint64(27)
_30: Final = np.uint64(30)
_31: Final = np.uint64(31)
_32: Final = np.uint64(32)
_33: Final = np.uint64(33)
_57: Final = np.uint64(57)
_LOW: Final = np.uint64(0xFFFFFF)
_SLOTS: Final = 2 * KEPT


def _letters() -> Any:
    """What each byte is inside a word, in lower case, and `BYTE`; 0 and 0 where it ends one."""
    ascii_part = [ord(chr(code).lower()) * chr(code).isalnum() for code in range(0x80)]
    said = np.array([*ascii_part, *range(0x80, NO_TEXT), *[0] * (256 - NO_TEXT)], np.uint64)
    return np.stack([said, np.where(said > 0, BYTE, 0).astype(np.uint64)])


LETTERS: Final = _letters()


@jit
def thrown(shingle: Any, turn: Any) -> Any:
    """The hash of a shingle in a round (the finaliser of SplitMix64)."""
    x = shingle + turn * ROUND
    x = (x ^ (x >> _30)) * MIX_1
    x = (x ^ (x >> _27)) * MIX_2
    return x ^ (x >> _31)


@jit
def _read_words(buf: Any, lo: Any, hi: Any, letters: Any, word: Any, words: Any, n: Any) -> Any:
    """Append the words that end between two bytes; return their number and the word begun."""
    for i in range(lo, hi):
        letter = letters[0, buf[i]]
        # No branch: the ends of words come at random, and a wrong guess costs more than a store.
        # The factor is looked up, for it is there before the word is that it multiplies.
        words[n] = word
        n += (word != 0) & (letter == 0)
        word = word * letters[1, buf[i]] + letter
    return n, word


@jit
def _chain_words(words: Any, old: Any, n: Any, shingles: Any, m: Any) -> Any:
    """Append the shingles that end in the words from `old` on; return their number."""
    for i in range(old, n):
        x = words[i] * WORD
        words[i] = x ^ (x >> _32)
    for i in range(n - WORDS + 1):
        a, b, c = words[i], words[i + 1], words[i + 2]
        shingles[m + i] = (((a * STEP + b) * STEP + c) * STEP + words[i + 3]) * STEP + words[i + 4]
    return m + max(n - WORDS + 1, 0)


@jit
def shingle_part(
    buf: Any, lo: Any, hi: Any, letters: Any, word: Any, words: Any, n: Any, shingles: Any, m: Any
) -> Any:
    """Append the shingles of some bytes of a part, and move the last words to the front.

    Returns:
        The word begun, how many words are at the front, and the number of shingles.
    """
    old = n
    n, word = _read_words(buf, lo, hi, letters, word, words, n)
    m = _chain_words(words, old, n, shingles, m)
    front = min(n, WORDS - 1)
    for k in range(front):
        words[k] = words[n - front + k]
    return word, front, m


@jit
def end_part(word: Any, words: Any, n: Any, whole: Any, shingles: Any, m: Any) -> Any:
    """Append the shingle of a last word, or of all words where they are few; return the number."""
    if word != 0:
        words[n] = word
        m = _chain_words(words, n, n + 1, shingles, m)
        n += 1
    if 0 < n < WORDS and whole:
        x = _0
        for k in range(n):
            x = x * STEP + words[k]
        shingles[m] = x + np.uint64(n) * SHORT
        m += 1
    return m


@jit
def _throw_first(shingles: Any, m: Any, sketch: Any) -> Any:
    """Round 0; return how many bins are empty and the sum of the hashes."""
    total = _0
    for k in range(m):
        x = thrown(shingles[k], _0)
        total += x
        at = np.intp(x >> _57)
        sketch[at] = min(sketch[at], np.uint32((x >> _33) & _LOW))
    empty = 0
    for place in range(SIZE):
        empty += sketch[place] == EMPTY
    return empty, total


@jit
def _keep(shingles: Any, m: Any, kept: Any, slots: Any, held: Any) -> Any:
    """Keep the shingles that are not yet; return how many there are."""
    for k in range(m):
        shingle = shingles[k]
        slot: Any = np.intp(thrown(shingle, _0) & np.uint64(_SLOTS - 1))
        while slots[slot] >= 0 and kept[slots[slot]] != shingle:
            slot = (slot + 1) & (_SLOTS - 1)
        if slots[slot] < 0 and held < KEPT:
            slots[slot] = held
            kept[held] = shingle
            held += 1
    return held


@jit
def _throw_further(kept: Any, held: Any, empty: Any, sketch: Any, hashes: Any) -> None:
    """The rounds after the first, until no bin is empty; none where there is nothing to throw."""
    turn = 1
    while empty > 0 and held > 0:
        mark = np.uint64(turn) << _24
        for k in range(held):
            hashes[k] = thrown(kept[k], np.uint64(turn))
        for k in range(held):
            x = hashes[k]
            at = np.intp(x >> _57) if turn < SIZE else turn - SIZE
            value = np.uint32(mark | ((x >> _33) & _LOW))
            empty -= sketch[at] == EMPTY
            sketch[at] = min(sketch[at], value)
        turn += 1


@jit
def sign(
    buf: Any, lo: Any, hi: Any, first: Any, letters: Any, out: Any, seen: Any, sums: Any
) -> None:
    """Write the signature of each text.

    Args:
        buf: uint8, the bytes.
        lo: int64, where each part begins in `buf`.
        hi: int64, where it ends.
        first: int64, the number of each text's first part, and at last the number of parts.
        letters: `LETTERS`.
        out: uint32 of texts x `SIZE`, all `EMPTY`; stays so for a text without words.
        seen: int64, all 0, gets the number of shingles of each text.
        sums: uint64, all 0, gets the sum of the hashes of all shingles: equal where they are.
    """
    words: Any = np.empty(ROOM, np.uint64)
    shingles: Any = np.empty(2 * ROOM, np.uint64)
    hashes: Any = np.empty(2 * ROOM, np.uint64)
    kept: Any = np.empty(KEPT, np.uint64)
    slots: Any = np.full(_SLOTS, -1, np.int32)
    for text in range(len(first) - 1):
        sketch = out[text]
        m, held, empty = 0, 0, SIZE
        for part in range(first[text], first[text + 1]):
            n, word, total = 0, _0, m + seen[text]
            for at in range(lo[part], hi[part], STRIDE):
                end = min(at + STRIDE, hi[part])
                word, n, m = shingle_part(buf, at, end, letters, word, words, n, shingles, m)
                if m > ROOM - WORDS:
                    seen[text] += m
                    empty, more = _throw_first(shingles, m, sketch)
                    sums[text] += more
                    held = _keep(shingles, m, kept, slots, held) if empty else held
                    m = 0
            m = end_part(word, words, n, m + seen[text] == total, shingles, m)
        seen[text] += m
        empty, more = _throw_first(shingles, m, sketch)
        sums[text] += more
        if m == seen[text]:
            _throw_further(shingles, m, empty, sketch, hashes)
        elif empty:
            held = _keep(shingles, m, kept, slots, held)
            _throw_further(kept, held, empty, sketch, hashes)
        if held:
            slots[:] = -1


@jit
def shingles(buf: Any, lo: Any, hi: Any, letters: Any, out: Any) -> int:
    """Write the shingles of every part; return their number. `out` has room for all of them."""
    words: Any = np.empty(ROOM, np.uint64)
    m = 0
    for part in range(len(lo)):
        n, word, before = 0, _0, m
        for at in range(lo[part], hi[part], STRIDE):
            end = min(at + STRIDE, hi[part])
            word, n, m = shingle_part(buf, at, end, letters, word, words, n, out, m)
        m = end_part(word, words, n, m == before, out, m)
    return m
