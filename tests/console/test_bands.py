from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from provenir.console.bands import DASHES, SHAPES, SIGNS, Mark, bands, in_words

places = st.tuples(st.integers(0, 999), st.integers(0, 200), st.sampled_from(list(SIGNS)))


def mark(first: int, last: int, severity: str = "warning") -> Mark:
    return Mark(first_step=first, last_step=last, severity=severity)


def test_what_lies_apart_stays_apart_and_the_worst_is_on_top() -> None:
    found = bands([mark(10, 20), mark(60, 60, "critical"), mark(70, 80)], (0, 100))
    assert [(b.severity, b.spans) for b in found] == [
        ("warning", ((10, 20), (70, 80))),
        ("critical", ((60, 60),)),
    ]
    assert all(b.has_signs for b in found)


def test_many_episodes_do_not_drown_the_chart() -> None:
    (found,) = bands([mark(at, at + 1) for at in range(0, 10_000, 5)], (0, 10_000))
    assert found.spans == ((0, 9_996),)
    scattered = bands([mark(at, at) for at in range(0, 10_000, 500)], (0, 10_000))
    assert [(len(b.spans), b.has_signs) for b in scattered] == [(20, False)]
    assert found.opacity < scattered[0].opacity


def test_the_worst_keep_their_signs_longest() -> None:
    marks = [mark(at, at, "critical") for at in range(0, 10_000, 1_000)]
    marks += [mark(at, at) for at in range(500, 10_000, 1_000)]
    found = bands(marks, (0, 10_000))
    assert [(b.severity, b.has_signs) for b in found] == [("warning", False), ("critical", True)]


@given(st.lists(places, max_size=200))
def test_every_episode_lies_in_a_band_and_bands_are_few(given_: list[tuple[int, int, str]]) -> None:
    marks = [mark(first, first + length, severity) for first, length, severity in given_]
    found = {b.severity: b.spans for b in bands(marks, (0, 1_200))}
    for one in marks:
        assert any(a <= one.first_step and one.last_step <= b for a, b in found[one.severity])
    for spans in found.values():
        assert len(spans) <= 61
        assert all(a[1] < b[0] for a, b in pairwise(spans))


def test_an_unknown_severity_counts_as_a_warning() -> None:
    assert bands([mark(1, 2, "unheard-of")], (0, 9))[0].severity == "warning"


def test_severities_differ_without_colour() -> None:
    for told in (SIGNS, SHAPES, {name: tuple(dash) for name, dash in DASHES.items()}):
        assert len(set(told.values())) == 3


def test_the_words_name_severity_and_steps() -> None:
    told = in_words(
        [mark(5, 5), mark(1_000, 2_000, "critical"), *[mark(at, at) for at in range(5)]]
    )
    assert told == (
        "7 anomalies marked: critical at steps 1,000 to 2,000;"
        " warning at step 5, step 0, step 1 and 3 more"
    )
    assert in_words([]) == ""
