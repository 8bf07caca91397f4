"""A run folder as a reader finds it: finished, interrupted, torn or damaged.

Reading never repairs anything and never raises for what the files hold; it raises `InputError` only
when the path is no folder. What could not be read is counted and stated.
"""

from __future__ import annotations

import fcntl
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import orjson

from provenir.core.errors import InputError
from provenir.core.files import read_json, read_lines
from provenir.core.findings import Finding
from provenir.provenance import run_layout as layout

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["RunRecord", "is_held", "read_run", "row_of"]

_MAX_DOCUMENT_BYTES: Final = 256 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRecord:
    """What lies in a run folder.

    Attributes:
        path: the folder.
        run_id: as the manifest states it; None without a readable manifest.
        status: `running`, `completed`, `failed`, `interrupted`; None without a readable manifest.
        alive: True while another process, or this one, holds the run's lock. A status of `running`
            with `alive` False is a run that died.
        manifest: the manifest's fields as stored (unchecked), empty when there is none.
        manifest_path: where the manifest lies, or None.
        documents: names of the documents present, in reading order.
        ranks: ranks that logged steps.
        findings: what could not be read, and why.
    """

    path: Path
    run_id: str | None
    status: str | None
    alive: bool
    manifest: Mapping[str, Any]
    manifest_path: Path | None
    documents: tuple[str, ...]
    ranks: tuple[int, ...]
    findings: tuple[Finding, ...]

    @property
    def state(self) -> str | None:
        """The status, or `died` where it says `running` and nobody holds the run's lock."""
        return "died" if self.status == "running" and not self.alive else self.status

    def steps(self, rank: int = 0) -> Iterator[dict[str, Any]]:
        """Yield the steps that one rank logged, in order; damaged lines are left out."""
        return self._rows(layout.STEPS, rank)

    def trajectories(self, rank: int = 0) -> Iterator[dict[str, Any]]:
        """Yield the rollouts that one rank logged, in order; damaged lines are left out."""
        return self._rows(layout.TRAJECTORIES, rank)

    def journal(self, rank: int = 0) -> Iterator[dict[str, Any]]:
        """Yield evals, artifacts, reports and findings as they were noted during the run."""
        return self._rows(layout.JOURNAL, rank)

    def document(self, name: str) -> Any:
        """Parse one of the JSON documents by name.

        Raises:
            InputError: it is missing, too large, or not JSON.
        """
        return read_json(self.path / name, max_bytes=_MAX_DOCUMENT_BYTES)

    def torn_lines(self) -> dict[str, int]:
        """Count, per append-only file, the lines that are no JSON object.

        A process killed while it wrote leaves at most one such line, at the end. Reads all files.
        """
        counts: dict[str, int] = {}
        for kind in layout.APPENDED:
            for path in layout.rank_files(self.path, kind).values():
                counts[path.name] = sum(row is None for row in _parsed(path))
        return counts

    def _rows(self, kind: str, rank: int) -> Iterator[dict[str, Any]]:
        path = layout.rank_files(self.path, kind).get(rank)
        if path is not None:
            yield from (row for row in _parsed(path) if row is not None)


def read_run(path: Path | str) -> RunRecord:
    """Look at a run folder without changing it.

    Raises:
        InputError: `path` is not a folder, or it holds no run.
    """
    folder = Path(path)
    if not folder.is_dir():
        raise InputError("no such run folder", where=str(folder), mend="pass the folder of a run")
    if not layout.is_run_folder(folder):
        raise InputError(
            "no run in this folder",
            where=str(folder),
            mend="pass the folder that holds `manifests/` and `steps.jsonl`",
        )
    views = layout.manifests_in(folder)
    readable = [view for view in views if view.problem is None]
    chosen = readable[0] if readable else None
    return RunRecord(
        path=folder,
        run_id=chosen.run_id if chosen else None,
        status=chosen.status if chosen else None,
        alive=is_held(folder / layout.LOCK),
        manifest=dict(chosen.fields) if chosen else {},
        manifest_path=chosen.path if chosen else None,
        documents=tuple(name for name in layout.DOCUMENTS if (folder / name).is_file()),
        ranks=tuple(layout.rank_files(folder, layout.STEPS)),
        findings=_manifest_findings(views),
    )


def _manifest_findings(views: list[layout.ManifestView]) -> tuple[Finding, ...]:
    if not views:
        detail = "the folder holds steps but no manifest: the run died before it wrote one"
        return (Finding(kind="no_manifest", severity="warning", detail=detail),)
    return tuple(
        Finding(
            kind="unreadable_manifest",
            severity="warning",
            detail=view.problem,
            subject=view.path.name,
        )
        for view in views
        if view.problem is not None
    )


def is_held(lock: Path) -> bool:
    """Whether somebody holds a lock; tried read-only, for an instant, without a trace."""
    flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # waits for no writer
    try:
        descriptor = os.open(lock, flags)
    except OSError:
        return False  # no lock file, or none that could be opened: nobody we could name holds it
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return False  # nothing that a run could have locked
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False  # a file system without locks: no run of ours could hold one there
    finally:
        os.close(descriptor)  # the only descriptor of this description: releases the lock as well
    return False


def _parsed(path: Path) -> Iterator[dict[str, Any] | None]:
    """Yield each line's object, or None for a line that is none; a torn end counts as one."""
    try:
        lines = read_lines(path)
        for _, line in lines:
            yield row_of(line)
    except InputError:
        yield None  # unreadable from here on, such as a line over the bound
        return
    if lines.torn is not None:
        yield None


def row_of(line: bytes) -> dict[str, Any] | None:
    """The record that a line of an append-only file holds, None where it holds none."""
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None
