"""The names inside a run folder, and how to find run folders.

A run folder belongs to the run only in the files named here; anything else that lies in it (a
trainer's checkpoints, a model) is the user's and is never moved or judged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import ProvenirError
from provenir.core.files import read_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = [
    "APPENDED",
    "DOCUMENTS",
    "FINAL_STATUSES",
    "LOCK",
    "MADE_AT_THE_END",
    "MANIFESTS",
    "PASSPORT",
    "PASSPORT_PAGE",
    "PASSPORT_PROOF",
    "STATEMENTS",
    "SUPERSEDED",
    "ManifestView",
    "append_file",
    "find_runs",
    "is_run_folder",
    "lock_file",
    "manifests_in",
    "owned_entries",
    "rank_files",
]

LOCK: Final = "run.lock"
MANIFESTS: Final = "manifests"
OLD_RUNS: Final = "runs"
STEPS: Final = "steps"
TRAJECTORIES: Final = "trajectories"
JOURNAL: Final = "journal"
APPENDED: Final = (STEPS, TRAJECTORIES, JOURNAL)
FINAL_STATUSES: Final = frozenset({"completed", "failed", "interrupted"})

PASSPORT: Final = "passport.json"
PASSPORT_PAGE: Final = "passport.md"
PASSPORT_PROOF: Final = "passport.proof.json"

MADE_AT_THE_END: Final = (
    "flight_recorder.json",
    "hacking_report.json",
    "lineage.json",
    "bom.json",
)
"""What the end of every run writes."""

DOCUMENTS: Final = (
    *MADE_AT_THE_END,
    PASSPORT,
    PASSPORT_PAGE,
    PASSPORT_PROOF,
)
"""What the end of a run can write, in the order of reading."""

SUPERSEDED: Final = "reports/superseded-passport-"
"""Where a resumed run keeps the passport of its earlier part."""

STATEMENTS: Final = "statements"
"""Where the statements of the roles lie."""

_OTHER_OWNED: Final = ("governed", "report.html", "reports", STATEMENTS)
_APPENDED: Final = re.compile(rf"({'|'.join(APPENDED)})(?:\.rank([1-9][0-9]{{0,5}}))?\.jsonl")
_MAX_MANIFEST_BYTES: Final = 16 * 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestView:
    """What a reader may rely on in any manifest, also in one of another version.

    Attributes:
        path: where it lies.
        run_id: the id it states (not validated), or None.
        status: the status it states, or None.
        started_at: the start it states, as text; "" when it states none.
        fields: the whole object, read only.
        problem: why it could not be read, else None.
    """

    path: Path
    run_id: str | None
    status: str | None
    started_at: str
    fields: Mapping[str, Any]
    problem: str | None = None


def append_file(kind: str, rank: int) -> str:
    """Name of the append-only file of one kind for one rank: `steps.jsonl`, `steps.rank3.jsonl`."""
    return f"{kind}.jsonl" if rank == 0 else f"{kind}.rank{rank}.jsonl"


def lock_file(rank: int) -> str:
    """Name of the lock that one rank holds while it lives; rank 0's is the run's."""
    return LOCK if rank == 0 else f"run.rank{rank}.lock"


def rank_files(folder: Path, kind: str) -> dict[int, Path]:
    """All append-only files of one kind in a folder, by rank, rank 0 first."""
    found: dict[int, Path] = {}
    for entry in _entries(folder):
        match = _APPENDED.fullmatch(entry.name)
        if match and match[1] == kind:
            found[int(match[2] or 0)] = entry
    return dict(sorted(found.items()))


def owned_entries(folder: Path) -> list[Path]:
    """Entries of a folder that belong to the run in it: documents, logs, `governed/`, the page.

    The manifests, the lock and the folder of older runs are not among them.
    """
    names = {*DOCUMENTS, *_OTHER_OWNED}
    return [e for e in _entries(folder) if e.name in names or _APPENDED.fullmatch(e.name)]


def manifests_in(folder: Path) -> list[ManifestView]:
    """Manifests of a run folder, the one that started last first. Never raises for bad content."""
    views = [_view(entry) for entry in _entries(folder / MANIFESTS) if entry.name.endswith(".json")]
    return sorted(views, key=lambda view: (view.started_at, view.path.name), reverse=True)


def is_run_folder(folder: Path) -> bool:
    """True when the folder holds a manifest or steps."""
    return bool(rank_files(folder, STEPS)) or any(
        entry.name.endswith(".json") for entry in _entries(folder / MANIFESTS)
    )


def find_runs(root: Path | str) -> list[Path]:
    """Run folders at `root` and where the layout puts them below it, the oldest start first.

    Looks at `root`, `root/*`, and the older runs that were moved to a `runs` folder of either.
    """
    top = Path(root)
    patterns = ("*", "runs/*", "*/runs/*", "runs/*/runs/*")
    candidates = {top, *(path for pattern in patterns for path in top.glob(pattern))}
    runs = [path for path in candidates if is_run_folder(path)]
    return sorted(runs, key=_order)


def _order(folder: Path) -> tuple[str, str]:
    views = manifests_in(folder)
    return (views[0].started_at if views else "", str(folder))


def _view(path: Path) -> ManifestView:
    try:
        fields = read_json(path, max_bytes=_MAX_MANIFEST_BYTES)
    except (ProvenirError, OSError) as error:
        return ManifestView(
            path=path, run_id=None, status=None, started_at="", fields={}, problem=str(error)
        )
    if not isinstance(fields, dict):
        problem = "not a JSON object"
        return ManifestView(
            path=path, run_id=None, status=None, started_at="", fields={}, problem=problem
        )
    return ManifestView(
        path=path,
        run_id=_text(fields.get("run_id")),
        status=_text(fields.get("status")),
        started_at=_text(fields.get("started_at")) or "",
        fields=fields,
    )


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _entries(folder: Path) -> Iterator[Path]:
    try:
        yield from sorted(folder.iterdir())
    except OSError:
        return  # no such folder, or not ours to read: it holds no run for this reader
