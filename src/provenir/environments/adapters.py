"""Verifiers as the reward functions of trainers: TRL's and verl's. They adapt, and record nothing.

What a run keeps of the rewards is `provenir.train.tracked_reward`'s business, which takes what
`as_reward` returns like any other reward function.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import InputError, UsageError
from provenir.core.plain import to_plain
from provenir.core.strict_json import parse_json
from provenir.environments.batch import averify_many, verify_many
from provenir.environments.verifiers.asking import ask, is_verifier, name_of

if TYPE_CHECKING:
    from provenir.core.protocols import VerificationResult, Verifier

__all__ = ["as_reward", "as_verl_score"]

_NO_SCORE: Final = frozenset({"bad_reference", "verifier_error"})


def as_reward(
    verifier: Verifier,
    reference_column: str | None = "answer",
    *,
    name: str | None = None,
    asynchronous: bool = False,
    max_workers: int | None = None,
) -> VerifierReward | AsyncVerifierReward:
    """Make a reward function for TRL's trainers (`GRPOTrainer`, 1.16) out of a verifier.

    TRL calls it with `prompts`, `completions` and the columns of the dataset as lists, and wants
    one float for each completion. A completion that is a conversation is its last message of the
    assistant, with its `tool_calls` as JSON. A completion that nobody can score is None: its
    reference is None or of a form that the verifier cannot compare, or the verifier raised.

    Args:
        verifier: Whose reward it is.
        reference_column: The column of the dataset with the references; None where the verifier
            looks at none.
        name: Its name in the trainer's metrics; the verifier's class by default.
        asynchronous: Whether it is awaited: TRL runs such functions at the same time.
        max_workers: Verdicts under way at once, as for `verify_many`.

    Raises:
        UsageError: No verifier; or, when it is called, the dataset has no such column.
    """
    kind = AsyncVerifierReward if asynchronous else VerifierReward
    return kind(verifier, reference_column, name, max_workers)


def as_verl_score(verifier: Verifier) -> VerlScore:
    """Make a `compute_score` for verl's reward managers out of a verifier.

    verl calls it with `data_source`, `solution_str`, `ground_truth` and `extra_info`, by name or in
    this order, for one response at a time; what newer versions add by name is not looked at. It
    returns ``score`` (the reward) and ``passed`` and ``acc`` (1.0 or 0.0; verl's validation reports
    ``acc``). The manager `prime` takes no mappings and needs ``lambda …: score(…)["score"]``.

    verl keeps ground truth in Parquet, often as text: one that is the text of a JSON object is read
    as a mapping, any other is handed on as it is, and arrays become lists. A reference that cannot
    be compared scores 0.

    Raises:
        UsageError: No verifier.
    """
    return VerlScore(verifier)


class _Adapter:
    """A verifier with a name; a class of its own, so that a trainer may pickle it."""

    def __init__(self, verifier: Verifier, name: str | None) -> None:
        if not is_verifier(verifier):
            raise UsageError(
                f"{type(verifier).__name__} has no method verify",
                mend="give an object with verify(response, reference)",
            )
        self.verifier = verifier
        self.__name__ = name or name_of(verifier)


class _Reward(_Adapter):
    """What the two ways to be called share."""

    def __init__(
        self,
        verifier: Verifier,
        reference_column: str | None,
        name: str | None,
        max_workers: int | None,
    ) -> None:
        super().__init__(verifier, name)
        self.reference_column = reference_column
        self.max_workers = max_workers

    def _references(self, completions: Sequence[Any], columns: Mapping[str, Any]) -> list[Any]:
        if self.reference_column is None:
            return [None] * len(completions)
        if self.reference_column not in columns:
            theirs = sorted(n for n, column in columns.items() if isinstance(column, list))
            raise UsageError(
                f"the dataset has no column {self.reference_column!r}",
                where=f"reward {self.__name__}",
                mend=f"as_reward(…, reference_column=…), one of: {', '.join(theirs) or 'none'}",
            )
        return list(columns[self.reference_column])

    def _rewards(
        self, results: Sequence[VerificationResult], references: Sequence[Any]
    ) -> list[float | None]:
        unknown = self.reference_column is not None
        return [
            None
            if (unknown and reference is None) or result.metadata.get("reason") in _NO_SCORE
            else result.reward
            for result, reference in zip(results, references, strict=True)
        ]


class VerifierReward(_Reward):
    """A verifier as a reward function of TRL's; made by `as_reward`."""

    def __call__(
        self, prompts: Sequence[Any], completions: Sequence[Any], **columns: Any
    ) -> list[float | None]:
        """Return a reward for each completion, None where it cannot be scored."""
        del prompts
        references = self._references(completions, columns)
        responses = (response_text(completion) for completion in completions)
        results = verify_many(self.verifier, responses, references, max_workers=self.max_workers)
        return self._rewards(results, references)


class AsyncVerifierReward(_Reward):
    """The same, awaited."""

    async def __call__(
        self, prompts: Sequence[Any], completions: Sequence[Any], **columns: Any
    ) -> list[float | None]:
        """Return a reward for each completion, None where it cannot be scored."""
        del prompts
        references = self._references(completions, columns)
        responses = (response_text(completion) for completion in completions)
        results = await averify_many(
            self.verifier, responses, references, max_workers=self.max_workers
        )
        return self._rewards(results, references)


class VerlScore(_Adapter):
    """A verifier as verl's `compute_score`; made by `as_verl_score`."""

    def __init__(self, verifier: Verifier) -> None:
        super().__init__(verifier, None)

    def __call__(
        self,
        data_source: Any,
        solution_str: str,
        ground_truth: Any,
        extra_info: Any = None,
        **more: Any,
    ) -> dict[str, float]:
        """Return ``score``, ``passed`` and ``acc`` of one response."""
        del data_source, extra_info, more
        result = ask(self.verifier, solution_str, _reference(ground_truth))
        passed = float(result.passed)
        return {"score": result.reward, "passed": passed, "acc": passed}


def _reference(ground_truth: Any) -> Any:
    """A mapping for the text of a JSON object, plain values for arrays, anything else as it is."""
    if isinstance(ground_truth, str):
        if ground_truth.lstrip().startswith("{"):
            with suppress(InputError, UnicodeEncodeError):
                return parse_json(ground_truth.encode(), where="ground_truth")
        return ground_truth
    plain, lost = to_plain(ground_truth)
    return ground_truth if lost else plain


def response_text(completion: Any) -> Any:
    """The response in a completion: text as it is, of a conversation what the assistant said last.

    Args:
        completion: Text; or messages with `role`, `content` (text, or parts of which those with
            `text` count) and perhaps `tool_calls`, which follow as JSON.

    Returns:
        The text; what is neither text nor messages comes back as it is, for the verifier to refuse.
    """
    if isinstance(completion, str) or not isinstance(completion, Sequence):
        return completion
    said = [
        m for m in completion if isinstance(m, Mapping) and m.get("role") in (None, "assistant")
    ]
    if not said:
        return "" if all(isinstance(m, Mapping) for m in completion) else completion
    text = _content(said[-1].get("content"))
    calls = said[-1].get("tool_calls")
    if not calls:
        return text
    return "\n".join(filter(None, (text, json.dumps({"tool_calls": calls}, default=str))))


def _content(content: Any) -> str:
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list | tuple) else ()
    texts = (part.get("text") if isinstance(part, Mapping) else part for part in parts)
    return "".join(text for text in texts if isinstance(text, str))
