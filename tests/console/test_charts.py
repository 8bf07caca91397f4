from __future__ import annotations

import re
from base64 import b64decode
from typing import Any

import pytest

from provenir.console import palette
from provenir.console.bands import Mark
from provenir.console.charts import draw, is_log, specification
from provenir.console.series import Bucket, Series

altair = pytest.importorskip("altair", reason="the charts need the extra report")
pytest.importorskip("vl_convert", reason="the charts need the extra report")

NONE = None


def series(*values: float | None, name: str = "kl") -> Series:
    return Series(channel=name, buckets=tuple(Bucket(i, i, v, v, v) for i, v in enumerate(values)))


def drawing(one: Series, *marks: Mark) -> str:
    return b64decode(draw(one, marks).light.partition(",")[2]).decode()


CASES = [
    series(1.0),
    series(1.0, 1.0, 1.0),
    series(NONE, NONE),
    series(1.0, NONE, 2.0),
    series(-1e308, 1e308),
    series(1e-300, 1.0, 1.0, 1e300),
    series(0.0, 1e-12),
    Series(channel="x", buckets=(Bucket(0, 9, 0.5, 2.0, 1.0), Bucket(10, 19, 0.1, 3.0, 2.0))),
]


@pytest.mark.parametrize("one", CASES)
def test_any_course_is_a_valid_specification_and_a_drawing(one: Series) -> None:
    mark = Mark(first_step=0, last_step=1, severity="critical")
    spec = specification(one, [mark], (one.first_step, one.last_step))
    altair.Chart.from_dict(spec)
    assert "NaN" not in drawing(one, mark)


@pytest.mark.parametrize("severity", ["info", "warning", "critical", "unheard-of"])
def test_marks_have_the_colour_of_their_severity(severity: str) -> None:
    colour = palette.severity_colour(severity)
    one = series(1.0, 2.0, 3.0)
    assert colour not in drawing(one)
    assert drawing(one, Mark(first_step=1, last_step=2, severity=severity)).count(colour) == 3


def test_no_name_of_a_channel_enters_a_drawing() -> None:
    name = "</svg><script>"
    assert name not in drawing(series(1.0, 2.0, name=name))
    assert name in draw(series(1.0, 2.0, name=name)).alt


def test_a_specification_names_no_address() -> None:
    def walk(value: Any) -> list[str]:
        if isinstance(value, dict):
            return [str(k) for k in value] + [t for v in value.values() for t in walk(v)]
        if isinstance(value, list):
            return [t for v in value for t in walk(v)]
        return []

    spec = specification(series(1.0, 2.0), [], (0, 1))
    assert not {"url", "href"} & set(walk(spec))


def test_outgrown_channels_get_a_logarithmic_scale() -> None:
    assert is_log(series(*[0.01] * 50, 4.0))
    assert not is_log(series(*[0.01] * 50, 0.02))
    assert not is_log(series(*[0.0] * 50, 4.0))
    assert not is_log(series(NONE))


def words(one: Series) -> list[str]:
    return re.findall(r"<text[^>]*>([^<]*)</text>", drawing(one))


def test_a_logarithmic_axis_names_its_decades_and_draws_no_other_line() -> None:
    one = series(*[0.01] * 50, 0.2, 1.2)
    assert {"0.01", "0.1", "1"} <= set(words(one))
    assert "10" not in words(one)[words(one).index("0.01") :]
    assert drawing(one).count(palette.GRID) == 3


def test_values_below_a_million_are_written_in_full() -> None:
    written = words(series(0.0, 250_000.0, 500_000.0))
    assert {"200,000", "400,000"} <= set(written)
    assert not [label for label in written if "e" in label and label != "step"]
    assert "2e6" in words(series(0.0, 4_000_000.0))
    assert "step" in written


@pytest.mark.parametrize("n", [2, 3, 4, 9])
def test_no_step_is_written_twice(n: int) -> None:
    written = words(series(*[1.0] * n))
    steps = written[: written.index("step")]
    assert len(steps) == len(set(steps))


def test_values_of_a_narrow_axis_differ() -> None:
    written = words(series(*(250_001 + i / 10 for i in range(20))))
    assert len(written) == len(set(written))


def test_the_dark_dress_replaces_every_colour() -> None:
    picture = draw(series(1.0, 2.0), [Mark(first_step=0, last_step=1, severity="critical")])
    dark = b64decode(picture.dark.partition(",")[2]).decode()
    assert not [colour for colour in palette.DARK if colour in dark]
    assert palette.DARK[palette.LINE] in dark
