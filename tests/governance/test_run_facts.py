from __future__ import annotations

import json

import pytest

from provenir.core.digest import digest_bytes
from provenir.core.manifest import RunManifestStore
from provenir.governance.bom import CodeComponent, DataComponent, EvalComponent, ModelBOM
from provenir.governance.passport import PassportSigner
from provenir.governance.run_facts import compare_facts, journal_facts

DIGEST = digest_bytes(b"anything")
OTHER = digest_bytes(b"something else")
START = {
    "type": "start",
    "base_model": "base",
    "config": {"lr": 0.1, "framework": "trl"},
    "dirty": False,
    "diff_digest": None,
    "dataset": {"name": "train", "records_root": DIGEST, "n": 1200, "license": "apache-2.0"},
    "eval_dataset": {"name": "test", "records_root": OTHER, "n": 7},
}
EVALS = [
    {"type": "eval", "benchmark": "g", "score": 0.3, "n": 10, "contaminated": None, "meta": {}},
    {"type": "eval", "benchmark": "g", "score": 0.4, "n": 10, "meta": {"k": 1}},
    {"type": "eval", "benchmark": "j", "score": 1, "meta": {"judge": "a judge"}},
    {"type": "eval", "benchmark": "nan", "score": None, "meta": {}},
]


def journal(*records):
    return b"".join(json.dumps(record).encode() + b"\n" for record in records)


def signed_over(made, signer, *, manifest=None, **changes):
    """Another bill of materials over the same folder, by a signer with a good key."""
    bom = made.bom.model_copy(update=changes)
    final = made.manifest if manifest is None else made.manifest.with_changes(**manifest)
    files = {name: digest for name, digest in final.files.items() if name != "bom.json"}
    final = final.with_changes(files=files)
    RunManifestStore(made.folder / "manifests").save(final)
    (made.folder / "bom.json").unlink()
    return PassportSigner(signer).sign(bom, manifest=final)


def data(**changes):
    fields = {"name": "t", "license": "mit", "pii_scanned": True, "contamination_checked": True}
    return (DataComponent(**{**fields, **changes}),)


LIES = {
    "an invented dataset": {"manifest": {"dataset_hash": None}, "data": data(content_hash=DIGEST)},
    "another dataset": {"data": data(content_hash=OTHER)},
    "the right hash as another role": {
        "data": (*data(content_hash=OTHER), *data(content_hash=DIGEST, role="eval"))
    },
    "one dataset more": {"data": (*data(content_hash=DIGEST), *data(content_hash=OTHER))},
    "another eval set": {"data": data(content_hash=DIGEST, role="eval")},
    "another number of rows": {"data": data(content_hash=DIGEST, num_records=5)},
    "a better score": {"evals": (EvalComponent(benchmark="g", score=0.99),)},
    "a score for none": {"evals": (EvalComponent(benchmark="nan", score=0.99),)},
    "the score of other items": {"evals": (EvalComponent(benchmark="g", score=0.3, n=99),)},
    "a judge left out": {"evals": (EvalComponent(benchmark="j", score=1),)},
    "another judge": {
        "evals": (EvalComponent(benchmark="j", score=1, judge="b", judge_calibrated=True),)
    },
    "another note": {"evals": (EvalComponent(benchmark="g", score=0.4, meta={"k": True}),)},
    "another base model": {"base_model": "gpt-9"},
    "another setting": {"hyperparameters": {"lr": 0.2}},
    "another framework": {"code": CodeComponent(framework="verl")},
}


@pytest.mark.parametrize("lie", LIES)
def test_what_the_run_says_otherwise_is_found_out(make_run, ed25519, public, lie):
    run = make_run(journal=journal(START, *EVALS))
    passport = signed_over(run, ed25519, **{"base_model": "base", "evals": (), **LIES[lie]})
    assert passport.verify(public)
    verdict = passport.verify(public, run_dir=run.folder)
    assert verdict.reasons == ("flags-mismatch",)
    assert verdict.assurance_established is None


TRUTHS = {
    "as recorded": {
        "base_model": "base",
        "hyperparameters": {"lr": 0.1},
        "data": (
            *data(content_hash=DIGEST, license="apache-2.0", num_records=1200),
            *data(name="test", role="eval", content_hash=OTHER),
        ),
        "evals": (
            EvalComponent(benchmark="g", score=0.3, n=10),
            EvalComponent(benchmark="g", score=0.4, meta={"k": 1.0}),
            EvalComponent(benchmark="j", score=1, judge="a judge"),
            EvalComponent(benchmark="nan", score=None),
        ),
    },
    "less": {
        "base_model": "unknown",
        "hyperparameters": {},
        "data": (),
        "evals": (),
        "code": None,
        "run": None,
    },
    "more": {
        "model_id": "a name of its own",
        "hyperparameters": {"lr": 0.1, "by hand": 3},
        "base_model": "base",
        "data": (
            *data(content_hash=DIGEST, license="mit", consent="given"),
            *data(name="test", role="eval", content_hash=OTHER),
            *data(name="test 2", role="eval", content_hash=DIGEST),
        ),
        "evals": (EvalComponent(benchmark="mmlu", score=0.9),),
    },
}


@pytest.mark.parametrize("truth", TRUTHS)
def test_an_honest_list_is_good_with_less_and_with_more(make_run, ed25519, public, truth):
    run = make_run(journal=journal(START, *EVALS))
    passport = signed_over(run, ed25519, **TRUTHS[truth])
    assert passport.verify(public, run_dir=run.folder)


def test_what_the_run_does_not_say_is_named(make_run, ed25519, public):
    run = make_run(journal=journal(START, *EVALS))
    verdict = signed_over(run, ed25519, **TRUTHS["more"]).verify(public, run_dir=run.folder)
    assert verdict.assurance_established == "L0"
    row = next(check for check in verdict.not_checked if check.name == "other facts")
    for name in ("model_id", "data.t.license", "data.t.consent", "data.test 2.content_hash"):
        assert name in row.detail
    assert "evals.mmlu" in row.detail
    assert "hyperparameters.by hand" in row.detail
    assert "base_model" not in row.detail


def test_without_a_journal_all_that_it_would_say_is_the_signers_word(make_run, public):
    run = make_run(unlisted=("journal.jsonl",))
    verdict = run.verify(public)
    assert verdict
    row = next(check for check in verdict.not_checked if check.name == "other facts")
    for name in ("base_model", "evals.gsm8k", "hyperparameters.lr", "framework"):
        assert name in row.detail


@pytest.mark.parametrize("place", [0, 1, 2])
def test_changes_in_any_part_of_a_run_make_its_code_dirty(make_run, public, place):
    parts = [
        {"type": "start", "dirty": False},
        *({"type": "resume", "dirty": d} for d in (0, None)),
    ]
    assert not journal_facts(parts).dirty
    parts[place]["dirty"] = True
    run = make_run(journal=journal(*parts))
    assert run.verify(public).reasons == ("flags-mismatch",)
    assert "dirty_code" in str(run.verify(public).to_dict())


def test_findings_may_be_left_out_as_a_whole_and_not_in_part(run):
    noted = [
        {"type": "finding", "kind": kind, "subject": subject}
        for kind, subject in (("lost", "a"), ("lost", "a"), ("lost", "b"), ("closing_fault", "x"))
    ]
    facts = journal_facts([START, *noted])

    def compared(**findings):
        run_summary = run.bom.run.model_copy(update={"findings": findings})
        bom = ModelBOM(model_id="my-run", run_id=run.bom.run_id, run=run_summary)
        return compare_facts(bom, run.manifest, facts)

    assert not compared(lost=2).differences
    assert compared(lost=2, closing_fault=1).uncovered == []
    assert compared().uncovered == ["run.findings"]
    assert compared(lost=1).differences == ["2 findings lost, not 1"]
    assert compared(odd=1).differences


def test_another_run_name_is_another_run(run):
    named = run.bom.run.model_copy(update={"name": "the other run"})
    compared = compare_facts(run.bom.model_copy(update={"run": named}), run.manifest, _none())
    assert any("run name" in one for one in compared.differences)


def _none():
    return journal_facts([])


def test_an_artifact_that_the_run_did_not_log_is_named(make_run, model, public):
    unlogged = make_run(model=model)
    row = next(c for c in unlogged.verify(public).not_checked if c.name == "other facts")
    assert "artifacts.model" in row.detail
    logged = {"type": "artifact", "dir_hash": unlogged.bom.artifacts[0].dir_hash}
    compared = compare_facts(unlogged.bom, unlogged.manifest, journal_facts([START, logged]))
    assert "artifacts.model" not in compared.uncovered


@pytest.mark.parametrize(
    "record",
    [
        {},
        {"type": []},
        {"type": "start", "config": 3, "dirty": "yes", "diff_digest": 4, "dataset": "x"},
        {"type": "config", "values": []},
        {"type": "eval", "benchmark": "gsm8k", "score": 10**400, "meta": 7, "n": "n"},
        {"type": "eval", "benchmark": {}},
        {"type": "artifact", "dir_hash": 5},
        {"type": "finding", "kind": {}, "subject": []},
    ],
    ids=str,
)
def test_records_of_any_shape_are_read_past(run, record):
    facts = journal_facts([record])
    assert isinstance(compare_facts(run.bom, run.manifest, facts).differences, list)
