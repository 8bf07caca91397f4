"""What entries gave a block, against a sum written out."""

from __future__ import annotations

import math
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.provenance.ledger.contributions import UNFED, Fed
from provenir.provenance.ledger.weights import RouteTable

TABLE = RouteTable(("a", "b"), ((1000, 0), (500, 700), (0, 0)), frozenset({"a"}))
entry = st.tuples(
    st.integers(0, 5), st.integers(0, 2), st.sampled_from([1000, 300, 0]), st.floats(0, 9)
)


def fed(entries, *, block="a", low=0, skipped=(), norms=True):
    return Fed.of(
        TABLE,
        block,
        low=low,
        routes=[route for _, route, _, _ in entries],
        factors=array("Q", [factor for _, _, factor, _ in entries]),
        skipped=skipped,
        norms=array("d", [norm for *_, norm in entries]) if norms else None,
    )


@given(st.lists(entry, max_size=12), st.integers(0, 7), st.data())
def test_sums_are_those_written_out(entries, low, data):
    first = data.draw(st.integers(0, len(entries)))
    behind = data.draw(st.integers(first, len(entries)))
    wanted = {}
    for number, (row, route, factor, norm) in enumerate(entries):
        weight = TABLE.routes[route][0] * factor // 1000
        if weight and not first <= number < behind:
            wanted[row] = wanted.get(row, 0.0) + weight * norm
    found = fed(entries, low=low, skipped=[(low + first, low + behind)])
    rows = [row for row, *_ in entries]
    assert found.by_row(rows) == pytest.approx(wanted)
    assert list(found.totals(rows, 6)) == pytest.approx([wanted.get(r, UNFED) for r in range(6)])


def test_a_frozen_block_is_fed_by_nothing():
    found = fed([(0, 1, 1000, 2.0)], block="b")
    assert found.by_row([0]) == {}
    assert found.weight(0) == found.weight(9) == 0


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -1.0])
def test_a_norm_that_is_none_leaves_the_weights(wrong):
    found = fed([(0, 0, 1000, 1.0), (0, 1, 1000, wrong)])
    assert found.norms is None
    assert found.by_row([0, 0]) == {0: 1500.0}


@pytest.mark.parametrize("entry", [(1, 2, 1000, math.nan), (1, 0, 0, math.inf)])
def test_a_norm_of_what_has_no_weight_is_not_asked_for(entry):
    found = fed([(0, 0, 1000, 2.0), entry])
    assert found.by_row([0, 1]) == {0: 2000.0}


def test_a_step_whose_loss_was_no_number_leaves_the_others_measured():
    found = fed([(0, 0, 1000, 2.0), (1, 0, 1000, math.nan)], skipped=[(1, 2)])
    assert found.by_row([0, 1]) == {0: 2000.0}
