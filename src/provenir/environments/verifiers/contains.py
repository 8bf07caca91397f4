"""Texts that must be there, and texts that must not."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import UsageError
from provenir.environments.verifiers.text import (
    accepted,
    bad_reference,
    quoted,
    refused,
    unreadable,
)

if TYPE_CHECKING:
    from provenir.core.protocols import VerificationResult

__all__ = ["ContainsVerifier"]

_MAX_TEXTS, _MAX_TEXT_CHARS = 1_000, 1_000
_FIELDS: Final = frozenset({"required", "forbidden"})
_MEND: Final = "give text, a list of texts, or a mapping with 'required' and 'forbidden'"


class ContainsVerifier:
    """Passes a response that holds every required text and none of the forbidden ones.

    The texts are given here, and then the reference is not looked at; or they are given nowhere
    here and come with the reference: one text, a list of required texts, or a mapping with
    ``required`` and ``forbidden``. A response with a part of the required texts and nothing
    forbidden does not pass, and is rewarded nothing: a share of keywords is no share of an answer.

    What it cannot see: whether the texts are used or only listed. A response that is stuffed with
    keywords passes, so combine it with a verifier of the answer itself.

    Args:
        required: Texts that must all occur.
        forbidden: Texts of which none may occur.
        case_sensitive: Whether ``Paris`` and ``paris`` are two texts.
        whole_words: Count a text only where no letter, digit or underscore of any script stands
            right before or after it: ``art`` is not in ``party``.

    Raises:
        UsageError: Something else than lists of non-empty texts, at most 1,000 of at most 1,000
            characters, or a text on both lists.
    """

    def __init__(
        self,
        required: Sequence[str] = (),
        forbidden: Sequence[str] = (),
        *,
        case_sensitive: bool = True,
        whole_words: bool = False,
    ) -> None:
        for name, texts in (("required", required), ("forbidden", forbidden)):
            if not _are_texts(texts):
                raise UsageError(
                    f"{name} is no list of non-empty, short texts",
                    mend=f"{name}=['a text', 'another']",
                )
        self.case_sensitive = case_sensitive
        self.whole_words = whole_words
        self.required = tuple(required)
        self.forbidden = tuple(forbidden)
        both = self._found(self.required, self.forbidden)
        if both:
            raise UsageError(f"{both[0]!r} is required and forbidden", mend="take it off one list")

    def verify(self, response: str, reference: Any = None) -> VerificationResult:
        """Look for the texts; `reference` gives them where the constructor did not."""
        if (refusal := unreadable(response)) is not None:
            return refusal
        required, forbidden = self.required, self.forbidden
        if not (required or forbidden):
            lists = _lists_of(reference)
            if lists is None:
                return bad_reference(f"the reference names no texts to look for: {_MEND}")
            required, forbidden = lists
            if self._found(required, forbidden):
                return bad_reference("the reference requires and forbids one text")
        present = [text for text in forbidden if self._occurs(text, response)]
        missing = [text for text in required if not self._occurs(text, response)]
        facts: dict[str, Any] = {"missing": missing, "forbidden": present}
        if present:
            return refused("forbidden_text", f"it holds {quoted(present[0])}", **facts)
        if missing:
            return refused("missing_text", f"it does not hold {quoted(missing[0])}", **facts)
        return accepted(f"all of {len(required)} required texts, none forbidden", **facts)

    def _found(self, required: Sequence[str], forbidden: Sequence[str]) -> list[str]:
        """Required texts that cannot be there without a forbidden one."""
        return [text for text in required if any(self._occurs(no, text) for no in forbidden)]

    def _occurs(self, text: str, response: str) -> bool:
        if not self.case_sensitive:
            text, response = text.casefold(), response.casefold()
        if not self.whole_words:
            return text in response
        return re.search(rf"(?<!\w){re.escape(text)}(?!\w)", response) is not None


def _are_texts(texts: Any) -> bool:
    if not isinstance(texts, Sequence) or isinstance(texts, str | bytes | bytearray):
        return False
    return len(texts) <= _MAX_TEXTS and all(
        isinstance(text, str) and 0 < len(text) <= _MAX_TEXT_CHARS for text in texts
    )


def _lists_of(reference: Any) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """Required and forbidden texts of a reference; None where it names none."""
    if isinstance(reference, str):
        reference = [reference]
    if not isinstance(reference, Mapping):
        reference = {"required": reference}
    lists = (reference.get("required", ()), reference.get("forbidden", ()))
    if not _FIELDS.issuperset(reference) or not any(lists) or not all(map(_are_texts, lists)):
        return None
    return tuple(lists[0]), tuple(lists[1])
