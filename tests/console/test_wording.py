from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.console.wording import (
    clip,
    count,
    duration,
    figure,
    instant,
    share,
    short_digest,
    shorten,
)
from provenir.console.wording import size as file_size


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "not recorded"),
        (0.0, "0"),
        (-3.0, "−3"),
        (12345678.0, "12,345,678"),
        (0.00000123456, "1.235e−6"),
        (0.5, "0.5"),
        (3.14159, "3.142"),
        (1e300, "1e300"),
    ],
)
def test_figures(value: float | None, words: str) -> None:
    assert figure(value) == words


def test_missing_is_never_zero() -> None:
    assert figure(None) != figure(0.0)
    assert share(None) == "unknown"
    assert share(1) == "100%"
    assert share(1.7e306) == "1.7e+308%"
    assert share(1.7e307) == "inf%"


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_figure_is_short_and_one_line(value: float) -> None:
    assert 0 < len(figure(value)) <= 24
    assert "\n" not in figure(value)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (None, "unknown"),
        (-1, "unknown"),
        (0.25, "250 ms"),
        (5.04, "5.0 s"),
        (125, "2 min 5 s"),
        (7_260, "2 h 1 min"),
        (180_000, "2 d 2 h"),
    ],
)
def test_durations(seconds: float | None, words: str) -> None:
    assert duration(seconds) == words


def test_other_words() -> None:
    assert count(1, "step") == "1 step"
    assert count(1200, "anomaly", "anomalies") == "1,200 anomalies"
    assert [file_size(n) for n in (5, 5_000, 5_000_000)] == ["5 B", "5.0 kB", "5.0 MB"]
    assert instant(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)) == "2026-01-02 03:04:05 UTC"
    assert short_digest("sha256:" + "ab" * 32) == "sha256:abababababab…"
    assert short_digest("gsm8k") == "gsm8k"


@given(st.text(max_size=50), st.integers(1, 30))
def test_clipping_counts_what_it_leaves_out(text: str, limit: int) -> None:
    shown, more = clip(text, limit)
    assert len(shown) <= limit
    assert len(shown) + more == len(text)
    assert text.startswith(shown)


def test_shortening_says_what_is_missing() -> None:
    assert shorten("abc", 3) == "abc"
    assert shorten("x" * 2_003, 3) == "xxx … (2,000 more characters)"
