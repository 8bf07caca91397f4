"""The conductor of a verification: what it finds by itself, and what it remembers."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

import provenir
from policies import key_table, policy_text
from provenir.attest.keys import Ed25519Signer
from provenir.attest.log import EventLog
from provenir.attest.statement import VERDICT_PREDICATE
from provenir.attest.trust_chain import rotation_envelope
from provenir.attest.verifier_state import VerifierState
from provenir.core.errors import InputError
from provenir.flows.verify import Order, verify
from provenir.governance.handover import Handover
from provenir.governance.statements import Revocation, sign_statement
from provenir.governance.verdict_document import VerdictDocument, sign_verdict

ALICE, ROB, LEA = (Ed25519Signer.generate() for _ in range(3))
OPERATOR = key_table(ALICE, "operator", id="alice")
ROOT = key_table(ROB, "root", id="rob")
TRUST, STATE = Path("trust.toml"), Path("state.json")


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PROVENIR_WORKSPACE", raising=False)


def tracked(**options):
    with provenir.track("run", output_dir="artifacts/a", **options) as run:
        run.log_step({"kl": 0.1})
    return run


def signed():
    return tracked(sign_passport=True, signing_key=ALICE)


def trust(*tables, **fields):
    TRUST.write_bytes(policy_text(tables, **fields))


def ask(**fields):
    return verify(
        Order(**{"target": Path("artifacts/a"), "trust": TRUST, "state": STATE, **fields})
    )


def test_a_run_and_its_passport_come_to_the_same():
    signed()
    trust(OPERATOR)
    assert ask().verdict
    by_file = ask(target=Path("artifacts/a/passport.json"), run=Path("artifacts/a"))
    assert by_file.verdict.to_dict() == ask().verdict.to_dict()
    assert ask(target=Path("artifacts/a/passport.json")).verdict.assurance_established == "declared"


def test_an_unsigned_run_answers_no_question_about_signatures():
    tracked()
    trust(OPERATOR)
    assert ask(trust=None).verdict
    asked = ask().verdict
    assert asked.exit_code == 3
    assert asked.reasons == ("not-given",)


@pytest.mark.parametrize(
    "asked",
    [
        {"artifacts": (Path("model"),)},
        {"model": "other"},
        {"evidence": Handover(checkpoints=(("kept", b"none"),))},
    ],
)
def test_what_only_a_passport_answers_stays_open_without_one(asked):
    tracked()
    Path("model").mkdir()
    verdict = ask(trust=None, **asked).verdict
    assert (verdict.exit_code, verdict.reasons) == (3, ("not-given",))


def test_a_run_folder_is_given_once():
    signed()
    with pytest.raises(InputError, match="twice"):
        ask(run=Path("artifacts/a"))


def test_an_accepted_policy_is_remembered_whatever_came_of_the_passport():
    signed()
    trust(ROOT, key_table(LEA, "operator", id="lea"))
    newer = policy_text([ROOT, OPERATOR], version=2)
    Path("trust.2.dsse.json").write_bytes(rotation_envelope(newer, [ROB]).to_bytes())
    assert ask(model="another").verdict.reasons == ("wrong-model",)
    assert VerifierState.load(STATE).policies["acme"].version == 2
    assert VerifierState.load(STATE).passports == {}
    Path("trust.2.dsse.json").unlink()
    assert ask().verdict.reasons == ("rolled-back",)


def test_a_good_passport_is_remembered_and_a_bad_one_is_not():
    run = signed()
    trust(OPERATOR)
    assert ask().verdict
    kept = VerifierState.load(STATE).passports["trust:acme|run"]
    assert (kept.version, kept.digest) == (1, run.passport.digest())


def test_a_checkpoint_is_remembered_by_the_real_clock(monkeypatch):
    LEA.write("log")
    monkeypatch.setenv("PROVENIR_LOG_KEY", "log.pem")
    signed()
    origin = Path("artifacts/log/origin").read_text().strip()
    trust(OPERATOR, key_table(LEA, "log", id=origin))
    before = datetime.now(UTC)
    assert ask(at=datetime(2020, 1, 1, tzinfo=UTC)).verdict
    (kept,) = VerifierState.load(STATE).checkpoints[origin]
    assert datetime.fromisoformat(kept.seen_at) >= before.replace(microsecond=0)


def test_nothing_is_remembered_where_nobody_says_so():
    signed()
    trust(OPERATOR)
    assert ask(state=None).verdict
    assert not STATE.exists()


def test_a_verdict_is_a_document_and_can_be_signed():
    run = signed()
    trust(OPERATOR)
    judged = ask(at=datetime(2027, 1, 1, tzinfo=UTC))
    document = VerdictDocument.from_bytes(judged.document.to_bytes(), where="verdict")
    assert document == judged.document
    assert document.judged_at == "2027-01-01T00:00:00.000Z"
    assert document.subject.digest == run.passport.digest()
    assert document.trust.policy == "acme"
    body = json.loads(sign_verdict(document, [LEA]).payload)
    assert body["predicateType"] == VERDICT_PREDICATE
    assert body["subject"][0]["digest"]["sha256"] == run.passport.digest().partition(":")[2]


@pytest.mark.parametrize("kind", ["link", "file", "dangling"])
def test_revocations_that_cannot_be_listed_are_not_passed_over(kind):
    run = signed()
    trust(OPERATOR, key_table(LEA, "governance", id="lea"))
    time = "2026-01-02T03:04:05.000Z"
    claim = Revocation(
        revoked=run.passport.digest(), reason="a leak", revoked_at=time, issued_at=time
    )
    kept, folder = Path("kept"), Path("revocations")
    kept.mkdir()
    one = sign_statement(claim, [LEA]).envelope.to_bytes()
    (kept / "one.dsse.json").write_bytes(one)
    if kind == "file":
        folder.write_bytes(one)
    else:
        folder.symlink_to(kept if kind == "link" else "nowhere")
    if kind == "link":
        assert ask().verdict.reasons == ("revoked",)
        return
    with pytest.raises(InputError, match="revocations cannot be listed"):
        ask()


def test_many_or_large_statements_are_bounded():
    signed()
    trust(OPERATOR)
    folder = Path("artifacts/a/statements")
    (folder / "large.dsse.json").write_bytes(b" " * (2**20 + 1))
    assert ask().verdict
    for number in range(300):
        (folder / f"{number}.dsse.json").write_bytes(b"{}")
    with pytest.raises(InputError, match="more than 256"):
        ask()


def test_reports_are_compared_without_the_run_folder():
    signed()
    trust(OPERATOR, more="[evidence]\nreports = true\n")
    Path("sent").mkdir()
    passport = Path("artifacts/a/passport.json")
    for path in [passport, *Path("artifacts/a").glob("*.json")]:
        (Path("sent") / path.name).write_bytes(path.read_bytes())
    lone = {"target": Path("sent/passport.json")}
    assert ask(**lone).verdict.reasons == ("missing-report",)
    handed = Handover.of_files(reports=Path("sent"))
    assert ask(**lone, evidence=handed).verdict
    Path("sent/lineage.json").write_text("{}")
    assert ask(**lone, evidence=handed).verdict.reasons == ("changed-report",)


def test_the_log_itself_can_stand_in_for_a_proof():
    signed()
    trust(OPERATOR)
    Path("artifacts/a/passport.proof.json").unlink()
    kept = Path("kept")
    kept.write_bytes(EventLog("artifacts/log").checkpoint())
    handed = Handover.of_files(log=Path("artifacts/log"), checkpoints=[kept])
    verdict = ask(evidence=handed).verdict
    passed = {row.name for row in verdict.checks if row.status == "pass"}
    assert {"log entry", "held checkpoint"} <= passed
    assert ask(evidence=Handover.of_files(checkpoints=[kept])).verdict.exit_code == 3


def test_a_named_file_that_is_not_there_is_an_input_error():
    for field in ("statements", "revocations", "checkpoints"):
        with pytest.raises(InputError, match="no such file"):
            Handover.of_files(**{field: [Path("nowhere")]})
    for field in ("log", "reports"):
        with pytest.raises(InputError, match="no such"):
            Handover.of_files(**{field: Path("nowhere")})


def test_a_verdict_that_cannot_be_remembered_stands_and_says_so():
    """A file stands where the folder of the state would have to be made: so for any user."""
    signed()
    trust(OPERATOR)
    Path("home").write_text("")
    told = ask(state=Path("home/provenir/state.json"))
    assert told.verdict
    assert told.verdict.has_note("not_remembered")
    assert "cannot be written" in told.unremembered
    assert told.document.notes == told.verdict.notes
    assert not ask().verdict.has_note("not_remembered")


def test_what_is_remembered_already_needs_no_writing():
    signed()
    trust(OPERATOR)
    assert ask().verdict
    Path("state.json.lock").unlink()
    Path("state.json.lock").mkdir()
    assert ask().unremembered is None
    trust(OPERATOR, version=2)
    assert "cannot lock" in ask().unremembered
    Path("state.json").write_text("{")
    with pytest.raises(InputError, match="cannot be read"):
        ask()
