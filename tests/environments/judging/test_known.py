"""Which types cross by name."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import fractions
import json
import operator
import os

import pytest

from provenir.environments.judging.known import (
    known_class,
    known_exception,
    known_name,
    stdlib_callable_name,
)


class OwnError(Exception):
    pass


OwnError.__module__ = "builtins"


@pytest.mark.parametrize(
    "cls",
    [
        *(int, object, type(None), KeyError, json.JSONDecodeError, decimal.InvalidOperation),
        *(collections.Counter, collections.deque, collections.OrderedDict, collections.defaultdict),
        *(
            dt.date,
            dt.datetime,
            dt.timedelta,
            decimal.Decimal,
            fractions.Fraction,
        ),
    ],
)
def test_a_name_leads_back_to_its_class(cls):
    name = known_name(cls)
    assert name is not None
    assert known_class(name) is cls


@pytest.mark.parametrize(
    "cls", [OwnError, type("int", (), {"__module__": "builtins"}), os.stat_result]
)
def test_a_class_that_only_claims_a_name_has_none(cls):
    assert known_name(cls) is None


@pytest.mark.parametrize(
    "name",
    [
        *("", ":", "builtins:eval", "builtins:__import__", "builtins:int.real", "nowhere:Thing"),
        *("os:system", "os:PathLike", "subprocess:Popen", "asyncio.exceptions:base_events"),
    ],
)
def test_any_other_name_stands_for_nothing(name):
    assert known_class(name) is None


def test_exceptions():
    assert known_exception(ValueError) == "builtins:ValueError"
    assert known_exception(int) is None
    assert known_exception(OwnError) is None


def test_functions_of_the_library():
    assert stdlib_callable_name(operator.add) == "_operator:add"
    assert stdlib_callable_name(str.upper) == "builtins:str.upper"
    assert stdlib_callable_name(test_exceptions) is None
    assert stdlib_callable_name(lambda: 0) is None
