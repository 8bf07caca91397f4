"""Compounds: words that are written without a blank between them, and are one word without signs.

Who takes the punctuation out of a text joins words: ``well-known`` becomes ``wellknown``, and
``self.metrics.reduce()`` ``selfmetricsreduce``. So an index knows for each run of words that has
signs between them and no blank what it is as one word. Where a row has that word it is read as the
words of the run, unless the eval sets have it as a word of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from provenir.data.overlap.plain import padded, plain_hashes
from provenir.data.text.hashing import word_hash
from provenir.data.text.words import words

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Compounds", "Spelling", "find_compounds", "spell_out"]

MOST_WORDS: Final = 12
"""Words in a compound; longer runs without a blank are data or addresses."""
LEAST_LEFT: Final = 4
ONE_LEFT_OF: Final = 6
"""Runs without a compound that find a text whose compounds were joined: so many, and of a long text
one of so many."""
_BLANK: Final = 0x20
_ASCII_WORD: Final = re.compile(r"[0-9a-z]+")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Compounds:
    """The compounds among words, in their order.

    Attributes:
        first: int64, the number of the first word of each.
        size: int8, how many words it has, at least 2.
        hashes: uint64, the hash of it as one word.
        plain: uint64, the same in raw bytes (see `plain`), 0 where it is not ASCII once folded.
    """

    first: NDArray[Any]
    size: NDArray[Any]
    hashes: NDArray[Any]
    plain: NDArray[Any]

    def joined(
        self, hashes: NDArray[Any], texts: NDArray[Any], own: NDArray[Any]
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return words with each compound as one word, without those whose hash is 0.

        Args:
            hashes: uint64, of the words.
            texts: int64, the text of each.
            own: `hashes` or `plain` of the compounds.

        Returns:
            The words that are left, and the text of each.
        """
        left: NDArray[Any] = np.ones(len(hashes), np.bool_)
        for behind in range(1, MOST_WORDS):
            left[self.first[self.size > behind] + behind] = False
        found = hashes.copy()
        found[self.first] = own
        left &= found != 0
        return found[left], texts[left]

    def crowded(self, texts: NDArray[Any], length: int) -> NDArray[Any]:
        """Return the numbers of the texts in which few runs of so many words have no compound.

        Args:
            texts: int64, the text of each word.
            length: Words in a run.
        """
        inside: NDArray[Any] = np.zeros(len(texts) + 1, np.int64)
        for behind in range(MOST_WORDS):
            inside[self.first[self.size > behind] + behind + 1] = 1
        before = np.cumsum(inside)
        last = len(texts) + 1 - length
        if last <= 0:
            return np.unique(texts[self.first])
        within = texts[:last] == texts[length - 1 :]
        bare = within & (before[:last] == before[length:])
        count = int(texts[-1]) + 1
        every, left = (
            np.bincount(texts[:last][which], minlength=count) for which in (within, bare)
        )
        few = left < np.maximum(LEAST_LEFT, every // ONE_LEFT_OF)
        own = np.unique(texts[self.first])
        return own[few[own]]


def find_compounds(buf: NDArray[Any], starts: NDArray[Any], ends: NDArray[Any]) -> Compounds:
    """Find the compounds of a text.

    Args:
        buf: uint8, the text in UTF-8.
        starts: int32, where its words begin.
        ends: int32, where they end.
    """
    blanks = np.cumsum(buf <= _BLANK, dtype=np.int32)
    # Between two words there is something, and no blank: letters of Han touch, and make none.
    touches = (starts[1:] > ends[:-1]) & (blanks[starts[1:] - 1] == blanks[ends[:-1] - 1])
    edges = np.flatnonzero(np.diff(np.concatenate([[False], touches, [False]]).astype(np.int8)))
    runs = np.stack([edges[::2], edges[1::2]], axis=1)
    runs = runs[runs[:, 1] - runs[:, 0] < MOST_WORDS]
    known: dict[bytes, tuple[int, str]] = {}
    firsts, sizes, values = [], [], []
    for first, last in runs.tolist():
        written = bytes(buf[starts[first] : ends[last]])
        if written not in known:
            known[written] = _without_signs(written)
        count, value = known[written]
        if count == last - first + 1:
            firsts.append(first)
            sizes.append(count)
            values.append(value)
    return Compounds(
        first=np.array(firsts, np.int64),
        size=np.array(sizes, np.int8),
        hashes=np.array([word_hash(value) for value in values], np.uint64),
        plain=_plain(values),
    )


def _without_signs(written: bytes) -> tuple[int, str]:
    """How many words a compound has, and its letters."""
    text = written.decode("utf-8", "surrogatepass")
    if text.isascii():
        found = _ASCII_WORD.findall(text.lower())
    else:
        found = [word.value for word in words(text)]
    return len(found), "".join(found)


def _plain(values: list[str]) -> NDArray[Any]:
    """The hashes of words in raw bytes, 0 for those that are not ASCII."""
    sizes = np.array([len(value.encode()) + 1 for value in values], np.int64)
    ends = np.cumsum(sizes) - 1
    return plain_hashes(padded(" ".join(values).encode()), ends + 1 - sizes, ends)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spelling:
    """Words of rows with compounds spelled out.

    Attributes:
        source: int64, for each word the number of the one that it was, or is a part of.
        own: For each compound where its words begin, the number of its first word in the index, and
            how many they are.
    """

    source: NDArray[Any]
    own: list[tuple[int, int, int]]


def spell_out(
    hashes: NDArray[Any], known: NDArray[Any], first: NDArray[Any], size: NDArray[Any]
) -> Spelling:
    """Find the words of rows that are compounds.

    Args:
        hashes: uint64, the words of rows.
        known: uint64, ascending: the compounds.
        first: int64, the number of each one's first word in the index.
        size: int8, how many words each has.
    """
    top = np.uint64(48)
    sieve: NDArray[Any] = np.zeros(1 << 16, np.bool_)
    sieve[known >> top] = True
    at = np.flatnonzero(sieve[hashes >> top])
    if len(at):
        place = np.minimum(np.searchsorted(known, hashes[at]), len(known) - 1)
        same = known[place] == hashes[at]
        at, place = at[same], place[same]
    if not len(at):
        return Spelling(source=np.arange(len(hashes)), own=[])
    repeats: NDArray[Any] = np.ones(len(hashes), np.int64)
    repeats[at] = size[place]
    begins = (np.cumsum(repeats) - repeats)[at]
    own = zip(begins.tolist(), first[place].tolist(), size[place].tolist(), strict=True)
    return Spelling(source=np.repeat(np.arange(len(hashes)), repeats), own=list(own))
