"""Comparing two answers that were read: their structure here, their leaves by an engine.

The reference decides what is asked for: an ordered pair or an open interval, a list in any order
or a tuple, an equation or a value, how many decimals count.
"""

from __future__ import annotations

import re
import string
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Final, Literal

from provenir.environments.verifiers.math.intervals import as_intervals
from provenir.environments.verifiers.math.limits import Undecided
from provenir.environments.verifiers.math.notation import unwrap_text
from provenir.environments.verifiers.math.numerals import same_number, slack
from provenir.environments.verifiers.math.units import LABEL, same_unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provenir.environments.verifiers.math.engines import Engine
    from provenir.environments.verifiers.math.numerals import Numeral
    from provenir.environments.verifiers.math.tree import Answer

__all__ = ["Comparison", "Form"]

Form = Literal["any", "closed", "numeral"]

_ORDER_SIGNS: Final = {"<": ">", ">": "<", "\\le": "\\ge", "\\ge": "\\le"}
_UNDEFINED: Final = re.compile(
    r"\\frac\s*\{[^{}]*\}\s*\{\s*[+-]?0+(?:\.0*)?\s*\}|/\s*0+(?:\.0*)?(?![\d.])|\\infty\s*[-*/]"
    r"|0\s*\^\s*\{?0|\\infty.*\\infty|(?i:\bnan\b|undefined\})"
)
_INFINITY: Final = re.compile(r"[+-]?\s*\\infty")
# A sign between two values, a product, or an operation that is still to be carried out.
_COMPUTATION: Final = re.compile(
    r"(?<=[\w)}\]!])\s*[+\-]"
    r"|\\(?:cdot|times|div|sum|prod|int|lim|mod|bmod|gcd|lcm|max|min)(?![A-Za-z])"
    r"|/|\)\s*\(|(?<![a-z])\d\s*\(|\}\s*\("
)
_FACTORED: Final = re.compile(
    r"[^&]{1,40}?(?<![-+])\s*\\begin\{[pb]matrix\}(?:(?!\\begin).)*\\end\{[pb]matrix\}", re.DOTALL
)
_ARTICLE: Final = re.compile(r"^(?:an?|the)\s+")
_NO_SOLUTION: Final = re.compile(r"(?:there (?:is|are) )?no solutions?|empty ?set")
_SYMBOLS: Final = frozenset(string.ascii_letters) - {"e", "i"}
_LETTER: Final = re.compile(r"[A-Za-z]")
# Commands that stand for no unknown; the others (Greek letters) do.
_NO_SYMBOL: Final = re.compile(
    r"\\(?:frac|sqrt|binom|cdot|times|div|pi|infty|log|ln|exp|a?(?:arc)?(?:sin|cos|tan|cot|sec|csc)h?"
    r"|[lr](?:floor|ceil)|circ)(?![A-Za-z])"
)
_ONE_SYMBOL: Final = re.compile(r"[A-Za-z](?:_\{?\w+\}?)?")
_NAME: Final = re.compile(
    r"\\?[A-Za-z]+(?:_\{?[\w ]+\}?)?'*(?:\s*\([A-Za-z, ]*\))?"
    r"|\\text\{[^{}]*\}|\([A-Za-z, ]+\)"
)


@dataclass(slots=True)
class Comparison:
    """One comparison under one policy.

    Attributes:
        engine: Compares leaves that are no numerals.
        tolerance: As in `numerals.same_number`.
        form: How far a value that is asked for must have been computed.
        notes: What was decided on the way, for the metadata.
    """

    engine: Engine
    tolerance: Fraction | None = None
    form: Form = "closed"
    notes: dict[str, str] = field(default_factory=dict)

    def same(self, reference: Answer, answer: Answer) -> bool:
        """Whether an answer is the reference.

        Raises:
            Undecided: It cannot be told, or the answer has a form that is not accepted.
        """
        # One element in braces, and the same without them; inside a set they are not the same.
        if reference.kind == "set" and answer.kind == "leaf" and len(reference.items) == 1:
            return self._same(reference.items[0], answer)
        if answer.kind == "set" and reference.kind == "leaf" and len(answer.items) == 1:
            return self._same(reference, answer.items[0])
        return self._same(reference, answer)

    def _same(self, reference: Answer, answer: Answer) -> bool:
        kinds = {reference.kind, answer.kind}
        if reference.kind == "leaf" and answer.kind == "list" and answer.form == "or":
            # Two spellings of one answer: three quarters, or 0.75.
            return all(self._same(reference, item) for item in answer.items)
        if "relation" in kinds:
            return self._relations(reference, answer)
        if "choice" in kinds:
            return _same_choice(reference, answer)
        if "text" in kinds:
            return _same_words(reference, answer)
        if kinds == {"leaf"}:
            return self._leaves(reference, answer)
        return self._structures(reference, answer)

    def _structures(self, reference: Answer, answer: Answer) -> bool:
        kinds = {reference.kind, answer.kind}
        if kinds == {"ratio"}:
            return self._in_order(reference.items, answer.items)
        if "ratio" in kinds:
            return _same_ratio(reference, answer)
        if kinds == {"matrix", "leaf"}:
            # A number in front of a matrix, which only the grammar can multiply.
            factored = [a for a in (reference, answer) if _FACTORED.fullmatch(a.source)]
            return bool(factored) and self._values(reference, answer)
        if "matrix" in kinds:
            same_shape = reference.form == answer.form and kinds == {"matrix"}
            return same_shape and self._in_order(reference.items, answer.items)
        if kinds & {"union", "interval", "difference"}:
            return self._intervals(as_intervals(reference), as_intervals(answer)) or (
                kinds <= {"union", "difference"}
                and _unspaced(reference.source) == _unspaced(answer.source)
            )
        if "tuple" in kinds:
            # A bare list is a tuple without its brackets; a set is none.
            return kinds <= {"tuple", "list"} and self._in_order(reference.items, answer.items)
        if kinds <= {"set", "list"}:
            if reference.form != answer.form and _has_inequality(reference):
                return False
            return self._in_any_order(_distinct(reference), _distinct(answer))
        return False

    def _in_order(self, reference: Sequence[Answer], answer: Sequence[Answer]) -> bool:
        if len(reference) != len(answer):
            return False
        return all(self._same(r, a) for r, a in zip(reference, answer, strict=True))

    def _in_any_order(self, reference: Sequence[Answer], answer: Sequence[Answer]) -> bool:
        if len(reference) != len(answer):
            return False
        left = list(answer)
        undecided: Undecided | None = None
        for wanted in reference:
            for position, given in enumerate(left):
                try:
                    if self._same(wanted, given):
                        del left[position]
                        break
                except Undecided as fault:
                    if fault.reason in ("timeout", "engine_failed"):
                        raise
                    undecided = fault
            else:
                if undecided is not None:
                    raise undecided
                return False
        return True

    def _intervals(
        self, reference: Sequence[Answer] | None, answer: Sequence[Answer] | None
    ) -> bool:
        if reference is None or answer is None or len(reference) != len(answer):
            return False
        if len(reference) == 1:
            a, b = reference[0], answer[0]
            return a.kind == b.kind and a.form == b.form and self._in_order(a.items, b.items)
        left = list(answer)
        for wanted in reference:
            match = next((n for n, g in enumerate(left) if self._intervals([wanted], [g])), None)
            if match is None:
                return False
            del left[match]
        return True

    def _relations(self, reference: Answer, answer: Answer) -> bool:
        if answer.kind != "relation":
            value = _assigned(reference)
            if value is not None:
                return self._same(value, answer)
            return self._as_range(reference, answer)
        if reference.kind != "relation":
            value = _assigned(answer)
            if value is None or reference.kind in ("interval", "union", "difference"):
                return self._as_range(reference, answer) or (
                    value is not None and self._same(reference, value)
                )
            return self._equation_holds(answer) and self._same(reference, value)
        if reference.source == answer.source:
            return True
        named = _assignment(reference), _assignment(answer)
        if named[0] and named[1] and named[0][0] == named[1][0]:
            return self._same(named[0][1], named[1][1])
        if self._as_range(reference, answer):
            return True
        if " " in reference.form or " " in answer.form:
            return False
        return self._same_relation(reference, answer)

    def _as_range(self, reference: Answer, answer: Answer) -> bool:
        """Compare inequalities with intervals, where intervals are meant beyond doubt."""
        ranges = as_intervals(reference), as_intervals(answer)
        if ranges[0] is None or ranges[1] is None or reference.kind == "tuple":
            return False
        names = {
            item.source
            for side in (reference, answer)
            for item in (side.items if side.kind == "relation" else ())
            if _NAME.fullmatch(item.source)
        }
        return len(names) <= 1 and self._intervals(*ranges)

    def _same_relation(self, reference: Answer, answer: Answer) -> bool:
        sides = [[item.source for item in a.items] for a in (reference, answer)]
        if answer.form != reference.form:
            if _ORDER_SIGNS.get(answer.form) != reference.form:
                return False
            sides[1].reverse()
        if reference.form not in ("=", "\\ne", *_ORDER_SIGNS):
            return False
        if any(item.kind != "leaf" for a in (reference, answer) for item in a.items):
            return self._in_order(reference.items, answer.items)
        ordered = reference.form in _ORDER_SIGNS
        return self.engine.proportional(sides[0], sides[1], ordered=ordered)

    def _equation_holds(self, answer: Answer) -> bool:
        """Refuse an equation that says nothing, or that is wrong wherever it can be computed."""
        if len({item.source for item in answer.items}) < len(answer.items):
            return False
        leaves = [item for item in answer.items if item.kind == "leaf"]
        plain = [x for x in leaves if not _LETTER.search(_NO_SYMBOL.sub("", x.source))]
        judge = Comparison(self.engine, self.tolerance, "any")
        return all(judge.same(a, b) for a, b in pairwise(plain))

    def _leaves(self, reference: Answer, answer: Answer) -> bool:
        units = (reference.unit, answer.unit)
        if not same_unit(*units) and "%" not in units:
            wanted, given = (unit.replace(LABEL, "another word") for unit in units)
            self.notes["unit"] = f"{given} instead of {wanted}"
            return False
        if "%" in units and reference.number and answer.number:
            return self._percentages(reference.number, answer.number, units)
        if reference.unit != answer.unit and "%" in units:
            return False
        if reference.number and answer.number:
            return same_number(reference.number, answer.number, self.tolerance)
        if _UNDEFINED.search(answer.source):
            return False
        if _unspaced(reference.source) == _unspaced(answer.source):
            return True
        infinite = [bool(_INFINITY.fullmatch(a.source)) for a in (reference, answer)]
        if any(infinite):
            return all(infinite) and ("-" in reference.source) == ("-" in answer.source)
        if reference.number:
            self._check_form(answer)
        return self._values(reference, answer)

    def _values(self, reference: Answer, answer: Answer) -> bool:
        """Have the engine compare two expressions, with the slack that written decimals allow."""
        relative = absolute = Fraction(0)
        allowed = slack(reference.number, answer.number, self.tolerance)
        if reference.number is None:
            relative = allowed
        else:
            absolute = allowed
        sources = unwrap_text(reference.source), unwrap_text(answer.source)
        return self.engine.same_value(*sources, relative=relative, absolute=absolute)

    def _check_form(self, answer: Answer) -> None:
        if self.form == "any":
            return
        symbols = set(re.sub(r"\\[A-Za-z]+", "", answer.source)) & _SYMBOLS
        if self.form == "numeral" or symbols or _COMPUTATION.search(answer.source):
            raise Undecided("unevaluated", "the answer is a computation that was not carried out")

    def _percentages(self, reference: Numeral, answer: Numeral, units: tuple[str, str]) -> bool:
        compatible = units[0] == units[1] or "" in units
        if same_number(reference, answer, self.tolerance):
            if units[0] != units[1]:
                self.notes["percent"] = "sign_ignored"
            return compatible
        if units[0] == units[1] or not compatible:
            return False
        self.notes["percent"] = "of_one"
        shares = [
            number.value / 100 if unit == "%" else number.value
            for number, unit in zip((reference, answer), units, strict=True)
        ]
        return shares[0] == shares[1]


def _same_choice(reference: Answer, answer: Answer) -> bool:
    letters = [a.form or unwrap_text(a.source).strip() for a in (reference, answer)]
    # A choice may be written small; a variable that happens to be a letter may not.
    return letters[0] == letters[1] or (
        reference.kind == "choice" and letters[0].isupper() and letters[0] == letters[1].upper()
    )


def _same_words(reference: Answer, answer: Answer) -> bool:
    """Whether two texts hold the same words; case and spacing do not count."""
    words = [_word(a.source) for a in (reference, answer)]
    return words[0] == words[1] and bool(words[0])


def _word(source: str) -> str:
    text = " ".join(unwrap_text(source).split()).strip(" .'\"").casefold()
    text = _ARTICLE.sub("", text)
    return "\\emptyset" if _NO_SOLUTION.fullmatch(text) else text


def _same_ratio(reference: Answer, answer: Answer) -> bool:
    """Compare the ratio ``3:4`` with three quarters; a reference that is none takes no ratio."""
    numbers = [item.number for item in reference.items]
    if reference.kind != "ratio" or len(numbers) != 2 or answer.number is None:
        return False
    over, under = numbers
    if over is None or under is None or not under.value or answer.number.form != "fraction":
        return False
    return over.value / under.value == answer.number.value


def _distinct(answer: Answer) -> Sequence[Answer]:
    """Return a set's elements once each; a list keeps what it repeats."""
    if answer.kind != "set":
        return answer.items
    seen: dict[object, Answer] = {}
    for item in answer.items:
        seen.setdefault(item.number.value if item.number else item.source, item)
    return tuple(seen.values())


def _has_inequality(answer: Answer) -> bool:
    """Whether it matters that inequalities are joined by "and" or by "or"."""
    return any(set(item.form.split()) & set(_ORDER_SIGNS) for item in answer.items)


def _unspaced(source: str) -> str:
    return re.sub(r"(?<!\d) | (?!\d)", "", source)


def _assigned(answer: Answer) -> Answer | None:
    """Return the value of ``x = 5``, ``AB = 5`` or ``2 + 3 = 5``; None for another relation."""
    signs = set(answer.form.split())
    if not signs <= {"=", "\\in"}:
        return None
    first, last = answer.items[0], answer.items[-1]
    turned = len(answer.items) == 2 and signs == {"="} and first.number and last.number is None
    return first if turned and _ONE_SYMBOL.fullmatch(last.source) else last


def _assignment(answer: Answer) -> tuple[str, Answer] | None:
    """Return name and value of an equation whose left side is one name."""
    name = answer.items[0].source.strip()
    if set(answer.form.split()) <= {"=", "\\in"} and _NAME.fullmatch(name):
        return name.replace(" ", ""), answer.items[-1]
    return None
