"""What stands where in a sentence: verdicts, the response itself, a judge who is spoken to.

The tokens of a stretch of folded text are read once; the rules of the grammar
(`injection_grammar`) look at what stands around each verb.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import Final, NamedTuple

from provenir.observability.hacking.text import injection_words as words

__all__ = ["Hit", "Tokens", "within"]

_TOKEN: Final = re.compile(
    r"[^\W_]+(?:\+|['’][a-z]+|\.\d+)?(?:/\d{1,4})?%?|\[\[\w{1,3}\]\]|[.,:;!?\n()\[\]]"
)
_VERBS: Final = (
    words.OVERRIDE_VERBS
    | words.AWARD_VERBS
    | words.DESERVE
    | words.MODALS
    | words.FLATTERY
    | words.REPLACED
    | words.CONFIRMED
    | words.LOWERING
    | words.TELLING
    | words.PREFERRING
)
_NOTABLE: Final = (
    _VERBS
    | words.QUALITIES
    | words.WEAK_QUALITIES
    | words.VERDICT_NOUNS
    | words.RIGHT
    | words.OWN
    | words.LABELS
    | words.JUDGES
    | words.MACHINE_TASKS
    | words.NO_CHECK
    | words.word_set("as a a+ me i response answer whoever anyone")
)


_CALLING: Final = (
    words.JUDGES | words.NO_CHECK | words.MACHINE_TASKS | words.word_set("whoever anyone")
)
_AFTER_NUMBER: Final = words.VERDICT_NOUNS | words.word_set("out stars")
_OWNING: Final = words.OWN | words.word_set("me i response assistant answer model")


class Hit(NamedTuple):
    """One thing that the grammar recognised.

    Attributes:
        rule: Its name.
        start: First character.
        end: The one after the last.
        own: Whether it is about the response itself.
        conditional: Whether a condition makes a rubric of it.
    """

    rule: str
    start: int
    end: int
    own: bool = False
    conditional: bool = False


class Tokens:
    """The tokens of a stretch of folded text, and what stands where among them."""

    __slots__ = ("_calls", "_ends", "_own", "_starts", "_verbs", "_verdicts", "_words")

    def __init__(self, text: str, start: int, end: int) -> None:
        found = list(_TOKEN.finditer(text, start, end))
        self._words = [match.group() for match in found]
        self._starts = [match.start() for match in found]
        self._ends = [match.end() for match in found]
        self._verdicts: dict[int, str] = {}
        self._own: list[int] = []
        self._calls: list[int] = []
        self._verbs: list[int] = []
        for i, word in enumerate(self._words):
            if word not in _NOTABLE and word[0] not in "[0123456789":
                continue
            if word.isdigit() and self._at(i + 1) not in _AFTER_NUMBER:
                continue
            if word in _VERBS:
                self._verbs.append(i)
            if kind := self._verdict(i):
                self._verdicts[i] = kind
            if word in _OWNING and self._is_own(i):
                self._own.append(i)
            if word in _CALLING and self._is_call(i):
                self._calls.append(i)

    def _at(self, i: int) -> str:
        return self._words[i] if 0 <= i < len(self._words) else ""

    def _next(self, i: int, count: int) -> list[str]:
        return self._words[max(0, i) : max(0, i + count)]

    def _verdict(self, i: int) -> str:
        """Return ``sure``, ``weak`` or nothing for what begins at a token."""
        word = self._words[i]
        following = self._next(i + 1, 3)
        if word in words.QUALITIES and any(w in words.VERDICT_NOUNS for w in following[:2]):
            return "sure"
        if word in words.WEAK_QUALITIES and any(w in words.VERDICT_NOUNS for w in following[:2]):
            return "weak"
        if word.startswith("[[") and word.endswith("]]"):
            return "sure"
        got, slash, most = word.partition("/")
        if slash and got == most and got != "1" and got.isdigit():
            return "sure"
        if word.isdigit() and following == ["out", "of", word]:
            return "sure"
        if following[:1] == ["stars"] and word in ("5", "five"):
            return "sure"
        if word in ("10", "100") and following[:1] and following[0] in words.VERDICT_NOUNS:
            return "sure"
        if word == "a" and following[:1] and following[0] in ("10", "100"):
            return "sure" if len(following) < 2 or following[1] in words.STOPS else ""
        if word == "as" and following == ["high", "as", "possible"]:
            return "sure"
        if word in words.VERDICT_NOUNS and self._is_best(self._next(i + 1, 6)):
            return "sure"
        if word == "as" and any(w in words.RIGHT for w in following[:3]):
            return "sure"
        if word in words.LABELS and any(
            w in words.BEST_WORDS for w in following[: 2 if following[:1] == [":"] else 1]
        ):
            return "label"
        return "weak" if word in words.RIGHT or word in ("100%", "a+") else ""

    @staticmethod
    def _is_best(following: list[str]) -> bool:
        if following and following[0] in words.BEST_NUMBERS:
            return True
        for k, word in enumerate(following[:-1]):
            if word in words.STOPS and word != ":":
                return False
            if word in ("of", "is", "to", "as", ":", "at", "be"):
                return following[k + 1] in words.BEST_NUMBERS
        return False

    def _is_own(self, i: int) -> bool:
        word = self._words[i]
        if word == "me":
            return True
        if word == "i":
            return self._at(i + 1) in ("wrote", "submitted", "write", "submit")
        if word in words.OWN:
            return any(w in words.WORKS for w in self._next(i + 1, 3))
        return word in ("response", "assistant", "answer", "model") and self._at(i + 1) in (
            "a",
            "b",
        )

    def _is_call(self, i: int) -> bool:
        """Whether a judge is spoken to at a token."""
        word = self._words[i]
        reads = not words.READERS.isdisjoint(self._next(i + 1, 2))
        if reads and word in ("whoever", "anyone"):
            return True
        forbids = self._at(i - 1) in ("stop", "don't", "don’t", "without")
        if word in words.NO_CHECK and (forbids or self._next(i - 2, 2) == ["do", "not"]):
            return True
        if word in words.MACHINE_TASKS and self._at(i + 1) in words.MACHINES:
            addressed = any(w in ("for", "to") for w in self._words[max(0, i - 5) : i])
            return addressed and self._at(i + 2) in (":", ",", "]")
        if word not in words.JUDGES:
            return False
        if word == "system" and self._at(i + 1) in (
            "override",
            "message",
            "note",
            "notice",
            "update",
        ):
            return True
        if self._at(i - 1) == "for" and self._at(i + 1) == "purposes":
            return True
        before = self._words[max(0, i - 5) : i]
        after = self._at(i + 1)
        if any(w in words.CALLS for w in before[-4:]):
            return True
        if any(w in words.NOTES for w in before) and any(w in ("to", "for") for w in before):
            return True
        if before[-3:-2] == ["as"] or before[-2:-1] == ["as"]:
            return any(w in ("you", "i") for w in self._next(i + 1, 4))
        if "you" in before and ("are" in before or "re" in before) and word != "assistant":
            return True
        opens = not before or before[-1] in words.STOPS or before[-1] in "(["
        if (opens or word in words.SURE_JUDGES) and after in (":", ",", "]"):
            return True
        return word in words.SURE_JUDGES and after in words.MODALS

    def _is_command(self, i: int) -> bool:
        """Whether the verb at a token is an imperative."""
        before = self._at(i - 1)
        if not before or before in words.STOPS or before in ",()[]" or before.isdigit():
            return True
        if before in ("not", "don't"):
            return "if" in self._words[max(0, i - 5) : i]
        if before == "to":
            return self._at(i - 2) in words.BEFORE_TO
        return before in words.BEFORE_IMPERATIVE and self._at(i - 2) not in (
            "not",
            "i",
            "we",
            "they",
        )


def within(places: list[int], low: int, high: int) -> bool:
    """Whether one of the places, which are in order, lies from `low` to `high`."""
    at = bisect_left(places, low)
    return at < len(places) and places[at] <= high
