"""Begin a run: its folder, its identity, its first records.

A fault here is raised: no step of the user's loop has run yet, and a run that cannot keep its
evidence must say so before it costs anything.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from provenir.core.clock import utc_text
from provenir.core.coercion import well_formed
from provenir.core.digest import digest_value
from provenir.core.errors import ProvenirError
from provenir.core.findings import Finding
from provenir.core.manifest import RunManifest
from provenir.observability.recorder import FlightRecorder
from provenir.provenance.fingerprint import capture_fingerprint, package_set_digest
from provenir.provenance.git import GitState, git_state
from provenir.provenance.run_folder import RunFolder
from provenir.tracking.evidence import Evidence, finding_of
from provenir.tracking.hashing import hash_dataset
from provenir.tracking.journal import Journal
from provenir.tracking.log_entries import log_run, run_log, told_workspace
from provenir.tracking.open_run import OpenRun, note, record, say
from provenir.tracking.recover import recover_run
from provenir.tracking.resuming import reopen_run
from provenir.tracking.settings import DEFAULT_ROOT, RunSettings

if TYPE_CHECKING:
    from provenir.data import Dataset


def open_run(settings: RunSettings) -> OpenRun:
    """Make or reopen the folder of a run and write its first records.

    Raises:
        LockedError: when a live run holds the folder.
        InputError: when the data cannot be read or the folder cannot be made.
        UsageError: when the run to be resumed is not there or has ended well.
    """
    data = {
        "dataset": described_dataset(settings.dataset, "train"),
        "eval_dataset": described_dataset(settings.eval_dataset, "eval"),
    }
    code = git_state()
    reopened = reopen_run(settings, data, code) if settings.resume else None
    if reopened is not None:
        if settings.rank == 0 and not reopened.evidence.start:  # killed before its first record
            _journal_start(reopened, settings, data, code)
        return reopened
    folder = RunFolder.create(
        settings.output_dir,
        settings.name,
        clock=settings.clock,
        root=DEFAULT_ROOT,
        rank=settings.rank,
        recover=recover_run,
    )
    try:
        return _begin(settings, folder, data, code)
    except BaseException:
        folder.close()
        raise


def described_dataset(dataset: Dataset | None, role: str) -> dict[str, Any] | None:
    """Everything about a dataset that the BOM and the lineage will say; None for no dataset."""
    if dataset is None:
        return None
    declared = dataset.declarations()
    return {
        **declared,
        **hash_dataset(dataset).to_dict(),
        "name": dataset.name or role,
        "role": role,
    }


def _begin(
    settings: RunSettings, folder: RunFolder, data: dict[str, Any], code: GitState
) -> OpenRun:
    fingerprint = capture_fingerprint(git=code)
    dataset = data["dataset"] or {}
    started = utc_text(settings.clock.now())
    manifest = RunManifest.create(
        run_id=folder.run_id,
        name=well_formed(settings.name),
        config_hash=digest_value(dict(settings.config)),
        dataset_hash=dataset.get("records_root"),
        git_sha=code.sha,
        dependencies_lockfile=package_set_digest(),
        seed=settings.seed,
        fingerprint=fingerprint.to_dict(),
        status="running",
        started_at=started,
        ended_at=None,
        files={},
    )
    findings = [*settings.config_notes, *_data_findings(data)]
    evidence = Evidence(recorder=FlightRecorder(settings.recorder))
    journal = Journal(folder, evidence, settings.clock)
    run = OpenRun(folder, manifest, evidence, journal, log=run_log(folder.path, settings.workspace))
    if settings.rank == 0:
        folder.manifests.save(manifest)
        _journal_start(run, settings, data, code)
    else:
        _say_other_rank(settings, folder)
    for finding in findings:
        note(run, finding)
    if settings.rank == 0:
        _log_start(run, settings)
    return run


def _say_other_rank(settings: RunSettings, folder: RunFolder) -> None:
    """A process whose records nobody will look for is told where they are."""
    lone = settings.output_dir is None
    mend = "; give output_dir= so that every rank writes into one folder" if lone else ""
    text = f"rank {settings.rank} writes its own records to {folder.path} and signs nothing{mend}"
    say(logging.WARNING if lone else logging.INFO, text)


def _journal_start(
    run: OpenRun, settings: RunSettings, data: dict[str, Any], code: GitState
) -> None:
    record(
        run,
        "start",
        run_id=run.folder.run_id,
        name=settings.name,
        base_model=settings.base_model,
        config=dict(settings.config),
        seed=settings.seed,
        dirty=code.dirty,
        diff_digest=code.diff_digest,
        trajectories=settings.trajectories,
        rank=settings.rank,
        world_size=settings.world_size,
        workspace=told_workspace(run.folder.path, run.log),
        recorder=settings.recorder and settings.recorder.to_dict(),
        **data,
    )


def _log_start(run: OpenRun, settings: RunSettings) -> None:
    try:
        receipt = log_run(run.log, run.manifest, settings.clock)
        for finding in receipt.findings:
            note(run, finding)
    except (ProvenirError, OSError) as fault:
        note(
            run,
            Finding(
                kind="log_fault",
                severity="warning",
                detail=f"the start of the run is not in the workspace's log: {fault}",
            ),
        )


def _data_findings(data: dict[str, Any]) -> list[Finding]:
    found = []
    for role, described in data.items():
        if described is None:
            continue
        name = described["name"]
        found += [finding_of(body, subject=name) for body in described.pop("findings", [])]
        if not described.get("known", True):
            detail = f"{role} has no identity: {described.get('reason')}"
            found.append(
                Finding(kind="unknown_data", severity="warning", detail=detail, subject=name)
            )
    return found
