"""A draw: the sampler's batch less those who may not train, in its order, cut into parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import governed_runs as run
from provenir.core.clock import parse_utc
from provenir.governance.admission import Admission
from provenir.provenance.ledger.records import Intervention
from provenir.provenance.ledger.sampler import Sampler

pytest.importorskip("torch")

from provenir.train.governing.draws import draw
from provenir.train.governing.rows import AdmittedRows, example_digests

ROWS = run.corpus(24)
TABLE = run.table()
ADMITTED = AdmittedRows(
    example_digests(ROWS),
    Admission(run.policy(TABLE), TABLE, base="sha256:" + "0" * 64),
    run.metadata(ROWS),
    None,
)
START, AFTER = "2026-03-01T23:59:59.999Z", "2026-03-02T00:00:00.000Z"
ELIGIBLE = [row for row in range(24) if row % 4 != 3]


def standing(row, action, factor):
    return Intervention.model_construct(row=row, action=action, factor=factor, step=0)


actions = st.tuples(st.sampled_from(["lower", "exclude"]), st.integers(0, 1000))


@given(
    seed=st.binary(min_size=32, max_size=32),
    batch=st.integers(1, 20),
    micro=st.integers(1, 20),
    step=st.integers(1, 4),
    time=st.sampled_from([START, AFTER]),
    chosen=st.dictionaries(st.integers(0, 23), actions, max_size=6),
)
def test_a_draw_follows_from_sampler_date_and_interventions(seed, batch, micro, step, time, chosen):
    sampler = Sampler(seed, ELIGIBLE, batch, 4)
    left = {
        row: standing(row, action, factor if action == "lower" else None)
        for row, (action, factor) in chosen.items()
    }
    found = draw(step, time, sampler, ADMITTED, left, micro=micro)
    epoch, drawn = sampler.drawn(step)
    on = parse_utc(time).date()
    expected = [
        row
        for row in drawn
        if ADMITTED.route(row, on) is not None and chosen.get(row, ("", 0))[0] != "exclude"
    ]
    assert list(found.rows) == expected
    assert (found.epoch, found.drawn) == (epoch, len(drawn))
    assert [row for part in found.micros for row in part.rows] == expected
    assert all(len(part.rows) == micro for part in found.micros[:-1])
    assert all(0 < len(part.rows) <= micro for part in found.micros)
    assert tuple(w for part in found.micros for w in part.weights) == found.weights
    for row, route, factor, weights in zip(
        found.rows, found.routes, found.factors, found.weights, strict=True
    ):
        assert factor == (chosen[row][1] if row in chosen else 1000)
        assert weights == tuple(w * factor // 1000 for w in ADMITTED.routes[route])
