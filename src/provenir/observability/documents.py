"""The two documents of this room in a run folder: the flight recorder's and the hacking report."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self

from pydantic import Field, JsonValue

from provenir.core.document import Document, Part
from provenir.core.findings import Severity
from provenir.observability.hacking.signal import EvidenceClass

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
    """One hacking signal (`provenir.observability.HackingSignal`).

    Attributes:
        spans: Places in the response: first character, the one after the last, rule.
    """

    index: int | None
    group_id: str | int | None
    evidence: EvidenceClass
    spans: list[tuple[Count, Count, str]]
    confidence: Annotated[float, Field(ge=0, le=1)] | None
    calibration: str | None
    confirmed: bool


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
    """`hacking_report.json`; version 1, which knew numbers only, is read too.

    Attributes:
        num_trajectories: Rollouts handed over, examined or not.
        hacking_rate: Flagged / examined; null where none was examined.
        is_clean: True only when every rollout was examined and nothing of weight was found.
        num_confirmed: Rollouts with a confirmed signal.
        num_suspected: Other rollouts with a signal of severity warning or above.
        by_kind: Signals of each kind.
        signals: The signals that were kept.
        examined: What was examined, counted.
        not_examined: What was not, and why.
    """

    schema_version: Literal["hacking-report/2"] = "hacking-report/2"
    num_trajectories: Count
    hacking_rate: Annotated[float, Field(ge=0, le=1)] | None
    is_clean: bool
    num_confirmed: Count
    num_suspected: Count
    by_kind: dict[str, Count]
    signals: list[SignalPart]
    examined: dict[str, Count]
    not_examined: dict[str, str]

    @classmethod
    def from_value(cls, value: Any, *, where: str) -> Self:
        """Return the report that a value holds, whichever version wrote it.

        Args:
            value: What the strict reader made of a JSON text, with `doubles`.
            where: What to call the input in an error.

        Raises:
            DocumentError: Neither version, or not what its schema says.
        """
        if isinstance(value, dict) and value.get("schema_version") == _VERSION_1:
            value = _of_version_1(value)
        return super().from_value(value, where=where)


_VERSION_1: Final = "hacking-report/1"
_UNGRADED: Final[dict[str, Any]] = {
    "evidence": "statistical",
    "spans": [],
    "confidence": None,
    "calibration": None,
    "confirmed": False,
}


def _of_version_1(value: dict[str, Any]) -> dict[str, Any]:
    """Return a report of version 1 in the present form; one of a wrong shape stays as it is.

    Its signals were all statistical and none was confirmed; how many rollouts they flagged follows
    from the rate.
    """
    try:
        signals = [{**_UNGRADED, **signal} for signal in value["signals"]]
        flagged = round((value["hacking_rate"] or 0.0) * value["examined"].get("trajectories", 0))
    except (KeyError, TypeError, ValueError, OverflowError, AttributeError):
        return value
    now = {"schema_version": "hacking-report/2", "num_confirmed": 0, "num_suspected": flagged}
    return value if "num_confirmed" in value else {**value, **now, "signals": signals}
