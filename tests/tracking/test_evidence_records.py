"""What a loop says of an evaluation is recorded, and never costs the bill of materials."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import provenir
from provenir.core.digest import digest_file
from provenir.core.findings import Finding, Report
from provenir.tracking.evidence_records import eval_body
from provenir.tracking.open_run import record

KEY = {"sign_passport": True, "signing_key": b"k"}


def nested(depth):
    value = inner = {}
    for _ in range(depth):
        inner["a"] = {}
        inner = inner["a"]
    return value


@pytest.mark.parametrize("n", [10**30, 2**53, -3, float("nan"), "many", [1, 2]])
def test_a_count_that_cannot_be_one_is_not_known_and_said(n):
    body, notes = eval_body("gsm8k", 0.5, None, n, {})
    assert body["n"] is None
    assert [note.kind for note in notes] == ["unreadable_n"]


@pytest.mark.parametrize(
    ("given", "kept"), [(True, True), (0, False), (None, None), ("no", None), ([1, 2], None)]
)
def test_contaminated_is_yes_no_or_not_known(given, kept):
    body, notes = eval_body("gsm8k", 0.5, given, 10, {})
    assert body["contaminated"] is kept
    assert bool(notes) is (given is not None and kept is None)


def test_odd_evaluations_leave_the_passport():
    with provenir.track("run", output_dir="out", **KEY) as run:
        run.record_eval("a", 0.5, n=10**30)
        run.record_eval("b", 0.5, deep=nested(300))
        run.record_eval("c", 0.5, deep=nested(60))
        run.record_eval(["d"], 0.5, contaminated=object())
    assert [part.benchmark for part in run.bom.evals] == ["a", "b", "c", "['d']"]
    assert run.passport.verify(b"k")


@pytest.mark.parametrize("config", [{"framework": 3}, {"framework": {"a": 1}}, nested(300)])
def test_odd_configurations_leave_the_passport(config):
    with provenir.track("run", output_dir="out", config=config, **KEY) as run:
        run.log_config(config)
    assert run.bom.hyperparameters
    assert run.passport.verify(b"k")


def attached(run):
    (file,) = [name for name in run.manifest.files if name.startswith("reports/")]
    return Path("out", file)


def test_a_large_report_is_kept_whole_and_bound_by_its_own_digest():
    found = Finding(kind="email", severity="info", detail="one", data={"a": 1, "b": 2})
    report = Report(name="pii", findings=[found] * 40_000, examined={"rows": 40_000})
    with provenir.track("run", output_dir="out") as run:
        run.attach(report)
    assert not run.findings
    assert digest_file(attached(run)) == report.digest()
    assert len(json.loads(attached(run).read_bytes())["findings"]) == 40_000


class Foreign:
    name = "foreign"

    def __init__(self, value):
        self.value = value

    def to_dict(self):
        return self.value


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ({"score": float("nan")}, "nonfinite"),
        ({"rows": [0] * 1_000_001}, "too_large"),
        ({"deep": nested(300)}, "too_deep"),
    ],
    ids=["nan", "large", "deep"],
)
def test_what_a_foreign_report_loses_is_said(value, kind):
    with provenir.track("run", output_dir="out") as run:
        run.attach(Foreign(value))
    (lost,) = run.findings
    assert lost.kind == kind
    assert "foreign" in lost.detail
    assert attached(run).is_file()


def test_what_the_journal_cannot_hold_is_said():
    with provenir.track("run", output_dir="out") as run:
        record(run._open, "mine", value=object(), other=[float("nan")])
    assert {finding.subject for finding in run.findings} == {"mine: $.value", "mine: $.other[]"}


@pytest.mark.parametrize("where", ["out", "."])
def test_the_run_folder_is_no_artifact_of_its_own_run(where):
    with provenir.track("run", output_dir="out", **KEY) as run:
        run.log_artifact(where)
        run.log_artifact("nowhere")
    subjects = [finding.subject for finding in run.findings if finding.kind == "recording_fault"]
    assert subjects == [f"log_artifact {where}", "log_artifact nowhere"]
    assert not run.bom.artifacts
    assert run.passport.verify(b"k", run_dir=run.output_dir)


def test_a_key_in_another_buffer_is_a_key():
    with provenir.track("run", sign_passport=True, signing_key=bytearray(b"k")) as run:
        run.log_step({"kl": 0.1})
    assert run.passport.verify(b"k")
