"""What datasets give as tests."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.core.errors import InputError
from provenir.environments.judging.plans import Pair, TestPlan, read_plan

A, B = "assert f(1) == 1", "assert f(2) == 2"


@pytest.mark.parametrize(
    ("reference", "plan"),
    [
        (A, TestPlan(sources=(A,))),
        ([A, B], TestPlan(sources=(A, B))),
        ({"test_list": [A, B], "test_setup_code": "x = 1"}, TestPlan(sources=(A, B), setup="x = 1")),
        ({"test_code": json.dumps([A, B])}, TestPlan(sources=(A, B))),
        (["x = 1", A], TestPlan(sources=(f"x = 1\n{A}",))),
        ({"test": A, "entry_point": "f", "prompt": "p", "expected_assertions": 1},
         TestPlan(sources=(A,), entry_point="f", prompt="p", assertions=1)),
        ({"test_code": A, "test_imports": ["import re"]}, TestPlan(sources=(A,), setup="import re")),
        ({"test_code": [{"input": "1", "output": "2"}]}, TestPlan(pairs=(Pair("1", "2"),))),
        ({"input_output": json.dumps({"inputs": ["1", "2"], "outputs": ["3", "4"]})},
         TestPlan(pairs=(Pair("1", "3"), Pair("2", "4")))),
        ({"test_code": [("1", "2")]}, TestPlan(pairs=(Pair("1", "2"),))),
        ({"stdin": ["1", "2"], "stdout": ["3\n", "4\n"]}, TestPlan(pairs=(Pair("1", "3\n"), Pair("2", "4\n")))),
        ({"test_code": {"fn_name": "f", "inputs": [[1], [2]], "outputs": [1, 2]}},
         TestPlan(sources=("assert f(*[1]) == 1\nassert f(*[2]) == 2",))),
    ],
)  # fmt: skip
def test_a_shape_that_is_known(reference, plan):
    assert read_plan(reference) == plan


@pytest.mark.parametrize(
    ("reference", "where"),
    [
        ("", "test_code"),
        ([], "test_code"),
        ("x = 1", "test_code"),
        ({"test_code": [{"input": "1", "output": " "}]}, "test_code"),
        (None, "reference"),
        (5, "reference"),
        ({}, "reference"),
        ({"test_code": 5}, "reference"),
        ({"test_code": [[[[[A]]]]]}, "reference"),
        ({"test_code": A, "entry_point": 5}, "reference"),
        ({"test_code": A, "expected_assertions": True}, "reference"),
        ({"test_code": A, "test_imports": [5]}, "reference"),
        ({"inputs": ["1"], "outputs": ["1", "2"]}, "reference"),
        ({"test_code": {"fn_name": "f(", "inputs": [[1]], "outputs": [1]}}, "reference"),
        ({"test_code": {"fn_name": "f", "inputs": [[float("nan")]], "outputs": [1]}}, "reference"),
        ({"test_code": [A] * 5_001}, "reference"),
    ],
)
def test_what_is_no_test(reference, where):
    with pytest.raises(InputError) as raised:
        read_plan(reference)
    assert raised.value.where == where


KEYS = st.sampled_from(
    ["test_code", "test", "input", "output", "outputs", "fn_name", "entry_point"]
)
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=5)
    | st.sampled_from([A, "[", "{"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=3),
    max_leaves=8,
)


@given(PLAIN)
def test_any_reference_is_a_plan_or_is_refused(reference):
    try:
        plan = read_plan(reference)
    except InputError:
        return
    assert plan.sources or plan.pairs
