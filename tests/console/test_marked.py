from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from provenir.console.html import harmless
from provenir.console.marked import MOST_SPANS, Marked, Piece, Place, mark, places
from strategies import json_values

TEXTS = st.text(max_size=400)
PLACES = st.lists(
    st.builds(
        lambda start, length, rule, severity: Place(start, start + length, rule, severity),
        st.integers(0, 500),
        st.integers(1, 300),
        st.sampled_from(["a", "b"]),
        st.sampled_from(["info", "warning", "critical", "unheard-of"]),
    ),
    max_size=8,
)


def at(start: int, end: int, rule: str = "r", severity: str = "warning") -> Place:
    return Place(start, end, rule, severity)


def shown(found: Marked) -> str:
    return "".join(piece.text for piece in found.pieces if not piece.gap)


def marks(found: Marked) -> list[str]:
    return [piece.text for piece in found.pieces if piece.tone]


def test_overlapping_places_are_cut_where_they_change() -> None:
    found = mark("0123456789", [at(2, 6, "one"), at(4, 8, "two", "critical")], 100)
    assert found.pieces == (
        Piece("01"),
        Piece("23", "warning", "one"),
        Piece("45", "critical", "one; two"),
        Piece("67", "critical", "two"),
        Piece("89"),
    )


def test_characters_are_code_points_whatever_they_look_like() -> None:
    text = "\U0001d4b3 \u05e9\u05dc\u05d5\u05dd \u202eevil\x1b[31m e\u0301 end"
    start = text.index("evil")
    assert marks(mark(text, [at(start, start + 4)], 100)) == ["evil"]
    assert marks(mark(text, [at(0, 1)], 100)) == ["\U0001d4b3"]
    # What is made visible grows, and moves no mark.
    pieces = [harmless(piece.text) for piece in mark(text, [at(start, start + 4)], 100).pieces]
    assert pieces[1] == "evil"
    assert pieces[0].endswith("\\u202e")


def test_a_long_text_is_cut_around_its_places() -> None:
    text = "a" * 50_000 + "FIRST" + "b" * 50_000 + "SECOND" + "c" * 50_000
    where = [at(50_000, 50_005), at(100_005, 100_011)]
    found = mark(text, where, 1_600)
    assert marks(found) == ["FIRST", "SECOND"]
    assert len(shown(found)) <= 1_600
    gaps = [piece.text for piece in found.pieces if piece.gap]
    assert len(gaps) == 3
    assert found.pieces[0].text.startswith("a")
    assert (found.unfit, found.hidden) == (0, 0)


def test_room_that_the_places_leave_is_used() -> None:
    found = mark("abc" + "x" * 10_000, [at(0, 3)], 1_000)
    assert len(shown(found)) == 1_000
    found = mark("x" * 600 + "abc" + "x" * 10_000, [at(600, 603)], 1_000)
    assert shown(found).startswith("x" * 600 + "abc")
    assert len(shown(found)) == 1_000


def test_more_places_than_there_is_room_for_are_counted() -> None:
    text = "x" * 100_000
    found = mark(text, [at(start, start + 5) for start in range(0, 100_000, 2_000)], 2_400)
    assert len(marks(found)) + found.hidden == 50
    assert found.hidden > 0
    assert "not shown" in found.note


def test_a_place_as_long_as_the_text_is_shown_from_its_beginning() -> None:
    found = mark("y" * 100_000, [at(0, 100_000)], 1_000)
    assert len(marks(found)[0]) <= 1_000
    assert found.hidden == 0


def test_what_is_no_place_is_counted() -> None:
    spans: list[Any] = [[0, 2, "x"], [2, 2, "empty"], [3, 1], [-1, 2], "x", [0], None, [0, 1.5]]
    found, bad = places([{"kind": "k", "spans": spans}, {"kind": "k", "spans": 7}])
    assert ([(p.start, p.end, p.rule) for p in found], bad) == ([(0, 2, "k: x")], 7)
    many, more = places([{"kind": "k", "spans": [[0, 1, ""]] * (MOST_SPANS + 3)}])
    assert (len(many), more) == (MOST_SPANS, 3)
    assert places([{"spans": [{"start": 1, "end": 2, "rule": "r"}]}])[0][0].start == 1


@given(TEXTS, PLACES, st.integers(1, 200))
def test_pieces_are_the_text_in_order_and_marks_lie_under_their_places(
    text: str, where: list[Place], limit: int
) -> None:
    found = mark(text, where, limit)
    assert len(shown(found)) <= limit
    assert found.unfit == sum(place.end > len(text) for place in where)
    if len(text) <= limit:
        assert shown(found) == text
    offset = 0
    for piece in found.pieces:
        if piece.gap:
            offset += int(piece.text.split()[1].replace(",", ""))
            continue
        assert text[offset : offset + len(piece.text)] == piece.text
        over = [p for p in where if p.end <= len(text) and p.start <= offset < p.end]
        assert bool(over) == (piece.tone is not None)
        offset += len(piece.text)
    assert offset == len(text)


@given(json_values)
def test_any_value_can_stand_for_spans(value: Any) -> None:
    found, _ = places([{"spans": value}])
    assert all(place.start < place.end for place in found)
