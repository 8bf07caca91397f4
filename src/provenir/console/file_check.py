"""Every file against the run manifest, by the same verification as ``provenir run verify``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from provenir.console.shapes import mapping
from provenir.core.errors import ProvenirError
from provenir.governance.run_check import verify_run
from provenir.governance.verdict import Check
from provenir.provenance import run_layout

if TYPE_CHECKING:
    from collections.abc import Mapping

    from provenir.console.view import Tone
    from provenir.provenance.run_record import RunRecord

_FILE: Final = "file:"
_WORDS: Final = {"missing-report": "missing", "changed-report": "changed"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileCheck:
    """What the comparison gave.

    Attributes:
        checks: Its rows.
        states: File name to its outcome in a word, for every file that was compared.
        others: The run's own files that the manifest does not list.
    """

    checks: tuple[Check, ...]
    states: Mapping[str, tuple[str, Tone]]
    others: tuple[str, ...]


def compare_files(record: RunRecord) -> FileCheck:
    """Compare the folder with its manifest; a fault of the comparison is an undecided row."""
    try:
        checks = verify_run(record.path).checks
    except (ProvenirError, OSError) as fault:
        row = Check(name="files", status="undecided", reason="malformed", detail=str(fault))
        checks = (row,)
    recorded = [str(name) for name in mapping(record.manifest.get("files"))]
    return FileCheck(
        checks=checks,
        states=_states(checks, recorded),
        others=tuple(name for name in _own_files(record) if name not in recorded),
    )


def _states(checks: tuple[Check, ...], recorded: list[str]) -> dict[str, tuple[str, Tone]]:
    bad = {c.name.removeprefix(_FILE): c for c in checks if c.name.startswith(_FILE)}
    held = any(c.name == "files" and c.status == "pass" for c in checks)
    if not bad and not held:
        return {}
    states: dict[str, tuple[str, Tone]] = dict.fromkeys(recorded, ("as recorded", "good"))
    for name, check in bad.items():
        states[name] = (_WORDS.get(check.reason or "", "differs"), "critical")
    return states


def _own_files(record: RunRecord) -> list[str]:
    names = [entry.name for entry in run_layout.owned_entries(record.path) if entry.is_file()]
    if record.manifest_path is not None:
        names.insert(0, str(record.manifest_path.relative_to(record.path)))
    return [name for name in names if name != "report.html"]
