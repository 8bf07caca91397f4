"""Whatever stands in a policy, table, list of routes or map: it is refused, or means something."""

from __future__ import annotations

import copy
import datetime as dt
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.test_admission import PROSE
from governance.test_blocks import parameter
from governance.test_depth import BASE, table
from provenir.core.errors import ProvenirError
from provenir.governance.admission import AdmissionPolicy, decide
from provenir.governance.blocks import BlockMap
from provenir.governance.depth import DepthTable, RoutesDocument, routes
from provenir.governance.policy_check import check_policy
from provenir.governance.starter import default_policy
from strategies import json_values

TABLE = table()
POLICY = default_policy(TABLE)
GOOD = {
    AdmissionPolicy: POLICY,
    DepthTable: TABLE,
    RoutesDocument: routes(POLICY, TABLE),
    BlockMap: BlockMap.of([parameter("lm_head.weight"), parameter("model.layers.0.a")]),
}
ODD = st.sampled_from(
    [
        *(None, True, False, 0, 1, -1, 1000, 1001, 2**53, 2**53 - 1, 2**31, 10**400, 0.5, 1.0),
        *("", "x", "open", "head", "layer.01", "2026-02-30", "\n", "é", "x" * 201, "a" * 65),
        *([], [[]], ["open"], ["open", "open"], [True], {}, {"field": "rights"}, {"field": "x"}),
        *({"date": "2026-01-31"}, {"date": "2026-1-31"}, {"field": "pii", "date": "2026-01-31"}),
        *(["and"], ["and", True], ["not", 1], ["in", 1, [1, None]], ["==", 1, True], ["<", "a", 1]),
    ]
)


def spots(value, path=()):
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for key, inner in items:
        if isinstance(inner, dict | list):
            yield from spots(inner, (*path, key))
        else:
            yield (*path, key)


@st.composite
def changed(draw, document):
    """A good document with one place replaced, removed, or doubled."""
    value = copy.deepcopy(document.model_dump(mode="json"))
    *way, last = draw(st.sampled_from(list(spots(value))))
    parent = value
    for key in way:
        parent = parent[key]
    what = draw(st.sampled_from(["replace", "replace", "remove", "add"]))
    odd = draw(ODD | json_values)
    if what == "replace":
        parent[last] = odd
    elif what == "remove":
        del parent[last]
    elif isinstance(parent, list):
        parent.insert(last, draw(st.sampled_from([odd, parent[last]])))
    else:
        parent[draw(st.sampled_from(["field", "date", "cap", "extra"]))] = odd
    return value


@pytest.mark.parametrize("kind", GOOD, ids=lambda kind: kind.__name__)
@settings(max_examples=300)
@given(data=st.data())
def test_a_changed_document_is_refused_in_one_line_or_comes_back(kind, data):
    value = data.draw(changed(GOOD[kind]))
    try:
        read = kind.from_bytes(json.dumps(value).encode(), where="test")
    except ProvenirError as fault:
        told = str(fault)
    else:
        told = ""
        assert kind.from_bytes(read.to_bytes(), where="test") == read
    assert "\n" not in told


@settings(max_examples=300)
@given(changed(POLICY), changed(TABLE))
def test_what_can_be_read_can_decide_and_be_checked(rules, profiles):
    try:
        policy = AdmissionPolicy.from_bytes(json.dumps(rules).encode(), where="test")
        table = DepthTable.from_bytes(json.dumps(profiles).encode(), where="test")
    except ProvenirError:
        return
    named = policy.model_copy(update={"profiles": table.digest()})
    decision = decide(PROSE, named, table, on=dt.date(2026, 1, 1), base=BASE, band=0)
    assert decision.is_admitted is (decision.weights is not None)
    assert check_policy(named, table).examined["rules"] == len(policy.rules)
    if decision.weights is not None:
        assert routes(named, table).index(decision.weights) >= 0


@pytest.mark.parametrize("kind", GOOD, ids=lambda kind: kind.__name__)
@given(st.data())
def test_a_flipped_byte_is_refused_or_comes_back(kind, data):
    stored = bytearray(GOOD[kind].to_bytes())
    stored[data.draw(st.integers(0, len(stored) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        read = kind.from_bytes(bytes(stored), where="test")
    except ProvenirError:
        return
    assert kind.from_bytes(read.to_bytes(), where="test") == read
