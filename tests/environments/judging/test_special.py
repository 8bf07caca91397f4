"""Which special methods cross."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.environments.judging.special import (
    ARITHMETIC,
    COMPARISONS,
    NUMBERS,
    OPERATIONS,
    forwardable,
    special_names,
)


@given(st.integers(1, 99), st.integers(1, 9))
def test_each_operation_does_what_its_name_says(a, b):
    for name, action in ARITHMETIC.items():
        method = getattr(a, name, None)
        if method is not None:
            assert action(a, b) == method(b)
    for name, action in NUMBERS.items():
        if hasattr(int, name):
            assert action(a) == getattr(a, name)()


def test_the_method_of_the_object_is_used():
    class Thing:
        def __matmul__(self, other):
            return ("@", other)

        def __rsub__(self, other):
            return ("r-", other)

        def __contains__(self, item):
            return item == 3

        def __enter__(self):
            return "in"

    thing = Thing()
    assert OPERATIONS["__matmul__"](thing, 1) == ("@", 1)
    assert OPERATIONS["__rsub__"](thing, 1) == ("r-", 1)
    assert OPERATIONS["__contains__"](thing, 3)
    assert OPERATIONS["__enter__"](thing) == "in"


@pytest.mark.parametrize("base", [int, str, tuple])
def test_a_value_is_compared_and_measured_as_what_it_is_underneath(base):
    found = forwardable(OPERATIONS, base, container=False)
    assert not {*COMPARISONS, *NUMBERS, "__hash__", "__len__", "__contains__", "__bool__"} & {
        *found
    }
    assert "__add__" in found


def test_a_container_is_compared_as_what_it_is_underneath():
    found = forwardable(OPERATIONS, dict, container=True)
    assert not {*COMPARISONS, "__contains__"} & {*found}
    assert "__getitem__" in found


def test_names_of_whatever_origin():
    assert forwardable([1, None, "__reduce__", "__len__"], None, container=False) == sorted(
        ["__len__", "__str__", "__repr__", "__format__", "__copy__", "__deepcopy__"]
    )


def test_what_a_class_inherits_from_a_plain_type_is_not_its_own():
    derived = type("Derived", (int,), {"__add__": lambda self, other: 0})
    assert special_names(derived, int) == ["__add__"]
    assert "__add__" in special_names(type("Further", (derived,), {}), int)
