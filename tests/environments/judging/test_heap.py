"""Containers that both sides hold under one number."""

from __future__ import annotations

import collections

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.environments.judging.heap import KIND_BY_TYPE, KINDS, Heap, kind_of

LIST = KIND_BY_TYPE[list]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.tag)
def test_a_subclass_is_of_the_most_special_kind(kind):
    derived = type("Derived", (kind.type,), {})
    assert kind_of(kind.type) is kind_of(derived) is kind


def test_what_is_no_container_is_of_no_kind():
    assert kind_of(tuple) is None
    assert kind_of(int) is None


@given(st.dictionaries(st.integers(), st.text()))
def test_what_was_read_fills_another(content):
    for cls in (dict, collections.OrderedDict, collections.Counter, collections.defaultdict):
        made, other = cls(), cls()
        for key, item in content.items():
            made[key] = item
        KIND_BY_TYPE[cls].fill(other, KIND_BY_TYPE[cls].read(made))
        assert list(other.items()) == list(content.items())


def test_methods_that_a_subclass_overrides_are_not_asked():
    class Liar(list):
        def __iter__(self):
            return iter(["a lie"])

        def __setitem__(self, *_):
            raise AssertionError

    liar = Liar([1])
    assert LIST.read(liar) == (1,)
    LIST.fill(liar, (2, 3))
    assert LIST.read(liar) == (2, 3)


def test_the_two_sides_never_give_one_number():
    numbers = [
        {Heap(first=first, prunes=False).add([], LIST) for _ in range(3)} for first in (1, 2)
    ]
    assert not numbers[0] & numbers[1]


def test_a_change_is_told_once():
    heap, shared = Heap(first=1, prunes=False), [1]
    number = heap.add(shared, LIST)
    assert [entry[0] for entry in heap.changed()] == [number]
    heap.settle(number, (1,))
    assert not list(heap.changed())
    shared.append(2)
    ((found, value, _, content),) = heap.changed()
    assert (found, content) == (number, (1, 2))
    assert value is shared


def test_an_element_equal_to_the_old_one_is_a_change():
    heap, first, second = Heap(first=1, prunes=False), [], []
    shared = [first]
    heap.settle(heap.add(shared, LIST), (first,))
    shared[0] = second
    assert len(list(heap.changed())) == 1


def test_elements_of_ours_that_the_other_side_takes_are_noted():
    heap, moved, emptied = Heap(first=1, prunes=False), [1, 2], [1, 2]
    heap.overwrite(heap.add(moved, LIST), [2, 1])
    assert not heap.altered
    heap.overwrite(heap.add(emptied, LIST), [])
    assert heap.altered == {id(emptied)}
    assert emptied == []


def test_what_nobody_else_holds_is_forgotten():
    heap, kept = Heap(first=2, prunes=True), []
    number = heap.add(kept, LIST)
    gone = heap.add([], LIST)
    assert heap.forgotten() == [gone]
    assert heap.get(gone) is None
    assert heap.number_of(kept) == number
    assert Heap(first=1, prunes=False).forgotten() == []
