"""The governed section: which examples were admitted, and which of them moved which blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from provenir.console.contribution_drawing import draw_contributions
from provenir.console.view import NO_TABLE, Cell, Column, Notice, Table, table
from provenir.console.wording import count, figure, share
from provenir.core.errors import ProvenirError
from provenir.flows.contributions import read_contributions
from provenir.provenance.ledger.layout import GOVERNED, LEDGER

if TYPE_CHECKING:
    from pathlib import Path

    from provenir.console.picture import Picture
    from provenir.flows.contributions import ContributionMap

_DRAWN_BLOCKS: Final = 48
_NAMED: Final = 6
_LIMIT: Final = 400
_GROUP_COLUMNS: Final = (
    Column("Group", wide=True),
    Column("Rows", numeric=True),
    Column("Admitted", numeric=True),
    Column("of these attenuated", numeric=True),
    Column("Denied", numeric=True),
    Column("Times in a batch", numeric=True),
)
_MEANING: Final = (
    "The share of each group in the direct contributions to a block, over all steps. A dash says"
    " that no example of the group ever had a weight above zero there. It does not say that the"
    " group had no influence: what one block learns changes the gradients of the others."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Governed:
    """The view of this section."""

    tally: str = ""
    lead: str = ""
    notices: tuple[Notice, ...] = ()
    picture: Picture | None = None
    meaning: str = _MEANING
    groups: Table = NO_TABLE
    blocks: Table = NO_TABLE


def read_governed(run_dir: Path) -> Governed | None:
    """Build the section; None for a run without a training ledger.

    A ledger that cannot be read is said to be so: the section never looks as if all were well.
    """
    folder = run_dir / GOVERNED
    if not (folder / LEDGER).exists():
        return None
    try:
        found = read_contributions(folder)
    except (ProvenirError, OSError) as fault:
        notice = Notice("The training ledger cannot be read.", str(fault), tone="critical")
        return Governed(notices=(notice,))
    return Governed(
        tally=count(found.steps, "step"),
        lead=_lead(found),
        notices=_notices(found),
        picture=_drawn(found),
        groups=_groups(found),
        blocks=_blocks(found),
    )


def _lead(found: ContributionMap) -> str:
    rows = sum(group.rows for group in found.groups)
    admitted = sum(group.admitted for group in found.groups)
    said = f"{admitted:,} of {count(rows, 'row')} were admitted at the start."
    if found.interventions:
        listed = ", ".join(f"{n:,} × {action}" for action, n in sorted(found.interventions.items()))
        said += f" Interventions: {listed}."
    if found.skipped:
        listed = ", ".join(f"{n:,} for {why}" for why, n in sorted(found.skipped.items()))
        said += f" Steps without an update: {listed}."
    return said


def _notices(found: ContributionMap) -> tuple[Notice, ...]:
    told = []
    if found.status is None:
        text = "The run goes on, or it died: what stands here is what was recorded so far."
        told.append(Notice("The ledger is not closed.", text))
    elif found.status != "completed":
        told.append(Notice(f"The run was {found.status}.", "The ledger ends before its last step."))
    if found.by == "profile":
        text = "Without the private files nobody can tell which row came from where."
        told.append(Notice("Grouped by depth profile, not by source.", text, tone="info"))
    if not all(found.measured) and found.blocks:
        text = f"Of {_unmeasured(found)} no norms stand in the record."
        told.append(Notice("Some blocks are counted by weight alone.", text, tone="info"))
    return tuple(told)


def _unmeasured(found: ContributionMap) -> str:
    names = [b for b, known in zip(found.blocks, found.measured, strict=True) if not known]
    return ", ".join(names[:_NAMED]) + (" and others" if len(names) > _NAMED else "")


def _drawn(found: ContributionMap) -> Picture | None:
    names = [group.name for group in found.groups]
    return draw_contributions(found.blocks[:_DRAWN_BLOCKS], names, found.shares()[:_DRAWN_BLOCKS])


def _groups(found: ContributionMap) -> Table:
    rows = [
        (
            Cell(group.name),
            Cell(f"{group.rows:,}"),
            Cell(f"{group.admitted:,}"),
            Cell(f"{group.attenuated:,}"),
            Cell(f"{group.rows - group.admitted:,}"),
            Cell(f"{group.entries:,}"),
        )
        for group in found.groups
    ]
    return table(_GROUP_COLUMNS, rows, limit=_LIMIT, noun="groups")


def _blocks(found: ContributionMap) -> Table:
    columns = (
        Column("Block"),
        Column("Counted by"),
        Column("Sum", numeric=True),
        *(Column(group.name, numeric=True) for group in found.groups),
    )
    lines = zip(found.blocks, found.measured, found.amounts, found.shares(), strict=True)
    rows = [
        (
            Cell(block, code=True),
            Cell("weight × norm" if known else "weight"),
            Cell(figure(sum(amount or 0.0 for amount in amounts))),
            *(Cell(share(one, missing="–")) for one in shares),
        )
        for block, known, amounts, shares in lines
    ]
    return table(columns, rows, limit=_LIMIT, noun="blocks")
