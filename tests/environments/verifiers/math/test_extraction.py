"""Where the final answer is found."""

from __future__ import annotations

import pytest

from provenir.environments.verifiers.math.extraction import extract


@pytest.mark.parametrize(
    ("response", "candidates", "marker"),
    [
        (r"so $\boxed{5}$", ("5",), "boxed"),
        (r"\boxed{\frac{1}{2}} and \boxed{3}", (r"\frac{1}{2}", "3"), "boxed"),
        (r"\boxed{\boxed{5}}", ("5",), "boxed"),
        (r"\fbox{5}", ("5",), "boxed"),
        (r"\boxed 5.", ("5",), "boxed"),
        (r"\boxed{5", (), "boxed"),
        (r"\boxed{}", (), "boxed"),
        (r"\boxed{1}" * 65, (), "boxed"),
        ("reasoning\n#### 1,000", ("1,000",), "hashes"),
        ("#### 1\n#### 2", ("1", "2"), "hashes"),
        ("### 5", ("### 5",), "whole"),
        ("<answer> 5 </answer>", ("5",), "tag"),
        ("<answer>4</answer> no, <answer>5</answer>", ("4", "5"), "tag"),
        (r"\boxed{4} <answer>5</answer>", ("5", "4"), "tag"),
        ("The answer is 3. The answer is 5.", ("3", "5"), "phrase"),
        ("Answer: 3\nAnswer: 5", ("3", "5"), "phrase"),
        ("Answer: 3\nFinal answer: 5", ("5",), "phrase"),
        ("The answer is 5. I hope it is correct.", ("5",), "phrase"),
        ("The answer is 3. No: the answer is 5.", ("5",), "phrase"),
        ("Answer:\n42", ("42",), "phrase"),
        ("The answer is 3.5 because it must be.", ("3.5",), "phrase"),
        ("first\nso we find $x^2$.", ("x^2",), "last_line"),
        ("first\nTherefore, x = 5.", ("5",), "last_line"),
        ("first\nThe total cost is 5.", ("5",), "last_line"),
        ("first\n**5**", ("5",), "last_line"),
        ("5", ("5",), "whole"),
        ("I counted 5.\nThen I stopped.", (), ""),
        ("<think>the answer is 5", (), ""),
        ("<think>the answer is 4</think>5", ("5",), "whole"),
        ("", (), ""),
    ],
)
def test_where_it_is_found(response, candidates, marker):
    found = extract(response)
    assert (found.candidates, found.marker) == (candidates, marker)


def test_boxes_side_by_side_are_one_list():
    assert extract(r"\boxed{1} and \boxed{2}").joined == "1, 2"
    assert extract(r"\boxed{1}, \boxed{2}, and \boxed{3}").joined == "1, 2, 3"
    assert extract(r"\boxed{1} is half of \boxed{2}").joined == ""


def test_only_the_end_of_a_long_response_is_read():
    assert extract("The answer is 4. " + "x" * 300_000 + r"\boxed{5}").candidates == ("5",)
    assert extract(r"\boxed{5}" + " x" * 300_000).candidates == ()
