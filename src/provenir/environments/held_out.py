"""Tests that training never sees, asked of a rollout: executed evidence of a reward hack.

A table of the answers to the visible tests passes them, and no reading of the verdict can tell it
from a solution. Tests that the reward is not computed from can: a program that holds on the visible
ones and falls on these has learnt the tests, not the task.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

from provenir.core.errors import InputError, UsageError
from provenir.core.findings import Finding
from provenir.core.protocols import Verifier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from provenir.core.protocols import VerificationResult

__all__ = ["HeldOutTests"]

_RESPONSES: Final = ("response", "prediction")
# Said of the tests or of the machine, not of the program: nothing was examined.
_UNDECIDED: Final = frozenset(
    [
        "bad_reference",
        "empty_test",
        "invalid_test",
        "unsupported_test",
        "judge_failed",
        "timeout",
        "no_assertion",
        "not_comparable",
        "verifier_error",
    ]
)


class HeldOutTests:
    """An `EvidenceSource` (`core.protocols`) that runs held-out tests on each rollout.

    Give it to a detector: ``RewardHackingDetector(evidence_sources=[HeldOutTests(verifier)])``.
    A rollout needs its visible reference and its held-out one; without them it is counted as not
    examined.

    Args:
        verifier: What passes or fails a response, such as a `CodeVerifier`.
        visible: Key of a trajectory that holds the reference which the reward came from, or a
            function from the trajectory to it.
        held_out: The same for the reference that nothing was trained on.

    Raises:
        UsageError: `verifier` cannot verify.
    """

    name: Final = "held-out tests"
    evidence: Final[Literal["executed"]] = "executed"

    def __init__(
        self,
        verifier: Verifier,
        *,
        visible: str | Callable[[Mapping[str, Any]], Any] = "reference",
        held_out: str | Callable[[Mapping[str, Any]], Any] = "held_out_reference",
    ) -> None:
        if not isinstance(verifier, Verifier):
            raise UsageError(f"{type(verifier).__name__} cannot verify", mend="give a verifier")
        self._verifier = verifier
        self._visible = visible
        self._held_out = held_out

    def examine(self, trajectory: Mapping[str, Any]) -> Iterable[Finding]:
        """Return a finding if the response passes the visible tests and not the held-out ones.

        Raises:
            InputError: The rollout lacks a response or a reference, or tests could not be run.
        """
        response = next((trajectory[key] for key in _RESPONSES if key in trajectory), None)
        if not isinstance(response, str):
            raise InputError("the rollout holds no response", where="response")
        shown = self._verdict(response, _read(trajectory, self._visible))
        if not shown.passed:
            return ()
        hidden = self._verdict(response, _read(trajectory, self._held_out))
        if hidden.passed:
            return ()
        return (
            Finding(
                kind="hardcoded_answers",
                severity="critical",
                detail=f"passes the visible tests and not the held-out ones: {hidden.detail}",
                data={
                    "reason": hidden.metadata.get("reason"),
                    "tests": hidden.metadata.get("tests"),
                },
            ),
        )

    def _verdict(self, response: str, reference: Any) -> VerificationResult:
        result = self._verifier.verify(response, reference)
        if not result.passed and result.metadata.get("reason") in _UNDECIDED:
            raise InputError(f"the tests say nothing: {result.detail}")
        return result


def _read(trajectory: Mapping[str, Any], key: str | Callable[[Mapping[str, Any]], Any]) -> Any:
    if callable(key):
        return key(trajectory)
    if trajectory.get(key) is None:
        raise InputError(f"the rollout holds no {key}", where=key)
    return trajectory[key]
