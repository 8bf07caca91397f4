"""One rollout, looked at in every way that needs no other rollout.

The rewards are compared, the text and the code in it are read, and the evidence sources that the
user has given are asked. The outcome is graded here once, by the live run and by a recovery alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from provenir.core.errors import UsageError
from provenir.core.protocols import EvidenceSource
from provenir.core.spans import Span
from provenir.observability.hacking.grading import MAX_DETAIL, graded, is_flag
from provenir.observability.hacking.judge import judge_rollout
from provenir.observability.hacking.reading import Reading, is_hidden, read_text
from provenir.observability.hacking.rollout import Rollout, read_rollout
from provenir.observability.hacking.signal import HackingSignal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from provenir.core.findings import Finding
    from provenir.observability.hacking.signal import EvidenceClass

_CLASSES: Final = ("executed", "judge")
_MOST_FINDINGS: Final = 100
_MAX_NAME: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Examination:
    """What one rollout gave.

    Attributes:
        rollout: Its numbers.
        reading: What its text gave; None where it has none, or one that is not kept.
        signals: What is reported of it, graded.
        is_hidden: Whether a digest stands in the place of its text.
        asked: Names of the evidence sources that answered.
        failed: Names of those that could not examine it.
    """

    rollout: Rollout
    reading: Reading | None = None
    signals: tuple[HackingSignal, ...] = ()
    is_hidden: bool = False
    asked: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()

    @property
    def is_examined(self) -> bool:
        """Whether the text was read, both rewards were there, or a source found something."""
        return (
            self.reading is not None
            or self.rollout.has_both
            or any(is_flag(signal) for signal in self.signals)
        )

    @property
    def is_flagged(self) -> bool:
        """Whether any signal is more than information."""
        return any(is_flag(signal) for signal in self.signals)

    @property
    def is_confirmed(self) -> bool:
        """Whether any signal is confirmed."""
        return any(signal.confirmed for signal in self.signals)


class Asked(NamedTuple):
    """An evidence source as it presented itself when it was given."""

    name: str
    evidence: EvidenceClass
    examine: Callable[[Mapping[str, Any]], Iterable[Finding]]


def checked_sources(sources: Iterable[EvidenceSource]) -> tuple[Asked, ...]:
    """Return evidence sources with their names.

    Raises:
        UsageError: if one has no `examine`, no name, or no class of evidence.
    """
    found: list[Asked] = []
    given: tuple[Any, ...] = tuple(sources)
    for source in given:
        if not isinstance(source, EvidenceSource) or source.evidence not in _CLASSES:
            raise UsageError(
                f"{type(source).__name__} is no evidence source",
                mend=f"give it name, evidence ({' or '.join(_CLASSES)}) and examine(trajectory)",
            )
        found.append(Asked(str(source.name)[:_MAX_NAME], source.evidence, source.examine))
    return tuple(found)


def examine(
    trajectory: Mapping[str, Any],
    *,
    index: int,
    gap: float,
    sources: Sequence[Asked] = (),
    reading: Reading | None = None,
    rank: int = 0,
) -> Examination:
    """Examine one rollout; never raises.

    Args:
        trajectory: A dict as for `HackingMonitor.add`.
        index: Its place when it does not say.
        gap: Proxy minus true reward from which on it is flagged.
        sources: Who else is asked.
        reading: What its text gave when it was read before; its text is not read then.
        rank: The process that logged it.
    """
    rollout = read_rollout(trajectory, index=index, rank=rank)
    if rollout.evaluation:
        return Examination(rollout=rollout)
    if reading is None:
        reading = read_text(trajectory)
    signals = [] if reading is None else list(reading.signals)
    signals += judge_rollout(rollout, gap)
    asked: list[str] = []
    failed: list[str] = []
    for source in sources:
        answer = _answer(source, trajectory)
        (failed if answer is None else asked).append(source.name)
        signals += answer or ()
    return Examination(
        rollout=rollout,
        reading=reading,
        signals=tuple(graded(signals, rollout)),
        is_hidden=reading is None and is_hidden(trajectory),
        asked=tuple(asked),
        failed=tuple(failed),
    )


def _answer(source: Asked, trajectory: Mapping[str, Any]) -> list[HackingSignal] | None:
    """Ask one source; None where it failed or what it said is no finding of this room."""
    signals: list[HackingSignal] = []
    try:
        for finding in source.examine(trajectory):
            if len(signals) == _MOST_FINDINGS:
                break
            signals.append(_as_signal(finding, source))
    except Exception:  # noqa: BLE001 - what a source cannot examine is counted, the run goes on
        return None
    return signals


def _as_signal(finding: Finding, source: Asked) -> HackingSignal:
    """Take over what a finding says; a `Finding` does not check its own texts, so this does."""
    subject: object = "" if finding.subject is None else finding.subject
    texts: tuple[object, object] = (finding.detail, subject)
    if not all(isinstance(text, str) for text in texts):
        raise UsageError(f"a finding of {source.name} has a detail or a subject that is no text")
    spans = getattr(finding, "spans", ())
    return HackingSignal(
        kind=finding.kind,
        severity=finding.severity,
        detail=finding.detail[:MAX_DETAIL],
        subject=finding.subject,
        data=dict(finding.data),
        evidence=source.evidence,
        spans=tuple(span for span in spans if isinstance(span, Span)),
    )
