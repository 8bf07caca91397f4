"""Seeds of eval items, and the table in which a scan looks them up.

A seed is the hash of five consecutive words (`plain`). The table holds for each seed the items that
have it: a bit filter that turns most foreign seeds away, an open-addressing table from the seed to
its number, and the items of each number one after the other (CSR). It is plain arrays, so that an
index file can be mapped into memory as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from provenir.data.overlap.compiled import COMPILED, address
from provenir.data.overlap.plain import PADDING, SLOT_SHIFT, find_seeds, padded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from provenir.data.overlap.compiled import Array

__all__ = ["MAX_DF", "MIN_KEPT", "SeedTable", "ascii_seeds"]

MAX_DF: Final = 20
"""In how many items a seed may occur and still be looked for, unless the caller says otherwise."""

MIN_KEPT: Final = 8
"""How many of its seeds an item keeps however common they are."""

FILTER_BITS_PER_SEED: Final = 16
MIN_FILTER_WORDS: Final = 1 << 9
MAX_FILTER_WORDS: Final = 1 << 18


def ascii_seeds(text: bytes) -> Array:
    """Return the seeds of a plain text in their order, as a scan finds them in a row.

    Args:
        text: UTF-8; what is no ASCII letter or digit parts words.

    Returns:
        uint64, empty for fewer than five words.
    """
    buf = padded(text)
    if not COMPILED:
        return find_seeds(buf, np.array([0, len(text)]), json=False).hashes
    from provenir.data.overlap.scan_kernel import WORKSPACE, hash_text

    space: Array = np.empty(WORKSPACE, dtype=np.int64)
    seeds: Array = np.empty(len(text) // 2 + PADDING, dtype=np.uint64)
    count = hash_text(address(buf), len(text), address(space), address(seeds))
    return seeds[:count].copy()


@dataclass(frozen=True, slots=True, eq=False)
class SeedTable:
    """Which items have which seed.

    Attributes:
        filter: uint64, a power of two of words; two bits are set in the one word of each seed.
        slots: uint64, a power of two; a seed, or 0 where a slot is empty.
        numbers: int32, the number of the seed in each slot.
        bounds: int64, where the items of a seed begin in `items`; one more than there are seeds.
        items: int32, ascending within a seed.
        kept: int32, how many seeds of each item are in the table.
    """

    filter: Array
    slots: Array
    numbers: Array
    bounds: Array
    items: Array
    kept: Array

    @classmethod
    def build(
        cls,
        hashes: Array,
        items: Array,
        max_df: int | None = MAX_DF,
        keep: int = MIN_KEPT,
    ) -> SeedTable:
        """Make the table of pairs of a seed and an item; equal sets of pairs give equal tables.

        Args:
            hashes: uint64, as `ascii_seeds` gives them; repeated pairs count once.
            items: int32, the number of the item that each comes from.
            max_df: seeds in more items than this are left out; None keeps all.
            keep: each item keeps at least this many of its rarest seeds, however common.
        """
        seeds, owners = _distinct_pairs(hashes, items)
        df = _repeats(seeds)
        if max_df is not None:
            chosen = (df <= max_df) | _is_rare_in_item(seeds, owners, df, max_df, keep)
            seeds, owners = seeds[chosen], owners[chosen]
        unique, first = np.unique(seeds, return_index=True)
        bounds: Array = np.append(first, len(seeds)).astype(np.int64)
        slots, numbers = _address(unique)
        return cls(
            filter=_filter(unique),
            slots=slots,
            numbers=numbers,
            bounds=bounds,
            items=owners,
            kept=np.bincount(owners).astype(np.int32),
        )

    def needed(self, min_seeds: int, one_in: int = 0) -> Array:
        """Return how many of its seeds a row must have of each item.

        Args:
            min_seeds: The least number; an item with fewer needs all of its own.
            one_in: Of an item with many, one in so many if that is more; 0 for any number.
        """
        least: Array = np.full(len(self.kept), min_seeds, np.int32)
        if one_in:
            least = np.maximum(least, self.kept // np.int32(one_in))
        return np.minimum(least, self.kept)

    def addresses(self) -> tuple[np.uint64, ...]:
        """Return what a compiled scan needs to look seeds up; the table must outlive it."""
        shift = 64 - (len(self.filter).bit_length() - 1)
        return (
            address(self.filter),
            np.uint64(shift),
            address(self.slots),
            np.uint64(len(self.slots) - 1),
            address(self.numbers),
        )

    def arrays(self) -> dict[str, Array]:
        """Return what the table consists of, by name, for `from_arrays`."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> SeedTable:
        """Make a table of what `arrays` returned; they are used in place, mapped files too."""
        return cls(**{name: arrays[name] for name in cls.__slots__})


def lookup(table: SeedTable, hashes: Array) -> Array:
    """Return the number of each seed in a table, -1 for those that are not in it (int64)."""
    mask = np.uint64(len(table.slots) - 1)
    slot = (hashes >> np.uint64(SLOT_SHIFT)) & mask
    found: Array = np.full(len(hashes), -1, dtype=np.int64)
    open_ = np.arange(len(hashes))
    while len(open_):
        held = table.slots[slot[open_]]
        same = held == hashes[open_]
        found[open_[same]] = table.numbers[slot[open_[same]]]
        open_ = open_[~same & (held != 0)]
        slot[open_] = (slot[open_] + np.uint64(1)) & mask
    return found


def _distinct_pairs(hashes: Array, items: Array) -> tuple[Array, Array]:
    """Sort pairs by seed, then item, and drop the repeated ones."""
    seeds = np.asarray(hashes, dtype=np.uint64)
    owners = np.asarray(items, dtype=np.int32)
    if (np.diff(owners) >= 0).all():  # as an index gives them
        order = np.argsort(seeds, kind="stable")
    else:
        order = np.lexsort((owners, seeds))
    seeds, owners = seeds[order], owners[order]
    new: Array = np.ones(len(seeds), dtype=np.bool_)
    new[1:] = (np.diff(seeds) != 0) | (np.diff(owners) != 0)
    return seeds[new], owners[new]


def _repeats(seeds: Array) -> Array:
    """How often each of sorted seeds occurs."""
    _, inverse, counts = np.unique(seeds, return_inverse=True, return_counts=True)
    return counts[inverse]


def _is_rare_in_item(seeds: Array, owners: Array, df: Array, max_df: int, keep: int) -> Array:
    """Whether each seed is among so many of its item: the rarest, then those of the least hash.

    Items without a seed that is too common keep all of theirs anyhow, and are passed over.
    """
    found: Array = np.zeros(len(seeds), dtype=np.bool_)
    trimmed: Array = np.zeros(int(owners.max(initial=-1)) + 1, dtype=np.bool_)
    trimmed[owners[df > max_df]] = True
    of_them = np.flatnonzero(trimmed[owners])
    seeds, owners, df = seeds[of_them], owners[of_them], df[of_them]
    order = np.lexsort((seeds, df, owners))
    sorted_owners = owners[order]
    place = np.arange(len(order)) - np.searchsorted(sorted_owners, sorted_owners)
    found[of_them[order]] = place < keep
    return found


def _address(seeds: Array) -> tuple[Array, Array]:
    """Put distinct seeds into slots: each in the first free one from its own on."""
    size = 1 << max(4, (len(seeds) * 5 // 2).bit_length())
    slots: Array = np.zeros(size, dtype=np.uint64)
    numbers: Array = np.zeros(size, dtype=np.int32)
    mask = np.uint64(size - 1)
    waiting = np.arange(len(seeds))
    slot = (seeds >> np.uint64(SLOT_SHIFT)) & mask
    while len(waiting):
        # Of several for one slot the first gets it: the last to be written, going backwards.
        free = waiting[slots[slot[waiting]] == 0][::-1]
        slots[slot[free]] = seeds[free]
        numbers[slot[free]] = free
        waiting = waiting[slots[slot[waiting]] != seeds[waiting]]
        slot[waiting] = (slot[waiting] + np.uint64(1)) & mask
    return slots, numbers


def _filter(seeds: Array) -> Array:
    wanted = 1 << max(0, (len(seeds) * FILTER_BITS_PER_SEED // 64).bit_length())
    size = min(max(wanted, MIN_FILTER_WORDS), MAX_FILTER_WORDS)
    words: Array = np.zeros(size, dtype=np.uint64)
    place = seeds >> np.uint64(64 - (size.bit_length() - 1))
    six = np.uint64(63)
    bits = (np.uint64(1) << (seeds >> np.uint64(1) & six)) | (
        np.uint64(1) << (seeds >> np.uint64(7) & six)
    )
    np.bitwise_or.at(words, place, bits)
    return words
