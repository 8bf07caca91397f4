"""The same test with other expectations."""

from __future__ import annotations

import pytest

from provenir.environments.judging.instrument import COUNTER
from provenir.environments.judging.mutation import Control, mutated


class Point:
    def __init__(self, x):
        self.x = x

    def __eq__(self, other):
        return self.x == other.x

    __hash__ = None


class Everything(Point):
    def __eq__(self, other):
        return True

    __hash__ = None


def outcomes(test, cls):
    control = Control(1)
    scope = {COUNTER: control, "P": cls, "move": lambda x: cls(x + 1)}
    exec(compile(mutated(test, {"P", "move"}), "<test>", "exec"), scope)
    return control.outcomes


@pytest.mark.parametrize("test", ["assert move(1) == P(2)", "assert P(2) == move(1)"])
def test_an_honest_object_is_not_equal_to_another(test):
    assert outcomes(test, Point) == [False]
    assert outcomes(test, Everything) == [True]


@pytest.mark.parametrize("test", ["assert move(1).x == 2", "assert move(1) != P(1)", "x = 1"])
def test_what_expects_no_object_is_no_control(test):
    assert outcomes(test, Everything) == []
