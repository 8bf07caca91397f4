"""Which contents a training loop is memorizing, from the losses that it computes anyway.

A content's *drop* is its loss under the frozen base less its loss when it was last visited. General
learning drops the losses of the whole cohort, so what is memorized stands out of it: a content
whose drop lies more than `MemorizationPolicy.z` robust standard deviations (median and median
absolute deviation) above the cohort's is flagged.

Four laws. A content is compared with its own kind: what the base knew least falls most, so that in
a mixed corpus every row of code would stand out of the prose. A content is judged from its second
visit on: the loss of a visit is taken before that visit's update, so at the first one nothing of it
can have been learnt. It has to stand out at several visits in a row: when an epoch begins, the rest
of the cohort was last seen by an older model, and whatever comes first seems to have learnt more.
And the cohort is of the training contents themselves: a held-out one would flag what every content
shows after an epoch. So a cohort is blind where everything is memorized; a `ProbeSet` is the
absolute measure beside it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from provenir.core.errors import UsageError
from provenir.core.findings import Finding, Report
from provenir.eval.memorization.robust import ChangingSample

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ACTIONS", "Flag", "MemorizationMonitor", "MemorizationPolicy"]

ACTIONS: Final = ("annotate", "lower", "exclude", "halt")
"""What a flag can lead to, the mildest first."""

MAX_FACTOR: Final = 1000
_OTHERS: Final = ""
_MAD_EFFICIENCY: Final = 0.37


@dataclass(frozen=True, slots=True, kw_only=True)
class MemorizationPolicy:
    """When a content counts as memorized, and what is done about it.

    Attributes:
        z: Robust standard deviations above the cohort's median from which on a content is flagged;
            more of them in a small cohort, whose own spread is known less well (`bar`).
        action: `annotate` changes nothing, `lower` weights the content by `factor`, `exclude` drops
            it, `halt` ends the training; each from the next step on.
        factor: Weight of a lowered content in thousandths, 0 to 1000.
        confirm: A content is flagged when it lies above `z` at so many visits in a row.
        min_cohort: Nothing is judged before so many contents of its kind were visited; of a kind
            with fewer the report says that it was not examined.
        floor: The cohort's standard deviation counts as at least this, in nats a token: a cohort
            whose losses hardly moved yet tells nothing by its spread.

    Raises:
        UsageError: A value out of its range.
    """

    z: float = 4.0
    action: Literal["annotate", "lower", "exclude", "halt"] = "annotate"
    factor: int = 250
    confirm: int = 2
    min_cohort: int = 20
    floor: float = 0.01

    def __post_init__(self) -> None:
        if self.action not in ACTIONS:
            raise UsageError(
                f"{self.action!r} is no action on memorization", mend=f"one of {', '.join(ACTIONS)}"
            )
        if not (self.z > 0 and math.isfinite(self.z)):
            raise UsageError(f"z={self.z!r} is no threshold", mend="give a number above 0")
        if type(self.factor) is not int or not 0 <= self.factor <= MAX_FACTOR:
            raise UsageError(f"factor={self.factor!r} is no weight", mend="give 0 to 1000")
        if type(self.confirm) is not int or self.confirm < 1:
            raise UsageError(f"confirm={self.confirm!r} visits", mend="give 1 or more")
        if type(self.min_cohort) is not int or self.min_cohort < 2:
            raise UsageError(f"min_cohort={self.min_cohort!r} is no cohort", mend="give 2 or more")
        if not (self.floor > 0 and math.isfinite(self.floor)):
            raise UsageError(f"floor={self.floor!r} is no spread", mend="give a number above 0")

    def bar(self, n: int) -> float:
        """The robust z above which a content of a cohort of `n` stands out.

        As improbable under Student's t as `z` is under the normal distribution, to the first order
        (Fisher and Cornish 1960): the median absolute deviation tells of the spread what 0.37 times
        as many values would tell through their standard deviation.
        """
        return self.z + (self.z**3 + self.z) / (4 * _MAD_EFFICIENCY * n)


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """One content that stood out.

    Attributes:
        content: Its digest.
        z: How far above the cohort's median its drop was, in robust standard deviations.
        drop: Its drop, in nats a token.
        visits: How often it had been visited, this visit included.
        step: The step of this visit.
    """

    content: str
    z: float
    drop: float
    visits: int
    step: int

    @property
    def measure(self) -> str:
        """The robust z as the ledger writes a real number."""
        return repr(self.z)


@dataclass(slots=True)
class _Seen:
    drop: float
    visits: int
    step: int
    above: int = 0


@dataclass(slots=True)
class MemorizationMonitor:
    """Judges contents while they are visited.

    Args:
        reference: Mean loss of a token under the frozen base, in nats, by content digest.
        policy: When a content is flagged.
        kinds: What kind each content is of, such as its source; those that are not named are of
            one kind.
    """

    reference: Mapping[str, float]
    policy: MemorizationPolicy = field(default_factory=MemorizationPolicy)
    kinds: Mapping[str, str] = field(default_factory=dict)
    flags: dict[str, Flag] = field(default_factory=dict)
    _seen: dict[str, _Seen] = field(default_factory=dict)
    _cohorts: dict[str, ChangingSample] = field(default_factory=dict)
    _unknown: set[str] = field(default_factory=set)
    _unusable: int = 0

    def visit(self, step: int, losses: Mapping[str, float]) -> list[Flag]:
        """Take the losses of one step; return the contents that it shows to be memorized.

        Args:
            step: The step, from 1.
            losses: Mean loss of a token in nats, before the step's update, by content digest; of
                a content that stands twice in the batch, any of its losses.

        Returns:
            The contents flagged now for the first time, in the order given.
        """
        judged = [content for content, loss in losses.items() if self._take(step, content, loss)]
        return [flag for content in judged if (flag := self._judge(content)) is not None]

    def _cohort(self, content: str) -> ChangingSample:
        return self._cohorts.setdefault(self.kinds.get(content, _OTHERS), ChangingSample())

    def _has_cohort(self, content: str) -> bool:
        return len(self._cohort(content)) >= self.policy.min_cohort

    def _take(self, step: int, content: str, loss: float) -> bool:
        """Remember a visit; whether the content can be judged by it."""
        reference = self.reference.get(content)
        if reference is None:
            self._unknown.add(content)
            return False
        drop = reference - loss
        if not math.isfinite(drop):
            self._unusable += 1
            return False
        seen, cohort = self._seen.get(content), self._cohort(content)
        if seen is None:
            self._seen[content] = _Seen(drop, 1, step)
        else:
            cohort.remove(seen.drop)
            seen.drop, seen.visits, seen.step = drop, seen.visits + 1, step
        cohort.add(drop)
        return seen is not None

    def _judge(self, content: str) -> Flag | None:
        if not self._has_cohort(content):
            return None
        seen = self._seen[content]
        cohort = self._cohort(content)
        z = cohort.z(seen.drop, floor=self.policy.floor)
        seen.above = seen.above + 1 if z > self.policy.bar(len(cohort)) else 0
        if seen.above < self.policy.confirm or content in self.flags:
            return None
        flag = Flag(content=content, z=z, drop=seen.drop, visits=seen.visits, step=seen.step)
        self.flags[content] = flag
        return flag

    def report(self) -> Report:
        """What was flagged, of how many contents, and what could not be judged."""
        lonely = sum(not self._has_cohort(content) for content in self._seen)
        once = sum(s.visits == 1 for content, s in self._seen.items() if self._has_cohort(content))
        judged = len(self._seen) - lonely - once
        missing: dict[str, str] = {}
        if once:
            missing["contents"] = f"{once} of {len(self._seen)} could not be judged: visited once"
        if lonely:
            few = f"fewer than {self.policy.min_cohort} contents of their kind"
            missing["kinds"] = f"{lonely} of {len(self._seen)} could not be judged: {few}"
        if self._unknown:
            missing["reference"] = f"{len(self._unknown)} contents have no loss under the base"
        if self._unusable:
            missing["losses"] = f"{self._unusable} losses were not finite"
        return Report(
            name="memorization",
            findings=tuple(_finding(flag) for flag in self.flags.values()),
            examined={"contents": judged},
            not_examined=missing,
        )

    def state(self) -> dict[str, Any]:
        """All that a resumed training needs, as JSON values; `restore` takes it back."""
        return {
            "seen": {key: [s.drop, s.visits, s.step, s.above] for key, s in self._seen.items()},
            "flags": [[f.content, f.z, f.drop, f.visits, f.step] for f in self.flags.values()],
            "unknown": sorted(self._unknown),
            "unusable": self._unusable,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from a `state`; what was seen so far is forgotten."""
        self._seen = {key: _Seen(*values) for key, values in state["seen"].items()}
        self._cohorts = {}
        for content, seen in self._seen.items():
            self._cohort(content).add(seen.drop)
        names = ("content", "z", "drop", "visits", "step")
        flags = [Flag(**dict(zip(names, values, strict=True))) for values in state["flags"]]
        self.flags = {flag.content: flag for flag in flags}
        self._unknown, self._unusable = set(state["unknown"]), state["unusable"]


def _finding(flag: Flag) -> Finding:
    return Finding(
        kind="memorized_example",
        severity="warning",
        detail=f"its loss fell by {flag.drop:.3f} nats a token, {flag.z:.1f} robust standard"
        f" deviations more than the cohort's, by visit {flag.visits}",
        subject=flag.content,
        data={"z": flag.z, "drop": flag.drop, "visits": flag.visits, "step": flag.step},
    )
