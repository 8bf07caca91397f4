"""The contract of `MathVerifier`: its reasons, its references, its arguments, its laws."""

from __future__ import annotations

import math
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenir.core.errors import UsageError
from provenir.core.extras import available
from provenir.core.protocols import Verifier
from provenir.environments import MathVerifier

needs_math = pytest.mark.skipif(
    not available("math_verify", "latex2sympy2_extended"), reason="needs the extra math"
)
NUMERIC = MathVerifier(engine="numeric")


def reason(response, reference, **arguments):
    return MathVerifier(**arguments).verify(response, reference).metadata["reason"]


def test_it_is_a_verifier():
    assert isinstance(MathVerifier(), Verifier)


@pytest.mark.parametrize(
    ("response", "reference", "expected"),
    [
        (r"\boxed{5}", "5", "ok"),
        (r"\boxed{6}", "5", "wrong_answer"),
        (r"\boxed{2+3}", "5", "unevaluated"),
        ("There were 5 of them.\nI do not know.", "5", "no_answer"),
        (r"\boxed{}", "5", "no_answer"),
        (None, "5", "no_answer"),
        (b"5", "5", "no_answer"),
        (r"\boxed{5} or \boxed{6}", "5", "ambiguous"),
        (rf"\boxed{{{'9' * 2100}}}", "5", "too_large"),
        (rf"\boxed{{{'(' * 40}5{')' * 40}}}", "5", "too_large"),
        (r"\boxed{5}", None, "bad_reference"),
        (r"\boxed{5}", "", "bad_reference"),
        (r"\boxed{5}", True, "bad_reference"),
        (r"\boxed{5}", ["5"], "bad_reference"),
        (r"\boxed{5}", math.nan, "bad_reference"),
        (r"\boxed{5}", Decimal("1e999999"), "bad_reference"),
        pytest.param(r"\boxed{5}", 10**5000, "bad_reference", id="huge"),
        (r"\boxed{5}", r"\boxed{5} and \boxed{6} but \boxed{7}", "bad_reference"),
        (r"\boxed{5}", "x" * 3000, "bad_reference"),
    ],
)
def test_reasons(response, reference, expected):
    assert reason(response, reference) == expected


@pytest.mark.parametrize(
    "reference", [5, 5.0, Fraction(5), Decimal(5), "5", r"so \boxed{5}", "a\n#### 5"]
)
def test_a_reference_may_be_a_number_or_a_solution(reference):
    assert MathVerifier().verify(r"\boxed{5}", reference).passed


def test_a_bad_reference_says_how_to_mend_it():
    result = MathVerifier().verify(r"\boxed{5}", {"answer": 5})
    assert "give the answer alone" in result.detail


@pytest.mark.parametrize(
    "arguments",
    [
        {"tolerance": -1},
        {"tolerance": math.nan},
        {"tolerance": 2},
        {"tolerance": True},
        {"timeout_s": 0},
        {"timeout_s": math.inf},
        {"form": "pretty"},
        {"engine": "sympy"},
    ],
)
def test_wrong_arguments_raise_at_once(arguments):
    with pytest.raises(UsageError):
        MathVerifier(**arguments)


def test_an_explicit_tolerance_reaches_decimals_and_never_integers():
    assert reason(r"\boxed{3.15}", "3.14", tolerance=0.01) == "ok"
    assert reason(r"\boxed{3.2}", "3.14", tolerance=0.01) == "wrong_answer"
    assert reason(r"\boxed{100.5}", "100", tolerance=0.01) == "ok"
    assert reason(r"\boxed{101}", "100", tolerance=0.05) == "wrong_answer"
    assert reason(r"\boxed{0.33}", "1/3", tolerance=0.02) == "ok"


@needs_math
def test_the_form_that_is_asked_for():
    assert reason(r"\boxed{2+2}", "4", form="any") == "ok"
    assert reason(r"\boxed{2^2}", "4", form="closed") == "ok"
    assert reason(r"\boxed{2^2}", "4", form="numeral") == "unevaluated"


def test_the_metadata_state_what_was_decided():
    facts = MathVerifier().verify(r"\boxed{50}", r"50\%").metadata
    assert facts["percent"] == "sign_ignored"
    assert facts["answer"] == "50"
    assert facts["marker"] == "boxed"
    assert MathVerifier().verify(r"\boxed{50\%}", "0.5").metadata["percent"] == "of_one"
    assert "unit" in MathVerifier().verify(r"\boxed{5\text{ cm}}", r"5\text{ m}").metadata


@given(st.text(max_size=300), st.text(max_size=60))
@settings(max_examples=300, deadline=None)
def test_it_is_total_on_any_text(response, reference):
    result = NUMERIC.verify(response, reference)
    assert result.passed == (result.reward == 1.0) == (result.metadata["reason"] == "ok")


MATHEMATICAL = (
    r"\frac { } ( ) [ ] ^ _ \sqrt 1 x , = < \pm % \text \begin{pmatrix} \end{pmatrix} & \\ $"
    r" \{ \} ! + - . \cup \infty | / \boxed{ #### : \left \overline"
)
PIECES = st.sampled_from([*MATHEMATICAL.split(), " ", "\ud800", "\0"])


@given(st.lists(PIECES, max_size=25).map("".join), st.lists(PIECES, max_size=10).map("".join))
@settings(max_examples=400, deadline=None)
def test_it_is_total_on_broken_latex(response, reference):
    result = NUMERIC.verify(rf"\boxed{{{response}}}", reference)
    assert result.metadata["reason"]


@needs_math
@given(st.lists(PIECES, max_size=15).map("".join))
@settings(max_examples=60, deadline=None)
def test_broken_latex_never_reaches_a_fault_of_the_worker(response):
    result = MathVerifier().verify(rf"\boxed{{{response}}}", r"\sqrt{2}x")
    assert result.metadata["reason"] != "engine_failed"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\0",
        "\ud800",
        "9" * 10_000_000,
        "{" * 1_000_000,
        r"\boxed{" * 100_000,
        "<answer>" * 30_000,
        "\n" * 200_000,
        "$" * 100_000,
        "the answer is " * 100_000,
        "#### 2\n" * 100_000,
        "(" * 100_000,
        r"\frac" * 100_000,
        r"\boxed{" + r"\frac" * 390 + "}",
        r"\boxed{" + "(" * 1900 + "}",
        r"\boxed{" + "[" * 900 + "]" * 900 + "}",
        r"\boxed{" + "-" * 1900 + "2}",
        r"\boxed{" + "1," * 900 + "1}",
        r"\boxed{" + "1a" * 900 + "}",
        r"\boxed{" + "1 " * 900 + "}",
        r"\boxed{" + "**" * 900 + "}",
    ],
    ids=lambda text: f"{text[:8]!r}_{len(text)}",
)
def test_hostile_sizes_are_refused(text):
    assert not MathVerifier().verify(text, "1").passed


NUMBERS = st.one_of(
    st.integers(-(10**12), 10**12).map(lambda n: (Fraction(n), str(n))),
    st.integers(-(10**9), 10**9).map(lambda n: (Fraction(n), f"{n:,}")),
    st.decimals(-(10**6), 10**6, places=3).map(lambda d: (Fraction(d), f"{d:f}")),
    st.tuples(st.integers(-999, 999), st.integers(1, 999)).map(
        lambda p: (Fraction(*p), rf"\frac{{{p[0]}}}{{{p[1]}}}")
    ),
    st.tuples(st.integers(1, 99), st.integers(1, 9), st.integers(10, 99)).map(
        lambda p: (p[0] + Fraction(p[1], p[2]), rf"{p[0]}\frac{{{p[1]}}}{{{p[2]}}}")
    ),
)


@given(NUMBERS, NUMBERS)
@settings(max_examples=500)
def test_numbers_pass_where_they_are_equal(first, second):
    result = NUMERIC.verify(rf"\boxed{{{second[1]}}}", first[1])
    gap = abs(first[0] - second[0])
    if gap == 0:
        assert result.passed
    elif gap > abs(first[0]) / 1_000_000 and gap > Fraction(1, 2000):
        assert not result.passed
    assert NUMERIC.verify(rf"\boxed{{{first[1]}}}", first[1]).passed


ATOMS = st.sampled_from(["x", "y", "2", "3", "7", r"\pi", "a_1", r"\theta", "1.5", "10"])


def combined(inner):
    return st.one_of(
        st.tuples(inner, inner).map(lambda p: rf"\frac{{{p[0]}}}{{{p[1]}}}"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]}+{p[1]})"),
        st.tuples(inner, inner).map(lambda p: rf"({p[0]})\cdot({p[1]})"),
        st.tuples(inner, st.sampled_from("23")).map(lambda p: f"({p[0]})^{{{p[1]}}}"),
        inner.map(lambda e: rf"\sqrt{{{e}}}"),
        inner.map(lambda e: rf"\sin({e})"),
    )


EXPRESSIONS = st.recursive(ATOMS, combined, max_leaves=5)


@needs_math
@given(EXPRESSIONS)
@settings(max_examples=40, deadline=None)
def test_an_expression_equals_itself_in_another_dress(expression):
    verifier = MathVerifier(form="any", timeout_s=20)
    assert verifier.verify(rf"\boxed{{{expression}}}", expression).passed
    dressed = rf"\left(1\cdot {expression}\right)+0"
    assert verifier.verify(rf"\boxed{{{dressed}}}", expression).passed
    assert not verifier.verify(rf"\boxed{{{expression}+\frac{{1}}{{10^9}}}}", expression).passed


@needs_math
@given(EXPRESSIONS, EXPRESSIONS)
@settings(max_examples=20, deadline=None)
def test_the_verdict_is_the_same_every_time(first, second):
    verifier = MathVerifier(timeout_s=20)
    assert len({verifier.verify(rf"\boxed{{{second}}}", first).passed for _ in range(3)}) == 1
