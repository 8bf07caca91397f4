"""A ledger with something of everything, made once for the tests that only read it."""

from __future__ import annotations

import pytest

from ledgers import make_ledger

EVENTFUL = {
    "rows": 60,
    "hash_every": 2,
    "snapshot_every": 4,
    "killed_after": (6,),
    "interventions": {2: [(0, "exclude", None), (1, "lower", 300)]},
    "skipped": {5: "gradient-spike"},
    "repeated": 5,
}


@pytest.fixture(scope="session")
def eventful(tmp_path_factory):
    return make_ledger(tmp_path_factory.mktemp("eventful") / "run" / "governed", **EVENTFUL)
