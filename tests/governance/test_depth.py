"""Depth profiles: which one an example gets, and every vector that can come of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.core.canonical import canonical_bytes
from provenir.core.digest import digest_bytes
from provenir.core.errors import DocumentError, UsageError
from provenir.governance.depth import (
    FULL,
    Bands,
    Cap,
    DepthTable,
    Profile,
    RoutesDocument,
    bands_of,
    least,
    routes,
)
from provenir.governance.metadata import RIGHTS

BASE = digest_bytes(b"base")
BLOCKS = ("embedding", "layer.0", "layer.1", "head")
BANDS = Bands(base=BASE, calibration=digest_bytes(b"set"), n=9, edges=(10, 20))


def weights(*values):
    return dict(zip(BLOCKS, values, strict=True))


def table(**changed):
    given = {
        "name": "acme",
        "blocks": BLOCKS,
        "bands": BANDS,
        "caps": (Cap(rights="restricted", weights=weights(0, 0, 500, 500)),),
        "profiles": (
            Profile(id="prose", content=("prose",), bands=(0, 1), weights=weights(1000, 1, 2, 3)),
            Profile(id="code", rights=("open", "restricted"), weights=weights(0, 9, 900, 1000)),
        ),
    }
    return DepthTable(**(given | changed))


class Rules:
    def __init__(self, *caps):
        self.rules = [type("Rule", (), {"cap": cap})() for cap in caps]


@pytest.mark.parametrize(
    ("rights", "content", "band", "profile"),
    [
        ("open", "prose", 0, "prose"),
        ("licensed", "prose", 1, "prose"),
        ("licensed", "prose", 2, None),
        ("open", "prose", 2, "code"),
        ("open", "prose", None, "code"),
        ("restricted", "other", 2, "code"),
        ("unknown", "other", 0, None),
    ],
)
def test_the_first_profile_that_is_for_an_example_is_its_profile(rights, content, band, profile):
    found = table().profile_for(rights, content, band)
    assert (found and found.id) == profile


def test_the_weights_are_the_least_of_profile_class_and_rule():
    made = table()
    prose = made.profiles[0]
    assert made.weights(prose, "open", None) == (1000, 1, 2, 3)
    assert made.weights(prose, "open", 2) == (2, 1, 2, 2)
    assert made.weights(prose, "restricted", None) == (0, 0, 2, 3)
    assert made.weights(prose, "restricted", 0) == (0, 0, 0, 0)


@pytest.mark.parametrize("entropy", [0, 9, 10, 11, 19, 20, 21, 2**53])
def test_a_band_is_the_number_of_edges_that_are_not_above(entropy):
    assert BANDS.band(entropy) == sum(edge <= entropy for edge in BANDS.edges)


vectors = st.tuples(*[st.integers(0, FULL)] * len(BLOCKS))


@given(vectors, st.none() | vectors, st.none() | st.integers(0, FULL))
def test_no_weight_is_above_any_that_was_given_and_each_is_one_of_them(own, cap, bound):
    found = least(own, cap, bound)
    given = [one for one in (own, cap, bound and (bound,) * len(own)) if one]
    if bound == 0:
        given.append((0,) * len(own))
    assert found == tuple(min(column) for column in zip(*given, strict=True))


@given(
    st.lists(vectors, min_size=1, max_size=3),
    st.dictionaries(st.sampled_from(RIGHTS), vectors, max_size=2),
    st.lists(st.none() | st.integers(0, FULL), max_size=3),
)
def test_whatever_an_example_gets_is_a_route(profiles, caps, rule_caps):
    made = table(
        bands=None,
        caps=tuple(Cap(rights=name, weights=weights(*cap)) for name, cap in caps.items()),
        profiles=tuple(
            Profile(id=f"p{i}", weights=weights(*one)) for i, one in enumerate(profiles)
        ),
    )
    document = routes(Rules(*rule_caps), made)
    listed = [tuple(one) for one in document.routes]
    assert listed == sorted(set(listed))
    reached = {
        made.weights(profile, rights, cap)
        for profile in made.profiles
        for rights in RIGHTS
        for cap in (None, *rule_caps)
    }
    assert reached <= set(listed)
    assert all(listed[document.index(one)] == one for one in listed)
    assert RoutesDocument.from_bytes(document.to_bytes(), where="test") == document


def test_a_vector_of_another_table_is_no_route():
    with pytest.raises(UsageError, match="no route"):
        routes(Rules(), table()).index((7, 7, 7, 7))


@pytest.mark.parametrize("blocks", [[*BLOCKS[:3], "layer.1"], BLOCKS[::-1], []])
def test_routes_of_blocks_that_are_none_are_refused(blocks):
    value = {"schema_version": "routes/1", "blocks": list(blocks), "routes": [[0] * len(blocks)]}
    with pytest.raises(DocumentError):
        RoutesDocument.from_value(value, where="test")


def test_a_table_may_leave_out_what_is_nothing():
    value = table(bands=None, profiles=table().profiles[1:], caps=()).model_dump(mode="json")
    whole = digest_bytes(canonical_bytes(value))
    short = {name: part for name, part in value.items() if name not in ("bands", "caps", "version")}
    del short["profiles"][0]["content"]
    assert DepthTable.from_value(short, where="test").digest() == whole


def test_too_many_routes_are_not_enumerated():
    many = tuple(
        Profile(id=f"p{i}", content=(f"c{i}",), weights=weights(i, 0, 0, 0)) for i in range(256)
    )
    caps = tuple(Cap(rights=name, weights=weights(1, 1, 1, 1)) for name in RIGHTS)
    with pytest.raises(UsageError, match="too many"):
        routes(Rules(*range(700)), table(profiles=many, caps=caps))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("blocks", ["layer.0", "embedding", "layer.1", "head"]),
        ("blocks", [*BLOCKS[:3], "layer.1"]),
        ("blocks", [*BLOCKS[:3], "tail"]),
        ("blocks", []),
        ("profiles", []),
        ("profiles", [{"id": "a", "weights": {"embedding": 1}}]),
        ("profiles", [{"id": "a", "weights": weights(1001, 0, 0, 0)}]),
        ("profiles", [{"id": "a", "weights": weights(-1, 0, 0, 0)}]),
        ("profiles", [{"id": "a", "weights": weights(True, 0, 0, 0)}]),
        ("profiles", [{"id": "a", "weights": weights(0.5, 0, 0, 0)}]),
        ("profiles", [{"id": "a", "weights": weights("1", 0, 0, 0)}]),
        ("profiles", [{"id": "a b", "weights": weights(1, 0, 0, 0)}]),
        ("profiles", [{"id": "a", "weights": weights(1, 0, 0, 0)}] * 2),
        ("profiles", [{"id": "a", "bands": [3], "weights": weights(1, 0, 0, 0)}]),
        ("profiles", [{"id": "a", "bands": [], "weights": weights(1, 0, 0, 0)}]),
        ("profiles", [{"id": "a", "bands": [1, 1], "weights": weights(1, 0, 0, 0)}]),
        ("profiles", [{"id": "a", "bands": [True], "weights": weights(1, 0, 0, 0)}]),
        ("profiles", [{"id": "a", "rights": ["licenced"], "weights": weights(1, 0, 0, 0)}]),
        ("profiles", [{"id": "a", "content": ["Prose"], "weights": weights(1, 0, 0, 0)}]),
        ("caps", [{"rights": "open", "weights": weights(1, 0, 0, 0)}] * 2),
        ("caps", [{"rights": None, "weights": weights(1, 0, 0, 0)}]),
        ("bands", {**BANDS.model_dump(mode="json"), "edges": []}),
        ("bands", {**BANDS.model_dump(mode="json"), "edges": [20, 10]}),
        ("bands", {**BANDS.model_dump(mode="json"), "edges": [10, 10]}),
        ("bands", {**BANDS.model_dump(mode="json"), "edges": [2**60]}),
        ("bands", {**BANDS.model_dump(mode="json"), "n": 0}),
        ("version", 0),
        ("version", True),
        ("name", ""),
    ],
)
def test_a_table_that_says_nothing_clear_is_refused(field, value):
    with pytest.raises(DocumentError):
        DepthTable.from_value(table().model_dump(mode="json") | {field: value}, where="test")


@pytest.mark.parametrize(
    "listed", [[], [[1, 2]], [[1, 2, 3, 4], [0, 0, 0, 0]], [[0, 0, 0, 0]] * 2, [[0, 0, 0, 1001]]]
)
def test_routes_that_are_not_sorted_are_refused(listed):
    value = {"schema_version": "routes/1", "blocks": list(BLOCKS), "routes": listed}
    with pytest.raises(DocumentError):
        RoutesDocument.from_value(value, where="test")


@given(st.lists(st.integers(0, 10**8), min_size=2), st.integers(2, 6))
def test_calibrated_bands_each_hold_some_of_the_set(values, count):
    if len(set(values)) == 1:
        with pytest.raises(UsageError, match="no two different"):
            bands_of(values, count, base=BASE, calibration=BASE)
        return
    try:
        bands = bands_of(values, count, base=BASE, calibration=BASE)
    except UsageError:
        # All ranks that were asked for fall on the least value.
        ranked = sorted(values)
        assert {ranked[len(ranked) * i // count] for i in range(1, count)} == {ranked[0]}
        return
    assert bands.n == len(values)
    assert {bands.band(value) for value in values} == set(range(len(bands.edges) + 1))


def test_bands_of_equal_size_come_of_distinct_values():
    bands = bands_of(range(100), 4, base=BASE, calibration=BASE)
    assert bands.edges == (25, 50, 75)
    with pytest.raises(UsageError, match="1 bands"):
        bands_of(range(100), 1, base=BASE, calibration=BASE)
