"""claims.jsonl: the same subjects, and no test that passed without facts."""

from __future__ import annotations

import base64
import json

from provenir.attest.dsse import Envelope
from provenir.governance.exports import export_passport
from provenir.governance.exports.intoto import _DECIDED
from provenir.governance.risk import RISK_RULES


def claims(passport, **options):
    lines = export_passport(passport.envelope, "intoto", **options).splitlines()
    envelopes = [Envelope.parse(line) for line in lines]
    return envelopes, [json.loads(envelope.payload) for envelope in envelopes]


def test_both_statements_have_the_passports_subjects(passport):
    envelopes, statements = claims(passport)
    assert [s["predicateType"] for s in statements] == [
        "https://slsa.dev/provenance/v1",
        "https://in-toto.io/attestation/test-result/v0.1",
    ]
    assert all(s["subject"] == passport.to_dict()["subject"] for s in statements)
    assert all(envelope.signatures == () for envelope in envelopes)


def test_a_key_signs_each_line(passport, ed25519, public):
    envelopes, _ = claims(passport, signer=ed25519)
    assert all(envelope.verified_by([public]) == (public,) for envelope in envelopes)


def test_provenance_names_what_went_in(passport):
    provenance = claims(passport)[1][0]["predicate"]
    given = provenance["buildDefinition"]
    assert given["externalParameters"]["baseModel"] == "Qwen2.5-7B"
    names = {entry["name"] for entry in given["resolvedDependencies"]}
    assert names == {"train", "code", "installed packages"}
    evaluation = provenance["runDetails"]["byproducts"][1]
    assert json.loads(base64.b64decode(evaluation["content"]))["score"] == 0.71


def test_nothing_known_is_nothing_passed(bare):
    result = claims(bare)[1][1]["predicate"]
    assert result["result"] == "FAILED"
    assert result["failedTests"] == list(bare.predicate.risk_flags)
    assert set(result["passedTests"]) == {"uncalibrated_judge"}
    assert {"unhealthy_run", "reward_hacking", "contaminated_eval"} <= set(result["warnedTests"])


def test_an_unexamined_run_has_not_passed(run):
    result = claims(run.passport)[1][1]["predicate"]
    assert result["failedTests"] == []
    assert result["result"] == "WARNED"
    assert "reward_hacking" in result["warnedTests"]  # its report names what it did not examine


def test_every_rule_says_which_facts_it_needs():
    assert set(_DECIDED) == {rule.name for rule in RISK_RULES}
