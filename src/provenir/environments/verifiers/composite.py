"""Several verifiers as one: weighted, all of them, or behind a gate."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, Literal, get_args

from provenir.core.errors import UsageError
from provenir.core.protocols import VerificationResult, Verifier
from provenir.environments.verifiers.asking import ask, is_verifier, name_of
from provenir.environments.verifiers.text import bad_reference

__all__ = ["CompositeVerifier"]

Mode = Literal["weighted", "all", "gated"]
References = Literal["shared", "by_name"]

_LARGE_WEIGHT: Final = 1e100
_MEND: Final = "CompositeVerifier([(verifier, weight), …])"


class CompositeVerifier:
    """Combines verifiers; the reward is the weighted mean of theirs.

    Modes:
        ``weighted``: passes where the reward reaches the threshold (and is above 0).
        ``all``: as ``weighted`` where every member passes; where one does not, the reward is 0.
        ``gated``: the first member is a gate. Where it does not pass the reward is 0 and no other
            member is asked; where it does, as ``weighted``.

    A member that raises counts as failed, with reward 0, and is named in the metadata. Mind that
    in the mode ``weighted`` a response can pass although the member that looks at the answer does
    not, if the others weigh as much as the threshold: give such a member more than half, or make
    it the gate.

    The metadata holds ``members``: for each by its name, `passed`, `reward`, `reason`, `detail`.

    Args:
        members: Pairs of a verifier and its weight, finite and above 0; they are normalised.
        mode: How the members are combined.
        threshold: In [0, 1]: the reward from which on the response passes.
        names: A name for each member; by default its class in snake_case without ``Verifier``
            (``exact_answer``), numbered where it occurs twice (``contains_2``).
        references: ``shared`` hands the same reference to every member. ``by_name`` takes a mapping
            from a member's name to its reference; a member that is not in it is handed None.

    Raises:
        UsageError: No members, what is no verifier, a weight or threshold out of range, names that
            are not one for each, or an unknown mode.
    """

    def __init__(
        self,
        members: Sequence[tuple[Verifier, float]],
        mode: Mode = "weighted",
        threshold: float = 0.5,
        *,
        names: Sequence[str] | None = None,
        references: References = "shared",
    ) -> None:
        _check_choice("mode", mode, get_args(Mode))
        _check_choice("references", references, get_args(References))
        if not 0.0 <= threshold <= 1.0:
            raise UsageError(f"the threshold is {threshold!r}", mend="it lies between 0 and 1")
        self.verifiers, self.weights = _checked(members)
        self.mode = mode
        self.threshold = threshold
        self.names = _names_of(self.verifiers) if names is None else tuple(names)
        self.references = references
        count = len(self.verifiers)
        if not len(set(self.names)) == len(self.names) == count:
            raise UsageError(f"{count} members need as many different names", mend="names=['a', …]")

    def verify(self, response: str, reference: Any) -> VerificationResult:
        """Ask the members about `response`; `references` says who is handed what."""
        by_name = self.references == "by_name"
        if by_name and not isinstance(reference, Mapping):
            return bad_reference(
                f"the reference is {type(reference).__name__}; "
                f"give a mapping with some of the names {', '.join(self.names)}"
            )
        answers: dict[str, VerificationResult] = {}
        for name, verifier in zip(self.names, self.verifiers, strict=True):
            answers[name] = ask(verifier, response, reference.get(name) if by_name else reference)
            if self.mode == "gated" and len(answers) == 1 and not answers[name].passed:
                return self._told(answers, 0.0, "gate_closed")
        if self.mode == "all" and not all(answer.passed for answer in answers.values()):
            return self._told(answers, 0.0, "member_failed")
        rewards = (answer.reward for answer in answers.values())
        reward = min(1.0, math.fsum(w * r for w, r in zip(self.weights, rewards, strict=True)))
        enough = reward >= self.threshold and reward > 0.0
        return self._told(answers, reward, "ok" if enough else "below_threshold")

    def _told(
        self, answers: Mapping[str, VerificationResult], reward: float, reason: str
    ) -> VerificationResult:
        members = {
            name: {
                "passed": answer.passed,
                "reward": answer.reward,
                "reason": answer.metadata.get("reason", ""),
                "detail": answer.detail,
            }
            for name, answer in answers.items()
        }
        told = ", ".join(f"{n} {'passed' if a.passed else 'failed'}" for n, a in answers.items())
        return VerificationResult(
            passed=reason == "ok",
            reward=reward,
            detail=f"{told}; reward {reward:.3g}, threshold {self.threshold:g}",
            metadata={"reason": reason, "members": members},
        )


def _check_choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise UsageError(f"{name} is {value!r}", mend=f"one of {', '.join(choices)}")


def _checked(
    members: Sequence[tuple[Verifier, float]],
) -> tuple[tuple[Verifier, ...], tuple[float, ...]]:
    pairs = []
    for member in members:
        try:
            verifier, weight = member
            weight = float(weight)
        except (TypeError, ValueError):
            fault = "a member is no pair of a verifier and its weight"
            raise UsageError(fault, mend=_MEND) from None
        if not is_verifier(verifier):
            raise UsageError(f"{verifier!r} has no method verify", mend=_MEND)
        if not 0.0 < weight < math.inf:
            raise UsageError(f"the weight is {weight!r}", mend="a weight is finite and above 0")
        pairs.append((verifier, weight))
    if not pairs:
        raise UsageError("a composite of no verifiers", mend=_MEND)
    # Scaled where their sum could overflow; left alone otherwise, so that 0.7 and 0.3 stay so.
    scale = max(1.0, max(weight for _, weight in pairs) / _LARGE_WEIGHT)
    total = math.fsum(weight / scale for _, weight in pairs)
    weights = tuple(weight / scale / total for _, weight in pairs)
    return tuple(verifier for verifier, _ in pairs), weights


def _names_of(verifiers: Sequence[Verifier]) -> tuple[str, ...]:
    """The classes' names; what occurs twice is numbered from 2 on."""
    seen: dict[str, int] = {}
    names = []
    for verifier in verifiers:
        name = name_of(verifier)
        seen[name] = seen.get(name, 0) + 1
        names.append(name if seen[name] == 1 else f"{name}_{seen[name]}")
    return tuple(names)
