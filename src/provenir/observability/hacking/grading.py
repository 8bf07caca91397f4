"""From what was seen to what is reported: one signal per kind, and how far it is to be believed.

A rollout's signals of severity warning or above are *suspected*. They are *confirmed* when two of
them know in independent ways, or when one was executed. Independent are different classes of
evidence that do not rest on the same thing: everything that is read off the response, statically or
by counting, rests on its text and confirms nothing of its like, the gap between the two rewards
rests on these, and a run or a model's judgement stands for itself.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from provenir.core.findings import severity_rank
from provenir.observability.hacking.calibration import calibrated

if TYPE_CHECKING:
    from collections.abc import Iterable

    from provenir.observability.hacking.rollout import Rollout
    from provenir.observability.hacking.signal import EvidenceClass, HackingSignal

MAX_SPANS: Final = 64
"""Stretches that one signal names; how many more there are stands in its data."""

MAX_DETAIL: Final = 600
"""Characters of a detail that are kept."""

_WEAKEST_FIRST: Final[tuple[EvidenceClass, ...]] = ("statistical", "static", "judge", "executed")


def graded(signals: Iterable[HackingSignal], rollout: Rollout) -> list[HackingSignal]:
    """Return what is reported of one rollout.

    Args:
        signals: Everything seen of it, in any number per kind.
        rollout: Which rollout it is.

    Returns:
        One signal per kind in the order of their first sight, `proxy_divergence` last, each with
        index, group, confidence and grade.
    """
    by_kind: dict[str, list[HackingSignal]] = {}
    for signal in signals:
        by_kind.setdefault(signal.kind, []).append(signal)
    if not by_kind:
        return []
    if (gap := by_kind.pop("proxy_divergence", None)) is not None:
        by_kind["proxy_divergence"] = gap
    confirmed = _is_confirmed([signal for seen in by_kind.values() for signal in seen])
    return [_reported(seen, rollout, confirmed=confirmed) for seen in by_kind.values()]


def is_flag(signal: HackingSignal) -> bool:
    """Whether a signal makes its rollout a suspect: information does not."""
    return signal.severity != "info"


def _is_confirmed(signals: Iterable[HackingSignal]) -> bool:
    flags = [signal for signal in signals if is_flag(signal)]
    classes = {signal.evidence for signal in flags}
    return "executed" in classes or (len(classes) > 1 and len({_basis(s) for s in flags}) > 1)


def _basis(signal: HackingSignal) -> str:
    if signal.evidence in ("executed", "judge"):
        return signal.evidence
    return "rewards" if signal.kind == "proxy_divergence" else "text"


def _reported(seen: list[HackingSignal], rollout: Rollout, *, confirmed: bool) -> HackingSignal:
    worst = max(seen, key=lambda signal: severity_rank(signal.severity))
    spans = sorted({span for signal in seen for span in signal.spans})
    data = {name: value for signal in (*seen, worst) for name, value in signal.data.items()}
    if rollout.rank:
        data["rank"] = rollout.rank
    if len(spans) > MAX_SPANS:
        data["more_spans"] = len(spans) - MAX_SPANS
    measured = calibrated(worst.kind, spans) if is_flag(worst) else None
    ordered = dict.fromkeys(signal.detail for signal in (worst, *seen))
    return replace(
        worst,
        detail="; ".join(ordered)[:MAX_DETAIL],
        data=data,
        evidence=max((signal.evidence for signal in seen), key=_WEAKEST_FIRST.index),
        spans=tuple(spans[:MAX_SPANS]),
        index=rollout.index,
        group_id=rollout.group_id,
        confidence=None if measured is None else measured.confidence,
        calibration=None if measured is None else measured.set_name,
        confirmed=confirmed and is_flag(worst),
    )
