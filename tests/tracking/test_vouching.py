"""What a signed run leaves: statements of the roles, a line in the log, a proof."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import provenir
from policies import key_table, policy_text
from provenir.attest.dsse import Envelope
from provenir.attest.keys import Ed25519Signer, P256Signer
from provenir.attest.log import EventLog
from provenir.core.digest import digest_bytes
from provenir.flows.verify import Order, verify
from provenir.governance.statements import (
    DataSourceStatement,
    PolicyStatement,
    Revocation,
    RoleStatement,
    sign_statement,
)

ROWS = [{"prompt": "1+1", "answer": "2"}]
TIME = "2026-01-02T03:04:05.000Z"
ALICE, DAN, GRACE, LEA = (Ed25519Signer.generate() for _ in range(4))
ROLES = {"declared": ["operator", "data-source", "governance"]}


def sources(run):
    root = run.manifest.dataset_hash
    return sign_statement(
        DataSourceStatement(name="mine", records_root=root, n=1, issued_at=TIME), [DAN]
    )


def rules():
    claim = PolicyStatement(name="rules", policy=digest_bytes(b"rules"), issued_at=TIME)
    return sign_statement(claim, [GRACE])


def signed_run(*, key=ALICE, attach=True):
    with provenir.track(
        "run", dataset=ROWS, output_dir="artifacts/a", sign_passport=True, signing_key=key
    ) as run:
        run.log_step({"kl": 0.1})
        if attach:
            run.attach(sources(run))
            run.attach(rules())
    return run


def judged(run, *keys, **trust):
    Path("trust.toml").write_bytes(policy_text(keys, **trust))
    return verify(Order(target=run.output_dir, trust=Path("trust.toml"))).verdict


def test_a_run_under_a_trust_policy_holds_from_end_to_end():
    run = signed_run()
    names = sorted(path.name.partition("-")[0] for path in Path("artifacts/a/statements").iterdir())
    assert names == ["data", "governance", "operator"]
    verdict = judged(
        run,
        key_table(ALICE, "operator", id="a"),
        key_table(DAN, "data-source", id="d"),
        key_table(GRACE, "governance", id="g"),
        require=ROLES,
    )
    assert verdict
    assert verdict.assurance_established == "L0"
    assert "other files" not in {row.name for row in verdict.checks}


def test_a_shared_secret_signs_no_statement_of_a_role():
    run = signed_run(key=b"team", attach=False)
    assert not Path("artifacts/a/statements").exists()
    assert run.passport.predicate.statements == ()


def test_several_operators_sign_one_statement():
    signed_run(key=[ALICE, P256Signer.generate(), b"team"], attach=False)
    (path,) = Path("artifacts/a/statements").iterdir()
    assert len(RoleStatement.read(path).envelope.signatures) == 2


def test_the_log_names_the_envelopes_of_passport_and_statements():
    signed_run()
    *_, last = EventLog("artifacts/log").entries()
    there = [Path("artifacts/a/passport.json"), *Path("artifacts/a/statements").iterdir()]
    found = {digest_bytes(Envelope.parse(path.read_bytes()).to_bytes()) for path in there}
    assert {subject.digest for subject in last.subjects} == found


def test_a_log_key_signs_the_checkpoint_of_the_proof(monkeypatch):
    LEA.write("log")
    monkeypatch.setenv("PROVENIR_LOG_KEY", "log.pem")
    run = signed_run(attach=False)
    proof = json.loads(Path("artifacts/a/passport.proof.json").read_text())
    origin = proof["checkpoint"].partition("\n")[0]
    verdict = judged(
        run,
        key_table(ALICE, "operator", id="a"),
        key_table(LEA, "log", id=origin),
        require={"declared": ["operator", "log"]},
    )
    assert verdict
    passed = {row.name for row in verdict.checks if row.status == "pass"}
    assert {"log entry", "checkpoint", "log before issue", "role:log"} <= passed


@pytest.mark.parametrize("key", ["nowhere.pem", "p256.pem"])
def test_a_log_key_that_is_none_costs_the_checkpoint_alone(monkeypatch, caplog, key):
    P256Signer.generate().write("p256")
    monkeypatch.setenv("PROVENIR_LOG_KEY", key)
    run = signed_run(attach=False)
    assert run.status == "completed"
    assert run.passport is not None
    assert json.loads(Path("artifacts/a/passport.proof.json").read_text())["checkpoint"] is None
    assert "checkpoint could not be written" in caplog.text


def test_a_revocation_is_not_attached():
    claim = Revocation(revoked=digest_bytes(b"x"), reason="r", revoked_at=TIME, issued_at=TIME)
    with provenir.track(
        "run", output_dir="artifacts/a", sign_passport=True, signing_key=ALICE
    ) as run:
        run.attach(sign_statement(claim, [GRACE]))
    assert "revocation" in Path("artifacts/a/journal.jsonl").read_text()
    assert len(list(Path("artifacts/a/statements").iterdir())) == 1


def test_a_statement_that_is_changed_before_the_end_is_not_signed_for(caplog):
    with provenir.track(
        "run", dataset=ROWS, output_dir="artifacts/a", sign_passport=True, signing_key=ALICE
    ) as run:
        run.attach(rules())
        (path,) = Path("artifacts/a/statements").iterdir()
        path.write_bytes(sources(run).envelope.to_bytes())
    assert run.passport is None
    assert "another statement than was attached" in caplog.text


def test_an_older_runs_statements_go_with_it():
    first = signed_run()
    signed_run(attach=False)
    assert len(list(Path("artifacts/a/statements").iterdir())) == 1
    moved = Path("artifacts/a/runs") / first.run_id
    assert len(list((moved / "statements").iterdir())) == 3
