"""Seeds over the folded words of all scripts."""

from __future__ import annotations

from typing import Any

import numpy as np
import orjson

from provenir.data.overlap.fields import field_texts
from provenir.data.overlap.scan import Candidates
from provenir.data.overlap.seeds import lookup
from provenir.data.text.tokens import tokenise


def wide_seeds(text: str) -> Any:
    """Return the hash of every five consecutive folded words of a text."""
    words = tokenise(np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)).hashes
    if len(words) < 5:
        return np.empty(0, np.uint64)
    out = words[:-4].copy()
    with np.errstate(over="ignore"):
        for k in range(1, 5):
            out = out * np.uint64(0x9E3779B97F4A7C15) + words[k : len(words) - 4 + k]
    return out | np.uint64(1)


def find_wide_candidates(
    buf: Any, starts: Any, rows: Any, *, json: bool, table: Any, min_seeds: int
) -> Candidates:
    """Find the items whose folded seeds are in rows, by parsing the rows."""
    pairs: list[tuple[int, int]] = []
    for row in rows.tolist():
        raw = bytes(buf[starts[row] : starts[row + 1]])
        try:
            value = orjson.loads(raw) if json else {"text": raw.decode("utf-8", "replace")}
        except ValueError:
            continue
        texts = [entry.text for entry in field_texts(value)] if isinstance(value, dict) else []
        seeds = np.concatenate([np.empty(0, np.uint64), *map(wide_seeds, texts)])
        numbers = lookup(table, np.unique(seeds))
        units = [table.items[table.bounds[n] : table.bounds[n + 1]] for n in numbers[numbers >= 0]]
        found, counts = np.unique(
            np.concatenate([np.empty(0, np.int32), *units]), return_counts=True
        )
        found = found.astype(np.int32)
        enough = counts >= np.minimum(min_seeds, table.kept[found])
        pairs.extend((row, unit) for unit in found[enough].tolist())
    columns = np.array(pairs, np.int32).reshape(-1, 2)
    none: Any = np.empty(0)
    return Candidates(
        row=columns[:, 0],
        item=columns[:, 1],
        seeds=none,
        first=none,
        last=none,
        foreign=none,
        dense=none,
    )
