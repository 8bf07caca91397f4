"""Rows that share seeds with items."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from provenir.data.overlap.frame import frame
from provenir.data.overlap.plain import PADDING, padded
from provenir.data.overlap.scan import Candidates, find_candidates, search_rows
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


words = st.sampled_from(
    ["a", "b", "The", "fox", "x1", "n", "u00e9", "eightlet", "nineletters", "w" * 17, "W" * 70]
)
spaces = [" ", " ", " ", ", ", "\n", '"', "\\", "\\\\", "\\u00e9"]
gaps = st.sampled_from([*spaces, "é", "—", "“", "\u200b", "漢", "😀", "при"])
texts = st.lists(st.tuples(words, gaps).map("".join), max_size=40).map("".join)
endings = st.sampled_from([b"", b"", b"", b"\\", b"\\u", b"\\u12", b"\xe2\x80", b'"'])


@st.composite
def blocks(draw) -> tuple[bytes, list[int], list[str], bool]:
    """Bytes, where their rows begin, the texts of items, and whether the rows are JSON."""
    items = draw(st.lists(texts, min_size=1, max_size=6))
    is_json = draw(st.booleans())
    rows = []
    for text in draw(st.lists(texts, max_size=6)):
        row = text + draw(st.sampled_from(["", *items])) + draw(texts)
        if is_json:
            row = json.dumps({"t": row}, ensure_ascii=draw(st.booleans()))
        rows.append(row.replace("\n", " ").encode() + draw(endings) + b"\n")
    before = draw(st.sampled_from([b"", b"a b The fox n "])) + b" " * draw(st.integers(0, 130))
    starts = np.cumsum([len(before), *map(len, rows)]).tolist()
    return before + b"".join(rows), starts, items, is_json


def differences(one: Candidates, other: Candidates) -> list[str]:
    """The names of the columns that differ in values or type."""
    differing = []
    for field in dataclasses.fields(Candidates):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if a is not None and (a.dtype != b.dtype or a.tolist() != b.tolist()):
            differing.append(field.name)
    return differing


@settings(max_examples=400)
@given(
    blocks(),
    st.none() | st.integers(1, 3),
    st.integers(0, 3),
    st.integers(1, 4),
    st.sampled_from(b'a"\\\xe2\x80\x93 '),
)
@example((b"", [0], ["a b The fox n a b"], True), None, 0, 1, 97)
def test_the_kernel_finds_exactly_what_the_oracle_finds(block, max_df, keep, min_seeds, after):
    text, starts, items, is_json = block
    seeds = [ascii_seeds(item.encode()) for item in items]
    owners = np.repeat(np.arange(len(items), dtype=np.int32), [len(s) for s in seeds])
    table = SeedTable.build(np.concatenate(seeds), owners, max_df=max_df, keep=keep)
    buf = np.frombuffer(text + bytes([after]) * PADDING, dtype=np.uint8)
    settings_ = {"json": is_json, "table": table}
    fast = find_candidates(buf, np.array(starts), min_seeds=min_seeds, **settings_)
    needed = table.needed(min_seeds)
    slow = search_rows(buf, np.array(starts), needed=needed, **settings_)
    assert differences(fast, slow) == []


def test_a_long_item_asks_for_a_share_of_its_seeds():
    item = " ".join(f"w{number}" for number in range(100))
    seeds = ascii_seeds(item.encode())
    table = SeedTable.build(seeds, np.zeros(len(seeds), np.int32))
    assert table.needed(2).tolist() == [2]
    assert table.needed(2, 16).tolist() == [6]
    assert table.needed(200, 16).tolist() == [96]


def long_rows(repeats: int) -> list[str]:
    """Rows longer than a piece of the kernel, with items at both ends and in the middle."""
    filler = [f"w{number * number % 9973}" for number in range(repeats)]
    half = " ".join(filler)
    return [f"{ITEMS[0]} {half} {ITEMS[1]} {half} {ITEMS[2]}.", half, ITEMS[1]]


@pytest.mark.parametrize("repeats", [2036, 2044, 2048, 2052, 5000, 30_000])
def test_rows_longer_than_a_piece_lose_nothing(repeats):
    assert found(scan(long_rows(repeats))) == [(0, 0, 9), (0, 1, 8), (0, 2, 1), (2, 1, 8)]


def test_no_place_in_a_block_hides_an_item():
    for spaces in range(130):
        row = "." * spaces + ITEMS[0] + ' \\"\\" \u00e9' + "." * spaces + ITEMS[1]
        assert found(scan([row])) == [(0, 0, 9), (0, 1, 8)]


def test_a_block_of_nothing_but_items_has_room():
    rows = [ITEMS[0]] * 3000
    assert found(scan(rows)) == [(row, 0, 9) for row in range(3000)]


def test_many_items_with_the_same_seeds_are_all_found():
    texts = [f"{ITEMS[0]} number {number}" for number in range(1500)]
    assert len(found(scan([ITEMS[0]], texts))) == 1500


def test_arrays_that_cannot_be_written_are_taken():
    text = json.dumps({"t": ITEMS[0]}).encode()
    table = table_of(ITEMS)
    for array in table.arrays().values():
        array.flags.writeable = False
    starts = np.array([0, len(text)])
    starts.flags.writeable = False
    assert found(find_candidates(padded(text), starts, json=True, table=table)) == [(0, 0, 9)]
