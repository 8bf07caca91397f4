"""The two documents of this room in a run folder: the flight recorder's and the hacking report."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from provenir.core.document import Document, Part
from provenir.core.findings import Severity

Count = Annotated[int, Field(ge=0)]


class FindingPart(Part):
    """A finding as stored (`provenir.core.findings.Finding`)."""

    kind: str
    severity: Severity
    detail: str
    subject: str | None
    data: dict[str, JsonValue]


class AnomalyPart(FindingPart):
    """One episode (`provenir.observability.Anomaly`)."""

    step: int
    channel: str
    value: float | None
    last_step: int
    recovered_at: int | None


class SignalPart(FindingPart):
    """One hacking signal (`provenir.observability.HackingSignal`)."""

    index: int | None
    group_id: str | int | None


class FlightRecorderDocument(Document):
    """`flight_recorder.json`.

    Attributes:
        config: The recorder's settings.
        summary: Counts, verdict, final metrics, what was and was not watched.
        anomalies: One entry per episode.
        series: Channel → buckets `[first_step, last_step, min, max, last]`, at most 2,000 each.
    """

    schema_version: Literal["flight-recorder/1"] = "flight-recorder/1"
    config: dict[str, JsonValue]
    summary: dict[str, JsonValue]
    anomalies: list[AnomalyPart]
    series: dict[str, list[tuple[int, int, float | None, float | None, float | None]]]


class HackingReportDocument(Document):
    """`hacking_report.json`.

    Attributes:
        num_trajectories: Rollouts handed over, examined or not.
        hacking_rate: Flagged / examined; null where none was examined.
        is_clean: True only when every rollout was examined and nothing of weight was found.
        by_kind: Signals of each kind.
        signals: The signals that were kept.
        examined: What was examined, counted.
        not_examined: What was not, and why.
    """

    schema_version: Literal["hacking-report/1"] = "hacking-report/1"
    num_trajectories: Count
    hacking_rate: Annotated[float, Field(ge=0, le=1)] | None
    is_clean: bool
    by_kind: dict[str, Count]
    signals: list[SignalPart]
    examined: dict[str, Count]
    not_examined: dict[str, str]
