r"""How much of an item a row can hold at most: told from raw bytes, so that most are not parsed.

A row that has a phrase in common with an item is a candidate, and in corpora that are full of the
phrase there are many. Of each item that may be in a row, those words are weighed here which `align`
could match at all: beside a neighbour that they have in the row too, for runs are of two words or
more; and single ones in gaps of at most `LONGEST_GAP` words. Order and place do not count, so what
is told is no less than what `align` finds, and a rule that is not content with it need not look.

What a row says is compared word by word, keys and all: in raw bytes where the row is plain
(`row_kernel`), and else by its folded words. Single words at the end of a gap of an item, or of the
item, count as well: in a row keys may stand between the fields of a word each. Where the row has a
compound of the item as one word (`compounds`), its words and those beside it count.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from provenir.data.overlap.align import LONGEST_GAP
from provenir.data.overlap.compiled import COMPILED, address, jit
from provenir.data.overlap.items import ROLES
from provenir.data.overlap.plain import PADDING, SEED_WORDS, row_words
from provenir.data.text.tokens import parting_points, read_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from provenir.data.overlap.index import EvalIndex

__all__ = ["Reach", "find_reach"]

_LEAST_BITS: Final = 12
_MOST_BITS: Final = 16
_SLOTS_PER_WORD: Final = 16
_MIX: Final = np.uint64(0x9E3779B97F4A7C15)
_NOTHING: Final = np.uint64(0)
_STANDS: Final = 1
_STANDS_BEFORE: Final = 2
"""Marks of a word that is in a row, and of one that has the same next word there."""
_WORD: Final = np.uint8(1)
_BIGRAM: Final = np.uint8(16)
"""The first of four bits of a slot, one of which says that a word, or two in a row, fell on it."""
_CHOICE: Final = np.uint64(20)
_THREE: Final = np.uint64(3)

_BEYOND: Final = re.compile(r"\\u([0-9a-fA-F]{4})?|[^\x00-\x7f]")
_MAY_JOIN: Final = re.compile(r"(?<=[0-9A-Za-z\x80-\U0010ffff])-(?: |\\t)*(?:\\[nru]|[^\x00-\x7f])")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Reach:
    """What of items can be in rows.

    Attributes:
        found: float64[k, roles] for each pair, the most that `align` could find of each role.
        stretches: int64[n, 3], the stretches of `SEED_WORDS` words or more that a row may have in
            common with an item: number of the pair, first word in `EvalIndex.words`, the one behind
            the last.
    """

    found: NDArray[Any]
    stretches: NDArray[Any]


def find_reach(
    buf: NDArray[Any],
    starts: NDArray[Any],
    rows: NDArray[Any],
    items: NDArray[Any],
    index: EvalIndex,
) -> Reach:
    """Tell for pairs of a row and an item how much of the item can be in the row.

    Args:
        buf: uint8, JSON Lines, with `plain.PADDING` readable bytes after the last row.
        starts: int64[n + 1], where rows begin and the last one ends.
        rows: int64, ascending: the row of each pair.
        items: int64: its item.
        index: The eval sets.
    """
    names, numbers = np.unique(rows, return_inverse=True)
    words, edges, plain = _read_rows(buf, starts[names], starts[names + 1])
    found = np.zeros((len(rows), len(ROLES)))
    read = [(plain, words, edges, (index.plain, index.joined_plain))]
    if not plain.all():
        others = names[~plain]
        folded = _fold_rows(buf, starts[others], starts[others + 1])
        read.append((~plain, *folded, (index.words, index.joined)))
    stretches = []
    for chosen, words, edges, known in read:
        own = np.flatnonzero(chosen[numbers])
        row = numbers[own] if known[0] is index.plain else (np.cumsum(chosen) - 1)[numbers[own]]
        los, his = index.bounds[items[own]], index.bounds[items[own] + 1]
        pairs = np.stack([los, his, edges[row], edges[row + 1]], axis=1)
        weighed = np.zeros((len(own), len(ROLES)))
        common: NDArray[Any] = np.empty((int((his - los).sum()) // SEED_WORDS, 3), np.int64)
        with np.errstate(over="ignore"):  # hashes wrap around; said for the interpreted kernel
            count = weigh_pairs(
                pairs,
                words,
                (*known, index.joined_size),
                index.weights,
                index.roles,
                weighed,
                common,
            )
        found[own] = weighed
        common[:count, 0] = own[common[:count, 0]]
        stretches.append(common[:count])
    return Reach(found=found, stretches=np.concatenate(stretches))


def _fold_rows(
    buf: NDArray[Any], los: NDArray[Any], his: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any]]:
    """The hashes of the folded words of rows, and where those of each row begin."""
    parts = list(read_rows(buf, (los, his), json=True, strict=False))
    words, rows = (np.concatenate([part[column] for part in parts]) for column in (0, 3))
    return words, np.searchsorted(rows, np.arange(len(los) + 1)).astype(np.int64)


def _read_rows(
    buf: NDArray[Any], los: NDArray[Any], his: NDArray[Any]
) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """The hashed words of plain rows, where those of each row begin, and whether it is plain."""
    edges: NDArray[Any] = np.zeros(len(los) + 1, np.int64)
    plain: NDArray[Any] = np.empty(len(los), np.bool_)
    if COMPILED:
        from provenir.data.overlap.row_kernel import hash_rows
        from provenir.data.overlap.scan_kernel import WORKSPACE

        sizes = his - los
        space: NDArray[Any] = np.empty(WORKSPACE, np.int64)
        spots: NDArray[Any] = np.empty((int(sizes.max(initial=0)) // 64 + 1, 3), np.int64)
        words: NDArray[Any] = np.empty(int(sizes.sum() + len(los)) // 2 + PADDING, np.uint64)
        room = address(space), spots, address(words)
        hash_rows(address(buf), los, his, parting_points(), *room, edges, plain)
        return words, edges, plain
    parts: list[NDArray[Any]] = [np.empty(0, np.uint64)]
    for row, (lo, hi) in enumerate(zip(los.tolist(), his.tolist(), strict=True)):
        plain[row] = _is_plain(buf[lo:hi].tobytes().decode("utf-8", "surrogateescape"))
        if plain[row]:
            parts.append(row_words(buf, lo, hi))
        edges[row + 1] = edges[row] + (len(parts[-1]) if plain[row] else 0)
    return np.concatenate(parts), edges, plain


def _is_plain(row: str) -> bool:
    """What `row_kernel` says of a row."""
    for match in _BEYOND.finditer(row):
        point = int(match[1], 16) if match[1] else ord(match[0][-1])
        if point > 0xFFFF or not parting_points()[point]:
            return False
    return _MAY_JOIN.search(row) is None


@jit
def weigh_pairs(
    pairs: NDArray[Any],
    words: NDArray[Any],
    known: tuple[NDArray[Any], ...],
    weights: NDArray[Any],
    roles: NDArray[Any],
    found: NDArray[Any],
    stretches: NDArray[Any],
) -> int:
    """Add up what of each item its row can hold; note stretches and return how many there are.

    Args:
        pairs: int64[k, 4]: the item's words [lo, hi), the row's in `words`; a row's one after the
            other.
        words: uint64, the words of the rows.
        known: uint64, those of all items, 0 for one that is in no row; uint64, the compound that
            begins with each, 0 for none; int8, how many words it has.
        weights: float32, of each word of the items.
        roles: int8, of each of them.
        found: float64[k, roles], zero at first.
        stretches: int64[:, 3], filled: see `Reach`.
    """
    longest = 0
    for p in range(len(pairs)):
        longest = max(longest, pairs[p, 1] - pairs[p, 0])
    held: NDArray[Any] = np.empty(longest, np.uint8)
    table: NDArray[Any] = np.empty(1 << _MOST_BITS, np.uint8)
    shift, count = np.uint64(64 - _LEAST_BITS), 0
    for p in range(len(pairs)):
        if p == 0 or pairs[p, 2] != pairs[p - 1, 2] or pairs[p, 3] != pairs[p - 1, 3]:
            shift = mark_words(words[pairs[p, 2] : pairs[p, 3]], table)
        lo, hi = pairs[p, 0], pairs[p, 1]
        here = held[: hi - lo]
        mark_held(known[0][lo:hi], table, shift, here)
        mark_compounds(known[0][lo:hi], known[1][lo:hi], known[2][lo:hi], table, shift, here)
        mark_gaps(known[0][lo:hi], table, shift, here)
        begin = 0
        for i in range(len(here) + 1):
            if i < len(here) and here[i] > 0:
                found[p, roles[lo + i]] += weights[lo + i]
            if i < len(here) and here[i] == _STANDS_BEFORE:
                continue
            if i - begin >= SEED_WORDS:
                stretches[count, 0], stretches[count, 1], stretches[count, 2] = (
                    p,
                    lo + begin,
                    lo + i,
                )
                count += 1
            begin = i + 1
    return count


@jit
def mark_words(row: NDArray[Any], table: NDArray[Any]) -> Any:
    """Mark the words of a row and their neighbours; return by how much a hash is shifted."""
    bits = _LEAST_BITS
    while bits < _MOST_BITS and (1 << bits) < _SLOTS_PER_WORD * len(row):
        bits += 1
    table[: 1 << bits] = 0
    shift = np.uint64(64 - bits)
    for j in range(len(row)):
        mixed = row[j] * _MIX
        table[mixed >> shift] |= _WORD << np.uint8(mixed >> _CHOICE & _THREE)
        if j + 1 < len(row):
            mixed = (mixed ^ row[j + 1]) * _MIX
            table[mixed >> shift] |= _BIGRAM << np.uint8(mixed >> _CHOICE & _THREE)
    return shift


@jit
def mark_held(item: NDArray[Any], table: NDArray[Any], shift: Any, held: NDArray[Any]) -> None:
    """Mark with `_STANDS_BEFORE` the words of an item that a row can hold beside a neighbour."""
    held[:] = 0
    for i in range(len(item) - 1):
        if item[i] == _NOTHING or item[i + 1] == _NOTHING:
            continue
        mixed = ((item[i] * _MIX) ^ item[i + 1]) * _MIX
        if table[mixed >> shift] & (_BIGRAM << np.uint8(mixed >> _CHOICE & _THREE)):
            held[i] = _STANDS_BEFORE
            held[i + 1] = _STANDS_BEFORE


@jit
def stands(word: Any, table: NDArray[Any], shift: Any) -> Any:
    """Whether a word may be in the row."""
    mixed = word * _MIX
    bit = _WORD << np.uint8(mixed >> _CHOICE & _THREE)
    return word != _NOTHING and (table[mixed >> shift] & bit) != 0


@jit
def mark_compounds(
    item: NDArray[Any],
    joined: NDArray[Any],
    sizes: NDArray[Any],
    table: NDArray[Any],
    shift: Any,
    held: NDArray[Any],
) -> None:
    """Mark the words of compounds that a row can hold as one word, and words beside them."""
    for i in range(len(item)):
        if sizes[i] == 0 or not stands(joined[i], table, shift):
            continue
        end = i + sizes[i]
        for k in range(i, end):
            held[k] = _STANDS_BEFORE
        if i > 0 and held[i - 1] == 0 and stands(item[i - 1], table, shift):
            held[i - 1] = _STANDS_BEFORE
        if end < len(item) and held[end] == 0 and stands(item[end], table, shift):
            held[end] = _STANDS_BEFORE


@jit
def mark_gaps(item: NDArray[Any], table: NDArray[Any], shift: Any, held: NDArray[Any]) -> None:
    """Mark single words that a row can hold, in gaps that are short enough."""
    i = 0
    while i < len(item):
        first = i
        while i < len(item) and held[i] == 0:
            i += 1
        if 0 < i - first <= LONGEST_GAP:
            for k in range(first, i):
                if stands(item[k], table, shift):
                    held[k] = _STANDS
        i += 1
