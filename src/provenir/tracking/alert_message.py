"""What an alert says, as JSON and as a line for a chat.

The JSON form is `provenir.tracking.alert_document.AlertDocument`, schema `alert/1`.
`held_back` counts alerts that this destination was spared before this one. Nothing in it tells on
which machine or in which folder the run is. Text that came from data is neutralised: no control,
bidirectional or invisible character acts.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from provenir.core.text import printable

if TYPE_CHECKING:
    from provenir.core.findings import Severity

__all__ = ["AlertEvent", "AlertMessage"]

AlertEvent = Literal["onset", "escalation", "recovery", "halt", "end"]
_NAME_CHARS: Final = 120
_DETAIL_CHARS: Final = 500
_WORDS: Final[dict[str, str]] = {
    "onset": "began",
    "escalation": "got worse",
    "recovery": "is over",
    "halt": "stops the run",
    "end": "the run has ended",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertMessage:
    """One alert; the attributes are those of the JSON form."""

    event: AlertEvent
    run: str
    run_id: str
    kind: str
    severity: Severity
    detail: str
    time: str
    step: int | None = None
    channel: str | None = None
    value: float | None = None
    held_back: int = 0

    def payload(self) -> dict[str, Any]:
        """The JSON form."""
        value = self.value
        return {
            "schema_version": "alert/1",
            "event": self.event,
            "run": printable(self.run, max_chars=_NAME_CHARS),
            "run_id": self.run_id,
            "kind": self.kind,
            "severity": self.severity,
            "step": self.step,
            "channel": None if self.channel is None else printable(self.channel, max_chars=80),
            "value": value if value is not None and math.isfinite(value) else None,
            "detail": printable(self.detail, max_chars=_DETAIL_CHARS),
            "time": self.time,
            "held_back": self.held_back,
        }

    def slack(self) -> dict[str, Any]:
        """The form of Slack's incoming webhooks: one text; `&`, `<` and `>` cannot act in it."""
        told = self.payload()
        where = "" if self.step is None else f" at step {self.step}"
        first = f"{self.severity.upper()} {told['run']}: {self.kind} {_WORDS[self.event]}{where}"
        more = f"({self.held_back} alerts before this one were held back)" if self.held_back else ""
        text = "\n".join(line for line in (first, told["detail"], more, self.run_id) if line)
        escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        return {"text": escaped, "unfurl_links": False, "unfurl_media": False}
