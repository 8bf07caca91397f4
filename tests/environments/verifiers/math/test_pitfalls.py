"""Every line of the table, with the extra and without it."""

from __future__ import annotations

import pytest

from environments.verifiers.math.table import cases
from provenir.core.extras import available
from provenir.environments.verifiers.math import MathVerifier

CASES = cases()

needs_math = pytest.mark.skipif(
    not available("math_verify", "latex2sympy2_extended"), reason="needs the extra math"
)


def test_the_table_is_large_enough():
    assert len(CASES) >= 1700
    assert sum(not right for *_, right in CASES) >= 600
    assert len({case[1:3] for case in CASES}) == len(CASES)


@needs_math
@pytest.mark.parametrize(("pitfall", "reference", "response", "right"), CASES)
def test_with_the_extra_every_answer_is_judged_rightly(pitfall, reference, response, right):
    result = MathVerifier(timeout_s=20).verify(response, reference)
    assert result.passed is right, (pitfall, result)
    assert result.reward == float(right)
    assert result.metadata["engine"].startswith("math-verify ")


@pytest.mark.parametrize(("pitfall", "reference", "response", "right"), CASES)
def test_without_it_an_answer_is_judged_rightly_or_not_at_all(pitfall, reference, response, right):
    result = MathVerifier(engine="numeric").verify(response, reference)
    assert result.passed is right or result.metadata["reason"] == "not_comparable", pitfall
    assert not (result.passed and not right)
    assert result.metadata["engine"] == "numeric"


def test_the_fallback_says_what_would_compare():
    result = MathVerifier(engine="numeric").verify(r"\boxed{\sqrt{8}}", r"2\sqrt{2}")
    assert result.metadata["reason"] == "not_comparable"
    assert "pip install -e '.[math]'" in result.detail
