"""Time as something that is handed in, and the one way in which it is written.

Whatever needs the time takes a `Clock`; tests and examples hand in a `FixedClock`.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol, runtime_checkable

from provenir.core.errors import InputError, UsageError

__all__ = ["Clock", "FixedClock", "SystemClock", "parse_utc", "utc_text"]

_RFC3339: Final = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})")


@runtime_checkable
class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """Return the present instant with a time zone."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """Return the present instant in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still, or goes on by a fixed step each time it is asked.

    Args:
        start: The first answer; an instant with a time zone, or its RFC 3339 text.
        step_s: Seconds by which each answer lies after the one before it.
    """

    def __init__(self, start: datetime | str = "2026-01-01T00:00:00Z", step_s: float = 0.0) -> None:
        begin = parse_utc(start) if isinstance(start, str) else start
        if begin.tzinfo is None:
            raise UsageError("a clock needs a time zone", mend="pass tzinfo=datetime.UTC")
        self._next = begin.astimezone(UTC)
        self._step = timedelta(seconds=step_s)

    def now(self) -> datetime:
        """Return the next instant in UTC."""
        value = self._next
        self._next = value + self._step
        return value


def utc_text(instant: datetime) -> str:
    """Write an instant as RFC 3339 in UTC with milliseconds: ``2026-01-02T03:04:05.678Z``.

    What lies below a millisecond is cut off.

    Raises:
        UsageError: The instant has no time zone.
    """
    if instant.tzinfo is None:
        raise UsageError("a time without a time zone", mend="pass tzinfo=datetime.UTC")
    return instant.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def parse_utc(text: str) -> datetime:
    """Read an RFC 3339 instant with its offset and return it in UTC.

    Digits below a microsecond are cut off. Text without an offset, other ISO 8601 forms and
    impossible dates are refused.

    Raises:
        InputError: Not such a text.
    """
    refusal = InputError(
        f"{text[:64]!r} is not a time", mend="write RFC 3339 like 2026-01-02T03:04:05Z"
    )
    if _RFC3339.fullmatch(text) is None or not text.isascii():
        raise refusal
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except (ValueError, OverflowError) as error:  # an impossible date or offset
        raise refusal from error
