"""How numbers, times, sizes and long text are written on the page."""

from __future__ import annotations

from datetime import UTC, datetime

_MINUTE_S = 60
_HOUR_S = 3600
_DAY_S = 86400
_PLAIN_LIMIT = 1e15
_FAR_BEYOND = 1e6


def figure(value: float | None, *, missing: str = "not recorded") -> str:
    """Write a number with at most four significant digits; a whole one in full."""
    if value is None:
        return missing
    if abs(value) < _PLAIN_LIMIT and value == int(value):
        return f"{int(value):,}".replace("-", "−")
    mantissa, _, exponent = f"{value:.4g}".partition("e")
    if exponent:
        mantissa = f"{mantissa}e{int(exponent)}"
    return mantissa.replace("-", "−")


def share(value: float | None, *, missing: str = "unknown") -> str:
    """Write a fraction of one as a percentage."""
    if value is None:
        return missing
    percent = 100.0 * value
    if abs(percent) >= _FAR_BEYOND:  # nothing of ours writes it, a changed file may
        return f"{percent:.3g}%"
    return f"{percent:.0f}%" if percent.is_integer() else f"{percent:.1f}%"


def count(n: int, singular: str, plural: str | None = None) -> str:
    """Write a counted noun: ``1 step``, ``1,200 steps``."""
    return f"{n:,} {singular if n == 1 else plural or singular + 's'}"


def size(n_bytes: int) -> str:
    """Write a file size in B, kB or MB (powers of ten)."""
    if n_bytes < 1_000:
        return f"{n_bytes} B"
    if n_bytes < 1_000_000:
        return f"{n_bytes / 1_000:.1f} kB"
    return f"{n_bytes / 1_000_000:,.1f} MB"


def instant(value: datetime | None) -> str:
    """Write a moment in UTC to the second."""
    if value is None:
        return "unknown"
    return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def duration(seconds: float | None) -> str:
    """Write a span of time with its two largest units."""
    if seconds is None or seconds < 0:
        return "unknown"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < _MINUTE_S:
        return f"{seconds:.1f} s"
    whole = int(seconds)
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S} min {whole % _MINUTE_S} s"
    if whole < _DAY_S:
        return f"{whole // _HOUR_S} h {whole % _HOUR_S // _MINUTE_S} min"
    return f"{whole // _DAY_S} d {whole % _DAY_S // _HOUR_S} h"


def clip(value: str, limit: int) -> tuple[str, int]:
    """Cut text to ``limit`` characters; the second value counts what was left out."""
    return (value, 0) if len(value) <= limit else (value[:limit], len(value) - limit)


def shorten(value: str, limit: int) -> str:
    """Cut text to ``limit`` characters and say how many are left out."""
    shown, more = clip(value, limit)
    return f"{shown} … ({more:,} more characters)" if more else shown


def short_digest(value: str) -> str:
    """Shorten ``sha256:<64 hex>`` (or a bare hash) to its first twelve hex digits."""
    prefix, colon, rest = value.rpartition(":")
    return f"{prefix}{colon}{rest[:12]}…" if len(rest) > 20 else value
