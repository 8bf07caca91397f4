"""Go on with a run that did not end well.

The manifest and the bill of materials go on saying what the run began with. So a resumed run is
refused other data or another base model; another configuration, seed or commit becomes a finding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from provenir.core.digest import digest_value
from provenir.core.errors import UsageError
from provenir.core.findings import Finding
from provenir.provenance.run_folder import RunFolder, read_run
from provenir.provenance.run_layout import MANIFESTS
from provenir.tracking.journal import Journal
from provenir.tracking.log_entries import remembered_log, run_log
from provenir.tracking.open_run import OpenRun, note
from provenir.tracking.open_run import record as journal
from provenir.tracking.recover import read_evidence, set_aside_passport
from provenir.tracking.settings import DEFAULT_ROOT, RunSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from provenir.attest.log import EventLog
    from provenir.core.manifest import RunManifest
    from provenir.provenance.git import GitState
    from provenir.tracking.evidence import Evidence


def reopen_run(settings: RunSettings, data: Mapping[str, Any], code: GitState) -> OpenRun | None:
    """Open the folder of an unfinished run again; None when there is none to go on with.

    Args:
        settings: What `track` was asked for; `resume` is set.
        data: The datasets that are given now, as the start of a run describes them.
        code: The commit that runs now.

    Raises:
        LockedError: when the run is alive.
        UsageError: when the run to be resumed is not there, has ended well, or began with other
            data or another base model.
    """
    path = _resumed_path(settings)
    if path is None:
        return None
    folder = RunFolder.reopen(path, rank=settings.rank)
    try:
        record = read_run(folder.path)
        if record.status == "completed":
            raise UsageError(
                f"the run {record.run_id} has ended; only an unfinished run can be resumed",
                where=str(path),
                mend="leave resume out to start a new run",
            )
        manifest = folder.manifests.load(folder.run_id)
        evidence = read_evidence(record, settings.rank)
        _refuse_other_origin(settings, data, manifest, evidence)
        changed = _changed(settings, code, manifest, evidence)
        manifest = manifest.with_changes(status="running", ended_at=None, files={})
        run = OpenRun(
            folder,
            manifest,
            evidence,
            Journal(folder, evidence, settings.clock),
            log=_log(settings, folder, evidence),
        )
        if settings.rank == 0:
            folder.manifests.save(manifest)
            set_aside_passport(folder)
        journal(
            run,
            "resume",
            next_step=evidence.next_step,
            trajectories=settings.trajectories,
            git_sha=code.sha,
            dirty=code.dirty,
            diff_digest=code.diff_digest,
        )
        if "configuration" in changed and settings.rank == 0:
            journal(run, "config", values=dict(settings.config))
        if changed:
            note(run, _resumed_with(changed))
    except BaseException:
        folder.close()
        raise
    return run


def _resumed_path(settings: RunSettings) -> Path | None:
    if settings.resume is True:
        path = settings.output_dir
        found = path is not None and (path / MANIFESTS).is_dir()
        return path if found else None
    run_id = str(settings.resume)
    for path in (settings.output_dir, DEFAULT_ROOT / run_id):
        if path is not None and (path / MANIFESTS / f"{run_id}.json").is_file():
            return path
    raise UsageError(
        f"there is no run {run_id} to resume", mend="see the ids with: provenir run list"
    )


def _refuse_other_origin(
    settings: RunSettings, data: Mapping[str, Any], manifest: RunManifest, evidence: Evidence
) -> None:
    """Refuse what the passport of the resumed run could not say; what is not given is not asked."""
    began = evidence.start
    eval_set = began.get("eval_dataset") or {}
    known = {"dataset": manifest.dataset_hash, "eval_dataset": eval_set.get("records_root")}
    other = [
        role
        for role, described in data.items()
        if described is not None
        and described.get("records_root") != known[role]
        and (began or role == "dataset")
    ]
    if began and settings.base_model not in ("unknown", began.get("base_model")):
        other.append("base_model")
    if other:
        raise UsageError(
            f"the run {manifest.run_id} began with another {' and '.join(other)}",
            where=str(settings.output_dir or manifest.run_id),
            mend="give what it began with, or leave resume out to start a new run",
        )


def _log(settings: RunSettings, folder: RunFolder, evidence: Evidence) -> EventLog:
    if settings.workspace is not None:
        return run_log(folder.path, settings.workspace)
    return remembered_log(folder.path, evidence.start.get("workspace"), folder.run_id)


def _changed(
    settings: RunSettings, code: GitState, manifest: RunManifest, evidence: Evidence
) -> list[str]:
    """What is given now and differs from the beginning."""
    began = evidence.start
    known = code.dirty is not None and began.get("dirty") is not None
    compared = {
        "configuration": (
            digest_value(dict(settings.config)) if settings.config else None,
            manifest.config_hash,
        ),
        "seed": (settings.seed, manifest.seed),
        "commit": (code.sha, manifest.git_sha),
        "uncommitted changes": (
            (code.diff_digest or "none", began.get("diff_digest") or "none")
            if known
            else (None, None)
        ),
    }
    return [name for name, (now, then) in compared.items() if now is not None and now != then]


def _resumed_with(changed: list[str]) -> Finding:
    return Finding(
        kind="resumed_with_changes",
        severity="warning",
        detail=f"the run was resumed with another {', '.join(changed)}; "
        "its manifest says what it began with",
        subject=", ".join(changed),
    )
