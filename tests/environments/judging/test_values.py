"""What crosses the channel comes out as it went in, and what is malformed is refused as that."""

from __future__ import annotations

import array
import collections
import datetime as dt
import json
import re
import socket
import uuid
from decimal import Decimal
from fractions import Fraction
from pathlib import PurePosixPath

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenir.environments.judging import values
from provenir.environments.judging.candidate import CandidateRules
from provenir.environments.judging.judge import JudgeRules
from provenir.environments.judging.peer import Peer
from provenir.environments.judging.wire import ProtocolFaultError, Wire

ZONE = dt.timezone(dt.timedelta(hours=2), "x")


class Pair:
    """Two sides over a real channel; what is sent has to fit into its buffer."""

    def __enter__(self):
        self._ends = socket.socketpair()
        ours, theirs = (Wire(end.fileno()) for end in self._ends)
        self.candidate = Peer(ours, CandidateRules(), first=1)
        self.judge = Peer(theirs, JudgeRules(), first=2)
        return self

    def __exit__(self, *_):
        for end in self._ends:
            end.close()

    def cross(self, value):
        self.candidate._send({"k": "r"}, v=value)
        message = self.judge._wire.receive()
        return self.judge._open(message).value(message["v"])


def crossed(value):
    with Pair() as pair:
        return pair.cross(value)


SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-(2**13_000), 2**13_000),
    st.floats(allow_nan=False),
    st.complex_numbers(allow_nan=False),
    st.text(st.characters(), max_size=20),
    st.binary(max_size=20),
    st.decimals(allow_nan=False),
    st.fractions(),
    st.datetimes(),
    st.dates(),
    st.times(),
    st.timedeltas(),
    st.uuids(),
    st.builds(range, st.integers(-9, 9), st.integers(-9, 9), st.integers(1, 9)),
    st.sampled_from(
        [..., NotImplemented, "\ud800", "\0", float("inf"), ZONE, PurePosixPath("a/b")]
    ),
)
KINDS = (list, dict, set, collections.deque, collections.OrderedDict, collections.Counter)


@st.composite
def graphs(draw):
    """Containers that hold scalars and each other, in any shape, circles too."""
    made = [draw(st.sampled_from(KINDS))() for _ in range(draw(st.integers(1, 6)))]
    for one in made:
        items = [
            draw(st.sampled_from(made)) if draw(st.booleans()) else draw(SCALARS)
            for _ in range(draw(st.integers(0, 4)))
        ]
        items = [(item,) if draw(st.booleans()) else item for item in items]
        if isinstance(one, dict):
            for key, item in enumerate(items):
                one[key] = item
        elif isinstance(one, set):
            one.update(draw(st.frozensets(st.integers() | st.text(), max_size=4)))
        else:
            one.extend(items)
    return made[0]


def same(left, right):
    """Whether two graphs have one shape: equal at their ends, shared where the other is."""
    partner, waiting = {}, [(left, right)]
    while waiting:
        one, other = waiting.pop()
        if type(one) is not type(other):
            return False
        if isinstance(one, (*KINDS, tuple)):
            if id(one) in partner:
                if not isinstance(one, tuple) and partner[id(one)] is not other:
                    return False
                continue
            partner[id(one)] = other
            if len(one) != len(other):
                return False
            if isinstance(one, dict):
                if list(one) != list(other):
                    return False
                waiting += zip(one.values(), other.values(), strict=True)
            elif isinstance(one, set):
                if one != other:
                    return False
            else:
                waiting += zip(one, other, strict=True)
        elif one != other:
            return False
    return True


@settings(deadline=None)
@given(graphs())
def test_any_graph_of_plain_values_comes_out_as_it_went_in(value):
    assert same(value, crossed(value))


@settings(deadline=None, max_examples=50)
@given(graphs(), st.lists(SCALARS, max_size=3))
def test_a_container_stays_the_same_one_when_it_has_changed(value, more):
    with Pair() as pair:
        first = pair.cross([value])[0]
        if isinstance(value, list):
            value += more
        assert pair.cross(value) is first
        assert same(value, first)


@pytest.mark.parametrize(
    "value",
    [
        Decimal("NaN"),
        Fraction(1, 3),
        uuid.UUID(int=7),
        array.array("d", [1.5]),
        bytearray(b"ab"),
        slice(1, None, 2),
        frozenset({(1, frozenset())}),
        collections.deque([1], maxlen=2),
        re.compile("a+", re.IGNORECASE),
    ],
    ids=str,
)
def test_what_has_a_reading_of_its_own(value):
    found = crossed(value)
    assert type(found) is type(value)
    assert repr(found) == repr(value)


def test_what_is_nested_without_recursion_may_be_deep():
    value = ()
    for _ in range(3_000):
        value = (value,)
    found = crossed(value)
    for _ in range(3_000):
        (found,) = found
    assert found == ()


TAGS = st.sampled_from([*values._READERS, "?", ""])
NAMES = st.sampled_from(["builtins:int", "builtins:KeyError", "builtins:eval", "a:b", "date", "x"])
ATOMS = st.none() | st.booleans() | st.integers(-9, 9) | st.floats() | st.text(max_size=5) | NAMES
EXPRESSIONS = st.recursive(
    ATOMS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(TAGS, inner, inner, inner).map(list)
        | st.tuples(TAGS, inner).map(list)
        | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=12,
)
KIND_TAGS = st.sampled_from(["l", "d", "od", "ct", "dd", "s", "q", "ba", "a", "t", "f", "zz", 1])
NODES = st.lists(
    st.tuples(st.integers(-3, 4), KIND_TAGS, st.lists(EXPRESSIONS, max_size=4), EXPRESSIONS).map(
        list
    )
    | EXPRESSIONS,
    max_size=4,
)


@settings(deadline=None, max_examples=200)
@given(NODES | EXPRESSIONS, EXPRESSIONS)
def test_a_malformed_message_is_a_fault_and_nothing_else(nodes, expr):
    message = {"k": "r", "v": expr, "s": nodes, "c": [], "d": [], "out": "", "err": ""}
    with Pair() as pair:
        pair.candidate._wire.send(message)
        pair._ends[0].shutdown(socket.SHUT_WR)
        received = pair.judge._wire.receive()
        try:
            pair.judge._open(received).value(received["v"])
        except ProtocolFaultError:
            return


@pytest.mark.parametrize(
    "expr",
    [
        ["K", 0, ["r", 0, 10**12, 1]],
        ["K", 2, ["h", 1, 1, None]],
        ["R", "(", 0],
        ["F", 1, 0],
        ["C", "builtins:eval"],
        ["f", "os:system"],
        ["x", "builtins:UnicodeDecodeError", 5, None],
        json.loads('["S",' * 900 + "1" + ",1,1]" * 900),
    ],
    ids=lambda expr: str(expr)[:40],
)
def test_a_value_that_no_peer_of_ours_sends(expr):
    with Pair() as pair, pytest.raises(ProtocolFaultError):
        values.Unpacker(pair.judge._table, []).value(expr)
