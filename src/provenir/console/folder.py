"""What the page knows of a run: its folder, read once and without trust.

A document that is missing or cannot be read is a stated problem, never an error. Where the flight
recorder's or the hacking report's document is missing (a run that is alive, or that died), the
same recorder reads the steps and rollouts again and the page says so.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from provenir.console.shapes import mapping, mappings, text
from provenir.core.errors import ProvenirError
from provenir.provenance.run_record import RunRecord, read_run
from provenir.tracking.recover import read_evidence

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_RECORDER: Final = "flight_recorder.json"
_HACKING: Final = "hacking_report.json"
_PARSED: Final = (_RECORDER, _HACKING, "lineage.json", "bom.json")
_JOURNAL_LINES: Final = 20_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSource:
    """A run folder as the page reads it.

    Attributes:
        record: The folder's manifest, status and append-only files.
        documents: The JSON documents that could be read, by file name.
        problems: File name to why it could not be read or is missing.
        rebuilt: Documents made again from the steps and rollouts, not read from disk.
        journal: What was noted during the run.
        torn: File name to the number of lines that were no record.
    """

    record: RunRecord
    documents: Mapping[str, Mapping[str, Any]]
    problems: Mapping[str, str]
    rebuilt: tuple[str, ...]
    journal: tuple[Mapping[str, Any], ...]
    torn: Mapping[str, int] = field(default_factory=dict)

    @property
    def recorder(self) -> Mapping[str, Any]:
        """The flight recorder's document, read or rebuilt."""
        return self.documents.get(_RECORDER, {})

    @property
    def hacking(self) -> Mapping[str, Any]:
        """The hacking report, read or rebuilt."""
        return self.documents.get(_HACKING, {})

    @property
    def bom(self) -> Mapping[str, Any]:
        """The bill of materials; before the run's end, what the journal holds of it."""
        found = self.documents.get("bom.json")
        return found if found is not None else self._journaled()

    @property
    def state(self) -> str:
        """The run's status; ``died`` when it says running and its process is gone."""
        return self.record.state or "unknown"

    def is_present(self, name: str) -> bool:
        """Tell whether a document lies in the folder, readable or not."""
        return name in self.record.documents

    def entries(self, kind: str) -> list[Mapping[str, Any]]:
        """Return the journal's records of one type."""
        return [entry for entry in self.journal if entry.get("type") == kind]

    def rollouts(self) -> Iterator[dict[str, Any]]:
        """Yield the rollouts of rank 0, one record at a time."""
        return self.record.trajectories()

    def _journaled(self) -> dict[str, Any]:
        start = next(iter(self.entries("start")), {})
        settings = dict(mapping(start.get("config")))
        for entry in self.entries("config"):
            settings.update(mapping(entry.get("values")))
        sets = (mapping(start.get(role)) for role in ("dataset", "eval_dataset"))
        return {
            "base_model": start.get("base_model"),
            "data": [_component(described) for described in sets if described],
            "code": {key: start.get(key) for key in ("dirty", "diff_digest")},
            "evals": self.entries("eval"),
            "hyperparameters": settings,
        }


def _component(described: Mapping[str, Any]) -> dict[str, Any]:
    """Return a data set as the journal describes it, under the names of a bill of materials."""
    named = {"content_hash": "records_root", "num_records": "n", "identity_note": "reason"}
    return {**described, **{field: described.get(key) for field, key in named.items()}}


def read_folder(run_dir: Path) -> RunSource:
    """Read a run folder.

    Raises:
        InputError: The path is no folder, or the folder holds no run.
    """
    record = read_run(run_dir)
    documents: dict[str, Mapping[str, Any]] = {}
    problems: dict[str, str] = {}
    for name in _PARSED:
        _read(record, name, documents, problems)
    rebuilt = tuple(_rebuild(record, documents))
    return RunSource(
        record=record,
        documents=documents,
        problems=problems,
        rebuilt=rebuilt,
        journal=tuple(islice(record.journal(), _JOURNAL_LINES)),
        torn={name: n for name, n in record.torn_lines().items() if n},
    )


def _read(
    record: RunRecord,
    name: str,
    documents: dict[str, Mapping[str, Any]],
    problems: dict[str, str],
) -> None:
    if name not in record.documents:
        problems[name] = "not in the folder"
        return
    try:
        value = record.document(name)
    except (ProvenirError, OSError) as fault:
        problems[name] = f"cannot be read: {fault}"
        return
    if isinstance(value, dict):
        documents[name] = value
    else:
        problems[name] = "cannot be read: not a JSON object"


def _rebuild(record: RunRecord, documents: dict[str, Mapping[str, Any]]) -> Iterator[str]:
    if _RECORDER in documents and _HACKING in documents:
        return
    evidence = read_evidence(record)
    if _RECORDER not in documents and evidence.recorder.num_steps:
        documents[_RECORDER] = evidence.recorder.to_dict()
        yield _RECORDER
    hacking = evidence.hacking
    if _HACKING not in documents and (hacking.num_trajectories or not hacking.has_seen_all):
        documents[_HACKING] = hacking.report().to_dict()
        yield _HACKING


def attached_reports(files: RunSource) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the reports attached to the run, by name, as far as their files can be read."""
    found: list[tuple[str, Mapping[str, Any]]] = []
    for entry in mappings(files.entries("report")):
        name, file = text(entry.get("name")), text(entry.get("file"))
        if file is None or Path(file).is_absolute() or ".." in Path(file).parts:
            continue
        try:
            value = files.record.document(file)
        except (ProvenirError, OSError) as fault:
            value = {"not_examined": {"all of it": f"the file cannot be read: {fault}"}}
        found.append((name or file, mapping(value)))
    return found
