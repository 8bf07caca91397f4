"""Interfaces that an upper and a lower room share, and the values that cross them.

The thing itself is injected by whoever conducts: a gate is handed a judge, a loop is handed a
verifier, an auditor is handed a replayer. Users import these names from the rooms that they know
them by.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, get_args, runtime_checkable

from provenir.core.digest import is_digest
from provenir.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from provenir.core.findings import Finding

__all__ = [
    "Choice",
    "EvidenceSource",
    "Execution",
    "Executor",
    "Judge",
    "Preference",
    "ReplayedSegment",
    "Replayer",
    "RubricScore",
    "VerificationResult",
    "Verifier",
]

Choice = Literal["a", "b", "tie"]
_CHOICES: Final = get_args(Choice)


def _check_unit(value: float, name: str) -> None:
    # Written so that a NaN, which compares false with everything, is refused too.
    if not 0.0 <= value <= 1.0:
        raise UsageError(f"{name} is {value!r}", mend=f"{name} lies between 0 and 1")


@dataclass(frozen=True, slots=True, kw_only=True)
class VerificationResult:
    """What a verifier says about one response.

    Attributes:
        passed: Whether the response is accepted.
        reward: Training signal in [0, 1].
        detail: Why, in one sentence for people; it may quote the response.
        metadata: Numbers and names for programs.

    Raises:
        UsageError: The reward lies outside [0, 1] or is NaN.
    """

    passed: bool
    reward: float
    detail: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _check_unit(self.reward, "reward")


@runtime_checkable
class Verifier(Protocol):
    """Scores a completion against a reference.

    Laws: deterministic; total, so that no text makes it raise; the reward lies in [0, 1].
    """

    def verify(self, response: str, reference: Any) -> VerificationResult:
        """Return the verdict on `response`; `reference` is the gold answer in its own form."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Preference:
    """Which of two responses a judge prefers.

    Attributes:
        preferred: ``a``, ``b`` or ``tie``.
        confidence: In [0, 1]; what the judge says of itself.
        rationale: Its reasons, as text from a model.

    Raises:
        UsageError: Another choice, or a confidence outside [0, 1].
    """

    preferred: Choice
    confidence: float = 1.0
    rationale: str = ""

    def __post_init__(self) -> None:
        if self.preferred not in _CHOICES:
            raise UsageError(f"{self.preferred!r} is no preference", mend="one of a, b, tie")
        _check_unit(self.confidence, "confidence")


@dataclass(frozen=True, slots=True, kw_only=True)
class RubricScore:
    """How far a response meets criteria.

    Attributes:
        score: In [0, 1].
        by_criterion: Score in [0, 1] of each criterion.
        rationale: The judge's reasons, as text from a model.

    Raises:
        UsageError: A score outside [0, 1].
    """

    score: float
    by_criterion: Mapping[str, float] = field(default_factory=dict)
    rationale: str = ""

    def __post_init__(self) -> None:
        _check_unit(self.score, "score")
        for criterion, score in self.by_criterion.items():
            _check_unit(score, f"the score of {criterion!r}")


@runtime_checkable
class Judge(Protocol):
    """Compares or scores responses.

    Laws: building one needs no key and no network; both are looked up at the first call.
    """

    def score_pairwise(self, prompt: str, a: str, b: str) -> Preference:
        """Return which of two responses to `prompt` is better."""
        ...

    def score_rubric(self, prompt: str, response: str, criteria: Sequence[str]) -> RubricScore:
        """Return how far `response` meets each of `criteria`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """What happened when a program ran.

    Attributes:
        exit_code: Exit status; None where the program was killed or never started.
        stdout: What it wrote, cut to the executor's limit.
        stderr: The same for errors.
        timed_out: Whether it was killed at its time limit.
        duration_s: Wall-clock seconds.
        detail: Why it did not run or was killed; empty where it ended by itself.
        isolation: What held it, by the name of each wall: ``enforced``, ``not_enforced`` or
            ``unverified``; empty where the executor does not say.
        layer: The executor's name for the walls together.
    """

    exit_code: int | None
    stdout: str = ""
    stderr: str = ""
    timed_out: bool = False
    duration_s: float = 0.0
    detail: str = ""
    isolation: Mapping[str, str] = field(default_factory=dict)
    layer: str = ""


@runtime_checkable
class Executor(Protocol):
    """Runs a program that nobody trusts.

    Laws: returns within the time limit; no program makes it raise.
    """

    def execute(self, source: str, *, stdin: str = "", timeout_s: float = 10.0) -> Execution:
        """Run Python source text and return what happened; `timeout_s` in wall-clock seconds."""
        ...


@runtime_checkable
class EvidenceSource(Protocol):
    """Examines one rollout by running what it holds, or by asking a model about it.

    Laws: what it returns is about this rollout alone; an empty answer says that nothing was found,
    and a rollout that it could not examine makes it raise, which is counted and goes no further.

    Attributes:
        name: What a report calls it, such as ``held-out tests``.
        evidence: How it knows.
    """

    @property
    def name(self) -> str:
        """What a report calls it."""
        ...

    @property
    def evidence(self) -> Literal["executed", "judge"]:
        """How it knows."""
        ...

    def examine(self, trajectory: Mapping[str, Any]) -> Iterable[Finding]:
        """Return findings whose kinds are those of reward hacking.

        One may carry `spans`, stretches of the response (`core.spans.Span`).
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayedSegment:
    """The outcome of computing a stretch of training steps again.

    Attributes:
        first_step: First step computed again.
        last_step: Last step computed again, inclusive.
        param_root: Digest of the parameters afterwards; None where the replay could not run.
        detail: Why it could not run, or what the environment differs in.

    Raises:
        UsageError: An empty stretch, or a root that is no digest.
    """

    first_step: int
    last_step: int
    param_root: str | None
    detail: str = ""

    def __post_init__(self) -> None:
        if not 0 <= self.first_step <= self.last_step:
            raise UsageError(f"no steps from {self.first_step} to {self.last_step}")
        if self.param_root is not None and not is_digest(self.param_root):
            raise UsageError("param_root is not a digest")


@runtime_checkable
class Replayer(Protocol):
    """Computes training steps again from what a run disclosed.

    Laws: reads the run folder and changes nothing in it; states the parameters it arrived at
    and leaves the comparison to the caller.
    """

    def replay(self, run_dir: Path, *, first_step: int, last_step: int) -> ReplayedSegment:
        """Compute the steps again, from the snapshot before `first_step`."""
        ...
