"""One row of a log, and what could not be read of it."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from provenir.observability.metric_names import STEP, lookup
from provenir.observability.metrics import step_number

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["LogRow", "RowFaults", "log_row", "read_cell"]

MAX_PLACES: Final = 5
MAX_TEXT: Final = 200
_WHOLE: Final = re.compile(r"[+-]?[0-9]{1,15}")
_WORDS: Final = {
    "nan": math.nan,
    "inf": math.inf,
    "+inf": math.inf,
    "-inf": -math.inf,
    "infinity": math.inf,
    "+infinity": math.inf,
    "-infinity": -math.inf,
    "true": 1.0,
    "false": 0.0,
}


@dataclass(frozen=True, slots=True)
class LogRow:
    """What was logged at once.

    Attributes:
        place: ``file:line``.
        step: The step that the log names; None where it names none.
        metrics: Name to number, None or short text; without the step.
    """

    place: str
    step: int | None
    metrics: Mapping[str, Any]


@dataclass(slots=True)
class RowFaults:
    """Counts what could not be read, and remembers the first few places of it."""

    counts: dict[str, int] = field(default_factory=dict)
    places: dict[str, list[str]] = field(default_factory=dict)

    def note(self, what: str, place: str) -> None:
        """Count one fault."""
        self.counts[what] = self.counts.get(what, 0) + 1
        places = self.places.setdefault(what, [])
        if len(places) < MAX_PLACES:
            places.append(place)


def log_row(raw: Mapping[str, Any], place: str, faults: RowFaults) -> LogRow:
    """Make a row of what one line holds; values that are neither number nor text are left out."""
    metrics: dict[str, Any] = {}
    for name, value in raw.items():
        if isinstance(value, str):
            metrics[name] = read_cell(value)
        elif value is None or isinstance(value, int | float):
            metrics[name] = value
        else:
            faults.note("values that are no numbers were left out", f"{place} ({name[:80]})")
            continue
        if isinstance(metrics[name], str) and (target := lookup(name)) and target.channel:
            faults.note("texts stand in the place of numbers", f"{place} ({name[:80]})")
    step, is_named = _step_of(metrics)
    if is_named and step is None:
        faults.note("steps are no whole numbers, so the rows were counted on", place)
    return LogRow(place, step, {n: v for n, v in metrics.items() if n != STEP})


def _step_of(metrics: Mapping[str, Any]) -> tuple[int | None, bool]:
    """The step of a row, by the trainer's own count where there are several, and if it has any."""
    named = [
        (target.rank, name)
        for name, value in metrics.items()
        if value is not None and (target := lookup(name)) and target.channel == STEP
    ]
    return (step_number(metrics[min(named)[1]]) if named else None), bool(named)


def read_cell(text: str) -> float | int | str | None:
    """What a cell of text means: a number where it is one, also NaN; None where it is empty."""
    bare = text.strip()
    if not bare:
        return None
    try:
        return (
            int(bare)
            if bare.lstrip("+-").isdecimal() and len(bare) < MAX_PLACES**2
            else float(bare)
        )
    except ValueError:
        return _WORDS.get(bare.lower(), bare[:MAX_TEXT])
