"""Rows of every script that share seeds with items, and the proof of exhaustive search."""

from __future__ import annotations

import json
import unicodedata

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from provenir.data.compiled import COMPILED
from provenir.data.overlap import wide
from provenir.data.overlap.plain import PADDING
from provenir.data.overlap.reference import normalised, overlaps, reference_words
from provenir.data.overlap.scan import find_candidates
from provenir.data.overlap.seeds import SeedTable, lookup
from provenir.data.overlap.wide import find_wide_candidates, plain_seeds, wide_seeds
from provenir.data.text.folding import FOLD_VERSION, LETTERS, Kind, strict_fold
from provenir.data.text.tokens import CHUNK
from provenir.data.text.words import words as words_of_text

ITEMS = [
    "Сколько яблок осталось у Маши после того, как она отдала три яблока брату?",
    "北京是中华人民共和国的首都，也是全国的政治中心。",
    "The naïve café owner’s ﬁrst résumé was ﬁled under “coöperation” in Zürich",
]


def table_of(seeds: list, **limits) -> SeedTable:
    items = np.repeat(np.arange(len(seeds), dtype=np.int32), [len(part) for part in seeds])
    return SeedTable.build(np.concatenate(seeds), items, **limits)


def block(rows: list[bytes]):
    data = b"".join(row + b"\n" for row in rows)
    starts = np.array([0, *np.cumsum([len(row) + 1 for row in rows])], np.int64)
    return np.frombuffer(data + bytes(PADDING), np.uint8), starts


def as_rows(texts: list[str], *, escape: bool) -> list[bytes]:
    return [
        json.dumps({"text": text}, ensure_ascii=escape).encode("utf-8", "surrogatepass")
        for text in texts
    ]


def search(rows: list[bytes], chosen: list[int] | None = None, items=ITEMS, **settings):
    buf, starts = block(rows)
    table = table_of([wide_seeds(item) for item in items])
    at = np.array(range(len(rows)) if chosen is None else chosen, np.int64)
    return find_wide_candidates(buf, starts, at, json=True, table=table, **settings)


def found(candidates) -> list[tuple[int, int]]:
    return list(zip(candidates.row.tolist(), candidates.item.tolist(), strict=True))


@pytest.mark.parametrize("escape", [False, True])
def test_leaks_of_any_script_are_found(escape):
    rows = as_rows(
        [
            "Задача. СКОЛЬКО ЯБЛОК ОСТАЛОСЬ У МАШИ после того как она",
            "nothing of that kind",
            "据说北京是中华人民共和国的首都",
            unicodedata.normalize("NFKD", ITEMS[2]).upper(),
        ],
        escape=escape,
    )
    assert found(search(rows)) == [(0, 0), (2, 1), (3, 2)]


def test_only_the_rows_named_are_looked_at():
    rows = as_rows(ITEMS, escape=False)
    assert found(search(rows, [2, 0])) == [(0, 0), (2, 2)]
    assert found(search(rows, [])) == []


def test_counts_and_places_are_those_of_the_distinct_seeds():
    text = "x " + ITEMS[1][:7] + " y " + ITEMS[1][:6] + " z"
    rows = as_rows(["", text], escape=False)
    candidates = search(rows)
    assert candidates.seeds.tolist() == [3]
    buf, _ = block(rows)
    held = bytes(buf[int(candidates.first[0]) : int(candidates.last[0])]).decode()
    assert held == text[2:-2]


def test_seeds_do_not_run_from_one_row_into_the_next():
    assert found(search(as_rows(["北京是", "中华人"], escape=False), min_seeds=1)) == []


def test_an_item_with_fewer_seeds_needs_all_of_its_own():
    items = ["北京是中华", "北京是中华人民"]
    rows = as_rows(["北京是中华"], escape=False)
    assert found(search(rows, items=items, min_seeds=3)) == [(0, 0)]


def test_a_row_longer_than_a_part_is_one_row():
    # The leak moves over the border between two parts, wherever that is.
    for words_before in range(CHUNK - 60, CHUNK + 10, 5):
        rows = as_rows(["слово " * words_before + ITEMS[0]], escape=False)
        assert search(rows).seeds.tolist() == [len(wide_seeds(ITEMS[0]))]


def test_plain_text_has_no_escapes():
    buf, starts = block([rb"a\nb c d e f g".replace(b"\\n", rb"\n")])
    table = table_of([wide_seeds("nb c d e f g")])
    rows = np.array([0])
    assert found(find_wide_candidates(buf, starts, rows, json=False, table=table)) == [(0, 0)]
    assert found(find_wide_candidates(buf, starts, rows, json=True, table=table)) == []


@pytest.mark.skipif(not COMPILED, reason="compares the kernel with numpy")
@given(
    st.lists(st.sampled_from("abcde"), min_size=13, max_size=60),
    st.integers(0, 60),
    st.sampled_from([5, 13]),
)
def test_the_kernel_finds_what_numpy_finds(letters, cut, length):
    hashes = np.array([ord(letter) * 0x9E3779B97F4A7C15 % 2**64 for letter in letters], np.uint64)
    rows = (np.arange(len(letters)) >= cut).astype(np.int32)
    chained = wide.chained(hashes, length)
    table = table_of([chained[::2], chained[:1]])
    number = lookup(table, chained)
    expected = np.flatnonzero((number >= 0) & (rows[: len(number)] == rows[length - 1 :]))
    at, numbers = wide._matches(hashes, rows, length, table)
    assert (at.tolist(), numbers.tolist()) == (expected.tolist(), number[expected].tolist())


def test_a_strict_seed_takes_thirteen_words():
    both = [len(wide_seeds(text, exhaustive=True)) for text in ("a " * 12, "a " * 13)]
    assert both == [12 - 4, 13 - 4 + 1]


# Exhaustive search: the facts of the module's proof, then what follows from them.


def forms() -> list[str]:
    """Every character that a normal form can hold, of those that interpreter and table know."""
    ours = tuple(map(int, unicodedata.unidata_version.split(".")))
    if ours > tuple(map(int, FOLD_VERSION.rpartition("-")[2].split("."))):
        pytest.skip("the interpreter knows characters that the table does not")
    every = map(chr, range(0x110000))
    known = (char for char in every if unicodedata.category(char) != "Cn")
    return sorted({part for char in known for part in normalised(char)})


def test_breaks_of_the_reference_are_breaks_and_its_words_are_words():
    fold = strict_fold()
    for char in forms():
        kinds = {kind for kind, _ in fold[char]}
        assert kinds <= LETTERS | {Kind.BREAK}, hex(ord(char))
        assert bool(reference_words(char)) == bool(kinds & LETTERS), hex(ord(char))


def test_letters_that_are_words_of_the_reference_are_whole_words():
    fold = strict_fold()
    for char in forms():
        if reference_words(f"a{char}a") == ["a", char, "a"]:
            kinds = {kind for kind, _ in fold[char]}
            assert Kind.WORD not in kinds, hex(ord(char))


HANGUL = "\u1100\u1112\u115e\u115f\u1160\u1161\u1175\u1176\u11a7\u11a8\u11c2\u11c3가각힣ㄱㅏq\u0301"


# No letter here composes with the accent, which parts syllables all the same: an accented letter
# is where the strict fold gives several words for one of the reference.
@given(st.text(st.sampled_from(HANGUL), max_size=8))
def test_syllables_are_one_word_for_each_word_of_the_reference(text):
    ours = [word.value for word in words_of_text(text, strict=True)]
    theirs = [unicodedata.normalize("NFD", word) for word in reference_words(text)]
    assert ours == [word.replace("\u0301", "") for word in theirs]


def exhaustive(texts: list[str], items: list[str], *, escape: bool) -> set[tuple[int, int]]:
    """Every pair that the two searches find, each row read by the one that it belongs to."""
    buf, starts = block(as_rows(texts, escape=escape))
    limits = {"max_df": None}
    raw = table_of(plain_seeds(items, exhaustive=True), **limits)
    folded = table_of([wide_seeds(item, exhaustive=True) for item in items], **limits)
    scanned = find_candidates(buf, starts, json=True, table=raw, min_seeds=1)
    foreign = np.flatnonzero(scanned.foreign)
    looked_at = find_wide_candidates(buf, starts, foreign, json=True, table=folded, exhaustive=True)
    beyond = set(foreign.tolist())
    ascii_pairs = {pair for pair in found(scanned) if pair[0] not in beyond}
    return ascii_pairs | set(found(looked_at))


WORDS = [
    "a",
    "Bc",
    "n\u00e9",
    "ne\u0301",
    "\ufb01x",
    "K\u212a",
    "\u0130i",
    "\u03b1\u0345\u0301",
    "\u03ac\u0345",
    "ab\u0302c",
    "стол",
    "日",
    "本",
    "か\u3099",
    "ｶﾞ",
    "각",
    "\u1100\u1161\u11a8",
    "\u11a8",
    "\u3164",
    "\u0640",
    "\u02bc",
    "x\u00ady",
    "①",
    "½",
    "ß",
    "long" * 6,
    "ﷺ",
    "㌖",
]
GAPS = [
    " ",
    "  ",
    "-\n",
    "\u200b",
    "\u00ad",
    ", ",
    "\n",
    "\u0301",
    "_",
    "\u2019",
    "\ud800",
    "\\",
    '"',
]
words_of = st.lists(st.sampled_from(WORDS), min_size=13, max_size=16)


@st.composite
def alike(draw) -> tuple[str, str]:
    """Two texts that hold the same words with other things between, before and after them."""
    words = draw(words_of)

    def text() -> str:
        gaps = draw(st.lists(st.sampled_from(GAPS), min_size=len(words), max_size=len(words)))
        form = draw(st.sampled_from(["NFC", "NFD", "NFKC", "NFKD", None]))
        body = "".join(word + gap for word, gap in zip(words, gaps, strict=True))
        around = draw(st.sampled_from(["", "x", "京", " ", "\u0301", "é ", "-\n"]))
        whole = around + body + around
        return unicodedata.normalize(form, whole) if form else whole

    return text(), text()


@given(alike(), st.booleans())
def test_exhaustive_search_finds_what_the_reference_finds(pair, escape):
    row, item = pair
    if not escape:
        row = row.replace("\ud800", " ")
    assume(overlaps(row, item))
    assert exhaustive([row], [item], escape=escape) == {(0, 0)}
