"""`MathVerifier`: whether the final answer of a response is the reference's value."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final, get_args

from provenir.core.errors import UsageError
from provenir.core.protocols import VerificationResult
from provenir.core.text import printable
from provenir.environments.verifiers.math.comparing import Comparison, Form
from provenir.environments.verifiers.math.engines import (
    NumericEngine,
    SymbolicEngine,
    symbolic_version,
)
from provenir.environments.verifiers.math.extraction import Extraction, extract
from provenir.environments.verifiers.math.limits import MAX_ANSWER_CHARS, Undecided
from provenir.environments.verifiers.math.reading import read_answer

if TYPE_CHECKING:
    from provenir.environments.verifiers.math.engines import Engine
    from provenir.environments.verifiers.math.tree import Answer

__all__ = ["MathVerifier"]

_MAX_TIMEOUT_S: Final = 600.0
_MAX_BITS: Final = 3_000  # of a reference that is a number
_SHOWN_CHARS: Final = 120
_MOST_EQUAL: Final = 8  # different spellings of one answer in a response
_MEND: Final = "give the answer alone as text or a number, such as r'\\frac{1}{2}'"


class _BadReference(Exception):  # noqa: N818 - turned into a verdict at once
    """The reference cannot be compared with anything."""


@dataclass(frozen=True, slots=True)
class MathVerifier:
    r"""Accepts a response whose final answer has the value of the reference.

    With the extra ``math`` expressions are read by the grammar of math-verify, in a worker process
    that is killed when it takes too long; without it numerals, and sets, tuples and intervals of
    them, are compared exactly, and the rest is ``not_comparable``. The guide ``math.md`` has the
    policy on percentages, units, decimals, intervals and so on as a table.

    Args:
        tolerance: Relative difference that is allowed where a side is written with decimals; it
            never makes two different integers equal. None for the default: exact where the
            reference is exact, and for decimals one part in a million that never reaches half a
            unit of the reference's last place.
        timeout_s: CPU seconds for the comparison; at twice that and one second it is killed.
        form: What is accepted where the reference is a number: ``numeral`` only a number that is
            written out, ``closed`` also one power, root, factorial or function value, ``any`` also
            sums and products that are left to compute, such as the question's own.
        engine: ``auto`` takes math-verify where it is installed; ``numeric`` never does.

    Raises:
        UsageError: An argument that cannot be meant.
    """

    tolerance: float | None = None
    timeout_s: float = 5.0
    form: Form = "closed"
    engine: str = "auto"
    _version: str | None = field(init=False, repr=False, default=None)

    def __post_init__(self) -> None:
        if self.tolerance is not None and not _within(self.tolerance, 0.0, 1.0):
            raise UsageError(f"tolerance is {self.tolerance!r}", mend="from 0 to 1, or None")
        if not _within(self.timeout_s, 0.01, _MAX_TIMEOUT_S):
            raise UsageError(f"timeout_s is {self.timeout_s!r}", mend="seconds from 0.01 to 600")
        if self.form not in get_args(Form):
            raise UsageError(f"form is {self.form!r}", mend=f"one of {', '.join(get_args(Form))}")
        if self.engine not in ("auto", "numeric"):
            raise UsageError(f"engine is {self.engine!r}", mend="one of auto, numeric")
        if self.engine == "auto":
            object.__setattr__(self, "_version", symbolic_version())

    def verify(self, response: str, reference: Any) -> VerificationResult:
        r"""Return the verdict; total on any text, and safe to call from any thread.

        Args:
            response: A completion; its final answer is what counts.
            reference: The gold answer: text, or an int, float, Fraction or Decimal. Text may be a
                whole solution that ends in ``\boxed{…}`` or ``#### …``.

        Returns:
            `metadata` holds ``reason`` (``ok``, ``wrong_answer``, ``unevaluated``, ``no_answer``,
            ``ambiguous``, ``timeout``, ``too_large``, ``not_comparable``, ``bad_reference``,
            ``engine_failed``), ``engine``, ``answer`` as it was extracted, ``marker``, and where it
            applies ``percent`` and ``unit``.
        """
        engine: Engine = (
            SymbolicEngine(f"math-verify {self._version}", self.timeout_s)
            if self._version
            else NumericEngine()
        )
        tolerance = None if self.tolerance is None else Fraction(self.tolerance)
        comparison = Comparison(engine, tolerance, self.form)
        facts: dict[str, Any] = {"engine": engine.name}
        try:
            return _verdict(response, reference, comparison, facts)
        except _BadReference as fault:
            return _refused("bad_reference", f"{fault}: {_MEND}", facts)
        except Undecided as undecided:
            return _refused(undecided.reason, undecided.detail, facts | comparison.notes)
        except RecursionError:
            return _refused("too_large", "the answer is nested too deeply to be compared", facts)


def _verdict(
    response: object, reference: Any, comparison: Comparison, facts: dict[str, Any]
) -> VerificationResult:
    wanted = _read_reference(reference)
    if not isinstance(response, str):
        return _refused("no_answer", "the response is no text", facts)
    found = extract(response)
    facts["marker"] = found.marker
    if not found.candidates:
        return _refused("no_answer", "the response marks no final answer", facts)
    text = _the_answer(found, wanted, comparison, facts)
    facts["answer"] = printable(text, max_chars=MAX_ANSWER_CHARS)
    passed = comparison.same(wanted, read_answer(text))
    facts |= comparison.notes
    shown = printable(text, max_chars=_SHOWN_CHARS)
    if not passed:
        return _refused("wrong_answer", f"{shown} is not the reference", facts)
    facts["reason"] = "ok"
    detail = f"{shown} is the reference"
    return VerificationResult(passed=True, reward=1.0, detail=detail, metadata=facts)


def _within(value: object, low: float, high: float) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and low <= value <= high


def _refused(reason: str, detail: str, facts: dict[str, Any]) -> VerificationResult:
    metadata = {**facts, "reason": reason}
    return VerificationResult(passed=False, reward=0.0, detail=detail, metadata=metadata)


def _read_reference(reference: Any) -> Answer:
    text = _reference_text(reference)
    found = extract(text) if "\\boxed" in text or "####" in text else Extraction((text,))
    if len(found.candidates) != 1 and not found.joined:
        raise _BadReference("the reference does not say one answer")
    try:
        return read_answer(found.joined or found.candidates[0])
    except Undecided as undecided:
        raise _BadReference(f"the reference cannot be read ({undecided.detail})") from undecided
    except RecursionError as error:
        raise _BadReference("the reference is nested too deeply") from error


def _reference_text(reference: Any) -> str:
    if isinstance(reference, str):
        if reference.strip().lower() == "nan":
            raise _BadReference("the reference is NaN")
        return reference
    if isinstance(reference, bool):
        raise _BadReference("the reference is a truth value")
    if isinstance(reference, int) and reference.bit_length() < _MAX_BITS:
        return str(reference)
    if isinstance(reference, float | Decimal) and math.isfinite(reference):
        exact = Decimal(repr(reference)) if isinstance(reference, float) else reference
        if abs(exact.adjusted()) < _MAX_BITS // 4:
            return f"{exact:f}"
    if isinstance(reference, Fraction):
        over, under = reference.numerator, reference.denominator
        if max(over.bit_length(), under.bit_length()) < _MAX_BITS:
            return f"{over}/{under}"
    raise _BadReference(f"a reference of type {type(reference).__name__} has no value to compare")


def _the_answer(
    found: Extraction, wanted: Answer, comparison: Comparison, facts: dict[str, Any]
) -> str:
    """Return the one answer; several are one where they are equal, or make the list asked for.

    Raises:
        Undecided: They differ.
    """
    first, *others = found.candidates
    if not others:
        return first
    facts["candidates"] = len(found.candidates)
    if found.joined and wanted.kind in ("list", "set", "tuple", "union"):
        return found.joined
    judge = Comparison(comparison.engine, None, "any")
    try:
        read = read_answer(first)
        same = len(others) < _MOST_EQUAL and all(
            judge.same(read, read_answer(other)) for other in others
        )
    except Undecided:
        same = False
    if not same:
        raise Undecided("ambiguous", "the response marks several different final answers")
    return found.candidates[-1]
