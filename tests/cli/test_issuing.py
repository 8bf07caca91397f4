"""The commands of the roles: attest, sign, revoke, prove, and verification over what they made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import provenir
from policies import key_table, policy_text
from provenir.attest.dsse import Envelope
from provenir.attest.event import Actor, LogEvent
from provenir.attest.keys import Ed25519Signer
from provenir.attest.log import EventLog
from provenir.cli.main import run as command
from provenir.core.digest import digest_bytes
from provenir.governance.statements import RoleStatement
from provenir.governance.store import PassportStore

KEYS = {name: Ed25519Signer.generate() for name in ("alice", "olga", "dan", "grace", "lea")}


@pytest.fixture(autouse=True)
def keys(place, monkeypatch):
    monkeypatch.setenv("PROVENIR_STATE", "state.json")
    for name, signer in KEYS.items():
        signer.write(name)
    Path("data.jsonl").write_text('{"a": 1}\n{"a": 2}\n')
    Path("rules.txt").write_text("no secrets\n")


@pytest.fixture
def said(capsys):
    def said(*words):
        with pytest.raises(SystemExit) as ended:
            command(list(words))
        out = capsys.readouterr()
        return ended.value.code, out.out, out.err

    return said


def tracked(*statements):
    with provenir.track(
        "run",
        dataset="data.jsonl",
        output_dir="artifacts/a",
        sign_passport=True,
        signing_key="alice.pem",
    ) as run:
        run.log_step({"kl": 0.1})
        for name in statements:
            run.attach(RoleStatement.read(Path(name)))
    return run


def gate_decision(digest):
    """A line that names a digest, and not as a passport."""
    return LogEvent(
        type="gate_decision",
        name="gate",
        time="2026-01-01T00:00:00.000Z",
        actor=Actor(id="gate"),
        subjects={"candidate": digest},
    )


def trust(*tables, **fields):
    Path("trust.toml").write_bytes(policy_text(tables, **fields))


def test_the_roles_attest_and_a_stranger_verifies(said):
    made = ("attest", "--dataset", "data.jsonl", "--license", "mit", "--signing-key", "dan.pem")
    assert said("passport", *made, "--out", "data.dsse.json")[0] == 0
    ruled = ("attest", "--policy", "rules.txt", "--signing-key", "grace.pem")
    assert said("passport", *ruled, "--out", "policy.dsse.json")[0] == 0
    tracked("data.dsse.json", "policy.dsse.json")
    trust(
        key_table(KEYS["alice"], "operator", id="alice"),
        key_table(KEYS["dan"], "data-source", id="dan"),
        key_table(KEYS["grace"], "governance", id="grace"),
        require={"declared": ["operator", "data-source", "governance"]},
    )
    code, out, _ = said("verify", "artifacts/a", "--trust", "trust.toml", "--json")
    verdict = json.loads(out)
    assert code == 0, verdict["checks"]
    assert verdict["trust"]["policy"] == "acme"
    assert json.loads(Path("state.json").read_text())["policies"]["acme"]["version"] == 1


def test_an_operator_attests_a_finished_run(said):
    tracked()
    words = ("passport", "attest", "--run", "artifacts/a", "--signing-key", "olga.pem")
    assert said(*words, "--out", "run.dsse.json")[0] == 0
    assert RoleStatement.read(Path("run.dsse.json")).claim.role == "operator"
    code, _, err = said(*words, "--out", "run.dsse.json")
    assert (code, "never overwritten" in err) == (2, True)
    code, _, err = said(*words, "--name", "another", "--out", "named.dsse.json")
    assert (code, "--name goes with" in err) == (2, True)


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("--dataset", "data.jsonl", "--run", "artifacts/a"),
        ("--policy", "rules.txt", "--license", "mit"),
        ("--policy", "rules.txt", "--name", "not text \udcff"),
        ("--dataset", "nowhere.jsonl"),
        ("--run", "."),
    ],
)
def test_what_is_not_said_clearly_is_not_signed(said, words):
    code, _, err = said(
        "passport", "attest", *words, "--signing-key", "dan.pem", "--out", "x.dsse.json"
    )
    assert code == 2
    assert err.startswith("error: ")
    assert "defect" not in err
    assert not Path("x.dsse.json").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("attest", "--policy", "rules.txt", "--name", "\udcff"),
        ("attest", "--dataset", "data.jsonl", "--license", "\udcff"),
        ("revoke", "artifacts/a/passport.json", "--reason", "\udcff"),
    ],
)
def test_words_that_are_no_text_are_misuse(said, words):
    tracked()
    code, _, err = said("passport", *words, "--signing-key", "grace.pem", "--out", "x.dsse.json")
    assert code == 2
    assert err.count("\n") == 1
    assert "defect" not in err


def test_a_second_signature_is_added_behind_the_first(said):
    run = tracked()
    passport = "artifacts/a/passport.json"
    words = ("passport", "sign", passport, "--signing-key", "olga.pem")
    assert said(*words, "--out", "two.json")[0] == 0
    trust(
        key_table(KEYS["alice"], "operator", id="alice"),
        key_table(KEYS["olga"], "operator", id="olga"),
        thresholds={"operator": 2},
    )
    assert said("verify", "two.json", "--trust", "trust.toml")[0] == 0
    assert said("verify", passport, "--trust", "trust.toml")[0] == 1
    Path(passport).write_bytes(Path("two.json").read_bytes())
    code, out, _ = said("verify", "artifacts/a", "--trust", "trust.toml", "--json")
    assert code == 0, out
    again = ("passport", "sign", passport, "--signing-key", "olga.pem", "--out", "three.json")
    code, _, err = said(*again)
    assert (code, "give another key" in err) == (2, True)
    assert run.passport.digest() == digest_bytes(
        type(run.passport).read("two.json").envelope.payload
    )


def test_what_was_added_later_is_not_covered_by_the_log(said):
    KEYS["lea"].write("log")
    tracked()
    assert said("log", "checkpoint", "artifacts", "--out", "kept.checkpoint")[0] == 0
    sign = ("passport", "sign", "artifacts/a/passport.json", "--signing-key", "olga.pem")
    assert said(*sign, "--out", "two.json")[0] == 0
    Path("artifacts/a/passport.json").write_bytes(Path("two.json").read_bytes())
    ask = ("verify", "artifacts/a", "--trust", "trust.toml", "--checkpoint", "kept.checkpoint")
    stolen = {"compromised_at": "2026-01-01T00:00:00Z"}
    trust(key_table(KEYS["alice"], "operator", id="alice", **stolen))
    code, out, _ = said(*ask, "--json")
    assert code == 0, out
    trust(key_table(KEYS["olga"], "operator", id="olga", **stolen))
    Path("state.json").unlink()
    code, out, _ = said(*ask, "--json")
    assert json.loads(out)["reasons"] == ["compromised-key"]


def test_a_revoked_passport_is_refused_from_beside_the_policy(said):
    tracked()
    Path("revocations").mkdir()
    words = ("passport", "revoke", "artifacts/a/passport.json", "--reason", "a leak")
    out = ("--signing-key", "grace.pem", "--out", "revocations/one.dsse.json")
    assert said(*words, *out)[0] == 0
    trust(
        key_table(KEYS["alice"], "operator", id="alice"),
        key_table(KEYS["grace"], "governance", id="grace"),
    )
    code, out, _ = said("verify", "artifacts/a", "--trust", "trust.toml", "--json")
    assert code == 1
    assert json.loads(out)["reasons"] == ["revoked"]


def test_a_reason_is_text(said):
    tracked()
    words = ("--signing-key", "dan.pem", "--reason", "gone \udcff", "--out", "r.dsse.json")
    code, _, err = said("passport", "revoke", "artifacts/a/passport.json", *words)
    assert code == 2
    assert "reason" in err
    assert "defect" not in err


def test_only_passports_and_statements_are_revoked(said):
    Path("x.json").write_text("{}")
    words = ("passport", "revoke", "x.json", "--reason", "r", "--signing-key", "grace.pem")
    code, _, err = said(*words, "--out", "y.json")
    assert code == 2
    assert err.startswith("error: ")


def test_a_proof_is_made_anew_under_a_signed_checkpoint(said):
    tracked()
    assert said("log", "checkpoint", "artifacts", "--signing-key", "lea.pem")[0] == 0
    words = ("passport", "prove", "artifacts/a/passport.json", "--log", "artifacts")
    assert said(*words, "--out", "artifacts/a/passport.proof.json")[0] == 0
    origin = Path("artifacts/log/origin").read_text().strip()
    trust(
        key_table(KEYS["alice"], "operator", id="alice"),
        key_table(KEYS["lea"], "log", id=origin),
        require={"declared": ["operator", "log"]},
    )
    code, out, _ = said("verify", "artifacts/a", "--trust", "trust.toml", "--json")
    assert code == 0, out
    assert origin in json.loads(Path("state.json").read_text())["checkpoints"]


def test_a_passport_that_was_signed_again_is_proved_as_far_as_it_is_logged(said):
    tracked()
    sign = ("passport", "sign", "artifacts/a/passport.json", "--signing-key", "olga.pem")
    assert said(*sign, "--out", "two.json")[0] == 0
    assert said("log", "checkpoint", "artifacts", "--signing-key", "lea.pem")[0] == 0
    prove = ("passport", "prove", "two.json", "--log", "artifacts", "--out", "passport.proof.json")
    assert said(*prove)[0] == 0
    origin = Path("artifacts/log/origin").read_text().strip()
    trust(
        key_table(KEYS["alice"], "operator", id="alice"),
        key_table(KEYS["lea"], "log", id=origin),
        require={"declared": ["operator", "log"]},
    )
    code, out, _ = said("verify", "two.json", "--trust", "trust.toml", "--json")
    assert code == 0, out


def test_only_a_line_that_names_it_as_a_passport_proves_one(said):
    """Whatever else the log says of the same digest, before or after."""
    run = tracked()
    again = type(run.passport)(Envelope.sign(run.passport.envelope.payload, [KEYS["olga"]]))
    digest = digest_bytes(again.envelope.to_bytes())
    EventLog("artifacts/log").append(gate_decision(digest))
    PassportStore("artifacts/store").save(again)
    Path("again.json").write_text(again.to_json())
    ask = ("verify", "again.json", "--public-key", "olga.pub.pem", "--log", "artifacts", "--json")
    code, out, _ = said(*ask)
    assert code == 0, out


def test_a_checkpoint_from_before_the_passport_does_not_prove_it(said):
    EventLog("artifacts/log").append(gate_decision(digest_bytes(b"a candidate")))
    assert said("log", "checkpoint", "artifacts", "--signing-key", "lea.pem")[0] == 0
    tracked()
    words = ("passport", "prove", "artifacts/a/passport.json", "--log", "artifacts")
    code, out, err = said(*words, "--out", "p.json")
    assert code == 2, out
    assert "the checkpoint is over 1 entries, and the passport is entry 3" in err
    assert "sign a newer one" in err
    assert said("log", "checkpoint", "artifacts", "--signing-key", "lea.pem")[0] == 0
    assert said(*words, "--out", "p.json")[0] == 0


@pytest.mark.parametrize("size", [0, 9])
def test_a_passport_is_proved_by_the_log_of_another_workspace(said, size):
    """The store of a team, where passports of many workspaces are kept."""
    run = tracked()
    for _ in range(size):
        EventLog("team/artifacts/log").append(gate_decision(digest_bytes(b"another")))
    PassportStore("team/artifacts/passports").save(run.passport)
    words = ("passport", "prove", "artifacts/a/passport.json", "--log", "team/artifacts")
    code, _, err = said(*words, "--out", "team/passport.proof.json")
    assert code == 0, err
    assert "another log" in err
    ask = ("verify", "artifacts/a", "--public-key", "alice.pub.pem")
    code, out, _ = said(*ask, "--proof", "team/passport.proof.json", "--json")
    assert code == 0, out


def test_a_passport_that_is_not_in_the_log_cannot_be_proved(said):
    run = tracked()
    Path("other.json").write_text(
        provenir.governance.passport.PassportSigner(KEYS["olga"]).sign(run.bom).to_json()
    )
    words = ("passport", "prove", "other.json", "--log", "artifacts", "--out", "p.json")
    code, _, err = said(*words)
    assert code == 1
    assert "no line about this passport" in err


def test_a_verdict_is_signed_for_others(said):
    tracked()
    trust(key_table(KEYS["alice"], "operator", id="alice"))
    words = ("verify", "artifacts/a", "--trust", "trust.toml", "--signing-key", "grace.pem")
    assert said(*words)[0] == 2
    assert said(*words, "--out", "verdict.dsse.json")[0] == 0
    envelope = json.loads(Path("verdict.dsse.json").read_text())
    assert set(envelope) == {"payload", "payloadType", "signatures"}
    assert said("passport", "verify", "verdict.dsse.json", "--public-key", "grace.pub.pem")[0] == 1


def test_a_signed_verdict_replaces_no_file_and_leaves_the_json_whole(said):
    tracked()
    trust(key_table(KEYS["alice"], "operator", id="alice"))
    held = Path("trust.toml").read_bytes()
    words = ("verify", "artifacts/a", "--trust", "trust.toml", "--signing-key", "grace.pem")
    code, _, err = said(*words, "--out", "trust.toml")
    assert (code, "never overwritten" in err) == (2, True)
    assert Path("trust.toml").read_bytes() == held
    code, out, err = said(*words, "--out", "verdict.dsse.json", "--json")
    assert (code, json.loads(out)["good"]) == (0, True)
    assert "verdict.dsse.json" in err
