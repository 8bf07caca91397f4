"""Where anomalies lie on a chart: bands from onset to end, few enough to be told apart.

A severity is told by its colour, by the sign at the onset and by the dash of the onset's line, so
that it is read in print and by people who see no colours. Episodes of one severity that are closer
together than can be seen are drawn as one band; the table names each of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from provenir.console import palette
from provenir.console.wording import count

if TYPE_CHECKING:
    from collections.abc import Sequence

SEVERITIES: Final = ("info", "warning", "critical")
"""In the order of drawing: the worst is on top."""

SIGNS: Final = {"critical": "▼", "warning": "◆", "info": "●"}
SHAPES: Final = {"critical": "triangle-down", "warning": "diamond", "info": "circle"}
DASHES: Final = {"critical": [1, 0], "warning": [5, 3], "info": [1, 3]}
_APART: Final = 60
"""Into how many parts the axis is divided; a gap of less than one of them is not seen."""

_MANY: Final = 12
"""Bands of a chart beyond which a severity goes without signs; the worst has them first."""

_NAMED: Final = 3
_OPACITY: Final = 0.16
_FAINT: Final = 0.09


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """An anomaly's place on the step axis."""

    first_step: int
    last_step: int
    severity: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bands:
    """The bands of one severity.

    Attributes:
        severity: Which.
        spans: First and last step of each, in order.
        opacity: How strongly they are filled: faint where they cover most of the chart.
        has_signs: Whether each onset gets its sign, and a line that is more than a hint.
    """

    severity: str
    spans: tuple[tuple[int, int], ...]
    opacity: float
    has_signs: bool


def bands(marks: Sequence[Mark], span: tuple[int, int]) -> list[Bands]:
    """Join the marks of each severity into bands, the least severe first."""
    width = max(1, span[1] - span[0])
    found: list[Bands] = []
    drawn = 0
    for severity in reversed(SEVERITIES):
        places = sorted((m.first_step, m.last_step) for m in marks if _known(m) == severity)
        if not places:
            continue
        spans = _joined(places, width / _APART)
        drawn += len(spans)
        covered = sum(last - first for first, last in spans)
        found.append(
            Bands(
                severity=severity,
                spans=tuple(spans),
                opacity=_FAINT if covered > width / 2 else _OPACITY,
                has_signs=drawn <= _MANY,
            )
        )
    return found[::-1]


def _known(mark: Mark) -> str:
    return mark.severity if mark.severity in palette.SEVERITY else "warning"


def _joined(places: Sequence[tuple[int, int]], apart: float) -> list[tuple[int, int]]:
    spans = [places[0]]
    for first, last in places[1:]:
        start, end = spans[-1]
        if first - end < apart:
            spans[-1] = (start, max(end, last))
        else:
            spans.append((first, last))
    return spans


def in_words(marks: Sequence[Mark]) -> str:
    """Say where the anomalies lie, for those who cannot see the picture; the worst first."""
    told = []
    for severity in reversed(SEVERITIES):
        places = [m for m in marks if _known(m) == severity]
        if not places:
            continue
        named = ", ".join(_steps(mark) for mark in places[:_NAMED])
        more = f" and {len(places) - _NAMED:,} more" if len(places) > _NAMED else ""
        told.append(f"{severity} at {named}{more}")
    return f"{count(len(marks), 'anomaly', 'anomalies')} marked: {'; '.join(told)}" if told else ""


def _steps(mark: Mark) -> str:
    if mark.last_step == mark.first_step:
        return f"step {mark.first_step:,}"
    return f"steps {mark.first_step:,} to {mark.last_step:,}"
