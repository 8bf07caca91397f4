"""What reading one response gave: signals, and what of the text was not looked at.

A reading can be written down without the text (`to_plain`): kinds, severities, and places with the
names of rules, no word of what stands there. A run folder that hides texts keeps that, so that the
report made from the folder is the report that the live run gave.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from provenir.core.spans import Span
from provenir.observability.hacking.code import code_signals
from provenir.observability.hacking.response import ResponseText, read_response
from provenir.observability.hacking.signal import HackingSignal
from provenir.observability.hacking.text.registry import TEXT_DETECTORS

__all__ = ["Reading", "hidden_reading", "is_hidden", "read_text", "stored_reading"]

_TEXT_KEYS: Final = ("prediction", "response", "completion")
_RULE: Final = re.compile(r"[A-Za-z][A-Za-z0-9_.:-]{0,47}")
_REASON: Final = re.compile(r"[a-z][a-z ,-]{0,63}")
_MAX_KEPT: Final = 64
_SHORT: Final = 256
_MAX_REMEMBERED: Final = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one text gave.

    Attributes:
        signals: What was seen, without an index and in any number per kind.
        response: The text itself; None where the reading comes from a record that hides it.
        chars: How long the text is.
        truncated: Whether it is longer than what is read, so that its middle was not seen.
        has_format: Whether a format was declared for it.
        skipped: Why blocks of its code were not analysed, counted.
        failed: How many detectors failed on it.
    """

    signals: tuple[HackingSignal, ...] = ()
    response: ResponseText | None = None
    chars: int = 0
    truncated: bool = False
    has_format: bool = False
    skipped: Mapping[str, int] = field(default_factory=dict)
    failed: int = 0

    def to_plain(self) -> dict[str, Any]:
        """Return the reading as JSON-safe values that quote nothing of the text."""
        return {
            "chars": self.chars,
            "truncated": self.truncated,
            "has_format": self.has_format,
            "skipped": {why: n for why, n in self.skipped.items() if _REASON.fullmatch(why)},
            "failed": self.failed,
            "signals": [
                [
                    signal.kind,
                    signal.severity,
                    signal.evidence,
                    [[span.start, span.end, _rule(span.rule)] for span in signal.spans[:_MAX_KEPT]],
                ]
                for signal in self.signals[:_MAX_KEPT]
            ],
        }


def read_text(trajectory: object) -> Reading | None:
    """Read the response of a rollout; never raises.

    What a short text gives is remembered, for a bounded number of them: they come again and again
    in a run, and what they give depends on nothing else.

    Returns:
        None where it holds no text.
    """
    response = read_response(trajectory)
    if response is None:
        return None
    chars = len(response.text) + len(response.prompt or "") + len(response.reference or "")
    return _remembered(response) if chars <= _SHORT else _read(response)


def _read(response: ResponseText) -> Reading:
    signals: list[HackingSignal] = []
    skipped: Mapping[str, int] = {}
    failed = 0
    try:
        found, skipped = code_signals(response)
        signals += found
    except Exception:  # noqa: BLE001 - a fault in the analysis is counted, the run goes on
        failed += 1
    for detector in TEXT_DETECTORS:
        try:
            signals += detector(response)
        except Exception:  # noqa: BLE001 - the same
            failed += 1
    return Reading(
        signals=tuple(signals),
        response=response,
        chars=len(response.text),
        truncated=response.truncated,
        has_format=response.declared_format is not None,
        skipped=skipped,
        failed=failed,
    )


_remembered = lru_cache(maxsize=_MAX_REMEMBERED)(_read)


def hidden_reading(trajectory: object) -> dict[str, Any] | None:
    """Read a response whose text shall not be kept; return what may be. Never raises."""
    reading = read_text(trajectory)
    return None if reading is None else reading.to_plain()


def is_hidden(trajectory: object) -> bool:
    """Whether the response of a rollout is a digest in the place of a text; never raises."""
    try:
        if not isinstance(trajectory, Mapping):
            return False
        values = (trajectory.get(key) for key in _TEXT_KEYS)
        return any(isinstance(v, Mapping) and v.keys() == {"sha256", "chars"} for v in values)
    except Exception:  # noqa: BLE001 - a user's mapping may fail in any way
        return False


def stored_reading(plain: object) -> Reading | None:
    """Return the reading that `to_plain` wrote, None for what is none; never raises."""
    try:
        if not isinstance(plain, Mapping):
            return None
        return Reading(
            signals=tuple(_stored_signal(*entry) for entry in plain["signals"]),
            chars=int(plain["chars"]),
            truncated=plain["truncated"] is True,
            has_format=plain["has_format"] is True,
            skipped={str(why): int(count) for why, count in plain["skipped"].items()},
            failed=int(plain["failed"]),
        )
    except Exception:  # noqa: BLE001 - a file may hold anything
        return None


def _stored_signal(kind: Any, severity: Any, evidence: Any, places: Any) -> HackingSignal:
    spans = tuple(Span(start, end, rule) for start, end, rule in places)
    rules = sorted({span.rule for span in spans if span.rule})
    named = f": {', '.join(rules)}" if rules else ""
    return HackingSignal(
        kind=kind,
        severity=severity,
        detail=f"seen in a text that is not kept{named}",
        evidence=evidence,
        spans=spans,
    )


def _rule(name: str) -> str:
    return name if _RULE.fullmatch(name) else ""
