"""The run event."""

from __future__ import annotations

import json
import uuid

import pytest

from provenir.governance.exports import export_passport


def event(passport):
    return json.loads(export_passport(passport.envelope, "openlineage"))


@pytest.mark.parametrize(
    ("status", "kind"), [("completed", "COMPLETE"), ("failed", "FAIL"), ("interrupted", "ABORT")]
)
def test_the_event_says_how_the_run_ended(make_run, status, kind):
    written = event(make_run(status=status).passport)
    assert (written["eventType"], written["eventTime"]) == (kind, "2026-01-02T03:05:05.000Z")


def test_data_go_in_and_models_come_out(passport):
    written = event(passport)
    (given,), (made,) = written["inputs"], written["outputs"]
    assert given["facets"]["version"]["datasetVersion"] == passport.bom.data[0].content_hash
    assert given["inputFacets"]["inputStatistics"]["rowCount"] == 1200
    assert made["facets"]["version"]["datasetVersion"].endswith(passport.bom.artifacts[0].dir_hash)
    assert uuid.UUID(written["run"]["runId"]).version == 5


def test_without_a_run_it_is_no_completion(bare):
    written = event(bare)
    assert (written["eventType"], written["eventTime"]) == ("OTHER", bare.predicate.issued_at)
    facet = written["run"]["facets"]["provenir_passport"]
    assert facet["evals"][0]["score"] is None
    assert facet["baseModel"] is None
    assert written["inputs"][0]["inputFacets"] == {}
    assert "version" not in written["inputs"][0]["facets"]
