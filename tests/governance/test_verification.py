from __future__ import annotations

import contextlib
import json
import os
import random
import subprocess
from datetime import UTC, datetime

import pytest

from fakes import fixed_clock
from provenir.attest.dsse import Envelope
from provenir.attest.event import Actor
from provenir.attest.keys import Ed25519Signer, HmacSigner
from provenir.attest.log import EventLog
from provenir.core.digest import digest_bytes, digest_file
from provenir.core.errors import EvidenceError, InputError, UsageError
from provenir.core.manifest import RunManifest, RunManifestStore
from provenir.governance.bom import ModelBOM
from provenir.governance.evidence import check_run_folder
from provenir.governance.issue import issue_event, issue_proof
from provenir.governance.passport import ModelPassport, PassportSigner
from provenir.governance.run_files import RunFiles
from provenir.governance.verification import verify_passport
from provenir.provenance.artifact import identify_artifact

OTHER = digest_bytes(b"other")


def statuses(verdict) -> dict[str, str]:
    return {check.name: check.status for check in verdict.checks}


def reason_of(verdict, name: str) -> str | None:
    return next(check.reason for check in verdict.checks if check.name == name)


# What was not handed over -------------------------------------------------------------------------


def test_a_lone_passport_establishes_what_is_declared_and_lists_the_rest(make_run, model, public):
    passport = make_run(model=model).passport
    verdict = passport.verify(public)
    assert verdict
    assert verdict.exit_code == 0
    assert (verdict.assurance_claimed, verdict.assurance_established) == ("L0", "declared")
    skipped = {check.name: check.reason for check in verdict.not_checked}
    assert skipped == {
        "expiry": "not-stated",
        "artifact:model": "not-given",
        "bom.json": "not-given",
        "run": "not-given",
        "assurance": "not-given",
    }


def test_with_the_run_folder_l0_is_established(make_run, model, public):
    run = make_run(model=model)
    verdict = run.verify(public, artifacts=model)
    assert verdict
    assert verdict.assurance_established == "L0"
    assert {check.name for check in verdict.not_checked} == {"expiry", "other facts", "pages"}


def test_what_lies_in_the_run_folder_unchecked_is_listed(make_run, public):
    run = make_run()
    (run.folder / "passport.md").write_text("the model is safe")
    rows = {check.name: check for check in run.verify(public).not_checked}
    assert "passport.md" in rows["pages"].detail
    assert "other files" not in rows
    (run.folder / "passport.json").write_text("{}")
    (run.folder / "notes.txt").write_text("")
    rows = {check.name: check for check in run.verify(public).not_checked}
    assert rows["other files"].detail == "notes.txt, passport.json"


def test_an_empty_folder_in_a_model_is_listed(make_run, model, public):
    run = make_run(model=model)
    (model / "empty" / "inner").mkdir(parents=True)
    verdict = run.verify(public, artifacts=model)
    assert verdict
    (row,) = [check for check in verdict.not_checked if check.name.startswith("beside:")]
    assert "empty/inner" in row.detail


def test_a_model_folder_deeper_than_the_system_reads_is_refused(make_run, model, public, request):
    run = make_run(model=model)
    request.addfinalizer(lambda: subprocess.run(["rm", "-rf", str(model)], check=True))
    folder = os.open(model, os.O_RDONLY)
    for _ in range(3_000):
        os.mkdir("d", dir_fd=folder)
        below = os.open("d", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = below
    os.close(folder)
    assert run.verify(public, artifacts=model).reasons == ("artifact-mismatch",)


def test_a_run_without_steps_stays_declared(make_run, public):
    run = make_run(steps=b"", flight={"num_steps": 0, "verdict": "UNKNOWN"})
    verdict = run.verify(public)
    assert verdict
    assert verdict.assurance_claimed == "declared"
    assert verdict.has_note("no_health_data")


@pytest.mark.parametrize(
    ("scanned", "said"),
    [(True, "as stated; none raised"), (False, "as stated; 1 raised: unscanned_pii")],
)
def test_a_raised_flag_does_not_read_as_if_it_had_passed(make_run, seed_bom, public, scanned, said):
    (train,) = seed_bom.data
    data = [train.model_copy(update={"pii_scanned": scanned})]
    run = make_run(bom_changes={"data": data})
    rows = {check.name: check for check in run.verify(public).checks}
    assert (rows["risk flags"].status, rows["risk flags"].detail) == ("pass", said)


def test_hmac_reaches_l0_and_no_further(make_run):
    run = make_run(signer=b"secret")
    verdict = run.verify(b"secret")
    assert verdict
    assert verdict.assurance_established == "L0"
    assert verdict.has_note("team-internal")


def test_notes_say_what_a_good_verdict_does_not_show(seed_bom, make_run, model, public, ed25519):
    lone = PassportSigner(ed25519).sign(seed_bom).verify(public)
    assert lone.has_note("no_model_artifact")
    assert lone.has_note("self_declared_evidence")
    run = make_run(model=model)
    assert not run.verify(public).has_note("no_model_artifact")
    report = {"reports/pii.json": OTHER, "reports/contamination.json": OTHER}
    data = [
        seed_bom.data[0].model_copy(update={"pii_report": OTHER, "contamination_report": OTHER})
    ]
    bom = ModelBOM(**{**dict(seed_bom), "data": data})
    assert (
        not PassportSigner(ed25519)
        .sign(bom, reports=report)
        .verify(public)
        .has_note("self_declared_evidence")
    )
    # A digest that no report of the passport has is only another word.
    assert PassportSigner(ed25519).sign(bom).verify(public).has_note("self_declared_evidence")


# Expiry -------------------------------------------------------------------------------------------


def test_expiry_is_judged_by_the_verifiers_clock(make_run, public):
    end = datetime(2026, 6, 1, tzinfo=UTC)
    passport = make_run(expires_at=end).passport
    assert passport.verify(public, at=datetime(2026, 5, 31, 23, 59, 59, tzinfo=UTC))
    for at in (end, datetime(2031, 1, 1, tzinfo=UTC)):
        assert passport.verify(public, at=at).reasons == ("expired",)
    with pytest.raises(UsageError):
        passport.verify(public, at=datetime(2026, 1, 1))  # noqa: DTZ001


def test_without_at_the_machines_clock_decides(seed_bom, ed25519, public):
    from provenir.core.clock import FixedClock

    past = FixedClock("2020-01-01T00:00:00Z")
    end = datetime(2020, 1, 2, tzinfo=UTC)
    old = PassportSigner(ed25519).sign(seed_bom, clock=past, expires_at=end)
    assert old.verify(public).reasons == ("expired",)


# Artifacts ----------------------------------------------------------------------------------------


def _change_weights(model):
    path = model / "model.safetensors"
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(bytes(data))


def _link(model):
    (model / "config.json").unlink()
    (model / "config.json").symlink_to("tokenizer.json")


CHANGES = {
    "weights": (_change_weights, "model.safetensors was changed"),
    "config": (lambda m: (m / "config.json").write_text("{}"), "config.json was changed"),
    "added": (lambda m: (m / "extra.txt").write_text("x"), "extra.txt was added"),
    "hidden": (lambda m: (m / ".hidden").write_text("x"), ".hidden was added"),
    "removed": (lambda m: (m / "tokenizer.json").unlink(), "tokenizer.json is missing"),
    "renamed": (
        lambda m: (m / "config.json").rename(m / "settings.json"),
        "config.json is now settings.json",
    ),
    "linked": (_link, "config.json"),
    "fifo": (lambda m: os.mkfifo(m / "pipe"), "pipe"),
    "emptied": (lambda m: [path.unlink() for path in m.iterdir()], "is missing"),
    "damaged": (lambda m: (m / "model.safetensors").write_bytes(b"\xff" * 20), "model.safetensors"),
}


@pytest.mark.parametrize("change", CHANGES)
def test_any_change_of_the_model_folder_is_refused_and_named(make_run, model, public, change):
    passport = make_run(model=model).passport
    assert passport.verify(public, artifacts=model)
    alter, named = CHANGES[change]
    alter(model)
    verdict = passport.verify(public, artifacts=[model])
    assert verdict.exit_code == 1
    assert verdict.reasons == ("artifact-mismatch",)
    assert named in verdict.failures[0].detail


def test_variants_of_one_model_in_one_folder_are_signed_and_verified(make_run, model, public):
    variant = model / "model.fp16.safetensors"
    variant.write_bytes((model / "model.safetensors").read_bytes())
    passport = make_run(model=model).passport
    assert passport.bom.artifacts[0].tensor_root is None
    assert passport.verify(public, artifacts=model)
    variant.unlink()
    assert passport.verify(public, artifacts=model).reasons == ("artifact-mismatch",)


def test_a_copy_under_another_name_is_the_same_artifact(make_run, model, public, tmp_path):
    passport = make_run(model=model).passport
    assert passport.verify(public, artifacts=model.rename(tmp_path / "elsewhere"))


@pytest.mark.parametrize("name", ["nothing", "a\0b", "x" * 5000, "fifo", "loop"])
def test_a_path_that_is_no_folder_is_an_input_error(make_run, model, public, tmp_path, name):
    passport = make_run(model=model).passport
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(InputError):
        passport.verify(public, artifacts=tmp_path / name)
    with pytest.raises(InputError):
        passport.verify(public, run_dir=str(tmp_path / name))


@pytest.mark.parametrize("path", ["", None, 5])
def test_what_is_no_path_is_misuse(make_run, public, path):
    """An empty string must not stand for the working directory."""
    with pytest.raises(UsageError):
        make_run().passport.verify(public, artifacts=[path])


def test_sizes_and_counts_that_no_digest_covers_are_measured(make_run, model, public, forge):
    passport = make_run(model=model).passport
    for path, value in ((["n_tensors"], 7), (["files", 0, "size"], 1)):
        change = _set(["predicate", "bom", "artifacts", 0, *path], value)
        forged = forge(passport, change)
        assert forged.verify(public)
        verdict = forged.verify(public, artifacts=model)
        assert verdict.reasons == ("artifact-mismatch",)
        assert "number of tensors" in verdict.failures[0].detail


def test_the_bytes_of_an_artifact_are_read_once(make_run, model, public):
    run = make_run(model=model)
    read: list[int] = []
    envelope = run.passport.envelope
    assert verify_passport(envelope, keys=public, artifacts=model, progress=read.append)
    size = sum(path.stat().st_size for path in model.iterdir())
    assert sum(read) == size
    read.clear()
    (model / "config.json").write_text('{"hidden_size": 8}')
    assert not verify_passport(envelope, keys=public, artifacts=model, progress=read.append)
    assert sum(read) == size, "those of a refused one neither twice"


def test_a_passport_that_names_no_artifact_vouches_for_none(seed_bom, ed25519, public, model):
    passport = PassportSigner(ed25519).sign(seed_bom)
    assert statuses(passport.verify(public))["artifact"] == "not-checked"
    assert passport.verify(public, artifacts=model).reasons == ("artifact-mismatch",)


def test_several_artifacts_are_told_apart(seed_bom, ed25519, public, model, tmp_path):
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    (adapter / "adapter_config.json").write_text('{"r": 8}')
    (adapter / "config.json").write_text("{}")
    identities = [identify_artifact(model), identify_artifact(adapter, kind="adapter")]
    passport = PassportSigner(ed25519).sign(seed_bom, artifacts=identities)
    both = statuses(passport.verify(public, artifacts=[adapter, model]))
    assert both["artifact:model"] == both["artifact:adapter"] == "pass"
    moved = adapter.rename(tmp_path / "x")
    one = statuses(passport.verify(public, artifacts=moved))
    assert (one["artifact:adapter"], one["artifact:model"]) == ("pass", "not-checked")
    (moved / "adapter_config.json").write_text('{"r": 9}')
    verdict = passport.verify(public, artifacts=[moved, model])
    assert statuses(verdict)["artifact:adapter"] == "fail"
    assert statuses(verdict)["artifact:model"] == "pass"


# Statements that were validly signed and say something else ------------------------------------


def _predicate(change):
    def apply(statement):
        change(statement["predicate"])

    return apply


def _set(path, value):
    def apply(statement):
        target = statement
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = value

    return apply


def _drop(path):
    def apply(statement):
        target = statement
        for step in path[:-1]:
            target = target[step]
        del target[path[-1]]

    return apply


FORGERIES = {
    # name: (change of the signed statement, reason)
    "other predicate type": (
        _set(["predicateType"], "https://slsa.dev/provenance/v1"),
        "wrong-predicate",
    ),
    "next version of the type": (
        _set(["predicateType"], "https://provenir.example/attestation/passport/v2"),
        "wrong-predicate",
    ),
    "no statement": (_set(["_type"], "x"), "malformed"),
    "no predicate": (_drop(["predicate"]), "malformed"),
    "predicate is a list": (_set(["predicate"], []), "malformed"),
    "empty subjects": (_set(["subject"], []), "malformed"),
    "unknown field": (_set(["predicate", "trusted"], True), "malformed"),
    "unknown field in a component": (_set(["predicate", "bom", "code", "x"], 1), "malformed"),
    "other schema version": (_set(["predicate", "schema_version"], "passport/2"), "malformed"),
    "L3 claimed by an issuer": (_set(["predicate", "assurance"], "L3"), "malformed"),
    "assurance raised to L1": (_set(["predicate", "assurance"], "L1"), "flags-mismatch"),
    "assurance raised to L2": (_set(["predicate", "assurance"], "L2"), "flags-mismatch"),
    "flags dropped": (_set(["predicate", "bom", "code", "dirty"], True), "flags-mismatch"),
    "flags invented": (_set(["predicate", "risk_flags"], ["dirty_code"]), "flags-mismatch"),
    "other subject": (_set(["subject", 0, "digest", "sha256"], "0" * 64), "subject-mismatch"),
    "renamed subject": (_set(["subject", 0, "name"], "other/tensors"), "subject-mismatch"),
    "stripped subject": (_drop(["subject", 0]), "subject-mismatch"),
    "added subject": (
        lambda s: s["subject"].append({"name": "x", "digest": {"sha256": "0" * 64}}),
        "subject-mismatch",
    ),
    "other file list": (
        _set(["predicate", "bom", "artifacts", 0, "files", 0, "sha256"], "0" * 64),
        "subject-mismatch",
    ),
    "artifact removed": (_set(["predicate", "bom", "artifacts"], []), "subject-mismatch"),
    "text for a number": (_set(["predicate", "version"], "1"), "malformed"),
    "text for a truth": (
        _set(["predicate", "bom", "data", 0, "pii_scanned"], "yes"),
        "malformed",
    ),
    "version without a previous one": (_set(["predicate", "version"], 2), "malformed"),
    "version zero": (_set(["predicate", "version"], 0), "malformed"),
    "time without a zone": (_set(["predicate", "issued_at"], "2026-01-01T00:00:00"), "malformed"),
    "report outside": (
        _set(["predicate", "reports", 0, "name"], "../../../etc/passwd"),
        "malformed",
    ),
    "manifest of another run": (_set(["predicate", "manifest", "run_id"], "other"), "malformed"),
    "no flags at all": (_drop(["predicate", "risk_flags"]), "malformed"),
    "no manifest for L0": (_set(["predicate", "manifest"], None), "flags-mismatch"),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_signed_by_the_right_key_and_still_refused(make_run, model, public, forge, name):
    change, reason = FORGERIES[name]
    forged = forge(make_run(model=model).passport, change)
    verdict = forged.verify(public)
    assert verdict.exit_code == 1
    assert reason in verdict.reasons
    assert verdict.assurance_established is None


def test_an_unchanged_statement_signed_again_is_good(make_run, model, public, forge):
    """The forgeries above are refused for what they change, not for how they are made."""
    run = make_run(model=model)
    again = forge(run.passport, lambda statement: None)
    assert again.verify(public, artifacts=model, run_dir=run.folder)


def test_another_key_is_unknown_whatever_it_signs(make_run, forge, public):
    stranger = Ed25519Signer.generate()
    verdict = forge(make_run().passport, lambda s: None, signer=stranger).verify(public)
    assert verdict.reasons == ("unknown-key",)
    assert verdict.assurance_claimed is None
    assert reason_of(verdict, "content") == "not-reached"


def test_nothing_is_compared_before_the_signature_holds(make_run, model, public):
    run = make_run(model=model, signer=Ed25519Signer.generate())
    verdict = run.verify(public, artifacts=model)
    assert statuses(verdict) == {
        "signature": "fail",
        "content": "not-checked",
        "artifact:model": "not-checked",
        "run": "not-checked",
    }


@pytest.mark.parametrize(
    "spell",
    [
        lambda s: json.dumps(s, indent=3),
        lambda s: json.dumps(s).replace('"version": 1', '"version": 1.0'),
        lambda s: json.dumps(s).replace("0.71", "7.1e-1"),
        lambda s: json.dumps(s, ensure_ascii=True).replace("my-model", "\\u006dy-model"),
    ],
    ids=["layout", "1.0", "exponent", "escapes"],
)
def test_another_spelling_means_the_same_or_is_refused(make_run, model, ed25519, public, spell):
    passport = make_run(model=model).passport
    text = spell(passport.to_dict())
    again = ModelPassport(Envelope.sign(text.encode(), [ed25519]))
    verdict = again.verify(public)
    if verdict:
        assert again.predicate == passport.predicate
    else:
        assert verdict.reasons == ("malformed",)


@pytest.mark.parametrize(
    "game",
    [
        lambda t: t.replace('"version": 1', '"version": 1, "version": 2'),
        lambda t: "\ufeff" + t,
        lambda t: t.replace('"version": 1', '"version": NaN'),
        lambda t: t.replace('"version": 1', '"version": 1e400'),
        lambda t: t.replace('"version": 1', '"version": 01'),
        lambda t: t + "{}",
        lambda t: t.replace('"my-model"', '"\\ud800"'),
        lambda t: t.replace('{"lr": 1e-05}', '{"lr": ' + "[" * 70 + "]" * 70 + "}"),
    ],
)
def test_json_games_are_refused(make_run, ed25519, public, game):
    text = json.dumps(make_run().passport.to_dict())
    changed = game(text)
    assert changed != text
    forged = ModelPassport(Envelope.sign(changed.encode("utf-8", "surrogatepass"), [ed25519]))
    assert forged.verify(public).reasons == ("malformed",)


# The run folder ----------------------------------------------------------------------------------


def _edit(name, text="{}"):
    return lambda run: (run.folder / name).write_text(text)


def _remove(name):
    return lambda run: (run.folder / name).unlink()


def _rewrite_manifest(**changes):
    """What a forger without a key can do: a manifest that agrees with itself."""

    def apply(run):
        store = RunManifestStore(run.folder / "manifests")
        store.save(run.manifest.with_changes(**changes))

    return apply


def _cut_steps(run):
    path = run.folder / "steps.jsonl"
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])


def _cut_steps_and_rewrite(run):
    _cut_steps(run)
    files = {**run.manifest.files, "steps.jsonl": digest_file(run.folder / "steps.jsonl")}
    _rewrite_manifest(files=files)(run)


def _link_away(name):
    def apply(run):
        target = run.folder.parent / "elsewhere"
        (run.folder / name).rename(target)
        (run.folder / name).symlink_to(target)

    return apply


FOLDER_CHANGES = {
    "steps cut": (_cut_steps, "changed-report"),
    "steps cut, manifest rewritten": (_cut_steps_and_rewrite, "manifest-mismatch"),
    "steps gone": (_remove("steps.jsonl"), "missing-report"),
    "report changed": (_edit("hacking_report.json"), "changed-report"),
    "report gone": (_remove("flight_recorder.json"), "missing-report"),
    "report replaced by a link": (_link_away("flight_recorder.json"), "missing-report"),
    "bom changed": (_edit("bom.json"), "bom-mismatch"),
    "bom unreadable": (_edit("bom.json", "x" * 10), "bom-mismatch"),
    "manifest gone": (
        lambda run: RunManifestStore(run.folder / "manifests").path(run.manifest.run_id).unlink(),
        "missing-report",
    ),
    "manifest says failed": (_rewrite_manifest(status="failed"), "manifest-mismatch"),
    "manifest lists nothing": (_rewrite_manifest(files={}), "manifest-mismatch"),
}


@pytest.mark.parametrize("name", FOLDER_CHANGES)
def test_a_changed_run_folder_is_refused(make_run, public, name):
    run = make_run()
    assert run.verify(public)
    alter, reason = FOLDER_CHANGES[name]
    alter(run)
    verdict = run.verify(public)
    assert verdict.exit_code == 1
    assert reason in verdict.reasons


def test_a_lone_passport_is_not_refused_for_what_it_does_not_see(make_run, public):
    run = make_run()
    (run.folder / "steps.jsonl").unlink()
    assert run.passport.verify(public)


SIGNER_LIES = {
    # What an operator with a good key might sign over a run that went otherwise.
    "health": {"flight": {"verdict": "CRITICAL"}, "claim": "flight"},
    "hacking": {
        "hacking": {"hacking_rate": 0.5, "is_clean": False, "by_kind": {"test_tampering": 2}},
        "claim": "hacking",
    },
    "health left out": {"flight": {"verdict": "CRITICAL"}, "leave_out": "flight"},
    "hacking left out": {
        "hacking": {"hacking_rate": 0.5, "is_clean": False},
        "leave_out": "hacking",
    },
    "status left out": {"status": "failed", "leave_out": "run"},
}


@pytest.mark.parametrize("name", SIGNER_LIES)
def test_an_operator_who_signs_more_than_the_run_shows_is_found_out(
    make_run, seed_bom, public, ed25519, tmp_path, name
):
    lie = dict(SIGNER_LIES[name])
    claim, leave_out = lie.pop("claim", None), lie.pop("leave_out", None)
    run = make_run(**lie)
    fields = dict(run.bom)
    if claim == "flight":
        fields["flight"] = run.bom.flight.model_copy(update={"verdict": "HEALTHY"})
    elif claim == "hacking":
        clean = {"hacking_rate": 0.0, "is_clean": True, "by_kind": {}}
        fields["hacking"] = run.bom.hacking.model_copy(update=clean)
    else:
        fields[leave_out] = None
    lying = ModelBOM(**fields)
    reports = {report.name: report.digest for report in run.passport.predicate.reports}
    options = {"manifest": run.manifest, "reports": reports, "assurance": "declared"}
    passport = PassportSigner(ed25519).sign(lying, **options)
    (run.folder / "bom.json").unlink()
    assert passport.verify(public), "alone it cannot be told"
    verdict = passport.verify(public, run_dir=run.folder)
    assert verdict.exit_code == 1
    restored = make_visible(run, lying)
    assert "flags-mismatch" in passport.verify(public, run_dir=restored).reasons


def make_visible(run, bom):
    """Put back a file of the folder as its manifest records it."""
    (run.folder / "bom.json").write_bytes(run.bom.to_bytes())
    return run.folder


JOURNALS = {
    "dirty code": b'{"type":"start","dirty":true}\n',
    "contaminated eval": b'{"type":"eval","benchmark":"gsm8k","score":0.7,"contaminated":true}\n',
    "eval left out": b'{"type":"eval","benchmark":"mmlu","score":0.7,"contaminated":true}\n',
}


@pytest.mark.parametrize("name", JOURNALS)
def test_what_the_journal_holds_against_the_inventory_is_found_out(make_run, public, name):
    run = make_run(journal=JOURNALS[name])
    assert run.bom.risk_flags() == []
    assert run.passport.verify(public)
    assert run.verify(public).reasons == ("flags-mismatch",)


def test_a_journal_of_any_content_is_read_past(make_run, public):
    odd = (
        b'{"type":"start","dirty":"yes"}\n{"type":[],"benchmark":{},"contaminated":true}\n[]\nx\n{'
    )
    assert make_run(journal=odd).verify(public)


@pytest.mark.parametrize(
    "changes",
    [
        {"git_sha": "cd" * 20},
        {"dependencies_lockfile": OTHER},
        {"dataset_hash": OTHER},
        {"config_hash": OTHER},
        {"seed": 8},
        {"started_at": "2026-01-01T00:00:00.000Z"},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_facts_of_another_run_are_found_out(make_run, public, ed25519, changes):
    run = make_run()
    manifest = run.manifest.with_changes(**changes)
    RunManifestStore(run.folder / "manifests").save(manifest)
    passport = PassportSigner(ed25519).sign(run.bom, manifest=manifest)
    assert passport.verify(public, run_dir=run.folder).reasons == ("flags-mismatch",)


def test_l2_is_not_established_by_a_run_folder_alone(make_run, public):
    run = make_run(ledger_root=OTHER, assurance="L2")
    lone = run.passport.verify(public)
    assert lone
    assert (lone.assurance_claimed, lone.assurance_established) == ("L2", "declared")
    assert run.verify(public).reasons == ("missing-report",), "the ledger is not there"


def test_a_shared_secret_never_vouches_for_more_than_l0(make_run, public, ed25519):
    secret = HmacSigner(b"the team's secret")
    run = make_run(ledger_root=OTHER, assurance="L2")
    both = ModelPassport(Envelope.sign(run.passport.envelope.payload, [ed25519, secret]))
    assert both.verify([public, secret.verification_key])
    hmac_only = ModelPassport(Envelope.sign(run.passport.envelope.payload, [secret]))
    for passport in (hmac_only, both):
        verdict = passport.verify(secret.verification_key)
        assert verdict.reasons == ("flags-mismatch",)
        assert verdict.failures[0].name == "assurance"


def test_a_claim_of_l0_over_a_run_without_steps_is_found_out(make_run, public):
    run = make_run(steps=b"")
    assert run.passport.predicate.assurance == "L0"
    assert run.verify(public).reasons == ("flags-mismatch",)


def test_steps_that_the_manifest_does_not_cover_prove_nothing(make_run, public):
    assert make_run(unlisted=("steps.jsonl",)).verify(public).reasons == ("flags-mismatch",)


@pytest.mark.parametrize("name", ["flight_recorder.json", "hacking_report.json"])
def test_a_report_that_the_manifest_does_not_cover_is_missing(make_run, public, name):
    assert make_run(unlisted=(name,)).verify(public).reasons == ("missing-report",)


def test_a_run_folder_for_a_passport_that_binds_none_is_undecided(
    make_run, seed_bom, public, ed25519
):
    run = make_run()
    (run.folder / "bom.json").write_bytes(seed_bom.to_bytes())
    verdict = PassportSigner(ed25519).sign(seed_bom).verify(public, run_dir=run.folder)
    assert verdict.exit_code == 3
    assert verdict.reasons == ("unbound-run",)


def test_a_run_folder_that_is_not_there_is_an_input_error(make_run, public):
    run = make_run()
    with pytest.raises(InputError):
        run.passport.verify(public, run_dir=run.folder / "nothing")
    with pytest.raises(InputError):
        run.passport.verify(public, run_dir=run.folder / "steps.jsonl")


def test_lines_that_are_no_steps_are_no_recorded_metrics(make_run, public):
    run = make_run(steps=b'not json\n[]\n{"step":0,"metr')
    assert run.verify(public).reasons == ("flags-mismatch",)


def test_what_only_a_trust_policy_can_answer_is_not_called_good(seed_bom, ed25519, public):
    signer = PassportSigner(ed25519)
    verdict = signer.sign(seed_bom, required_roles=["governance"]).verify(public)
    assert verdict.exit_code == 3
    assert verdict.reasons == ("no-trust-policy",)
    first = signer.sign(seed_bom)
    second = signer.sign(
        seed_bom, previous=first, statements=[OTHER], ledger_root=OTHER, gate_decisions=[OTHER]
    )
    verdict = second.verify(public)
    assert verdict
    skipped = {check.name for check in verdict.not_checked}
    statement = f"statement:{OTHER[:15]}"
    assert {"previous", statement, "ledger root", "gate decisions"} <= skipped


def test_flags_are_judged_by_the_rules_that_the_passport_names(seed_bom, ed25519, public, forge):
    passport = PassportSigner(ed25519).sign(seed_bom)
    newer = forge(passport, _set(["predicate", "risk_rules"], 99)).verify(public)
    assert newer.exit_code == 3
    assert newer.reasons == ("newer-rules",)
    assert forge(passport, _set(["predicate", "risk_rules"], 0)).verify(public).exit_code == 1


def test_newer_rules_leave_the_flags_of_a_run_folder_undecided(make_run, public, forge):
    run = make_run()
    newer = forge(run.passport, _set(["predicate", "risk_rules"], 99))
    newer = forge(newer, _set(["predicate", "risk_flags"], ["flag_of_later_rules"]))
    verdict = newer.verify(public, run_dir=run.folder)
    assert (verdict.exit_code, verdict.reasons) == (3, ("newer-rules",))
    assert verdict.assurance_established == "declared"
    other = forge(newer, _set(["predicate", "bom", "run", "seed"], 8))
    assert other.verify(public, run_dir=run.folder).exit_code == 1


ODD_VALUES = [None, True, -1, 0.5, 10**30, "", "x", [], {}, [None], {"a": 1}, "sha256:" + "0" * 64]


def _leaves(value, prefix=()):
    if isinstance(value, dict | list):
        yield prefix
        keys = value if isinstance(value, dict) else range(len(value))
        for key in keys:
            yield from _leaves(value[key], (*prefix, key))
    else:
        yield prefix


def test_no_signed_value_of_any_kind_makes_a_verification_raise(make_run, model, public, forge):
    """A signer with a good key may sign anything at all."""
    run = make_run(model=model)
    generator = random.Random(11)
    paths = [path for path in _leaves(run.passport.to_dict()) if path]
    for path in paths:
        forged = forge(run.passport, _set(list(path), generator.choice(ODD_VALUES)))
        verdict = forged.verify(public, artifacts=model, run_dir=run.folder)
        assert set(verdict.to_dict()) >= {"checks", "reasons"}
        assert json.dumps(verdict.to_dict(), ensure_ascii=False).isprintable()
        if verdict:
            assert forged.predicate == run.passport.predicate or path[:2] == ("predicate", "bom")
        with contextlib.suppress(InputError, EvidenceError):
            forged.to_markdown()


def test_a_missing_attached_report_is_named(make_run, public, ed25519):
    run = make_run()
    reports = {"reports/pii.json": OTHER}
    passport = PassportSigner(ed25519).sign(run.bom, manifest=run.manifest, reports=reports)
    verdict = passport.verify(public, run_dir=run.folder)
    assert verdict.reasons[0] == "missing-report"
    assert "reports/pii.json" in str(verdict.failures)


# bom.json beside the passport ---------------------------------------------------------------------


def test_the_bom_beside_the_passport_must_be_the_signed_one(make_run, public, seed_bom):
    run = make_run()
    read = ModelPassport.read(run.folder / "passport.json")
    assert statuses(read.verify(public))["bom.json"] == "pass"
    (run.folder / "bom.json").write_text(json.dumps(run.bom.model_dump(mode="json"), indent=2))
    assert statuses(read.verify(public))["bom.json"] == "pass"
    (run.folder / "bom.json").write_bytes(seed_bom.to_bytes())
    assert read.verify(public).reasons == ("bom-mismatch",)
    data = (run.folder / "passport.json").read_bytes()
    assert verify_passport(data, keys=public), "nothing was said of the folder"
    assert verify_passport(data, keys=public, beside=run.folder).reasons == ("bom-mismatch",)


@pytest.mark.parametrize("kind", ["fifo", "folder", "dangling link", "large"])
def test_a_hostile_file_in_its_place_is_a_mismatch(make_run, public, kind):
    run = make_run()
    path = run.folder / "bom.json"
    path.unlink()
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "large":
        with path.open("wb") as file:
            file.truncate(2**31)
    else:
        path.symlink_to("nothing")
    read = ModelPassport.read(run.folder / "passport.json")
    assert read.verify(public).reasons == ("bom-mismatch",)


def test_a_manifest_that_another_run_wrote_is_not_taken(make_run, public):
    run = make_run()
    path = RunManifestStore(run.folder / "manifests").path(run.manifest.run_id)
    other = RunManifest.create(
        **{
            **run.manifest.model_dump(exclude={"content_hash"}),
            "run_id": "other-20260102T030405Z-0123abcd",
        }
    )
    path.write_bytes(other.to_bytes())
    assert run.verify(public).reasons == ("manifest-mismatch",)


def test_the_proof_in_a_run_folder_is_that_of_its_own_passport(make_run, ed25519, public, tmp_path):
    """A renewed passport over the same run: the log's line about the former one is no fault."""
    run = make_run()
    log = EventLog(tmp_path / "log")
    actor = Actor(id="tests", type="service")
    issued = issue_event(
        "former", run.passport.envelope, (), actor=actor, clock=fixed_clock(), payload={}
    )
    receipt = log.append(issued)
    proof = issue_proof(log, issued.to_dict(), receipt.index, size=receipt.size)
    (run.folder / "passport.proof.json").write_bytes(proof.to_bytes())
    renewed = PassportSigner(ed25519).sign(
        run.bom, previous=run.passport, manifest=run.manifest, clock=fixed_clock()
    )
    elsewhere = {"beside": tmp_path, "run_dir": run.folder}
    assert verify_passport(renewed.envelope, keys=public, **elsewhere)
    assert verify_passport(run.passport.envelope, keys=public, beside=run.folder)
    swapped = verify_passport(renewed.envelope, keys=public, beside=run.folder)
    assert swapped.reasons == ("not-in-log",)


@pytest.mark.parametrize("name", ["journal.jsonl", "steps.jsonl", "flight_recorder.json"])
def test_a_file_that_is_exchanged_after_it_was_hashed_is_not_gone_by(make_run, name):
    """The folder lies with somebody who may write in it while it is verified."""
    run = make_run()
    files = RunFiles(run.folder)
    assert [row.status for row in files.compare("files", run.manifest.files)] == ["pass"]
    with (run.folder / name).open("ab") as file:
        file.write(b"{}\n")
    rows, reached = check_run_folder(run.passport.predicate, files)
    assert reached == "declared"
    assert name == "steps.jsonl" or any("changed while" in row.detail for row in rows)


@pytest.mark.parametrize("steps", ["2", 2.5, True, None])
def test_a_summary_of_another_json_type_is_none(make_run, public, steps):
    with pytest.raises(InputError, match="summary"):
        make_run(flight={"num_steps": steps})
