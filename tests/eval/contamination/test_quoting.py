"""A hit's texts in pieces: together they are the text, and what is common is marked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

pytest.importorskip("numpy", reason="needs the extra data")

from provenir.eval.contamination.hit import AlignedSpan, ContaminationHit, Excerpt
from provenir.eval.contamination.quoting import quoted


def make_hit(text, spans, *, start=0, field="text"):
    return ContaminationHit(
        severity="critical",
        detail="d",
        train_index=0,
        eval_set="e",
        eval_index=0,
        method="ngram",
        score=1.0,
        role="item",
        spans=tuple(
            AlignedSpan(
                eval_field=name,
                eval_start=first,
                eval_end=last,
                train_field=name,
                train_start=first,
                train_end=last,
            )
            for name, first, last in spans
        ),
        eval_excerpt=Excerpt(field=field, start=start, text=text),
    )


@given(
    text=st.text(max_size=60),
    start=st.integers(0, 20),
    spans=st.lists(st.tuples(st.integers(0, 90), st.integers(0, 90)), max_size=6),
)
def test_the_pieces_are_the_text_again(text, start, spans):
    hit = make_hit(text, [("text", *span) for span in spans], start=start)
    pieces = quoted(hit, "eval")
    assert "".join(piece.text for piece in pieces) == text
    assert all(piece.text for piece in pieces)
    common = {at for first, last in spans for at in range(first - start, last - start)}
    at = 0
    for piece in pieces:
        words = {at + k for k, char in enumerate(piece.text) if char.isalnum()}
        assert words <= common if piece.common else words.isdisjoint(common)
        at += len(piece.text)


def test_stretches_with_but_signs_between_are_one_piece():
    text = "one, two. three four"
    hit = make_hit(text, [("text", 0, 3), ("text", 5, 8), ("text", 16, 20), ("other", 9, 15)])
    assert [(piece.text, piece.common) for piece in quoted(hit, "eval")] == [
        ("one, two", True),
        (". three ", False),
        ("four", True),
    ]


@pytest.mark.parametrize("side", ["eval", "train"])
def test_a_hit_without_excerpt_quotes_nothing(side):
    hit = make_hit("", [])
    assert quoted(hit, side) == ()
