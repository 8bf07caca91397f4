"""Functions of the other side have the parameters of the real ones."""

from __future__ import annotations

import asyncio
import inspect
import json

import pytest

from provenir.environments.judging.functions import about, coroutine, function, generator

SAMPLES = [
    lambda: 0,
    lambda a, b=2: (a, b),
    lambda a, /, b, *, c, d=4: (a, b, c, d),
    lambda *args, **kwargs: (args, kwargs),
    lambda a, *rest, key=None: (a, rest, key),
]


@pytest.mark.parametrize("real", SAMPLES)
def test_the_parameters_are_the_same(real):
    told = json.loads(json.dumps(about(real)))
    made = function(told, real)
    parameters = inspect.signature(real).parameters.values()
    found = inspect.signature(made).parameters.values()
    assert [(p.name, p.kind) for p in found] == [(p.name, p.kind) for p in parameters]
    assert [p.default is p.empty for p in found] == [p.default is p.empty for p in parameters]


def test_a_default_stays_where_the_function_is():
    seen = []
    made = function(
        about(lambda a, b=2, *, c=3: 0), lambda *args, **kwargs: seen.append((args, kwargs))
    )
    made(1)
    made(1, 5, c=6)
    assert seen == [((1,), {}), ((1, 5), {"c": 6})]
    with pytest.raises(TypeError):
        made()


@pytest.mark.parametrize("name", ["a): import os; (", "def", "", "a b", 5, "a=print(1)"])
def test_a_name_that_is_none_is_never_compiled(name):
    told = {"a": [name], "p": 0, "o": 0, "k": [], "*": None, "**": None, "n": "f"}
    assert function(told, lambda *args: args)(1, 2) == (1, 2)


def test_nothing_is_known_of_it():
    assert function(None, lambda *args, **kwargs: (args, kwargs))(1, b=2) == ((1,), {"b": 2})
    assert about(5) is None


def test_a_coroutine_function():
    async def real(a):
        return a + 1

    made = function(about(real), real)
    assert inspect.iscoroutinefunction(made)
    assert asyncio.run(made(1)) == 2
    assert asyncio.run(coroutine(lambda: 3)) == 3


def test_a_generator_is_stepped_sent_to_thrown_into_and_closed():
    events = []

    def real():
        try:
            got = yield 1
            events.append(got)
            try:
                yield 2
            except KeyError:
                yield 3
            return 4
        finally:
            events.append("closed")

    behind = real()
    made = generator(lambda name, *args: getattr(behind, name)(*args))
    assert next(made) == 1
    assert made.send("x") == 2
    assert made.throw(KeyError()) == 3
    with pytest.raises(StopIteration) as end:
        next(made)
    assert end.value.value == 4
    assert events == ["x", "closed"]
    behind = real()
    made = generator(lambda name, *args: getattr(behind, name)(*args))
    next(made)
    made.close()
    assert events[2:] == ["closed"]
