"""The marks around assertions, and what is read out of a test."""

from __future__ import annotations

import ast

import pytest

from provenir.environments.judging.instrument import COUNTER, free_names, instrument


class Marks:
    def __init__(self):
        self.seen = []

    def start(self, number):
        self.seen.append(("start", number))

    def complete(self, number):
        self.seen.append(("complete", number))

    def reading(self, value, read, line):
        self.seen.append(("reading", value, read, line))
        return value


def ran(source, **scope):
    marks = Marks()
    code = compile(instrument(source).tree, "<test>", "exec")
    try:
        exec(code, {COUNTER: marks, **scope})
    except AssertionError:
        marks.seen.append("failed")
    return marks.seen


def test_an_assertion_counts_when_it_was_passed():
    assert ran("assert 1\nassert 2") == [
        *(("start", 0), ("complete", 0), ("start", 1), ("complete", 1))
    ]
    assert ran("assert 0") == [("start", 0), "failed"]


def test_what_the_expectation_reads_is_handed_over():
    seen = ran("x = [2, 1]\nassert f(x) == sorted(x)", f=sorted)
    assert seen == [("start", 0), ("reading", [1, 2], ([2, 1],), 2), ("complete", 0)]


@pytest.mark.parametrize(
    ("source", "certain"),
    [
        ("assert f()", True),
        ("assert True", False),
        ("for x in y:\n    assert f(x)", True),
        ("for x in y:\n    assert f(x)\n    break", False),
        ("if x:\n    assert f()", False),
        ("while x:\n    assert f()", False),
        ("try:\n    assert f()\nexcept E: pass", False),
        ("try:\n    assert f()\nfinally: pass", True),
        ("with open(x):\n    assert f()", True),
        ("with pytest.raises(E):\n    assert f()", False),
        ("def t():\n    assert f()", True),
        ("def t():\n    return\n    assert f()", False),
        ("def t():\n    def inner():\n        assert f()", False),
    ],
)
def test_whether_it_has_to_be_reached(source, certain):
    (site,) = instrument(source).sites
    assert site.certain is certain
    assert site.owner in {"", "t", "inner"}


def test_names_that_are_loaded_and_bound_nowhere():
    source = """
import os.path as p, sys
def g(a, *b, c=d, **e): return a + z
class C(B): pass
[x for x in y]
try: pass
except E as err: err
match v:
    case [k, *rest]: k
"""
    assert set(free_names(ast.parse(source))) == {"B", "E", "d", "v", "y", "z"}


def test_functions_classes_and_calls():
    found = instrument("def test_a(): assert f()\nclass TestB: pass\ntest_a()\n")
    assert (found.functions, found.classes, found.called) == (["test_a"], ["TestB"], {"test_a"})
    guarded = instrument("def test_a(): assert f()\nif __name__ == '__main__': test_a()\n")
    assert guarded.called == set()


def test_how_the_program_is_reached():
    assert instrument("def check(candidate): assert candidate(1)").takes_candidate
    assert instrument("from solution import f\nassert f(1)").takes_program
    assert not instrument("from math import sqrt\nassert g(sqrt(1))").takes_program
