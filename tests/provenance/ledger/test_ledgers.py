"""The ledgers that the tests make by hand are what the package's own evaluator would have made."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from ledgers import (
    RUN_ID,
    SECRET,
    Settings,
    Training,
    close_envelope,
    decide,
    kind_of,
    make_ledger,
    metadata_of,
)
from provenir.attest.keys import Ed25519Signer
from provenir.governance.admission import Admission, AdmissionPolicy
from provenir.governance.blocks import BlockMap
from provenir.governance.depth import DepthTable, routes
from provenir.governance.metadata import ExampleMetadata
from provenir.governance.statements import LedgerCloseStatement
from provenir.provenance.ledger.commitments import Salts

VARIED = [
    {},
    {"bands": False},
    {"with_metadata": False},
    {"routing": "admission-only"},
    {"repeated": 3, "blocks": ("embedding", "layer.0", "final_norm"), "frozen": ()},
]


@pytest.mark.parametrize("changes", VARIED, ids=str)
@pytest.mark.parametrize("on", ["2026-02-28", "2026-03-01", "2026-03-02", "2027-01-01"])
def test_decisions_by_hand_are_the_evaluators(changes, on):
    settings = Settings(rows=40, **changes)
    training = Training(Path("unused"), settings, Salts(SECRET))
    policy = AdmissionPolicy.from_bytes(training.plan.policy, where="policy")
    table = DepthTable.from_bytes(training.plan.profiles, where="table")
    assert routes(policy, table).to_bytes() == training.plan.routes
    BlockMap.from_bytes(training.plan.blocks, where="blocks")
    admission = Admission(policy, table, base=training.plan.base.root)
    for row in range(settings.rows):
        mine = decide(row, on, settings, training.table, training.routes)
        kind = kind_of(row, settings)
        value = None if kind is None else metadata_of(bytes(32), kind)
        metadata = None if value is None else ExampleMetadata.from_value(value, where="line")
        band = None if mine.entropy is None else table.bands.band(mine.entropy)
        said = admission.decide(metadata, on=date.fromisoformat(on), band=band)
        assert (said.effect, said.rule, list(said.reasons), said.profile) == (
            mine.effect,
            mine.rule,
            list(mine.reasons),
            mine.profile,
        )
        weights = None if mine.route is None else training.routes[mine.route]
        assert (None if said.weights is None else list(said.weights)) == weights


def test_the_close_is_a_statement_of_the_operator(tmp_path):
    key = Ed25519Signer.generate()
    made = make_ledger(tmp_path / "run" / "governed", operator=key)
    envelope = close_envelope(made.closed, key)
    assert envelope.to_bytes() == (made.folder / "close.json").read_bytes()
    payload = json.loads(envelope.payload)
    statement = LedgerCloseStatement.from_value(payload["predicate"], where="close")
    assert (statement.run_id, statement.root, statement.n) == (
        RUN_ID,
        made.closed.root,
        made.closed.n,
    )
    assert payload["predicateType"] == LedgerCloseStatement.predicate_type
    assert payload["subject"] == [statement.subject().to_dict()]
