r"""The answer, exactly: what is boxed, tagged, follows ``####``, or the whole text."""

from __future__ import annotations

import math
import re
import unicodedata
from typing import TYPE_CHECKING, Any, Final

from provenir.environments.verifiers.boxes import UnclosedBoxError, boxed
from provenir.environments.verifiers.text import (
    accepted,
    after_thinking,
    bad_reference,
    quoted,
    refused,
    unreadable,
)

if TYPE_CHECKING:
    from provenir.core.protocols import VerificationResult

__all__ = ["ExactAnswerVerifier"]

_MARKER: Final = re.compile(r"(?<!#)####(?!#)([^\n]*)")
_TAGGED: Final = re.compile(r"<answer>((?:(?!<answer>).)*?)</answer>", re.DOTALL)
_WRAPPINGS: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"\$\$([^$]*)\$\$",
        r"\$([^$]*)\$",
        r"\\\(([^\\]*)\\\)",
        r"\\\[([^\\]*)\\\]",
        r"\\(?:text|textbf|mathrm|mathbf)\{([^{}]*)\}",
        r"\*\*([^*]*)\*\*",
        r"__([^_]*)__",
        r"`([^`]*)`",
        r"\(([A-Za-z])\)",
        r"([A-Za-z])\)",
        r"(.*[^.])\.",
    )
)
_MAX_WRAPPINGS: Final = 4
_KEPT_CHARS: Final = 1_000
"""How much of an answer the metadata hold."""


class _NoAnswerError(Exception):
    """A text without one final answer; carries the reason and the sentence."""


class ExactAnswerVerifier:
    r"""Passes a response whose final answer is the reference, character by character.

    The final answer is what stands in ``\boxed{}`` (braces may nest); without a box, what follows
    ``####`` on its line, as in GSM8K (Cobbe et al., arXiv:2110.14168); without either, what stands
    in ``<answer>…</answer>``; without any, the whole text. Of a response that thinks aloud, what
    follows ``</think>`` is read. Several final answers are accepted only where they are all the
    same; nobody who names two has answered.

    Before the comparison both sides lose white space around them, white space within becomes one
    space, canonically equivalent Unicode is made one (NFC; look-alikes stay different), and what
    dresses a short answer is taken off: ``$…$``, ``**…**``, backquotes, ``\text{}``, a full stop,
    and the parentheses of a choice, so that ``B``, ``(B)``, ``B.`` and ``**B**`` are one answer.
    Numbers are compared as text: ``1,000`` and ``1000`` differ, which is `MathVerifier`'s business.

    The reference is text, a number, or a list of answers of which any will do; a text may be a
    whole solution, and its final answer is found in the same way.

    What it cannot see: whether the reasoning leads to the answer.

    Args:
        case_sensitive: Whether ``yes`` and ``YES`` are two answers.
    """

    def __init__(self, *, case_sensitive: bool = False) -> None:
        self.case_sensitive = case_sensitive

    def verify(self, response: str, reference: Any) -> VerificationResult:
        """Compare the final answer of `response` with `reference`."""
        if (refusal := unreadable(response)) is not None:
            return refusal
        try:
            wanted = [self._final(text) for text in _reference_texts(reference)]
        except _NoAnswerError as fault:
            return bad_reference(f"the reference has no answer to compare: {fault.args[1]}")
        if not wanted:
            return bad_reference(
                f"the reference is {type(reference).__name__}; give text, a number, or a list"
            )
        try:
            answer = self._final(after_thinking(response))
        except _NoAnswerError as fault:
            return refused(*fault.args)
        if answer in wanted:
            return accepted(f"the answer is {quoted(answer)}", answer=answer[:_KEPT_CHARS])
        told = f"the answer is {quoted(answer)}, not {quoted(wanted[0])}"
        return refused("wrong_answer", told, answer=answer[:_KEPT_CHARS])

    def _final(self, text: str) -> str:
        """The one final answer of a text, as it is compared.

        Raises:
            _NoAnswerError: There is none, or there are several.
        """
        try:
            answers = boxed(text)
        except UnclosedBoxError:
            raise _NoAnswerError("unclosed_box", "a box is opened and never closed") from None
        answers = answers or _MARKER.findall(text) or _TAGGED.findall(text) or [text]
        different = {self._plain(answer) for answer in answers}
        if len(different) > 1:
            few = ", ".join(quoted(answer) for answer in sorted(different)[:3])
            raise _NoAnswerError(
                "ambiguous", f"{len(different)} different final answers, such as {few}"
            )
        (answer,) = different
        if not answer:
            raise _NoAnswerError("no_answer", "the final answer is empty")
        return answer

    def _plain(self, answer: str) -> str:
        plain = _undressed(answer)
        return plain if self.case_sensitive else plain.lower()


def _reference_texts(reference: Any) -> list[str]:
    """The answers that will do, as text; none where the reference is something else."""
    if isinstance(reference, list | tuple):
        texts = [_scalar_text(one) for one in reference]
    else:
        texts = [_scalar_text(reference)]
    known = [text for text in texts if text is not None]
    return known if len(known) == len(texts) else []


def _scalar_text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return str(value) if math.isfinite(value) else None
    except (OverflowError, ValueError):  # more digits than a double holds, or Python prints
        return None


def _undressed(answer: str) -> str:
    """An answer without white space around it, and without what only dresses it."""
    plain = " ".join(unicodedata.normalize("NFC", answer).split())
    for _ in range(_MAX_WRAPPINGS):
        inner = next(filter(None, (wrapping.fullmatch(plain) for wrapping in _WRAPPINGS)), None)
        if inner is None:
            break
        plain = inner.group(1).strip()
    return plain
