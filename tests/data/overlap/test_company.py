"""Whether a short question stands in a row as questions do."""

from __future__ import annotations

import numpy as np
import pytest

from provenir.data.overlap.company import AROUND, has_lines, in_company

ASKED = "What is it for?"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (ASKED, True),
        (f"Q: {ASKED}", True),
        (f"Before.\n  > Question 7) {ASKED} **\nBehind.", True),
        (f"This long label: {ASKED}", False),
        (f"{ASKED} Nothing", False),
    ],
)
def test_lines_of_its_own(text, said):
    begin = text.index("What")
    assert has_lines(text, begin, begin + len("What is it for")) is said


@pytest.mark.parametrize(
    ("behind", "said"),
    [
        ([7, 90, 5], True),
        ([7, 90, 91], False),
        ([*range(90, 90 + 8 + AROUND), 7, 5, 8], False),
    ],
)
def test_company_is_half_of_the_others_close_by(behind, said):
    others, row = np.array([5, 6, 7, 8], np.uint64), np.array(behind, np.uint64)
    weights = np.ones(4, np.float32)
    assert in_company(others, weights, np.array([50], np.uint64), row) is said
    assert in_company(others, weights, row[::-1], np.array([50], np.uint64)) is said


def test_an_item_without_others_needs_no_company():
    nothing = np.empty(0, np.uint64)
    assert in_company(nothing, np.empty(0, np.float32), nothing, nothing)
