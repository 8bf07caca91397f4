from __future__ import annotations

import json
import os

import pytest

from provenir.attest.keys import Ed25519Signer
from provenir.core.digest import digest_bytes, digest_file
from provenir.core.errors import InputError
from provenir.core.manifest import RunManifest, RunManifestStore
from provenir.governance.passport import PassportSigner
from provenir.governance.run_check import verify_run
from provenir.governance.statements import PolicyStatement, sign_statement

DIGEST = digest_bytes(b"a report")


def details(verdict) -> str:
    return " ".join(f"{check.name} {check.detail}" for check in verdict.checks)


def store(run) -> RunManifestStore:
    return RunManifestStore(run.folder / "manifests")


def test_a_run_as_it_was_written_is_good(run):
    verdict = verify_run(run.folder)
    assert verdict
    assert {check.name for check in verdict.checks if check.status == "pass"} == {
        "manifest",
        "files",
        "passport",
    }
    assert [check.name for check in verdict.not_checked] == ["pages", "signature"]
    assert not verdict.has_note("unsigned")
    assert verdict.assurance_established is None


def test_an_unsigned_run_says_so(run):
    for name in ("passport.json", "passport.md"):
        (run.folder / name).unlink()
    verdict = verify_run(run.folder)
    assert verdict
    assert verdict.has_note("unsigned")


def test_a_copy_of_a_statement_does_not_stand_for_one_that_is_gone(run):
    signer = Ed25519Signer.generate()
    time = "2026-01-02T03:04:05.000Z"
    claims = [PolicyStatement(name=name, policy=DIGEST, issued_at=time) for name in ("one", "two")]
    one, two = (sign_statement(claim, [signer]) for claim in claims)
    (run.folder / "statements").mkdir()
    for name, statement in {"a": one, "b": two}.items():
        path = run.folder / "statements" / f"{name}.dsse.json"
        path.write_bytes(statement.envelope.to_bytes())
    listing = PassportSigner(signer).sign(
        run.passport.bom, manifest=run.manifest, statements=[one.digest, two.digest]
    )
    (run.folder / "passport.json").write_text(listing.to_json())
    assert verify_run(run.folder)
    (run.folder / "statements" / "b.dsse.json").write_bytes(one.envelope.to_bytes())
    assert verify_run(run.folder).reasons == ("missing-statement",)


@pytest.mark.parametrize("name", ["steps.jsonl", "trajectories.jsonl", "bom.json", "lineage.json"])
def test_each_changed_or_missing_file_is_named(run, name):
    path = run.folder / name
    path.write_bytes(path.read_bytes() + b" ")
    verdict = verify_run(run.folder)
    assert verdict.reasons == ("changed-report",)
    assert f"file:{name}" in details(verdict)
    path.unlink()
    assert verify_run(run.folder).reasons == ("missing-report",)
    path.mkdir()
    assert verify_run(run.folder).reasons == ("missing-report",)
    path.rmdir()
    os.mkfifo(path)
    assert verify_run(run.folder).reasons == ("missing-report",)


def test_links_in_a_circle_lead_to_no_file(run):
    name = "reports/pii.json"
    (run.folder / "reports").symlink_to("reports")
    files = {**run.manifest.files, name: run.manifest.config_hash}
    store(run).save(run.manifest.with_changes(files=files))
    verdict = verify_run(run.folder)
    assert verdict.exit_code == 1
    assert "missing-report" in verdict.reasons
    assert f"file:{name}" in details(verdict)
    passport = PassportSigner(b"k").sign(run.bom, manifest=run.manifest, reports={name: DIGEST})
    assert "missing-report" in passport.verify(b"k", run_dir=run.folder).reasons


def test_a_folder_that_lost_everything_is_not_told_line_by_line(run):
    files = {f"reports/{n}.json": run.manifest.config_hash for n in range(500)}
    (run.folder / "passport.json").unlink()
    store(run).save(run.manifest.with_changes(files=files))
    verdict = verify_run(run.folder)
    assert len(verdict.failures) == 51
    assert "450 more files" in details(verdict)


def test_a_link_out_of_the_folder_is_not_followed(run, tmp_path):
    path = run.folder / "steps.jsonl"
    path.rename(tmp_path / "steps.jsonl")
    path.symlink_to(tmp_path / "steps.jsonl")
    assert verify_run(run.folder).reasons == ("missing-report",)


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "a/../../secret", "x" * 5000, "\0"])
def test_names_that_lead_out_of_the_folder_find_nothing(run, name):
    (run.folder.parent / "secret").write_text("x")
    files = {**run.manifest.files, name: digest_file(run.folder.parent / "secret")}
    (run.folder / "passport.json").unlink()
    store(run).save(run.manifest.with_changes(files=files))
    verdict = verify_run(run.folder)
    assert verdict.reasons == ("missing-report",)
    assert json.dumps(verdict.to_dict(), ensure_ascii=False).isprintable()


def test_files_that_nobody_recorded_are_listed(run):
    (run.folder / "steps.rank1.jsonl").write_text("{}\n")
    (run.folder / "checkpoint").mkdir()
    (run.folder / "runs").mkdir()
    verdict = verify_run(run.folder)
    assert verdict
    (row,) = [check for check in verdict.checks if check.name == "other files"]
    assert row.detail == "checkpoint, steps.rank1.jsonl"
    older = run.manifest.model_dump(exclude={"content_hash"})
    store(run).save(
        RunManifest.create(**{**older, "run_id": "older", "started_at": "2020-01-01T00:00:00Z"})
    )
    assert "manifests/older.json" in details(verify_run(run.folder))


def test_pages_are_listed_as_not_checked(run):
    for name in ("passport.md", "passport.proof.json", "report.html"):
        (run.folder / name).write_text("anything at all")
    (row,) = [check for check in verify_run(run.folder).checks if check.name == "pages"]
    assert row.status == "not-checked"
    assert row.detail == "passport.md, passport.proof.json, report.html"


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: path.symlink_to("bom.json")])
def test_a_passport_that_is_no_file_is_listed(run, make):
    path = run.folder / "passport.json"
    path.unlink()
    make(path)
    verdict = verify_run(run.folder)
    assert "other files passport.json" in details(verdict)
    assert verdict.has_note("unsigned")


def test_files_in_a_folder_of_reports_are_covered_or_listed(run):
    reports = run.folder / "reports"
    reports.mkdir()
    (reports / "a.json").write_text("{}")
    (reports / "b.json").write_text("{}")
    (run.folder / "passport.json").unlink()
    files = {**run.manifest.files, "reports/a.json": digest_file(reports / "a.json")}
    store(run).save(run.manifest.with_changes(files=files))
    verdict = verify_run(run.folder)
    assert verdict
    assert "other files reports/b.json" in details(verdict)


def test_a_manifest_that_was_edited_contradicts_itself(run):
    path = store(run).path(run.manifest.run_id)
    path.write_bytes(path.read_bytes().replace(b'"completed"', b'"failed"'))
    verdict = verify_run(run.folder)
    assert verdict.reasons == ("manifest-mismatch",)


def test_a_manifest_rewritten_with_its_hash_no_longer_fits_the_passport(run):
    store(run).save(run.manifest.with_changes(seed=8))
    verdict = verify_run(run.folder)
    assert verdict.reasons == ("manifest-mismatch",)
    assert "passport" in details(verdict)


def test_a_manifest_under_another_name_is_refused(run):
    path = store(run).path(run.manifest.run_id)
    path.rename(path.with_name("other.json"))
    assert verify_run(run.folder).reasons == ("manifest-mismatch",)


@pytest.mark.parametrize("content", [b"", b"{}", b"\xff", b"[" * 10_000])
def test_a_damaged_manifest_or_passport_is_refused(run, content):
    (run.folder / "passport.json").write_bytes(content)
    assert verify_run(run.folder).reasons == ("malformed",)
    store(run).path(run.manifest.run_id).write_bytes(content)
    assert verify_run(run.folder).reasons == ("manifest-mismatch",)


def test_a_run_that_has_not_ended_is_undecided(run):
    store(run).save(run.manifest.with_changes(status="running", files={}))
    verdict = verify_run(run.folder)
    assert verdict.exit_code == 3
    assert verdict.reasons == ("unfinished-run",)
    store(run).path(run.manifest.run_id).unlink()
    verdict = verify_run(run.folder)
    assert verdict.exit_code == 3
    assert "run recover" in details(verdict)


def test_a_manifest_without_files_decides_nothing(run):
    (run.folder / "passport.json").unlink()
    store(run).save(run.manifest.with_changes(files={}))
    assert verify_run(run.folder).exit_code == 3


def test_a_folder_without_a_run_is_an_input_error(tmp_path):
    with pytest.raises(InputError):
        verify_run(tmp_path)
    with pytest.raises(InputError):
        verify_run(tmp_path / "nothing")
