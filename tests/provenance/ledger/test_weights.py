"""Routes and blocks: read strictly, and the weights that come of them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.core.errors import InputError
from provenir.provenance.ledger.weights import RouteTable, read_route_table

TABLE = RouteTable(("a", "b"), ((1000, 1), (0, 333)), frozenset({"b"}))


@given(st.integers(0, 1), st.integers(0, 1000))
def test_a_factor_lowers_and_rounds_down(route, factor):
    weights = TABLE.weights(route, factor)
    assert weights == tuple(w * factor // 1000 for w in TABLE.routes[route])
    assert all(0 <= w <= full for w, full in zip(weights, TABLE.routes[route], strict=True))


@pytest.mark.parametrize("route", [-1, 2])
def test_a_route_that_there_is_not(route):
    with pytest.raises(InputError):
        TABLE.weights(route)


def test_a_ledgers_table(eventful):
    table = read_route_table(eventful.folder)
    assert table.blocks == eventful.settings.blocks
    assert table.trained == set(table.blocks) - {"embedding"}
    assert [list(vector) for vector in table.routes] == json.loads(eventful.plan.routes)["routes"]


GOOD_ROUTES = {"blocks": ["a"], "routes": [[1]]}
GOOD_BLOCKS = {"blocks": ["a"], "parameters": [{"block": "a", "trainable": True}]}


@pytest.mark.parametrize(
    ("routes", "blocks"),
    [
        ([], GOOD_BLOCKS),
        ({**GOOD_ROUTES, "blocks": ["a", "a"]}, GOOD_BLOCKS),
        ({**GOOD_ROUTES, "blocks": [1]}, GOOD_BLOCKS),
        ({**GOOD_ROUTES, "routes": None}, GOOD_BLOCKS),
        ({**GOOD_ROUTES, "routes": [[1, 2]]}, GOOD_BLOCKS),
        ({**GOOD_ROUTES, "routes": [[1001]]}, GOOD_BLOCKS),
        ({**GOOD_ROUTES, "routes": [[True]]}, GOOD_BLOCKS),
        ({**GOOD_ROUTES, "routes": [["1"]]}, GOOD_BLOCKS),
        (GOOD_ROUTES, {**GOOD_BLOCKS, "blocks": ["b"]}),
        (GOOD_ROUTES, {**GOOD_BLOCKS, "parameters": {}}),
        (GOOD_ROUTES, {**GOOD_BLOCKS, "parameters": [1]}),
        (GOOD_ROUTES, {**GOOD_BLOCKS, "parameters": [{"block": ["a"], "trainable": True}]}),
        (GOOD_ROUTES, {**GOOD_BLOCKS, "parameters": [{"block": "b", "trainable": True}]}),
        (GOOD_ROUTES, {**GOOD_BLOCKS, "parameters": [{"block": "a", "trainable": 1}]}),
    ],
)
def test_another_table_is_refused(tmp_path, routes, blocks):
    (tmp_path / "routes.json").write_text(json.dumps(GOOD_ROUTES))
    (tmp_path / "blocks.json").write_text(json.dumps(GOOD_BLOCKS))
    assert read_route_table(tmp_path).trained == {"a"}
    (tmp_path / "routes.json").write_text(json.dumps(routes))
    (tmp_path / "blocks.json").write_text(json.dumps(blocks))
    with pytest.raises(InputError):
        read_route_table(tmp_path)
