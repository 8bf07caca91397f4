"""Seeds of texts and the table of them."""

from __future__ import annotations

import json
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.data.overlap.plain import find_seeds, padded
from provenir.data.overlap.seeds import SeedTable, ascii_seeds, lookup

words = st.text("aB3xyz", min_size=1, max_size=20)
pairs = st.lists(st.tuples(st.integers(0, 40).map(lambda n: n * 2 + 1), st.integers(0, 9)))


def build(rows: list[tuple[int, int]], **settings) -> SeedTable:
    hashes = np.array([seed for seed, _ in rows], dtype=np.uint64)
    return SeedTable.build(hashes, np.array([item for _, item in rows], dtype=np.int32), **settings)


def contents(table: SeedTable) -> dict[int, list[int]]:
    """Which items each seed has, read by walking over the slots."""
    found = {}
    for slot, seed in enumerate(table.slots.tolist()):
        if seed:
            number = table.numbers[slot]
            found[seed] = table.items[table.bounds[number] : table.bounds[number + 1]].tolist()
    return found


def test_five_words_make_a_seed():
    assert len(ascii_seeds(b"one two three four")) == 0
    assert len(ascii_seeds(b"one two three four five")) == 1
    assert len(ascii_seeds(b"one two three four five six")) == 2
    assert len(ascii_seeds(b"")) == 0


def test_case_and_what_parts_words_do_not_matter():
    plain = ascii_seeds(b"do not stop the music 4 me")
    assert (ascii_seeds("DO not--stop\nthe “Music”é4 me!".encode()) == plain).all()


def test_order_and_every_word_matter():
    texts = [b"a b c d e", b"b a c d e", b"a b c d f", b"a b c d ee", b"a a a a a", b"b b b b b"]
    assert len({int(ascii_seeds(text)[0]) for text in texts}) == len(texts)


@pytest.mark.parametrize("length", [7, 8, 9, 15, 16])
def test_every_letter_of_a_word_matters_up_to_sixteen(length):
    word = "abcdefghijklmnop"[:length]
    changed = [word[:at] + "z" + word[at + 1 :] for at in range(length)]
    seeds = {int(ascii_seeds(f"{w} two three four five".encode())[0]) for w in [word, *changed]}
    assert len(seeds) == length + 1


@given(st.lists(words | st.sampled_from([" ", "\\n", "é", "—"])).map(" ".join), st.integers(1, 200))
def test_the_kernel_hashes_exactly_what_the_oracle_hashes(text, times):
    data = (text * times).encode()
    oracle = find_seeds(padded(data), np.array([0, len(data)]), json=False)
    assert ascii_seeds(data).tolist() == oracle.hashes.tolist()


@given(st.text(max_size=300), st.booleans())
def test_a_row_has_the_seeds_of_the_text_within(text, ascii_only):
    text = text.encode("utf-8", "ignore").decode()
    row = json.dumps({"text": text}, ensure_ascii=ascii_only).encode()
    found = find_seeds(padded(row), np.array([0, len(row)]), json=True)
    assert set(ascii_seeds(text.encode()).tolist()) <= set(found.hashes.tolist())


@given(st.lists(st.lists(words, max_size=9), max_size=9))
def test_no_seed_reaches_over_the_end_of_a_row(rows):
    lines = [" ".join(row).encode() + b"\n" for row in rows]
    text = b"".join(lines)
    starts = np.cumsum([0, *map(len, lines)])
    found = find_seeds(padded(text), starts, json=False)
    apart = [seed for line in lines for seed in ascii_seeds(line).tolist()]
    assert found.hashes.tolist() == apart
    for begin, end in zip(found.starts, found.ends, strict=True):
        assert len(text[begin:end].split()) == 5


@given(pairs, st.none() | st.integers(1, 4), st.integers(0, 4))
def test_a_table_holds_what_the_rule_says(rows, max_df, keep):
    table = build(rows, max_df=max_df, keep=keep)
    df = Counter(seed for seed, _ in set(rows))
    expected = defaultdict(set)
    for item in {item for _, item in rows}:
        own = sorted({seed for seed, owner in rows if owner == item}, key=lambda s: (df[s], s))
        for rank, seed in enumerate(own):
            if max_df is None or df[seed] <= max_df or rank < keep:
                expected[seed].add(item)
    assert contents(table) == {seed: sorted(items) for seed, items in expected.items()}
    kept = Counter(item for items in expected.values() for item in items)
    assert {item: n for item, n in enumerate(table.kept.tolist()) if n} == kept


@given(pairs)
def test_equal_pairs_in_any_order_give_equal_tables(rows):
    one, other = build(rows).arrays(), build([*reversed(rows), *rows]).arrays()
    assert {name: a.tobytes() for name, a in one.items()} == {
        name: a.tobytes() for name, a in other.items()
    }


def test_every_seed_of_a_large_table_is_found_again_and_no_other():
    rng = np.random.default_rng(5)
    seeds = rng.integers(0, 2**63, 50_000, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    table = SeedTable.from_arrays(
        SeedTable.build(seeds[:40_000], np.arange(40_000, dtype=np.int32)).arrays()
    )
    number = lookup(table, seeds)
    assert (number[40_000:] == -1).all()
    assert table.items[table.bounds[number[:40_000]]].tolist() == list(range(40_000))


def test_an_empty_table_knows_nothing():
    table = build([])
    assert lookup(table, ascii_seeds(b"a b c d e f")).tolist() == [-1, -1]
