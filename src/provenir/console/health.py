"""The health section: the recorder's verdict and one row per anomaly episode."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from provenir.console.shapes import mapping, mappings, number, text, whole
from provenir.console.view import Cell, Column, Notice, Table, Tone, severity_tone, table
from provenir.console.wording import count, figure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

VERDICTS: Final[dict[str, Tone]] = {
    "HEALTHY": "good",
    "DEGRADED": "warning",
    "CRITICAL": "critical",
    "UNKNOWN": "plain",
}
_RANK: Final = {"critical": 0, "warning": 1, "info": 2}
_LIMIT: Final = 200
_COLUMNS: Final = (
    Column("Severity"),
    Column("Kind"),
    Column("Channel"),
    Column("Steps"),
    Column("Value", numeric=True),
    Column("Reason", wide=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Episode:
    """One anomaly from its onset to its end.

    Attributes:
        last_step: The last step at which it was seen.
        recovered_at: The first step at which it was over; None when the run ended before.
    """

    kind: str
    severity: str
    channel: str | None
    step: int
    last_step: int
    recovered_at: int | None
    value: float | None
    detail: str

    @property
    def when(self) -> str:
        """The steps of the episode in words."""
        span = (
            f"{self.step:,}" if self.last_step == self.step else f"{self.step:,}–{self.last_step:,}"
        )
        return span if self.recovered_at is not None else f"{span}, open at the end"


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """The view of this section."""

    verdict: str
    lead: str
    num_steps: int
    counts: Mapping[str, int]
    episodes: Table
    notices: tuple[Notice, ...] = ()


def read_episodes(recorder: Mapping[str, Any]) -> list[Episode]:
    """Read the anomalies of a flight recorder's document, worst and earliest first."""
    found = [
        episode
        for raw in mappings(recorder.get("anomalies"))
        if (episode := _episode(raw)) is not None
    ]
    return sorted(found, key=lambda e: (_RANK.get(e.severity, 1), e.step, e.kind))


def _episode(raw: Mapping[str, Any]) -> Episode | None:
    step = whole(raw.get("step"))
    if step is None:
        return None
    last = whole(raw.get("last_step"))
    return Episode(
        kind=str(raw.get("kind", "unnamed")),
        severity=str(raw.get("severity", "warning")),
        channel=text(raw.get("channel")) or text(raw.get("subject")),
        step=step,
        last_step=step if last is None else max(step, last),
        recovered_at=whole(raw.get("recovered_at")),
        value=number(raw.get("value")),
        detail=str(raw.get("detail", "")),
    )


def read_health(
    recorder: Mapping[str, Any], episodes: Sequence[Episode], notices: Sequence[Notice] = ()
) -> Health:
    """Build the section from the recorder's document; an empty one gives UNKNOWN."""
    summary = mapping(recorder.get("summary"))
    verdict = str(summary.get("verdict", "UNKNOWN"))
    verdict = verdict if verdict in VERDICTS else "UNKNOWN"
    steps = whole(summary.get("num_steps")) or 0
    counts = {s: sum(1 for e in episodes if e.severity == s) for s in _RANK}
    return Health(
        verdict=verdict,
        lead=_lead(verdict, steps, counts),
        num_steps=steps,
        counts=counts,
        episodes=table(_COLUMNS, [_row(e) for e in episodes], limit=_LIMIT, noun="episodes"),
        notices=tuple(notices),
    )


def _lead(verdict: str, steps: int, counts: Mapping[str, int]) -> str:
    if steps == 0:
        return "No step was recorded, so nothing is known about how this run went."
    over = count(steps, "recorded step")
    if not any(counts.values()):
        if verdict == "UNKNOWN":
            return (
                f"{over}, but no channel that a detector watches: the health of this run is"
                " unknown."
            )
        return (
            f"No anomaly over {over}. This covers only the channels recorded below; what no"
            " detector watched is listed under “What was NOT checked”."
        )
    named = ", ".join(f"{n} {severity}" for severity, n in counts.items() if n)
    return f"{count(sum(counts.values()), 'anomaly episode')} over {over}: {named}."


def _row(episode: Episode) -> tuple[Cell, ...]:
    return (
        Cell(episode.severity, tone=severity_tone(episode.severity)),
        Cell(episode.kind, code=True),
        Cell(episode.channel or "–"),
        Cell(episode.when),
        Cell(figure(episode.value, missing="–")),
        Cell(episode.detail),
    )
