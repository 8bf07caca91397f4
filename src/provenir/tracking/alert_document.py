"""An alert as it goes over the wire; see `provenir.tracking.alert_message` for what it says."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from provenir.core.document import Document, UtcText
from provenir.core.findings import Severity

__all__ = ["AlertDocument"]


class AlertDocument(Document):
    """What a webhook or a command is given.

    Attributes:
        event: What happened.
        run: The name of the run.
        run_id: Its id.
        kind: The kind of anomaly or hacking signal, `run_end` for a run that ended CRITICAL.
        severity: How bad it is.
        step: The step at which it was seen last.
        channel: The signal it is about.
        value: The value that set it off, where it is finite.
        detail: A sentence for people; text from data is neutralised.
        time: When it was told.
        held_back: Alerts that this destination was spared before this one.
    """

    schema_version: Literal["alert/1"] = "alert/1"
    event: Literal["onset", "escalation", "recovery", "halt", "end"]
    run: str
    run_id: str
    kind: str
    severity: Severity
    step: int | None
    channel: str | None
    value: float | None
    detail: str
    time: UtcText
    held_back: Annotated[int, Field(ge=0)]
