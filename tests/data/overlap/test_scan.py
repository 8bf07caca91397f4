"""Rows that share seeds with items."""

from __future__ import annotations

import json

import numpy as np
import pytest

from provenir.data.overlap.frame import frame
from provenir.data.overlap.plain import padded
from provenir.data.overlap.scan import Candidates, find_candidates
from provenir.data.overlap.seeds import SeedTable, ascii_seeds

ITEMS = [
    "The quick brown fox jumps over the lazy dog near the river bank",
    "How many apples does Mary have after she gives three to John",
    "five words are the least",
]


def table_of(texts: list[str]) -> SeedTable:
    seeds = [ascii_seeds(text.encode()) for text in texts]
    items = np.repeat(np.arange(len(texts), dtype=np.int32), [len(s) for s in seeds])
    return SeedTable.build(np.concatenate(seeds), items)


def scan(rows: list[str], texts: list[str] = ITEMS, **settings) -> Candidates:
    text = b"".join(json.dumps({"text": row}).encode() + b"\n" for row in rows)
    buf = padded(text)
    starts, suspect = frame(buf, len(text))
    assert not suspect.any()
    return find_candidates(buf, starts, json=True, table=table_of(texts), **settings)


def found(candidates: Candidates) -> list[tuple[int, int, int]]:
    columns = (candidates.row, candidates.item, candidates.seeds)
    return list(zip(*(column.tolist() for column in columns), strict=True))


def test_rows_are_found_with_the_items_that_they_hold():
    rows = ["nothing", ITEMS[1] + " " + ITEMS[0], "", ITEMS[0].upper(), ITEMS[1][:30]]
    assert found(scan(rows)) == [(1, 0, 9), (1, 1, 8), (3, 0, 9), (4, 1, 2)]


def test_repeated_seeds_count_once():
    assert found(scan([f"{ITEMS[0]}. {ITEMS[0]}."])) == [(0, 0, 9)]
    once = "How many apples does Mary. "
    assert found(scan([once * 5])) == []


def test_an_item_with_fewer_seeds_needs_all_of_them():
    assert found(scan(["yes, five words are the least of it"])) == [(0, 2, 1)]


def test_how_many_seeds_are_needed_can_be_said():
    row = "How many apples does Mary"
    assert found(scan([row], min_seeds=1)) == [(0, 1, 1)]
    assert found(scan([row], min_seeds=2)) == []


def test_where_the_seeds_are_is_told():
    row = f"before {ITEMS[0]} after"
    text = json.dumps({"text": row})
    candidates = scan([row])
    begin, end = int(candidates.first[0]), int(candidates.last[0])
    assert text[begin:end] == ITEMS[0]


@pytest.mark.parametrize(
    ("row", "foreign", "dense"),
    [
        ("plain", False, False),
        ("one é", True, False),
        ("“quoted” — and “again” … and ‘so’", True, False),
        ("привет мир", True, True),
        ("漢字かな", True, True),
        ("é " * 3 + "x" * 70 + "é" * 3, True, False),
    ],
)
def test_rows_in_other_scripts_are_named(row, foreign, dense):
    for ascii_only in (True, False):
        text = b'{"t": "x"}\n' + json.dumps({"t": row}, ensure_ascii=ascii_only).encode() + b"\n"
        starts = np.array([0, 11, len(text)])
        result = find_candidates(padded(text), starts, json=True, table=table_of(ITEMS))
        assert result.foreign.tolist() == [False, foreign]
        assert result.dense.tolist() == [False, dense]


def test_no_rows_have_no_candidates():
    assert found(scan([])) == []
