"""Contents and decisions of rows."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import governed_runs as run
from provenir.core.errors import UsageError
from provenir.data import Dataset
from provenir.governance.admission import Admission
from provenir.provenance.ledger.plan import lines_root

pytest.importorskip("torch")

from provenir.train.governing.rows import AdmittedRows, example_digests

ROWS = run.corpus(8)
START, AFTER = date(2026, 3, 1), date(2026, 3, 2)


def admitted(rows: list[dict[str, object]], **changes: object) -> AdmittedRows:
    profiles = run.table(**changes)
    admission = Admission(run.policy(profiles), profiles, base="sha256:" + "0" * 64)
    entropies = [100] * len(rows) if "bands" in changes else None
    return AdmittedRows(example_digests(rows), admission, run.metadata(rows), entropies)


def test_the_digests_are_the_leaves_of_the_dataset() -> None:
    assert lines_root(example_digests(ROWS)).root == Dataset(ROWS).identity().records_root


def test_a_stream_is_refused(tmp_path: Path) -> None:
    del tmp_path
    with pytest.raises(UsageError, match="stream"):
        example_digests(iter(ROWS))


def test_decisions_follow_rights_and_date() -> None:
    rows = admitted(ROWS)
    effects = [one.effect for one in rows.decisions(START)]
    assert effects == ["allow", "allow", "attenuate", "deny"] * 2
    assert [rows.route(row, START) is None for row in range(4)] == [False, False, False, True]
    assert [rows.route(row, AFTER) is None for row in range(4)] == [False, True, False, True]
    route = rows.route(2, START)
    assert route is not None
    assert rows.routes[route] == (0, 0, 500, 800, 800)


def test_rows_of_one_content_are_known_together() -> None:
    rows = admitted([ROWS[0], ROWS[1], ROWS[0]])
    assert rows.rows_of[run.content(ROWS[0])] == [0, 2]


def test_entropies_go_with_bands() -> None:
    bands = {"base": "sha256:" + "0" * 64, "calibration": "sha256:" + "1" * 64, "n": 9}
    rows = admitted(ROWS, bands={**bands, "edges": [100, 200]})
    assert rows.decisions(START)[0].entropy == 100
    profiles = run.table()
    admission = Admission(run.policy(profiles), profiles, base="sha256:" + "0" * 64)
    with pytest.raises(UsageError, match="bands"):
        AdmittedRows(example_digests(ROWS), admission, run.metadata(ROWS), [1] * 8)
