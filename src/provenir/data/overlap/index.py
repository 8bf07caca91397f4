"""The eval index: items, their words and weights, and the seeds that find rows which may hold them.

Items with the same words are examined once, through the first of them; `twins` gives the others.
Seeds belong to *units*: each segment of an item is one, and where an item has several short
segments, the whole of it is one more. So a question is found without its long answer, and an item
of many small parts by what is left of all of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from provenir.core.errors import UsageError
from provenir.data.overlap.items import ROLES, EvalItem, eval_item
from provenir.data.overlap.pieces import seeds, tokenise
from provenir.data.overlap.weights import word_weights

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from numpy.typing import NDArray

__all__ = ["EvalIndex"]

SEED_WORDS: Final = 5
SMALL_SEGMENT_WORDS: Final = 30


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EvalIndex:
    """What a scan needs to know of eval sets.

    Attributes:
        items: All items, set by set in the order of the sets' names.
        exhaustive: Whether every seed of every item is kept, however common.
        first: int32 per item, the number of the first item that has the same words.
        bounds: int64[n + 1], where each item's words begin.
        words: uint64, word hashes.
        starts: int32 per word, where it begins in its segment's UTF-8 bytes.
        ends: int32 per word, where it ends.
        segments: int32 per word, the number of its segment within the item.
        roles: int8 per word, its segment's role: its place in `ROLES`.
        weights: float32 per word.
        units: int32 per unit, its item.
        seeds: What finds the units of a row.
    """

    items: tuple[EvalItem, ...]
    exhaustive: bool
    first: NDArray[np.int32]
    bounds: NDArray[np.int64]
    words: NDArray[np.uint64]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]
    segments: NDArray[np.int32]
    roles: NDArray[np.int8]
    weights: NDArray[np.float32]
    units: NDArray[np.int32]
    seeds: dict[int, list[int]]

    @classmethod
    def build(
        cls,
        sets: Mapping[str, Iterable[Mapping[str, Any]]],
        *,
        exhaustive: bool = False,
        fields: Collection[str] | None = None,
    ) -> EvalIndex:
        """Make an index of eval sets.

        Args:
            sets: The records of each set, by the set's name.
            exhaustive: Keep every seed; slower, and complete by the rule ``gpt3-13gram``.
            fields: Top-level names or paths that are the items; None for all that hold text.

        Raises:
            InputError: A record is no object, or has no digest.
            UsageError: No set, a set without records, or a record without the fields.
        """
        if not sets:
            raise UsageError("no eval set given", mend="give at least one")
        items: list[EvalItem] = []
        for name in sorted(sets):
            before = len(items)
            items.extend(eval_item(name, n, row, fields) for n, row in enumerate(sets[name]))
            if len(items) == before:
                raise UsageError(f"the eval set {name} has no records", mend="check its file")
        return _indexed(tuple(items), exhaustive)

    def twins(self, item: int) -> NDArray[np.int64]:
        """Return the numbers of all items that have the words of `item`, itself included."""
        return np.flatnonzero(self.first == self.first[item])

    def unexamined(self) -> tuple[int, ...]:
        """Return the numbers of the items that have too few words to be found."""
        have = np.zeros(len(self.items), bool)
        have[self.units] = True
        return tuple(np.flatnonzero(~have[self.first]).tolist())


def _indexed(items: tuple[EvalItem, ...], exhaustive: bool) -> EvalIndex:
    columns: dict[str, list[Any]] = {
        n: [] for n in ("words", "starts", "ends", "segments", "roles")
    }
    bounds = [0]
    for item in items:
        for number, segment in enumerate(item.segments):
            words, starts, ends = tokenise(segment.text.encode("utf-8", "replace"))
            columns["words"].append(words)
            columns["starts"].append(starts)
            columns["ends"].append(ends)
            columns["segments"].append(np.full(len(words), number, np.int32))
            columns["roles"].append(np.full(len(words), ROLES.index(segment.role), np.int8))
        bounds.append(
            sum(map(len, columns["words"][len(columns["words"]) - len(item.segments) :]))
            + bounds[-1]
        )
    kinds = {
        "words": np.uint64,
        "starts": np.int32,
        "ends": np.int32,
        "segments": np.int32,
        "roles": np.int8,
    }
    arrays: dict[str, Any] = {
        n: np.concatenate(parts or [np.empty(0)]).astype(kinds[n]) for n, parts in columns.items()
    }
    edges = np.array(bounds, np.int64)
    first = _first_of_same(arrays["words"], edges)
    units, found = _seed_units(items, arrays, edges, first)
    return EvalIndex(
        items=items,
        exhaustive=exhaustive,
        first=first,
        bounds=edges,
        weights=_weights(arrays["words"], edges, first),
        units=units,
        seeds=found,
        **arrays,
    )


def _first_of_same(words: NDArray[np.uint64], bounds: NDArray[np.int64]) -> NDArray[np.int32]:
    seen: dict[bytes, int] = {}
    edges = bounds.tolist()
    return np.array(
        [
            seen.setdefault(words[lo:hi].tobytes(), n)
            for n, (lo, hi) in enumerate(zip(edges[:-1], edges[1:], strict=True))
        ],
        np.int32,
    )


def _weights(
    words: NDArray[np.uint64], bounds: NDArray[np.int64], first: NDArray[np.int32]
) -> NDArray[np.float32]:
    """Weights over distinct items; the others have those of the first of their kind."""
    distinct = np.flatnonzero(first == np.arange(len(first)))
    lengths = np.diff(bounds)
    keep = np.repeat(first == np.arange(len(first)), lengths)
    edges = np.concatenate([[0], np.cumsum(lengths[distinct])])
    weights = np.ones(len(words), np.float32)
    weights[keep] = word_weights(words[keep], edges)
    return weights


def _seed_units(items: Any, arrays: Any, bounds: Any, first: Any) -> Any:
    units: list[int] = []
    table: dict[int, list[int]] = {}
    for n in range(len(items)):
        if first[n] != n:
            continue
        lo, hi = bounds[n], bounds[n + 1]
        numbers = arrays["segments"][lo:hi]
        parts = [seeds(arrays["words"][lo:hi][numbers == s]) for s in np.unique(numbers)]
        small = [p for p in parts if len(p) and len(p) < SMALL_SEGMENT_WORDS]
        if len(small) > 1:
            parts.append(np.concatenate(small))
        for part in parts:
            if len(part):
                for seed in np.unique(part).tolist():
                    table.setdefault(seed, []).append(len(units))
                units.append(n)
    return np.array(units, np.int32), table
