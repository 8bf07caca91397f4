"""The files section: what lies in the folder, with the digests that the manifest recorded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from provenir.console.shapes import mapping
from provenir.console.view import Cell, Column, Table, Tone, table
from provenir.console.wording import count, size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LIMIT: Final = 400
_COLUMNS: Final = (
    Column("File"),
    Column("Size", numeric=True),
    Column("Compared"),
    Column("Recorded digest", digest=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FileList:
    """The view of this section."""

    tally: str
    lead: str
    table: Table


def read_files(
    folder: Path,
    manifest: Mapping[str, Any],
    states: Mapping[str, tuple[str, Tone]],
    others: Sequence[str],
) -> FileList:
    """Build the section.

    Args:
        folder: The run folder.
        manifest: The run manifest's fields.
        states: File name to the outcome of comparing it with the manifest.
        others: Names of the run's own files that the manifest does not list.
    """
    recorded = {str(k): str(v) for k, v in mapping(manifest.get("files")).items()}
    rows = [_row(folder, name, digest, states) for name, digest in sorted(recorded.items())]
    plain = Cell("not listed", tone="plain")
    rows += [
        (Cell(name, code=True), Cell(_size(folder / name)), plain, Cell("–"))
        for name in others
        if name not in recorded
    ]
    lead = (
        "The manifest lists each file with its SHA-256. A changed file no longer fits its digest."
    )
    if not recorded:
        lead = (
            "The manifest lists no file: that happens at the end of a run. Nothing here can be"
            " compared with a recorded digest."
        )
    return FileList(
        tally=f"{count(len(recorded), 'file')} in the manifest",
        lead=lead,
        table=table(_COLUMNS, rows, limit=_LIMIT, noun="files"),
    )


def _row(
    folder: Path, name: str, digest: str, states: Mapping[str, tuple[str, Tone]]
) -> tuple[Cell, ...]:
    word, tone = states.get(name, ("not compared", "plain"))
    shown = _size(folder / name) if _inside(name) else "–"
    return (Cell(name, code=True), Cell(shown), Cell(word, tone=tone), Cell(digest, code=True))


def _inside(name: str) -> bool:
    path = Path(name)
    return not path.is_absolute() and ".." not in path.parts and "\0" not in name


def _size(path: Path) -> str:
    try:
        return size(path.stat().st_size)
    except (OSError, ValueError):
        return "missing"
