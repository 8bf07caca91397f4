"""An attached contamination report in the bill of materials, and what verification makes of it."""

from __future__ import annotations

import json

import pytest

pytest.importorskip("numpy", reason="needs the extra data")

import provenir
from provenir.eval.contamination import ContaminationChecker, ContaminationConfig
from provenir.flows.verify import Order, verify
from provenir.tracking import recover_run

QUESTION = "How many slabs of salt do eleven camels carry when each of them bears four slabs of it?"
EVAL = [{"question": QUESTION, "answer": "forty four slabs"}]
OTHER = [{"question": "Which painter finished the blue ceiling of the old chapel in one winter?"}]
CLEAN = [{"prompt": f"pull lever number {n} of the machine", "answer": str(n)} for n in range(9)]
LEAKY = [*CLEAN, {"prompt": QUESTION}]


def tracked(tmp_path, train, *reports, evals=EVAL):
    with provenir.track(
        "checked",
        dataset=train,
        eval_dataset=evals,
        output_dir=tmp_path / "artifacts" / "run",
        sign_passport=True,
        signing_key=b"k",
    ) as run:
        for report in reports:
            run.attach(report)
        run.log_step({"kl": 0.1})
        run.record_eval("salt", 0.5, n=1)
        run.record_eval("else", 0.5, n=1)
    return run


def check(train, evals=None, **settings):
    checker = ContaminationChecker(ContaminationConfig(**settings))
    return checker.check_datasets(train, {"salt": EVAL} if evals is None else evals)


def told(run):
    data = {part.role: part for part in run.bom.data}
    return data, {part.benchmark: part for part in run.bom.evals}


def rows(run):
    order = Order(target=run.output_dir, keys=(b"k",))
    return {row["name"]: row for row in verify(order).document.model_dump(mode="json")["checks"]}


def test_a_complete_check_of_clean_data_is_in_the_passport(tmp_path):
    report = check(CLEAN)
    run = tracked(tmp_path, CLEAN, report)
    data, evals = told(run)
    for part in data.values():
        assert part.contamination_checked
        assert part.contamination_report == report.digest()
    assert (evals["salt"].contaminated, evals["salt"].report) == (False, report.digest())
    assert (evals["else"].contaminated, evals["else"].report) == (None, None)
    assert "unchecked_contamination" not in run.bom.risk_flags()
    assert "contaminated_eval" not in run.bom.risk_flags()
    stored = (run.output_dir / "reports").glob("contamination-*.json")
    assert [json.loads(path.read_text()) for path in stored] == [report.to_dict()]
    found = rows(run)
    assert found["evidence"]["status"] == "pass"
    assert "contamination" not in found.get("other facts", {}).get("detail", "")


def test_a_leak_raises_the_flag_of_its_benchmark(tmp_path):
    run = tracked(tmp_path, LEAKY, check(LEAKY, {"salt": EVAL, "blue": OTHER}))
    data, evals = told(run)
    assert data["train"].contamination_checked
    assert evals["salt"].contaminated is True
    assert (evals["salt"].score, evals["salt"].n) == (0.5, 1)
    assert set(evals) == {"salt", "else"}
    assert "contaminated_eval" in run.bom.risk_flags()
    assert rows(run)["evidence"]["status"] == "pass"


def test_a_set_that_leaked_without_a_score_is_named_too(tmp_path):
    run = tracked(tmp_path, LEAKY, check(LEAKY, {"blue": OTHER, "hidden": EVAL}))
    _, evals = told(run)
    assert (evals["hidden"].contaminated, evals["hidden"].score) == (True, None)
    assert "blue" not in evals
    assert rows(run)["evidence"]["status"] == "pass"


def test_whoever_leaves_a_leak_out_is_found_out(tmp_path):
    from provenir.governance.passport import PassportSigner

    run = tracked(tmp_path, LEAKY, check(LEAKY))
    parts = tuple(part.model_copy(update={"contaminated": False}) for part in run.bom.evals)
    lie = run.bom.model_copy(update={"evals": parts})
    (run.output_dir / "bom.json").write_bytes(lie.to_bytes())
    passport = PassportSigner(b"k").sign(lie, manifest=run.manifest)
    (run.output_dir / "passport.json").write_text(passport.to_json())
    assert rows(run)["evidence"]["reason"] == "flags-mismatch"


def test_a_report_of_other_data_counts_for_nothing(tmp_path):
    run = tracked(tmp_path, CLEAN, check(CLEAN[:-1]))
    data, evals = told(run)
    assert not data["train"].contamination_checked
    assert evals["salt"].contaminated is None
    assert "unchecked_contamination" in run.bom.risk_flags()
    assert run.bom.run.findings["contamination_of_other_data"] == 1


@pytest.mark.parametrize("settings", [{"fields": ["prompt"]}, {"eval_fields": ["question"]}])
def test_a_check_of_some_fields_is_no_check_of_the_data(tmp_path, settings):
    run = tracked(tmp_path, CLEAN, check(CLEAN, **settings))
    data, evals = told(run)
    assert not data["train"].contamination_checked
    assert evals["salt"].contaminated is None
    assert run.bom.run.findings["partial_contamination_check"] >= 1


def test_items_that_are_too_short_leave_the_eval_open(tmp_path):
    run = tracked(tmp_path, CLEAN, check(CLEAN, {"salt": [*EVAL, {"question": "Two?"}]}))
    data, evals = told(run)
    assert data["train"].contamination_checked
    assert evals["salt"].contaminated is None
    assert run.bom.run.findings["partial_contamination_check"] == 1


def test_a_check_that_could_examine_no_item_checked_nothing(tmp_path):
    short = [{"question": "Two?"}]
    run = tracked(tmp_path, CLEAN, check(CLEAN, {"salt": short}), evals=short)
    assert not any(part.contamination_checked for part in told(run)[0].values())
    assert "unchecked_contamination" in run.bom.risk_flags()


@pytest.mark.parametrize("small", [True, False])
def test_a_report_of_a_file_is_known_by_its_bytes(tmp_path, monkeypatch, small):
    if not small:
        monkeypatch.setattr("provenir.eval.contamination.corpus.IDENTIFY_BYTES", 0)
    path = tmp_path / "train.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in CLEAN))
    report = check(path)
    assert (report.corpus.records_root is not None) == small
    run = tracked(tmp_path, path, report)
    assert told(run)[0]["train"].contamination_checked


def test_a_recovered_run_says_the_same(tmp_path):
    run = tracked(tmp_path, LEAKY, check(LEAKY))
    for name in ("bom.json", "passport.json", "passport.md"):
        (run.output_dir / name).unlink(missing_ok=True)
    manifest = next((run.output_dir / "manifests").glob("*.json"))
    value = run.manifest.with_changes(status="running", ended_at=None, files={})
    manifest.write_bytes(value.to_bytes())
    recover_run(run.output_dir)
    again = json.loads((run.output_dir / "bom.json").read_text())
    assert again["evals"] == run.bom.model_dump(mode="json")["evals"]
    assert again["data"] == run.bom.model_dump(mode="json")["data"]
