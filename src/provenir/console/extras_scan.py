"""Recorded numbers that are no channel of the flight recorder.

They are kept in ``steps.jsonl`` only and no detector looks at them; the page draws them all the
same, and says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from provenir.console.series import Bucket, Series
from provenir.console.shapes import mapping, number, whole
from provenir.observability.metric_names import channel_of
from provenir.observability.series import Series as Course

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST: Final = 400
"""Most names that are followed."""

_BUCKETS: Final = 480


def read_extras(steps: Iterable[Mapping[str, Any]]) -> tuple[list[Series], int]:
    """Follow every numeric name without a channel through the step records.

    Returns:
        The series in order of first appearance, and how many further names were not followed.
    """
    courses: dict[str, Course] = {}
    ignored: set[str] = set()
    for at, record in enumerate(steps):
        found = whole(record.get("step"))
        step = at if found is None else found
        for name, raw in mapping(record.get("metrics")).items():
            value = number(raw)
            if value is None or name in ignored:
                continue
            course = courses.get(name)
            if course is None:
                if len(courses) >= MOST or channel_of(name) is not None:
                    _ignore(ignored, name)
                    continue
                course = courses[name] = Course(_BUCKETS)
            if -(2**62) < step < 2**62:
                course.append(step, value)
    series = [_series(name, course) for name, course in courses.items() if len(course)]
    return series, sum(1 for name in ignored if channel_of(name) is None)


def _ignore(ignored: set[str], name: str) -> None:
    if len(ignored) < 10 * MOST:
        ignored.add(name)


def _series(name: str, course: Course) -> Series:
    buckets = tuple(Bucket(*bucket) for bucket in course.buckets())
    return Series(channel=name, buckets=buckets, watched=False)
