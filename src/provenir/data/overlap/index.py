"""The eval index: items, their words and weights, and the seeds that find rows which may hold them.

Items with the same words at the same places of their texts are examined once, through the first of
them; `twins` gives the others.
Seeds belong to *units*: each segment of an item is one, and where an item has several short
segments, these together are one more. So a question is found without its long answer, and an item
of many small parts by what is left of all of them.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, Self

import numpy as np

from provenir.core.errors import UsageError
from provenir.data.overlap.index_file import index_bytes, index_digest, open_index, save_index
from provenir.data.overlap.items import ROLES, EvalItem, eval_item
from provenir.data.overlap.joined import characters_before, words_of_texts
from provenir.data.overlap.seeds import SeedTable
from provenir.data.overlap.weights import word_weights
from provenir.data.overlap.wide import plain_seeds, wide_seeds_of_texts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from provenir.data.overlap.joined import JoinedWords

__all__ = ["EvalIndex"]

_NO_ARRAYS: Final = ("items", "exhaustive", "seeds", "wide", "fields", "stated")
SMALL_SEEDS: Final = 30
"""Segments with fewer seeds than this are also looked for together."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EvalIndex:
    """What a scan needs to know of eval sets.

    Attributes:
        items: All items, set by set in the order of the sets' names.
        exhaustive: Whether every seed of every item is kept, however common.
        first: int32 per item, the number of the first item that has the same words in the same
            segments, at the same characters.
        bounds: int64[n + 1], where each item's words begin.
        words: uint64, word hashes.
        starts: int32 per word, the character of its segment's text at which it begins.
        ends: int32 per word, where it ends.
        segments: int32 per word, the number of its segment within the item.
        roles: int8 per word, its segment's role: its place in `items.ROLES`.
        plain: uint64 per word, the hash that it has once folded in raw bytes, 0 where it is not
            ASCII then.
        joined: uint64 per word, the hash of the compound that begins with it, as one word; 0 where
            none does (see `compounds`).
        joined_plain: uint64 per word, the same in raw bytes, 0 also where that is not ASCII.
        joined_size: int8 per word, how many words the compound has; 0 for none.
        joined_order: int64, the numbers of words with which compounds begin, each compound once,
            ascending by hash.
        weights: float32 per word.
        mass: float64[n, roles], the sum of the weights of each item's words, by role.
        sizes: int64[n, roles], how many words.
        units: int32 per unit, its item.
        seeds: Finds the units whose seeds are in a row, by its ASCII words.
        wide: The same by the folded words of all scripts.
        fields: Names or paths that the items were narrowed to, sorted; None for all of them.
        stated: The digest of the file that it was opened from, which was checked; None otherwise.
    """

    items: tuple[EvalItem, ...]
    exhaustive: bool
    first: NDArray[Any]
    bounds: NDArray[Any]
    words: NDArray[Any]
    starts: NDArray[Any]
    ends: NDArray[Any]
    segments: NDArray[Any]
    roles: NDArray[Any]
    plain: NDArray[Any]
    joined: NDArray[Any]
    joined_plain: NDArray[Any]
    joined_size: NDArray[Any]
    joined_order: NDArray[Any]
    weights: NDArray[Any]
    mass: NDArray[Any]
    sizes: NDArray[Any]
    units: NDArray[Any]
    seeds: SeedTable
    wide: SeedTable
    fields: tuple[str, ...] | None = None
    stated: str | None = None

    @classmethod
    def build(
        cls,
        sets: Mapping[str, Iterable[Mapping[str, Any]]],
        *,
        exhaustive: bool = False,
        fields: Collection[str] | None = None,
    ) -> Self:
        """Make an index of eval sets; the same sets in another order give the same index.

        Args:
            sets: The records of each set, by the set's name.
            exhaustive: Keep every seed; slower, and complete by the rule ``gpt3-13gram``.
            fields: Top-level names or paths that are the items; None for all that hold text.

        Raises:
            InputError: A record is no object, or has no digest.
            UsageError: No set, a set without records, or a record without the fields.
        """
        if not sets:
            raise UsageError("no eval set was given", mend="give at least one")
        items: list[EvalItem] = []
        for name in sorted(sets):
            before = len(items)
            items.extend(eval_item(name, n, row, fields) for n, row in enumerate(sets[name]))
            if len(items) == before:
                raise UsageError(f"the eval set {name} has no records", mend="check its file")
        texts = [segment.text for item in items for segment in item.segments]
        found = words_of_texts(texts, plain=True)
        words = _words_of(items, found)
        bounds = words["bounds"]
        columns = [words[name] for name in ("words", "segments", "roles", "starts", "ends")]
        first = _first_of_same(columns, bounds)
        # What is said once, however it is cut and punctuated, does not make its words common.
        weights = _weights(words["words"], bounds, _first_of_same(columns[:1], bounds))
        limits: dict[str, Any] = {"max_df": None} if exhaustive else {}
        units, plain, wide = _seeds_of(
            [len(item.segments) for item in items],
            first,
            plain_seeds(texts, found, exhaustive=exhaustive),
            wide_seeds_of_texts(texts, found, exhaustive=exhaustive),
            exhaustive=exhaustive,
        )
        return cls(
            items=tuple(items),
            exhaustive=exhaustive,
            fields=None if fields is None else tuple(sorted(fields)),
            first=first,
            weights=weights,
            units=units,
            seeds=SeedTable.build(*plain, **limits),
            wide=SeedTable.build(*wide, **limits),
            **words,
            **_by_role(words["roles"], weights, bounds),
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return what the index consists of but for its items, by name."""
        found = {
            f.name: getattr(self, f.name)
            for f in dataclasses.fields(self)
            if f.name not in _NO_ARRAYS
        }
        for name in ("seeds", "wide"):
            table: SeedTable = getattr(self, name)
            found |= {f"{name}.{part}": array for part, array in table.arrays().items()}
        return found

    @classmethod
    def from_arrays(
        cls,
        items: tuple[EvalItem, ...],
        arrays: Mapping[str, NDArray[Any]],
        *,
        exhaustive: bool,
        fields: tuple[str, ...] | None = None,
        stated: str | None = None,
    ) -> Self:
        """Make an index of what `arrays` returned; the arrays are used in place."""
        tables = {
            name: SeedTable.from_arrays(
                {
                    part.removeprefix(f"{name}."): array
                    for part, array in arrays.items()
                    if part.startswith(f"{name}.")
                }
            )
            for name in ("seeds", "wide")
        }
        own = {name: array for name, array in arrays.items() if "." not in name}
        return cls(
            items=items, exhaustive=exhaustive, fields=fields, stated=stated, **own, **tables
        )

    @property
    def digest(self) -> str:
        """The digest of the file that `save` writes."""
        return self.stated or index_digest(self._pieces())

    def save(self, path: str | Path) -> str:
        """Write the index to a file (see `index_file`) and return its digest.

        Raises:
            OSError: The folder is missing or cannot be written.
        """
        pieces = self._pieces()
        save_index(path, pieces)
        return index_digest(pieces)

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """Map the index in a file, and check all of it.

        Raises:
            DocumentError: It is no index, one of another version, or altered.
            InputError: It cannot be opened.
        """
        items, arrays, header, stated = open_index(path)
        return cls.from_arrays(
            items, arrays, exhaustive=header.exhaustive, fields=header.fields, stated=stated
        )

    def _pieces(self) -> list[bytes]:
        return index_bytes(
            self.items, self.arrays(), exhaustive=self.exhaustive, fields=self.fields
        )

    def twins(self, item: int) -> NDArray[Any]:
        """Return the numbers of all items that are examined through the same one as `item`."""
        return np.flatnonzero(self.first == self.first[item])

    def seedless(self) -> NDArray[Any]:
        """Return for each item whether it has too few words in a row for any seed."""
        have: NDArray[Any] = np.zeros(len(self.items), np.bool_)
        have[self.units] = True
        return ~have[self.first]


def _words_of(items: list[EvalItem], found: JoinedWords) -> dict[str, NDArray[Any]]:
    """The arrays that say of each word what and where it is, and `bounds`."""
    segments = [segment for item in items for segment in item.segments]
    edges: NDArray[Any] = np.searchsorted(found.texts, np.arange(len(segments) + 1))
    starts, ends = found.starts.astype(np.int32), found.ends.astype(np.int32)
    for segment, (lo, hi) in zip(segments, pairwise(edges.tolist()), strict=True):
        if not segment.text.isascii():
            before = characters_before(segment.text)
            for places in (starts[lo:hi], ends[lo:hi]):
                places[:] = before[places]
    roles = np.array([ROLES.index(segment.role) for segment in segments], np.int8)
    counts = np.array([len(item.segments) for item in items], np.int64)
    first = np.concatenate([[0], np.cumsum(counts)])
    number = np.arange(len(segments)) - np.repeat(first[:-1], counts)
    return {
        "words": found.hashes,
        "starts": starts,
        "ends": ends,
        "segments": number[found.texts].astype(np.int32),
        "roles": roles[found.texts],
        "plain": found.plain,
        **_compounds_of(found),
        "bounds": np.searchsorted(found.texts, first).astype(np.int64),
    }


def _compounds_of(found: JoinedWords) -> dict[str, NDArray[Any]]:
    """What is known of the compounds that the eval sets do not have as words of their own."""
    count, compounds = len(found.hashes), found.compounds
    hashes: NDArray[Any] = np.zeros(count, np.uint64)
    plain: NDArray[Any] = np.zeros(count, np.uint64)
    size: NDArray[Any] = np.zeros(count, np.int8)
    if compounds is not None:
        chosen = ~np.isin(compounds.hashes, found.hashes)
        first = compounds.first[chosen]
        hashes[first], plain[first] = compounds.hashes[chosen], compounds.plain[chosen]
        size[first] = compounds.size[chosen]
    begins = np.flatnonzero(size)
    _, once = np.unique(hashes[begins], return_index=True)
    return {
        "joined": hashes,
        "joined_plain": plain,
        "joined_size": size,
        "joined_order": begins[once],
    }


def _first_of_same(columns: Sequence[NDArray[Any]], bounds: NDArray[Any]) -> NDArray[Any]:
    """For each item the first one that agrees with it in these columns of its words."""
    seen: dict[tuple[bytes, ...], int] = {}
    return np.array(
        [
            seen.setdefault(tuple(column[lo:hi].tobytes() for column in columns), item)
            for item, (lo, hi) in enumerate(pairwise(bounds.tolist()))
        ],
        np.int32,
    )


def _weights(words: NDArray[Any], bounds: NDArray[Any], first: NDArray[Any]) -> NDArray[Any]:
    """Weights over items that are distinct in their words, of which the others have the same."""
    lengths = np.diff(bounds)
    distinct = first == np.arange(len(first))
    counted: NDArray[Any] = np.repeat(distinct, lengths)
    weights: NDArray[Any] = np.zeros(len(words), np.float32)
    weights[counted] = word_weights(
        words[counted], np.concatenate([[0], np.cumsum(lengths[distinct])])
    )
    for item in np.flatnonzero(~distinct):
        own, same = bounds[item], bounds[first[item]]
        weights[own : own + lengths[item]] = weights[same : same + lengths[item]]
    return weights


def _by_role(
    roles: NDArray[Any], weights: NDArray[Any], bounds: NDArray[Any]
) -> dict[str, NDArray[Any]]:
    items = len(bounds) - 1
    place = np.repeat(np.arange(items), np.diff(bounds)) * len(ROLES) + roles
    shape, size = (items, len(ROLES)), items * len(ROLES)
    return {
        "mass": np.bincount(place, weights, size).reshape(shape),
        "sizes": np.bincount(place, minlength=size).astype(np.int64).reshape(shape),
    }


def _seeds_of(
    segments: list[int],
    first: NDArray[Any],
    plain: list[NDArray[Any]],
    wide: list[NDArray[Any]],
    *,
    exhaustive: bool,
) -> tuple[NDArray[Any], list[NDArray[Any]], list[NDArray[Any]]]:
    """The item of each unit; and of both kinds of seeds: the seeds, and the unit of each.

    Args:
        segments: How many segments each item has.
        first: As in `EvalIndex`.
        plain: The seeds of each segment for the scan of raw bytes.
        wide: The same for that of folded words.
        exhaustive: Whether items that are twins of others have units too: the strict fold, and so
            the exhaustive search, may tell them apart.
    """
    units: list[int] = []
    owned: list[tuple[int, int]] = []  # a segment, and a unit that it belongs to
    begin = 0
    for item, count in enumerate(segments):
        own = [s for s in range(begin, begin + count) if len(plain[s]) + len(wide[s])]
        begin += count
        if first[item] != item and not exhaustive:
            continue
        for segment in own:
            owned.append((segment, len(units)))
            units.append(int(first[item]))
        small = [segment for segment in own if len(wide[segment]) < SMALL_SEEDS]
        if len(small) > 1:
            owned += [(segment, len(units)) for segment in small]
            units.append(int(first[item]))
    kinds = [
        [
            np.concatenate([np.empty(0, np.uint64), *(seeds[segment] for segment, _ in owned)]),
            np.repeat(
                np.array([unit for _, unit in owned], np.int32),
                [len(seeds[segment]) for segment, _ in owned],
            ),
        ]
        for seeds in (plain, wide)
    ]
    return np.array(units, np.int32), kinds[0], kinds[1]
