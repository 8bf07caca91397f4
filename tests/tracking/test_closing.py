"""The end of a run: one odd part does not take the others with it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

import provenir
from provenir.core.findings import Report
from provenir.core.limits import MAX_DOCUMENT_BYTES
from provenir.governance.run_check import verify_run
from provenir.provenance.run_layout import MADE_AT_THE_END
from provenir.provenance.run_record import read_run
from provenir.tracking.recover import recover_run


def folder(path: str, content: bytes) -> Path:
    Path(path).mkdir(parents=True)
    (Path(path) / "weights.bin").write_bytes(content)
    return Path(path)


def test_two_artifacts_of_one_name_are_told_apart():
    places = [folder("a/model", b"1"), folder("b/model", b"2"), folder("c/model", b"2")]
    with provenir.track("run", output_dir="out", sign_passport=True, signing_key=b"k") as run:
        for place in places:
            run.log_artifact(place)
    assert [part.name for part in run.bom.artifacts] == ["model", "model-2", "model-3"]
    for place in places:
        assert run.passport.verify(b"k", artifacts=[place])


def test_records_that_somebody_removed_are_said():
    with provenir.track("run", output_dir="out") as run:
        run.log_step({"kl": 0.1})
        Path("out/steps.jsonl").unlink()
        run.log_step({"kl": 0.2})
    (lost,) = run.findings
    assert (lost.kind, lost.subject, lost.severity) == ("lost_record", "steps.jsonl", "critical")
    assert run.bom.run.findings == {"lost_record": 1}


def test_a_rollout_beyond_what_a_reader_takes_costs_no_other():
    with provenir.track("run", output_dir="out") as run:
        run.log_trajectory({"prediction": "x" * MAX_DOCUMENT_BYTES, "reward": 1.0})
        run.log_trajectory({"prediction": "y", "reward": 1.0})
    assert [row["trajectory"]["prediction"] for row in read_run("out").trajectories()] == ["y"]
    assert {finding.kind for finding in run.findings} == {"recording_fault", "incomplete_record"}


def test_an_artifact_without_a_kind_is_a_model():
    with provenir.track("run", output_dir="out") as run:
        run.log_artifact(folder("model", b"1"), kind="")
    assert [part.kind for part in run.bom.artifacts] == ["model"]


def test_files_of_the_user_s_own_are_not_the_run_s():
    Path("out/reports").mkdir(parents=True)
    for name in ("steps-notes.jsonl", "steps.rank01.jsonl", "journal.old.jsonl", "reports/q3.json"):
        Path("out", name).write_text("{}\n")
    with provenir.track("run", output_dir="out") as run:
        run.log_step({"kl": 0.1})
        run.attach(Report(name="mine", findings=[], examined={"rows": 1}))
    (report,) = [name for name in run.manifest.files if name.startswith("reports/")]
    assert report.startswith("reports/mine-")
    assert not {name for name in run.manifest.files if "notes" in name or "old" in name}
    Path("out/steps-notes.jsonl").write_text("mine again\n")
    assert verify_run(Path("out"))


def test_a_file_that_cannot_be_read_at_the_end_leaves_the_run_to_be_recovered():
    if not Path("/proc/self/mem").exists():
        pytest.skip("needs a file that opens and cannot be read")
    with provenir.track("run", output_dir="out", sign_passport=True, signing_key=b"k") as run:
        run.log_step({"kl": 0.1})
        run.attach(Report(name="mine", findings=[], examined={"rows": 1}))
        (report,) = Path("out/reports").iterdir()
        kept = report.read_bytes()
        report.unlink()
        report.symlink_to("/proc/self/mem")
    assert run.passport is None
    assert "closing_fault" in {finding.kind for finding in run.findings}
    assert read_run("out").state == "died"
    report.unlink()
    report.write_bytes(kept)
    assert recover_run("out").status == "interrupted"
    assert verify_run(Path("out"))


def kill_at_rename(name, folder, **settings):
    """Run in a child that dies right before the file of that name is put in its place."""
    if (child := os.fork()) == 0:
        replace = os.replace

        def dying(source, target):
            if Path(target).name.endswith(name) and dying.armed:
                os._exit(9)
            replace(source, target)

        dying.armed = False
        os.replace = dying
        with provenir.track("run", output_dir=folder, **settings) as run:
            run.log_step({"kl": 0.1})
            dying.armed = True
        os._exit(0)
    os.waitpid(child, 0)


@pytest.mark.parametrize(
    "name", [*MADE_AT_THE_END, "passport.json", "passport.md", "passport.proof.json", ".json"]
)
def test_wherever_the_end_is_cut_short_a_recovery_finishes_the_folder(name):
    kill_at_rename(name, "out", sign_passport=True, signing_key=b"k")
    assert read_run("out").state == "died"
    assert recover_run("out").status == "interrupted"
    assert not Path("out/passport.json").exists()
    assert verify_run(Path("out"))


def test_a_full_disk_at_the_end_leaves_the_run_to_be_recovered(monkeypatch):
    def full(source, target):
        raise OSError(28, "No space left on device")

    run = provenir.track("run", output_dir="out", sign_passport=True, signing_key=b"k").start()
    for step in range(50):
        run.log_step({"kl": step / 1e3})
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        run.finish()
    assert run.passport is None
    assert run.manifest.status == "running"
    assert {finding.kind for finding in run.findings} == {"closing_fault"}
    assert read_run("out").state == "died"
    assert recover_run("out").status == "interrupted"
    assert verify_run(Path("out"))
    assert json.loads(Path("out/flight_recorder.json").read_text())["summary"]["num_steps"] == 50


def test_a_log_that_cannot_be_written_holds_up_no_recovery():
    kill_at_rename("bom.json", "out")
    Path("log").rename("elsewhere")
    Path("log").write_text("what the loop printed\n")
    assert recover_run("out").status == "interrupted"
    assert verify_run(Path("out"))
