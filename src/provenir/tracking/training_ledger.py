"""The training ledger of a tracked run, as its manifest and its passport bind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from provenir.core.errors import InputError
from provenir.core.files import read_bounded
from provenir.governance.statements import (
    MAX_STATEMENT_BYTES,
    LedgerCloseStatement,
    RoleStatement,
)
from provenir.provenance.ledger import layout
from provenir.provenance.ledger.reader import read_records
from provenir.provenance.ledger.records import Header

if TYPE_CHECKING:
    from pathlib import Path

    from provenir.governance.predicate import Assurance

__all__ = ["BoundLedger", "closed_ledger", "governed_files"]

_PUBLIC: Final = (
    layout.POLICY,
    layout.PROFILES,
    layout.ROUTES,
    layout.BLOCKS,
    layout.INTENT,
    layout.ADMISSION,
    layout.LEDGER,
    layout.DETAILS,
    layout.FINAL,
    layout.CLOSE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundLedger:
    """The ledger of a run, as its passport binds it.

    Attributes:
        root: Root over all its lines.
        claim: What can be claimed of a run with it.
        statement: The operator's statement about it.
    """

    root: str
    claim: Assurance
    statement: RoleStatement


def closed_ledger(folder: Path, run_id: str) -> BoundLedger | None:
    """The closed ledger of a run; None where there is none.

    Raises:
        InputError: It cannot be read, or is another run's.
    """
    close = folder / layout.GOVERNED / layout.CLOSE
    if not close.exists():
        return None
    data = read_bounded(close, max_bytes=MAX_STATEMENT_BYTES, follow_symlinks=False)
    statement = RoleStatement.from_bytes(data, where=str(close))
    claim = statement.claim
    if not isinstance(claim, LedgerCloseStatement) or claim.run_id != run_id:
        raise InputError("not the close of this run's ledger", where=str(close))
    header = next(read_records(folder / layout.GOVERNED)).record
    routed = isinstance(header, Header) and header.routing == "routed"
    return BoundLedger(root=claim.root, claim="L2" if routed else "L1", statement=statement)


def governed_files(folder: Path) -> list[str]:
    """Names of a ledger's public files inside a run folder, sorted."""
    place = folder / layout.GOVERNED
    names = {path.name for path in place.glob("*.discarded-*.jsonl")} | set(_PUBLIC)
    return sorted(f"{layout.GOVERNED}/{name}" for name in names if (place / name).is_file())
