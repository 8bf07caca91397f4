r"""The answer, exactly."""

from __future__ import annotations

import pytest
from hypothesis import given

from provenir.environments.verifiers.exact import ExactAnswerVerifier
from strategies import any_text

VERIFIER = ExactAnswerVerifier()


def reason(response, reference, verifier=VERIFIER):
    result = verifier.verify(response, reference)
    assert result.passed == (result.reward > 0) == (result.metadata["reason"] == "ok")
    return result.metadata["reason"]


@pytest.mark.parametrize(
    ("response", "reference"),
    [
        ("42", "42"),
        ("  42\n", 42),
        ("-1.5", -1.5),
        (r"So it is \boxed{42}.", "42"),
        (r"\boxed{\frac{1}{2}}", r"\frac{1}{2}"),
        (r"\boxed{\{1, 2\}}", r"\{1, 2\}"),
        ("3 + 4 = 7\n#### 7", "7"),
        ("#### 7", "We add: 3 + 4 = 7.\n#### 7"),
        (r"\boxed{7}", "Therefore #### 7"),
        ("<think>6?</think>\n<answer> 7 </answer>", "7"),
        (r"<answer>\boxed{7}</answer>", "7"),
        ("<answer>7</answer> I say it again: <answer>7</answer>", "7"),
        (r"\boxed{7} as said, \boxed{ 7 }", "7"),
        ("B", "B"),
        ("(B)", "B"),
        ("**B**", "(b)"),
        ("B.", "B"),
        ("b)", "B"),
        ("**(B)**", "B"),
        (r"\boxed{\text{B}}", "B"),
        (r"\boxed{\text{(B)}}", "B"),
        ("$x$", "x"),
        ("`x`", "x"),
        ("YES", "Yes"),
        ("New   York\n", "new york"),
        ("<think>\\boxed{1} or \\boxed{2}</think>\\boxed{3}", "3"),
        ("Cafe\u0301", "Café"),
        ("Paris", ["paris", "city of Paris"]),
        ("Heading\n##### 1\n#### 2", "2"),
        (r"\boxed{\$5}", r"\$5"),
        ("a." * 3, "a.a.a"),
    ],
)
def test_right(response, reference):
    assert reason(response, reference) == "ok"


@pytest.mark.parametrize(
    ("response", "reference", "why"),
    [
        ("41", "42", "wrong_answer"),
        ("", "42", "no_answer"),
        (" \n ", "42", "no_answer"),
        (r"\boxed{}", "42", "no_answer"),
        (r"\boxed{$ $}", "42", "no_answer"),
        (r"\boxed{42} \boxed{}", "42", "ambiguous"),
        (r"\boxed{41} or \boxed{42}", "42", "ambiguous"),
        (r"\boxed{42} or \boxed{41}", "42", "ambiguous"),
        ("#### 41\n#### 42", "42", "ambiguous"),
        ("<answer>41</answer><answer>42</answer>", "42", "ambiguous"),
        ("<answer>42", "42", "wrong_answer"),
        ("42 <answer>41</answer>", "42", "wrong_answer"),
        (r"\boxed{42", "42", "unclosed_box"),
        (r"\boxed{42} \boxed{", "42", "unclosed_box"),
        (r"\boxed{\boxed{42}}", "42", "wrong_answer"),
        (r"\boxed{41} #### 42", "42", "wrong_answer"),
        ("42 or 43", "42", "wrong_answer"),
        ("the answer is 42", "42", "wrong_answer"),
        ("42\u200b", "42", "wrong_answer"),
        ("\uff14\uff12", "42", "wrong_answer"),
        ("\u0412", "B", "wrong_answer"),  # CYRILLIC CAPITAL LETTER VE
        ("\u0391", "A", "wrong_answer"),  # GREEK CAPITAL LETTER ALPHA
        ("ye\u017f", "yes", "wrong_answer"),  # LATIN SMALL LETTER LONG S
        ("(A)(B)", "B", "wrong_answer"),
        ("A, B", "B", "wrong_answer"),
        ("1,000", "1000", "wrong_answer"),
        ("<think>42</think>", "42", "no_answer"),
        ("<think>\\boxed{42}</think> I do not know", "42", "wrong_answer"),
        ("42\x00", "42", "wrong_answer"),
    ],
)
def test_no_reward_without_the_answer(response, reference, why):
    assert reason(response, reference) == why


@pytest.mark.parametrize(
    "reference",
    [None, True, float("nan"), float("inf"), b"42", {"answer": "42"}, [], [None], ["42", None],
     "", "  ", [""], r"\boxed{1} \boxed{2}", r"\boxed{", [10**5000], [["42"]], object()],
)  # fmt: skip
def test_a_reference_without_an_answer_is_named(reference):
    assert reason("42", reference) == "bad_reference"


def test_the_metadata_hold_the_answer_but_no_novel():
    assert VERIFIER.verify(r"\boxed{B}", "B").metadata["answer"] == "b"
    assert len(VERIFIER.verify("x" * 100_000, "B").metadata["answer"]) == 1_000


def test_case_can_count():
    strict = ExactAnswerVerifier(case_sensitive=True)
    assert reason("Yes", "yes", strict) == "wrong_answer"
    assert reason(r"\boxed{Yes} \boxed{yes}", "yes", strict) == "ambiguous"
    assert reason(r"\boxed{Yes} \boxed{yes}", "YES") == "ok"


@given(any_text)
def test_every_text_is_its_own_answer_or_none(text):
    assert reason(text, text) in {"ok", "bad_reference"}


@given(any_text, any_text)
def test_whoever_passes_wrote_the_answer(response, reference):
    result = VERIFIER.verify(response, reference)
    if result.passed:
        assert VERIFIER.verify(reference, response).passed
