"""Reading a ledger: one line after the other, strictly, with bounds.

Every line is canonical, every record follows the one before, and a step's details are those that
its roots bind. What a run that is still alive has half written is left out. Reading is not
verifying: nothing here asks who signed, or whether the policy was kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import EvidenceError
from provenir.core.files import read_lines
from provenir.provenance.ledger import layout
from provenir.provenance.ledger.chain import Chain
from provenir.provenance.ledger.lines import line_bytes
from provenir.provenance.ledger.plan import lines_root
from provenir.provenance.ledger.records import Details, Step, parse_record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from provenir.provenance.ledger.records import Record

__all__ = [
    "MAX_DETAIL_BYTES",
    "MAX_RECORD_BYTES",
    "PlacedRecord",
    "ReadStep",
    "read_records",
    "read_steps",
]

MAX_RECORD_BYTES: Final = 1 << 20
"""Longest line of `ledger.jsonl` that is read."""

MAX_DETAIL_BYTES: Final = 16 << 20
"""Longest line of the other files that is read: some 100,000 entries."""


@dataclass(frozen=True, slots=True)
class PlacedRecord:
    """A record with its line and the position at which that begins."""

    record: Record
    line: bytes
    at: int


@dataclass(frozen=True, slots=True)
class ReadStep:
    """A step with what its roots bind.

    Attributes:
        placed: The step's record, placed.
        record: The step's record.
        details: Its line of `details.jsonl`, as a record.
        line: That line.
        at: Position at which it begins.
    """

    placed: PlacedRecord
    record: Step
    details: Details
    line: bytes
    at: int


def read_records(folder: Path, chain: Chain | None = None) -> Iterator[PlacedRecord]:
    """Yield the records of a ledger in order.

    Args:
        folder: The `governed/` folder.
        chain: Goes along with them.

    Raises:
        InputError: A line is not canonical, or no record.
        EvidenceError: A record does not follow the one before; the reason says how.
    """
    along = Chain() if chain is None else chain
    path = folder / layout.LEDGER
    at = 0
    for number, line in read_lines(path, max_line_bytes=MAX_RECORD_BYTES):
        where = f"{path}:{number}"
        record = parse_record(line, where=where)
        refusal = along.refusal(record)
        if refusal is not None:
            raise EvidenceError(refusal.what, reason=refusal.reason, where=where)
        along.take(record, line)
        yield PlacedRecord(record, line, at)
        at += len(line) + 1


def read_steps(folder: Path, records: Iterator[PlacedRecord] | None = None) -> Iterator[ReadStep]:
    """Yield the steps of a ledger with their details, which are held against the step's roots.

    Args:
        folder: The `governed/` folder.
        records: The records, where the caller reads them too.

    Raises:
        InputError: A line is not what it should be.
        EvidenceError: As `read_records`; or details are missing or others (`details-mismatch`).
    """
    path = folder / layout.DETAILS
    lines = read_lines(path, max_line_bytes=MAX_DETAIL_BYTES) if path.exists() else iter(())
    at = 0
    for placed in read_records(folder) if records is None else records:
        record = placed.record
        if not isinstance(record, Step):
            continue
        number, line = next(lines, (record.step, b""))
        where = f"{path}:{number}"
        if not line:
            raise _mismatch(f"the details of step {record.step} are missing", where)
        details = Details.from_line(line, where=where)
        _check_bound(record, details, where)
        yield ReadStep(placed, record, details, line, at)
        at += len(line) + 1


def _check_bound(step: Step, details: Details, where: str) -> None:
    value: dict[str, Any] = details.model_dump()
    if details.step != step.step:
        raise _mismatch(f"details of step {details.step} where {step.step} is due", where)
    for name, root in (("batch", step.batch), ("units", step.units)):
        if lines_root(map(line_bytes, value[name])) != root:
            raise _mismatch(f"the {name} of step {step.step} have another root", where)


def _mismatch(what: str, where: str) -> EvidenceError:
    return EvidenceError(what, reason="details-mismatch", where=where)
