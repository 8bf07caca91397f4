r"""The first stage for rows beyond ASCII: seeds over folded words of every script.

`scan` reads ASCII words off raw bytes and names the rows that it cannot judge. Here those rows are
read code point by code point (JSON escapes as what they stand for), folded and cut into words by
`provenir.data.text`; a seed is the hash of five consecutive words of a row (of thirteen where the
strict fold makes the words, which are syllables and less in some scripts).

**Exhaustive search.** It must find every pair of a row and an item that `reference` finds. Let N be
the reference's normal form (NFKC, then case folding) and S the strict fold, symbol by symbol.

1. S(N(x)) and S(x) give the same words for every text x. S looks at one code point at a time, and
   S(c) = S(d) for whatever d is made of c by decomposition, composition or case folding. What is
   left is the canonical order of combining marks: all of them are breaks, between which order does
   not matter, but U+0345, which folds to a word of its own.
2. In N(x), what the reference takes for no part of a word is a break in S. What it takes for a part
   gives at least one word or part of one. What it takes for a whole word gives whole words.
3. So a word of the reference gives one or more words in S, which depend on that word alone, for
   breaks or the edges of whole words stand on both sides. Thirteen consecutive words of the
   reference give at least thirteen consecutive words in S, the same ones in the row and in the
   item: at least one seed of the strict fold.
4. A row of ASCII alone (and no `\u`) has the same words for the reference as for `scan`. A run that
   an item shares with it is thirteen ASCII words of N(item), parted there by what is no letter and
   no digit, so `scan` reads them as thirteen consecutive words too: `plain_seeds` hashes N(item).

Hence: every row that is `foreign` is read here with ``exhaustive=True``, every other by `scan` with
``min_seeds=1``, both with tables that leave out no seed (``max_df=None``). The plain fold joins
what the reference parts (zero-width characters, hyphens at the end of a line), so it alone would
lose pairs; it finds what the reference cannot, so both are looked up. Each string is read alone: a
run over two of them counts for neither. Facts 1 and 2 are tested on every code point; they hold for
characters that the table of folds knows.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from provenir.data.compiled import COMPILED, Array, jit
from provenir.data.overlap.joined import words_of_texts
from provenir.data.overlap.plain import SEED_WORDS, SLOT_SHIFT, find_seeds, hash_seeds, padded
from provenir.data.overlap.reference import GRAM_WORDS, normalised
from provenir.data.overlap.scan import MIN_SEEDS, Candidates
from provenir.data.overlap.seeds import SeedTable, lookup
from provenir.data.text import hashing
from provenir.data.text.tokens import read_rows, tokenise

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from provenir.data.overlap.joined import JoinedWords

__all__ = ["chained", "find_wide_candidates", "plain_seeds", "wide_seeds", "wide_seeds_of_texts"]

CHAIN: Final = np.uint64(0xA0761D6478BD642F)
FINISH: Final = np.uint64(hashing.FINISH)
TURN_1, TURN_2, ONE = np.uint64(32), np.uint64(29), np.uint64(1)
SIX, SEVEN, SLOT = np.uint64(63), np.uint64(7), np.uint64(SLOT_SHIFT)

_TOGETHER: Final = 4096
"""Texts whose plain seeds are found at once."""


def wide_seeds(text: str, *, exhaustive: bool = False) -> Array:
    """Return the seeds of a text as `find_wide_candidates` finds them in a row.

    Args:
        text: Any string.
        exhaustive: Give those of the strict fold as well.

    Returns:
        uint64; none of the plain fold for fewer than five words, none of the strict fold for fewer
        than thirteen.
    """
    buf: Array = np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)
    folds = (False, True) if exhaustive else (False,)
    return np.concatenate(
        [chained(tokenise(buf, strict=strict).hashes, _length(strict)) for strict in folds]
    )


def wide_seeds_of_texts(
    texts: Sequence[str], words: JoinedWords, *, exhaustive: bool = False
) -> list[Array]:
    """Return for each text what `wide_seeds` gives of it.

    Args:
        texts: Any strings.
        words: Their words.
        exhaustive: Give the seeds of the strict fold as well.
    """
    if exhaustive:
        return [wide_seeds(text, exhaustive=True) for text in texts]
    found = _within(chained(words.hashes, SEED_WORDS), words.texts, len(texts))
    if words.compounds is None:
        return found
    own, text = words.compounds.joined(words.hashes, words.texts, words.compounds.hashes)
    more = _within(chained(own, SEED_WORDS), text, len(texts))
    return _both(found, more, words.compounds.crowded(words.texts, SEED_WORDS))


def plain_seeds(
    texts: Sequence[str], words: JoinedWords | None = None, *, exhaustive: bool = False
) -> list[Array]:
    """Return the seeds of texts for the scan of raw bytes, in every form that they may have there.

    A row may hold a text as it is, or retyped in ASCII: the seeds of its folded words count too,
    those passed over that are not ASCII once they are folded. So do those of its words with
    compounds as one word, where most of its seeds have a part of one.

    Args:
        texts: Any strings.
        words: Their words with `plain` hashes, where they are known.
        exhaustive: Give those of the reference's normal form as well (point 4 above).

    Returns:
        uint64 for each text; some may occur twice.
    """
    if words is None:
        words = words_of_texts(texts, plain=True)
    ascii_ = np.flatnonzero(words.plain)
    retyped = _within(hash_seeds(words.plain[ascii_]), words.texts[ascii_], len(texts))
    found: list[Array] = []
    for first in range(0, len(texts), _TOGETHER):
        forms = [_forms(text, exhaustive) for text in texts[first : first + _TOGETHER]]
        lines = [form for each in forms for form in each]
        starts = np.cumsum([0, *(len(line) + 1 for line in lines)])
        seeds = find_seeds(padded(b"\n".join(lines) + b"\n"), starts, json=False)
        of_text = starts[np.cumsum([0, *map(len, forms)])]
        edges: Array = np.searchsorted(seeds.starts, of_text)
        found += [seeds.hashes[lo:hi] for lo, hi in pairwise(edges.tolist())]
    found = [
        written if _is_as_written(text) else np.concatenate([written, folded])
        for text, written, folded in zip(texts, found, retyped, strict=True)
    ]
    if words.compounds is None:
        return found
    own, number = words.compounds.joined(words.plain, words.texts, words.compounds.plain)
    more = _within(hash_seeds(own), number, len(texts))
    return _both(found, more, words.compounds.crowded(words.texts, SEED_WORDS))


def _both(seeds: list[Array], joined: list[Array], crowded: Array) -> list[Array]:
    """The seeds of texts; of those whose words are crowded with compounds the joined form's too."""
    for text in crowded.tolist():
        seeds[text] = np.concatenate([seeds[text], joined[text]])
    return seeds


def _is_as_written(text: str) -> bool:
    """Whether the folded words of a text are surely those that the scan of raw bytes reads."""
    return text.isascii() and "-" not in text


def _forms(text: str, exhaustive: bool) -> dict[bytes, None]:
    forms = [text, normalised(text)] if exhaustive else [text]
    return dict.fromkeys(form.encode("utf-8", "surrogatepass") for form in forms)


def _within(seeds: Array, texts: Array, count: int) -> list[Array]:
    """The seeds of each text: those whose first word and last are words of it."""
    edges: Array = np.searchsorted(texts, np.arange(count + 1))
    return [seeds[lo : max(lo, hi + 1 - SEED_WORDS)] for lo, hi in pairwise(edges.tolist())]


def find_wide_candidates(
    buf: Array,
    starts: Array,
    rows: Array,
    *,
    json: bool,
    table: SeedTable,
    min_seeds: int = MIN_SEEDS,
    exhaustive: bool = False,
) -> Candidates:
    """Find the rows, among those named, that share seeds with an item.

    Args:
        buf: uint8, below 2 GiB.
        starts: int64[n + 1], where rows begin and the last one ends.
        rows: Numbers of the rows to look at.
        json: Whether rows are JSON, or plain text.
        table: The `wide_seeds` of the items, `exhaustive` ones for an exhaustive search.
        min_seeds: Distinct seeds that a candidate needs; an item with fewer needs all of its own.
        exhaustive: Look up both folds; one seed of the strict fold is enough.

    Returns:
        Pairs as from `scan.find_candidates`. What that says of every row (`foreign`, `dense`) is
        empty: it is what the rows were chosen by.
    """
    rows = np.asarray(rows, np.int64)
    bounds = starts[rows].astype(np.int64), starts[rows + 1].astype(np.int64)
    hits = [
        hit
        for strict in ((False, True) if exhaustive else (False,))
        for hit in _hits(buf, bounds, table, json=json, strict=strict)
    ]
    if not hits:
        hits = [tuple(np.empty(0, np.int64) for _ in range(5))]
    row, number, begin, end, sure = (np.concatenate(part) for part in zip(*hits, strict=True))
    pairs = _pairs_of(rows[row], number, begin, end, sure, table)
    enough = (pairs[5] > 0) | (pairs[2] >= table.needed(min_seeds)[pairs[1]])
    row, item, count, first, last, _ = (column[enough] for column in pairs)
    none: Array = np.empty(0, np.bool_)
    return Candidates(
        row=row.astype(np.int32),
        item=item.astype(np.int32),
        seeds=count.astype(np.int32),
        first=first,
        last=last,
        foreign=none,
        dense=none,
    )


def _length(strict: bool) -> int:
    """How many consecutive words make a seed."""
    return GRAM_WORDS if strict else SEED_WORDS


def _hits(
    buf: Array, bounds: tuple[Array, Array], table: SeedTable, *, json: bool, strict: bool
) -> Iterator[tuple[Array, ...]]:
    """Row, number of the seed, begin, end and fold of each place where a seed stands."""
    length = _length(strict)
    kept: list[Array] = [np.empty(0, kind) for kind in (np.uint64, *[np.int32] * 3)]
    for part in read_rows(buf, bounds, json=json, strict=strict):
        # A row may go on in the next part: its last words come before it.
        kept = [np.concatenate(column) for column in zip(kept, part, strict=True)]
        hashes, starts, ends, rows = kept
        if len(hashes) >= length:
            at, number = _matches(hashes, rows, length, table)
            last = at + length - 1
            places = starts[at].astype(np.int64), ends[last].astype(np.int64)
            yield rows[at], number, *places, np.full(len(at), strict, np.int64)
        kept = [column[1 - length :] for column in kept]


def _matches(hashes: Array, rows: Array, length: int, table: SeedTable) -> tuple[Array, Array]:
    """The places of words with which a seed of the table begins, and the numbers of the seeds."""
    if COMPILED:
        found: Array = np.empty((len(hashes), 2), np.int64)
        count = _match(hashes, rows, length, table.filter, table.slots, table.numbers, found)
        return found[:count, 0].copy(), found[:count, 1].copy()
    number = lookup(table, chained(hashes, length))
    at = np.flatnonzero((number >= 0) & (rows[: len(number)] == rows[length - 1 :]))
    return at, number[at]


def chained(hashes: Array, length: int) -> Array:
    """Return the hash of every so many consecutive words; odd, as 0 marks an empty slot."""
    count = max(0, len(hashes) - length + 1)
    mixed = hashes[:count].copy()
    for place in range(1, length):
        mixed = mixed * CHAIN + hashes[place : place + count]
    mixed = (mixed ^ (mixed >> TURN_1)) * FINISH
    return (mixed ^ (mixed >> TURN_2)) | ONE


def _pairs_of(
    row: Array, number: Array, begin: Array, end: Array, strict: Array, table: SeedTable
) -> tuple[Array, ...]:
    """Row, item, distinct seeds, begin of the first, end of the last, whether any is strict."""
    if not len(row):
        return (row, number, begin, begin, end, strict)
    # Once for each row and seed, so that a common seed costs its items once a row.
    order = np.lexsort((number, row))
    at = _groups(row[order], number[order])
    begin, end = np.minimum.reduceat(begin[order], at), np.maximum.reduceat(end[order], at)
    row, number, strict = (column[order][at] for column in (row, number, strict))

    width = np.diff(table.bounds)[number]
    hit: Array = np.repeat(np.arange(len(number)), width)
    place = np.arange(len(hit)) - np.repeat(np.cumsum(width) - width, width)
    item = table.items[table.bounds[number[hit]] + place]
    order = np.lexsort((item, row[hit]))
    hit, item = hit[order], item[order]
    at = _groups(row[hit], item)
    return (
        row[hit][at],
        item[at],
        np.diff(at, append=len(hit)),
        np.minimum.reduceat(begin[hit], at),
        np.maximum.reduceat(end[hit], at),
        np.maximum.reduceat(strict[hit], at),
    )


def _groups(first: Array, second: Array) -> Array:
    """Where, in sorted pairs, each new pair begins."""
    new: Array = np.ones(len(first), np.bool_)
    new[1:] = (np.diff(first) != 0) | (np.diff(second) != 0)
    return np.flatnonzero(new)


@jit
def _match(
    hashes: Array,
    rows: Array,
    length: int,
    filter_: Array,
    slots: Array,
    numbers: Array,
    found: Array,
) -> Any:
    """Look up every so many consecutive words of one row; `found` gets places and numbers."""
    shift = np.uint64(64)
    size = len(filter_)
    while size > 1:
        size >>= 1
        shift -= ONE
    mask = np.uint64(len(slots) - 1)
    chain, gone, count = np.uint64(0), ONE, 0
    for place in range(length):
        gone *= CHAIN
        if place < length - 1:
            chain = chain * CHAIN + hashes[place]
    for at in range(len(hashes) - length + 1):
        chain = chain * CHAIN + hashes[at + length - 1]
        if at:
            chain -= hashes[at - 1] * gone
        if rows[at] != rows[at + length - 1]:
            continue
        seed = chain
        seed = (seed ^ (seed >> TURN_1)) * FINISH
        seed = (seed ^ (seed >> TURN_2)) | ONE
        word = filter_[seed >> shift]
        if not (word >> ((seed >> ONE) & SIX)) & (word >> ((seed >> SEVEN) & SIX)) & ONE:
            continue
        slot = (seed >> SLOT) & mask
        while slots[slot] != 0 and slots[slot] != seed:
            slot = (slot + ONE) & mask
        if slots[slot] == seed:
            found[count, 0] = at
            found[count, 1] = numbers[slot]
            count += 1
    return count
