"""The verdict on a run: HEALTHY, DEGRADED, CRITICAL or UNKNOWN, and what it rests on.

CRITICAL while a critical episode goes on; DEGRADED after a recovered critical or for any warning;
UNKNOWN when nothing was logged that a detector reads. Information alone leaves a run HEALTHY.
Whatever could not be watched is listed with its reason: a healthy run is healthy in what was seen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from provenir.core.text import printable
from provenir.observability.detectors.baseline import FEWEST
from provenir.observability.detectors.registry import CHANNELS_OF, NEEDS_HISTORY, NONFINITE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from provenir.observability.anomaly import Anomaly

Verdict = Literal["HEALTHY", "DEGRADED", "CRITICAL", "UNKNOWN"]

_SHOWN: Final = 20


def coverage(
    counts: Mapping[str, int], warmup: int, *, off: Collection[str] = ()
) -> tuple[dict[str, int], dict[str, str]]:
    """Tell which kinds were watched, at how many values, and which were not, and why.

    Args:
        counts: Finite and non-finite values seen by channel.
        warmup: Values before sustained shifts are tested.
        off: Kinds that are not watched.
    """
    examined: dict[str, int] = {}
    not_examined: dict[str, str] = {}
    for kind, channels in CHANNELS_OF.items():
        if kind in off:
            not_examined[kind] = "switched off in the settings"
            continue
        if kind == NONFINITE:
            seen = sum(counts.values())
        else:
            seen = max(counts.get(channel, 0) for channel in channels)
        if seen > (FEWEST if kind in NEEDS_HISTORY else 0):
            examined[kind] = seen
        elif seen:
            not_examined[kind] = f"needs more than {FEWEST} values of {' or '.join(channels)}"
        elif kind == NONFINITE:
            not_examined[kind] = "no known metric was logged"
        else:
            not_examined[kind] = f"never logged: {' or '.join(channels)}"
    relative = {kind: seen for kind, seen in examined.items() if kind != NONFINITE}
    few = [kind for kind, seen in relative.items() if seen <= FEWEST]
    short = [kind for kind, seen in relative.items() if FEWEST < seen <= warmup]
    if few:
        not_examined["leaps"] = f"up to {FEWEST} values, only bounds tested: {', '.join(few)}"
    if short:
        not_examined["sustained_shifts"] = (
            f"up to {warmup} values, only leaps and bounds tested: {', '.join(short)}"
        )
    return examined, not_examined


def verdict(examined: Mapping[str, int], worst: Iterable[tuple[str, bool]]) -> Verdict:
    """Judge a run.

    Args:
        examined: Kinds that were watched.
        worst: Severity and whether it goes on, for every episode.
    """
    grades = list(worst)
    if ("critical", True) in grades:
        return "CRITICAL"
    if any(severity != "info" for severity, _ in grades):
        return "DEGRADED"
    return "HEALTHY" if set(examined) - {NONFINITE} else "UNKNOWN"


def report_text(
    grade: Verdict,
    *,
    num_steps: int,
    anomalies: Sequence[Anomaly],
    by_severity: Mapping[str, int],
    examined: Mapping[str, int],
    not_examined: Mapping[str, str],
) -> str:
    """Write the report for people; its first word is the verdict."""
    counted = ", ".join(f"{count} {name}" for name, count in by_severity.items() if count)
    total = sum(by_severity.values())
    found = f"{_plural(total, 'anomaly', 'anomalies')} ({counted})" if total else "no anomaly"
    if grade == "UNKNOWN" and not total:
        found = "nothing was logged that a detector reads"
    lines = [f"{grade}: {_plural(num_steps, 'step', 'steps')}, {found}"]
    lines += [f"  {_line(anomaly)}" for anomaly in anomalies[:_SHOWN]]
    if total > _SHOWN:
        lines.append(f"  and {total - _SHOWN} more")
    if examined:
        lines.append("watched: " + ", ".join(examined))
    lines += [f"not watched: {what} ({why})" for what, why in not_examined.items()]
    return "\n".join(lines)


def _line(anomaly: Anomaly) -> str:
    end = "goes on" if anomaly.recovered_at is None else f"over at {anomaly.recovered_at}"
    detail = printable(anomaly.detail, max_chars=200)
    return f"[step {anomaly.step}, {end}] {anomaly.severity} {anomaly.kind}: {detail}"


def _plural(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"
