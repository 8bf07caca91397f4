"""An imported log becomes a run folder that says so, and that nobody can claim to have observed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import provenir
from provenir.attest.keys import Ed25519Signer
from provenir.core.digest import digest_file
from provenir.core.errors import InputError, UsageError
from provenir.core.manifest import RunManifest
from provenir.flows.import_log import import_log
from provenir.governance.bom import ModelBOM
from provenir.governance.passport import PassportSigner
from provenir.governance.run_check import verify_run
from provenir.observability.logs import find_log
from provenir.provenance.run_record import read_run

STEPS = [
    {"loss": 0.5, "kl": 0.01, "reward": 0.5, "grad_norm": 0.5, "epoch": n / 10, "step": n}
    for n in range(1, 31)
]
EVALS = [
    {"eval_loss": 0.4, "eval_reward": 0.1 * n, "eval_runtime": 1.0, "step": n} for n in (10, 30)
]
SUMMARY = {"train_runtime": 9.0, "train_loss": 0.1, "step": 30}


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def state(entries):
    path = Path("trainer_state.json")
    path.write_text(json.dumps({"log_history": entries}))
    return path


def imported(*paths, **how):
    return import_log(find_log([Path(path) for path in paths]), output_dir=Path("run"), **how)


def test_a_trainers_log_becomes_steps_evaluations_and_a_summary(place):
    got = imported(state([*STEPS[:10], EVALS[0], *STEPS[10:], EVALS[1], SUMMARY]))
    record = read_run("run")
    stored = [{"step": step["step"], **step["metrics"]} for step in record.steps()]
    assert stored == STEPS
    assert got.evaluations == 2
    (score,) = record.document("bom.json")["evals"]
    assert (score["benchmark"], score["score"], score["meta"]["step"]) == ("eval_reward", 3.0, 30)
    assert record.document("bom.json")["hyperparameters"]["trainer_summary"]["train_loss"] == 0.1
    assert got.recorder.summary()["verdict"] == "HEALTHY"
    assert verify_run(Path("run")).exit_code == 0


def test_the_health_is_that_of_a_run_that_logged_the_same(place):
    entries = [{**step, "kl": 9.0 if step["step"] > 25 else 0.01} for step in STEPS]
    got = imported(state(entries))
    with provenir.track("live", output_dir="live") as run:
        for entry in entries:
            run.log_step(entry)
    assert got.recorder.to_dict() == run.flight_recorder.to_dict()
    assert got.recorder.summary()["verdict"] == "CRITICAL"


def test_the_folder_says_that_it_was_imported_and_from_what(place):
    path = state(STEPS)
    imported(path)
    record = read_run("run")
    (found,) = (r for r in record.journal() if r.get("kind") == "imported_log")
    assert found["data"] == {"source": "trl", "files": {path.name: digest_file(path)}}
    assert record.document("bom.json")["run"]["findings"]["imported_log"] == 1
    manifest = RunManifest.read(record.manifest_path)
    assert manifest.imported
    assert (manifest.git_sha, manifest.seed, manifest.dataset_hash) == (None, None, None)
    assert not (Path("run") / "passport.json").exists()
    assert not (Path("run") / "statements").exists()


def test_a_passport_over_an_imported_run_claims_declared_at_most(place):
    imported(state(STEPS))
    manifest = RunManifest.read(read_run("run").manifest_path)
    bom = ModelBOM.read("run/bom.json")
    signer = PassportSigner(Ed25519Signer.generate())
    assert signer.sign(bom, manifest=manifest).predicate.assurance == "declared"
    silent = bom.model_copy(update={"run": None})
    assert signer.sign(silent, manifest=manifest).predicate.assurance == "declared"
    with pytest.raises(UsageError, match="cannot be claimed"):
        signer.sign(bom, manifest=manifest, assurance="L0")


def test_a_run_that_was_observed_still_claims_more(place):
    with provenir.track("live", output_dir="live") as run:
        run.log_step({"kl": 0.1})
    signer = PassportSigner(Ed25519Signer.generate())
    assert signer.sign(run.bom, manifest=run.manifest).predicate.assurance == "L0"


def test_restarts_and_bad_rows_keep_their_order_and_are_said(place):
    steps = [0, 1, 2, 2, 1, 2, 3]
    text = "".join(json.dumps({"step": step, "kl": 0.1, "mine": 1}) + "\n" for step in steps)
    Path("log.jsonl").write_text(text + "{torn\n")
    got = imported("log.jsonl")
    assert [step["step"] for step in read_run("run").steps()] == steps
    said = {(f.kind, f.subject): f.detail for f in got.findings}
    assert "log.jsonl:4" in said["log_order", "repeat the one before"]
    assert "log.jsonl:5" in said["log_order", "begin the count again"]
    assert "log.jsonl:8" in said["unreadable_log", "lines are no JSON objects"]
    assert "mine" in said["unknown_names", None]


def test_rows_of_one_step_that_came_apart_are_one(place):
    rows = [
        {"step": 1, "loss/mean": 0.1},
        {"step": 1, "optim/lr": 1e-6},
        {"step": 2, "loss/mean": 0.2},
    ]
    Path("log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    imported("log.jsonl")
    steps = list(read_run("run").steps())
    assert [step["metrics"] for step in steps] == [
        {"loss/mean": 0.1, "optim/lr": 1e-6},
        {"loss/mean": 0.2},
    ]


def test_verls_validation_is_a_score(place):
    rows = [
        {"step": n, "data": {"actor/ppo_kl": 0.1, "val-core/gsm8k/acc/mean@8": n / 10}}
        for n in (1, 2)
    ]
    Path("log.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    got = imported("log.jsonl")
    (score,) = read_run("run").document("bom.json")["evals"]
    assert (score["benchmark"], score["score"]) == ("val-core/gsm8k/acc/mean@8", 0.2)
    assert (got.evaluations, got.recorder.num_steps) == (2, 2)


def test_a_name_of_ones_own_can_be_given_a_channel(place):
    Path("log.jsonl").write_text('{"step": 1, "reward/f": 0.25}\n')
    got = imported("log.jsonl", channels={"reward/f": "true_reward_mean"})
    assert got.recorder.summary()["final_metrics"] == {"true_reward_mean": 0.25}
    (found,) = (f for f in got.findings if f.kind == "imported_log")
    assert "reward/f taken for true_reward_mean" in found.detail
    assert found.data["channels"] == {"reward/f": "true_reward_mean"}
    with pytest.raises(
        UsageError, match=r"no channel is called 'truth': one of .*true_reward_mean"
    ):
        imported("log.jsonl", channels={"reward/f": "truth"})


@pytest.mark.parametrize("names", [("mine", "reward_mean"), ("reward_mean", "mine")])
def test_a_name_that_was_asked_for_wins_over_the_channels_own(place, names):
    row = dict(zip(names, (1.0, 2.0), strict=True))
    Path("log.jsonl").write_text(json.dumps({"step": 1, **row}) + "\n")
    got = imported("log.jsonl", channels={"mine": "reward_mean"})
    assert got.recorder.summary()["final_metrics"] == {"reward_mean": row["mine"]}


def test_a_mapped_name_that_the_log_has_not_is_said(place):
    Path("log.jsonl").write_text('{"step": 1, "kl": 0.25}\n')
    got = imported("log.jsonl", channels={"reward/F": "true_reward_mean"})
    assert [f.subject for f in got.findings if f.kind == "unmet_name"] == ["reward/F"]


def test_a_log_where_the_folders_own_files_will_lie_is_left_there(place):
    Path("run").mkdir()
    path = Path("run/steps.jsonl")
    path.write_text('{"step": 1, "kl": 0.25}\n')
    with pytest.raises(UsageError, match="one of the folder's own files"):
        imported(path)
    assert [entry.name for entry in Path("run").iterdir()] == ["steps.jsonl"]
    path.rename("run/metrics.jsonl")
    assert imported("run/metrics.jsonl").recorder.num_steps == 1


def test_what_holds_no_row_leaves_no_folder(place):
    with pytest.raises(InputError, match="no row of metrics"):
        imported(state([]))
    assert not Path("run").exists()


def test_a_killed_import_is_recovered_as_what_it_is(place):
    from provenir.tracking.recover import recover_run

    class Killed(BaseException):
        pass

    def kill(_: int) -> None:
        raise Killed

    path = Path("log.jsonl")
    path.write_text("".join(json.dumps(step) + "\n" for step in STEPS * 2_000))
    with pytest.raises(Killed):
        imported(path, progress=_after(2, kill))
    assert recover_run("run").status == "interrupted"
    record = read_run("run")
    assert record.document("bom.json")["run"]["findings"]["imported_log"] == 1
    assert 0 < sum(1 for _ in record.steps()) < 60_000


def _after(calls, act):
    left = [calls]

    def progress(count):
        left[0] -= 1
        if left[0] < 0:
            act(count)

    return progress
