"""What every verifier does alike: which text it reads, and how it says yes or no.

A verifier is total, so that what it cannot read is a refusal with a reason and never an exception;
`metadata["reason"]` is one stable word for programs (``ok`` when passed), `detail` one sentence
for people.
"""

from __future__ import annotations

import re
from typing import Any, Final

from provenir.core.protocols import VerificationResult
from provenir.core.text import printable

__all__ = [
    "MAX_RESPONSE_CHARS",
    "accepted",
    "after_thinking",
    "bad_reference",
    "quoted",
    "refused",
    "unreadable",
]

MAX_RESPONSE_CHARS: Final = 1_000_000
"""A longer response is refused unread: no answer needs as much, and time stays bounded."""

_THOUGHTS: Final = re.compile(r"\A\s*<think>.*?</think>|\A.*?^</think>", re.DOTALL | re.MULTILINE)
_QUOTED_CHARS: Final = 60


def accepted(detail: str, **metadata: Any) -> VerificationResult:
    """A result that passes, with the whole reward.

    Args:
        detail: Why, in one sentence.
        metadata: What programs may want to know beside the reason.
    """
    return VerificationResult(
        passed=True, reward=1.0, detail=printable(detail), metadata={"reason": "ok", **metadata}
    )


def refused(reason: str, detail: str, **metadata: Any) -> VerificationResult:
    """A result that does not pass, with no reward.

    Args:
        reason: One word in snake_case.
        detail: Why, in one sentence.
        metadata: What programs may want to know beside the reason.
    """
    return VerificationResult(
        passed=False, reward=0.0, detail=printable(detail), metadata={"reason": reason, **metadata}
    )


def bad_reference(detail: str) -> VerificationResult:
    """A refusal that is the data's fault: the reference cannot be compared with anything.

    Args:
        detail: What is wrong with it, and how to mend it.
    """
    return refused("bad_reference", detail)


def unreadable(response: Any) -> VerificationResult | None:
    """The refusal of what is no text or is too long to be read; None for any other response."""
    if not isinstance(response, str):
        return refused("not_text", f"the response is {type(response).__name__}, not text")
    if len(response) > MAX_RESPONSE_CHARS:
        return refused(
            "too_long",
            f"the response has {len(response)} characters, and {MAX_RESPONSE_CHARS} are read",
        )
    return None


def after_thinking(text: str) -> str:
    """What follows a model's thoughts: it answers after them, not in them.

    Where the text begins with ``<think>``, thoughts end at the first ``</think>``. Where it does
    not, because the prompt ended with it, only a ``</think>`` at the start of a line ends them, so
    that one within the answer (a string of JSON, say) ends nothing.
    """
    thoughts = _THOUGHTS.match(text)
    return text if thoughts is None else text[thoughts.end() :]


def quoted(text: str) -> str:
    """A piece of a response within a sentence, safe to print and short."""
    return f"'{printable(text, max_chars=_QUOTED_CHARS)}'"
