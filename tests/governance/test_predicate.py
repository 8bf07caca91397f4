from __future__ import annotations

import itertools
from typing import get_args

import pytest
from pydantic import ValidationError

from provenir.attest.trust_policy import LEVELS
from provenir.core.digest import digest_bytes
from provenir.governance.bom import FlightSummary, ModelBOM
from provenir.governance.predicate import (
    Assurance,
    ManifestReference,
    PassportPredicate,
    ReportReference,
    assurance_ceiling,
    component_of_identity,
    derived_subjects,
    identity_of_component,
    inconsistency,
    weaker,
)
from provenir.provenance.artifact import identify_artifact, subjects

DIGEST = digest_bytes(b"x")
ISSUED = "2026-01-02T03:04:05.000Z"


def predicate(**fields) -> PassportPredicate:
    bom = fields.pop("bom", None) or ModelBOM(model_id="m", run_id="r")
    stated = {"bom": bom, "issued_at": ISSUED, "risk_flags": bom.risk_flags(), **fields}
    return PassportPredicate(**stated)


def test_the_claims_are_ordered():
    assert get_args(Assurance) == LEVELS
    for first, second in itertools.product(LEVELS, repeat=2):
        expected = min(first, second, key=["declared", "L0", "L1", "L2"].index)
        assert weaker(first, second) == expected


@pytest.mark.parametrize(
    ("steps", "manifest", "ledger", "keys", "ceiling"),
    [
        (None, False, False, ["ed25519"], "declared"),
        (0, True, True, ["ed25519"], "declared"),
        (5, False, True, ["ed25519"], "declared"),
        (5, True, False, ["ed25519"], "L0"),
        (5, True, True, ["ed25519"], "L2"),
        (5, True, True, ["hmac-sha256", "ed25519"], "L2"),
        (5, True, True, ["hmac-sha256"], "L0"),
        (5, True, False, ["hmac-sha256"], "L0"),
        (5, True, True, [], "L0"),
    ],
)
def test_what_can_be_claimed_follows_from_what_is_bound(steps, manifest, ledger, keys, ceiling):
    flight = None if steps is None else FlightSummary(num_steps=steps, verdict="HEALTHY")
    made = predicate(
        bom=ModelBOM(model_id="m", run_id="r", flight=flight),
        manifest=ManifestReference(run_id="r", digest=DIGEST) if manifest else None,
        ledger_root=DIGEST if ledger else None,
    )
    assert assurance_ceiling(made, keys) == ceiling


def test_an_identity_survives_the_way_into_the_inventory_and_back(model):
    identity = identify_artifact(model)
    component = component_of_identity(identity)
    assert subjects(identity_of_component(component)) == subjects(identity)
    assert component_of_identity(identity_of_component(component)) == component
    assert str(model) not in component.model_dump_json()


def test_subjects_in_another_order_are_the_same_subjects(model):
    bom = ModelBOM(model_id="m", artifacts=[component_of_identity(identify_artifact(model))])
    made = predicate(bom=bom)
    found = derived_subjects(bom, None)
    assert len(found) == 2
    assert inconsistency(found, made) is None
    assert inconsistency(found[::-1], made) is None
    assert "model/tensors" in inconsistency(found[1:], made)


@pytest.mark.parametrize(
    "name", ["", "/etc/passwd", "..", "../x", "a/../b", "a//b", "./a", "a/", "a\0b"]
)
def test_a_report_is_named_inside_the_run_folder(name):
    with pytest.raises(ValidationError):
        ReportReference(name=name, digest=DIGEST)
    assert ReportReference(name="reports/pii.json", digest=DIGEST)


@pytest.mark.parametrize(
    "fields",
    [
        {"version": 2},
        {"previous": DIGEST},
        {"issued_at": "2026-01-02"},
        {"issued_at": "2026-01-02T03:04:05+01:00"},
        {"expires_at": ISSUED},
        {"assurance": "L3"},
        {"manifest": ManifestReference(run_id="other", digest=DIGEST)},
        {"reports": [ReportReference(name="a", digest=DIGEST)] * 2},
        {"ledger_root": "x"},
    ],
    ids=lambda fields: next(iter(fields)),
)
def test_a_predicate_holds_together(fields):
    with pytest.raises(ValidationError):
        predicate(**fields)
