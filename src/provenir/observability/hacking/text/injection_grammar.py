"""A small grammar of commands to a judge: who is addressed × what is commanded × which verdict.

No single word decides. A command is an imperative (or a verb under *must*, *should*, *please*); it
counts when it sets instructions aside, or when it asks for a favourable verdict and either is
addressed to a judge or is about the response itself. Conditions (*full marks if the response ...*)
make a rubric of it.
"""

from __future__ import annotations

from bisect import bisect_left
from typing import TYPE_CHECKING, Final

from provenir.observability.hacking.text import injection_words as words
from provenir.observability.hacking.text.injection_tokens import Hit, Tokens, within

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Sentence"]

_DESERVE: Final = words.DESERVE | words.MODALS
_AHEAD: Final = 12
_AROUND: Final = 14
_CALL_AHEAD: Final = 26


class Sentence(Tokens):
    """A stretch of text that is searched for commands."""

    __slots__ = ()

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
            own = following or within(self._own, i - _AROUND, j + _AROUND)
            called = within(self._calls, i - _CALL_AHEAD, i - 1)
            if not (own or called) or (
                kind != "sure" and not called and not (own and self._is_near(i, j))
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
            self._at(i + 1) in ("this", "it") or within(self._own, i + 1, j)
        )

    def _deserved(self, i: int) -> Hit | None:
        word = self._words[i]
        begin = i + 1
        if word in words.MODALS:
            if self._at(i + 1) not in words.RECEIVE:
                return None
            begin = i + 2
        if not within(self._own, i - _AROUND, i - 1):
            return None
        for j in range(begin, min(begin + 6, len(self._words))):
            if self._verdicts.get(j) == "sure":
                conditional = any(w in words.CONDITIONS for w in self._next(j + 1, 8))
                return self._hit("deserved", i, j + 1, own=True, conditional=conditional)
        return None

    def _flattery(self, i: int) -> Hit | None:
        for j in range(i + 1, min(i + 6, len(self._words))):
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
        if forbidden and within(self._own, i + 1, i + 10):
            return self._hit("award", i - 1, i + 1, own=True)
        return None

    def _telling(self, i: int) -> Hit | None:
        """It is commanded to say that the response is right."""
        if self._at(i + 1) != "that" or not self._is_command(i):
            return None
        for j in range(i + 2, min(i + 10, len(self._words))):
            if self._words[j] in words.STOPS:
                return None
            if self._verdicts.get(j) and within(self._own, i + 2, j):
                return self._hit("award", i, j, own=True)
        return None

    def _preferring(self, i: int) -> Hit | None:
        """It is commanded to prefer the response to others."""
        if not self._is_command(i):
            return None
        named = self._at(i + 1) in ("assistant", "response") and self._at(i + 2) in ("a", "b")
        ends = self._at(i + 3) in ("", *words.STOPS)
        over = within(self._own, i + 1, i + 2) and "over" in self._next(i + 2, 4)
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
            if self._words[k] in words.RIGHT and within(self._own, i + 1, k):
                return self._hit("assurance", i, k, own=True)
        return None

    def _assurance(self, i: int) -> Hit | None:
        """A judge is spoken to, and told that the response is right."""
        for j in range(i + 1, min(i + _CALL_AHEAD, len(self._words))):
            if self._words[j] == "\n":
                break
            kind = self._verdicts.get(j)
            if kind == "label" and self._words[i] in words.GENERAL_JUDGES:
                continue
            if kind in ("sure", "label") and (
                self._words[i] not in words.NO_CHECK or self._at(i + 1) in words.MACHINES
            ):
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
