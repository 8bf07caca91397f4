r"""Finding what stands in ``\boxed{…}``."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.environments.verifiers.boxes import UnclosedBoxError, boxed


@pytest.mark.parametrize(
    ("text", "contents"),
    [
        ("no box", []),
        (r"\boxed{4}", ["4"]),
        (r"\boxed {4}", ["4"]),
        (r"\boxed{\frac{1}{2}} and \boxed{x^{2^{3}}}", [r"\frac{1}{2}", "x^{2^{3}}"]),
        (r"\boxed{\{1, 2\}}", [r"\{1, 2\}"]),
        (r"\boxed{\boxed{4}}", [r"\boxed{4}"]),
        (r"\boxed{}", [""]),
        (r"\boxed{a \\}", [r"a \\"]),
        (r"\boxed 4", []),
        (r"\unboxed{4}", []),
    ],
)
def test_the_outermost_boxes_in_order(text, contents):
    assert boxed(text) == contents


@pytest.mark.parametrize("text", [r"\boxed{4", r"\boxed{4} \boxed{", r"\boxed{\}", r"\boxed{{}"])
def test_a_box_that_is_never_closed(text):
    with pytest.raises(UnclosedBoxError):
        boxed(text)


def test_a_million_open_boxes_are_one_scan():
    with pytest.raises(UnclosedBoxError):
        boxed(r"\boxed{" * 140_000)


@given(st.text(st.sampled_from("{}\\ab"), max_size=30))
def test_balanced_contents_come_back(inner):
    try:
        (found,) = boxed(rf"\boxed{{{inner}}}") or [None]
    except (UnclosedBoxError, ValueError):
        return
    assert inner.startswith(found)
    assert rf"\boxed{{{found}}}" in rf"\boxed{{{inner}}}"
