"""The rows of a training ledger in a verdict, and the assurance that may rest on them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from provenir.governance.ledger_check import check_ledger
from provenir.governance.verdict import Check, note_line
from provenir.provenance.ledger.layout import GOVERNED, LEDGER

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from provenir.governance.ledger_check import LedgerVerdict, Level
    from provenir.governance.predicate import Assurance, PassportPredicate
    from provenir.governance.question import Question
    from provenir.governance.role_check import RoleCheck
    from provenir.governance.statements import RoleStatement

__all__ = ["JudgedLedger", "judged_ledger", "unsigned_ledger"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedLedger:
    """What a ledger came to, for a verdict.

    Attributes:
        checks: Its rows; none where nobody asked about a ledger.
        notes: Up to which level it holds.
        assurance: What is established by it; None where it does not hold up to V2.
        is_open: Whether more may yet be shown, with what was not handed over.
    """

    checks: tuple[Check, ...] = ()
    notes: tuple[str, ...] = ()
    assurance: Assurance | None = None
    is_open: bool = True


def judged_ledger(
    predicate: PassportPredicate,
    asked: Question,
    roles: RoleCheck | None,
    statements: Sequence[RoleStatement],
) -> JudgedLedger:
    """Judge the ledger that a passport binds, or that somebody asks about.

    Args:
        predicate: What the passport says.
        asked: What was asked and handed over.
        roles: Whose signature counts; None without a trust policy.
        statements: The statements that it lists and that belong to it.
    """
    if asked.run is not None and (predicate.ledger_root is not None or asked.level is not None):
        return _judged(
            check_ledger(
                asked.run.folder / GOVERNED,
                level=asked.level,
                predicate=predicate,
                roles=roles,
                statements=statements,
            )
        )
    if asked.level is None:
        return JudgedLedger()
    detail = "hand over the run folder, which holds the training ledger"
    row = Check(name="V0 ledger", status="undecided", reason="not-given", detail=detail)
    return JudgedLedger(checks=(row,))


def unsigned_ledger(run_dir: Path, level: Level | None) -> JudgedLedger:
    """Judge the ledger of a run that nobody signed, where there is one or it was asked about."""
    folder = run_dir / GOVERNED
    if level is None and not (folder / LEDGER).exists():
        return JudgedLedger()
    return _judged(check_ledger(folder, level=level))


def _judged(found: LedgerVerdict) -> JudgedLedger:
    names = [] if found.reached is None else [f"ledger_{found.reached}"]
    names += ["attested_facts"] if found.reached == "V2" else []
    return JudgedLedger(
        checks=found.checks,
        notes=tuple(note_line(name) for name in names),
        assurance=found.assurance,
        is_open=not found.is_foreign,
    )
