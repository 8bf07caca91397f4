"""Stand-ins that implement the production protocols, for the tests of every room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from provenir.core.clock import FixedClock
from provenir.core.protocols import (
    Execution,
    Preference,
    ReplayedSegment,
    RubricScore,
    VerificationResult,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime
    from pathlib import Path

START = "2026-01-02T03:04:05Z"
"""When time begins in the tests."""


def fixed_clock(start: str = START, step_s: float = 1.0) -> FixedClock:
    """Return a clock that goes on by a second each time it is asked."""
    return FixedClock(start, step_s=step_s)


class BrokenClock:
    """A clock that fails: for showing that a fault of ours does not reach the user's loop."""

    def now(self) -> datetime:
        raise OSError("the clock is broken")


class EqualityVerifier:
    """Passes a response that equals the reference as text."""

    def verify(self, response: str, reference: Any) -> VerificationResult:
        passed = response == str(reference)
        return VerificationResult(passed=passed, reward=float(passed), detail="compared as text")


class LongerJudge:
    """Prefers the longer response; deterministic, without a network."""

    def score_pairwise(self, prompt: str, a: str, b: str) -> Preference:
        del prompt
        if len(a) == len(b):
            return Preference(preferred="tie")
        return Preference(preferred="a" if len(a) > len(b) else "b")

    def score_rubric(self, prompt: str, response: str, criteria: Sequence[str]) -> RubricScore:
        del prompt
        met = {criterion: float(criterion in response) for criterion in criteria}
        return RubricScore(score=sum(met.values()) / len(met) if met else 0.0, by_criterion=met)


class ScriptedExecutor:
    """Returns prepared executions in order and remembers what it was asked to run."""

    def __init__(self, *executions: Execution) -> None:
        self._executions = list(executions)
        self.sources: list[str] = []

    def execute(self, source: str, *, stdin: str = "", timeout_s: float = 10.0) -> Execution:
        del stdin, timeout_s
        self.sources.append(source)
        if self._executions:
            return self._executions.pop(0)
        return Execution(exit_code=None, detail="nothing more was prepared")


class TableReplayer:
    """Answers from a table of last step -> parameter root."""

    def __init__(self, roots: dict[int, str]) -> None:
        self._roots = roots

    def replay(self, run_dir: Path, *, first_step: int, last_step: int) -> ReplayedSegment:
        del run_dir
        root = self._roots.get(last_step)
        return ReplayedSegment(first_step=first_step, last_step=last_step, param_root=root)


class Scalar:
    """What a tensor library returns for one number: only `item` and `tolist` know it."""

    shape = ()

    def __init__(self, number: float) -> None:
        self._number = number

    def item(self) -> float:
        return self._number

    def tolist(self) -> float:
        return self._number


class Raising:
    """Every way of looking at this object raises."""

    def __init__(self, error: Exception | None = None) -> None:
        object.__setattr__(self, "_error", error or RuntimeError("do not look"))

    def _raise(self, *_args: Any, **_kwargs: Any) -> Any:
        raise object.__getattribute__(self, "_error")

    def __getattribute__(self, name: str) -> Any:
        raise object.__getattribute__(self, "_error")

    __repr__ = __str__ = __format__ = __hash__ = __bool__ = __len__ = __iter__ = _raise
    __float__ = __int__ = __index__ = __eq__ = __ne__ = __lt__ = __gt__ = __le__ = __ge__ = _raise
    __getitem__ = __contains__ = __sub__ = __rsub__ = __add__ = __radd__ = __call__ = _raise
    __setattr__ = __delattr__ = __dir__ = __bytes__ = __reversed__ = __neg__ = __abs__ = _raise
