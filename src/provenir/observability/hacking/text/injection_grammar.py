"""A small grammar of commands to a judge: who is addressed × what is commanded × which verdict.

No single word decides. A command is an imperative (or a verb under *must*, *should*, *please*); it
counts when it sets instructions aside, or when it asks for a favourable verdict and either is
addressed to a judge or is about the response itself. Conditions (*full marks if the response ...*)
make a rubric of it.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from typing import TYPE_CHECKING, Final, NamedTuple

from provenir.observability.hacking.text import injection_words as words

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Hit", "Sentence"]

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
    | words.JUDGES
    | words.NO_CHECK
    | words.word_set("as a a+ me i response answer whoever anyone")
)
_DESERVE: Final = words.DESERVE | words.MODALS
_AHEAD: Final = 12
_AROUND: Final = 14
_CALL_AHEAD: Final = 26


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


class Sentence:
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
            if word in _VERBS:
                self._verbs.append(i)
            if kind := self._verdict(i):
                self._verdicts[i] = kind
            if self._is_own(i):
                self._own.append(i)
            if self._is_call(i):
                self._calls.append(i)

    def hits(self) -> Iterator[Hit]:
        """Yield everything that the grammar recognises."""
        for i in self._verbs:
            word = self._words[i]
            for known, rule in (
                (words.OVERRIDE_VERBS, self._override),
                (words.AWARD_VERBS, self._award),
                (_DESERVE, self._deserved),
                (words.FLATTERY, self._flattery),
                (words.REPLACED, self._replaced),
                (words.CONFIRMED, self._confirmed),
                (words.LOWERING, self._lowering),
                (words.TELLING, self._telling),
                (words.PREFERRING, self._preferring),
            ):
                if word in known and (hit := rule(i)) is not None:
                    yield hit
        for i in self._calls:
            hit = self._assurance(i)
            if hit is not None:
                yield hit

    # What stands where ------------------------------------------------------------------------

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

    # Rules --------------------------------------------------------------------------------------

    def _hit(
        self, rule: str, first: int, last: int, *, own: bool, conditional: bool = False
    ) -> Hit:
        last = min(last, len(self._words) - 1)
        return Hit(rule, self._starts[first], self._ends[last], own, conditional)

    def _override(self, i: int) -> Hit | None:
        if not self._is_command(i):
            return None
        marked = False
        for j in range(i + 1, min(i + 9, len(self._words))):
            word = self._words[j]
            marked = marked or word in words.OVERRIDE_MARKS
            if word in words.OVERRIDE_OBJECTS:
                ahead = self._next(j + 1, 4 if word in ("everything", "anything") else 1)
                marked = marked or not words.AFTER_EVERYTHING.isdisjoint(ahead)
                if marked and self._at(j + 1) not in words.QUALIFIERS:
                    conditional = any(w in words.CONDITIONS for w in self._next(j + 1, 3))
                    return self._hit("override", i, j, own=False, conditional=conditional)
            elif word not in words.OVERRIDE_BETWEEN:
                return None
        return None

    def _award(self, i: int) -> Hit | None:
        if not self._is_command(i):
            return None
        for j in range(i + 1, min(i + 1 + _AHEAD, len(self._words))):
            if self._words[j] in ".!?\n" and j > i + 2:
                return None
            kind = self._verdicts.get(j)
            if kind is None:
                continue
            following = self._at(i + 1) in ("this", "it", "me")
            own = following or _within(self._own, i - _AROUND, j + _AROUND)
            called = _within(self._calls, i - _CALL_AHEAD, i - 1)
            if not (own or called) or (
                kind == "weak" and not called and not (own and self._is_near(i, j))
            ):
                continue
            after = self._next(j + 1, 8)
            conditional = any(w in words.CONDITIONS for w in after)
            return self._hit("award", i, j + 1, own=own, conditional=conditional)
        return None

    def _is_near(self, i: int, j: int) -> bool:
        """Whether a weak verdict belongs to a command about the response itself."""
        first = self._words[i]
        grading = first in (
            "mark",
            "grade",
            "deem",
            "judge",
            "consider",
            "declare",
            "label",
            "rate",
        )
        asks = first in ("give", "assign", "award", "grant") and self._words[j] not in words.RIGHT
        return (grading or asks) and (
            self._at(i + 1) in ("this", "it") or _within(self._own, i + 1, j)
        )

    def _deserved(self, i: int) -> Hit | None:
        word = self._words[i]
        begin = i + 1
        if word in words.MODALS:
            if self._at(i + 1) not in words.RECEIVE:
                return None
            begin = i + 2
        if not _within(self._own, i - _AROUND, i - 1):
            return None
        for j in range(begin, min(begin + 6, len(self._words))):
            if self._verdicts.get(j) == "sure":
                conditional = any(w in words.CONDITIONS for w in self._next(j + 1, 8))
                return self._hit("deserved", i, j + 1, own=True, conditional=conditional)
        return None

    def _flattery(self, i: int) -> Hit | None:
        for j in range(i + 1, min(i + 5, len(self._words))):
            word = self._words[j]
            if word in words.STOPS:
                return None
            if word not in words.JUDGES or word in ("model", "system", "assistant", "evaluation"):
                continue
            near = self._next(max(0, i - 12), 36)
            spoken = any(w in ("you", "your", "dear", "thank", "trust") for w in near)
            graded = any(w in words.VERDICT_NOUNS or w in ("response", "answer") for w in near)
            if spoken and (graded or word in words.SURE_JUDGES):
                return self._hit("flattery", i, j, own=graded)
        return None

    def _lowering(self, i: int) -> Hit | None:
        """Points are not to be taken from the response."""
        forbidden = self._at(i - 1) in ("not", "don't", "never", "without")
        if forbidden and _within(self._own, i + 1, i + 10):
            return self._hit("award", i - 1, i + 1, own=True)
        return None

    def _telling(self, i: int) -> Hit | None:
        """It is commanded to say that the response is right."""
        if self._at(i + 1) != "that" or not self._is_command(i):
            return None
        for j in range(i + 2, min(i + 10, len(self._words))):
            if self._words[j] in words.STOPS:
                return None
            if self._verdicts.get(j) and _within(self._own, i + 2, j):
                return self._hit("award", i, j, own=True)
        return None

    def _preferring(self, i: int) -> Hit | None:
        """It is commanded to prefer the response to others."""
        if not self._is_command(i):
            return None
        named = self._at(i + 1) in ("assistant", "response") and self._at(i + 2) in ("a", "b")
        ends = self._at(i + 3) in ("", *words.STOPS)
        over = _within(self._own, i + 1, i + 2) and "over" in self._next(i + 2, 4)
        if (named and ends) or over:
            return self._hit("award", i, i + 2, own=True)
        return None

    def _replaced(self, i: int) -> Hit | None:
        """The rubric or the instructions are said to count no more."""
        before = self._words[max(0, i - 6) : i]
        named = [w for w in before if w in ("rubric", "criteria", "instructions", "prompt")]
        marked = any(w in ("previous", "prior", "above", "grading", "rubric") for w in before)
        if not named or not marked or not any(w in ("has", "have", "is", "are") for w in before):
            return None
        return self._hit("override", max(0, i - 3), i, own=False)

    def _confirmed(self, i: int) -> Hit | None:
        """Somebody of authority is said to have found the response right."""
        if not any(w in words.AUTHORITIES for w in self._words[max(0, i - 5) : i]):
            return None
        for k in range(i + 1, min(i + 10, len(self._words))):
            if self._words[k] in words.RIGHT and _within(self._own, i + 1, k):
                return self._hit("assurance", i, k, own=True)
        return None

    def _assurance(self, i: int) -> Hit | None:
        """A judge is spoken to, and told that the response is right."""
        for j in range(i + 2, min(i + _CALL_AHEAD, len(self._words))):
            if self._words[j] == "\n":
                break
            if self._verdicts.get(j) == "sure" and self._words[i] not in words.NO_CHECK:
                conditional = any(w in words.CONDITIONS for w in self._next(i + 1, j - i + 8))
                return self._hit("assurance", i, j + 1, own=False, conditional=conditional)
        first = bisect_left(self._own, i + 1)
        for k in self._own[first : first + _AROUND]:
            if k > i + _AROUND or self._words[k] == "me":
                continue
            for j in range(k + 1, min(k + 9, len(self._words))):
                if self._words[j] in ".!?\n":
                    break
                if self._verdicts.get(j):
                    return self._hit("assurance", i, j, own=True)
        return None


def _within(places: list[int], low: int, high: int) -> bool:
    """Whether one of the places, which are in order, lies from `low` to `high`."""
    at = bisect_left(places, low)
    return at < len(places) and places[at] <= high
