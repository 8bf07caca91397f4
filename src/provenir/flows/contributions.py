"""Which examples moved which blocks: a ledger summed up for people.

For each block and each group of examples it adds up what the ledger's steps hold: weight times
norm where the norm of every example was recorded, else the weight alone. It is direct contribution
at the steps themselves and nothing else: momentum, and what one block's update does to the
gradients of another, are in no entry of a ledger.

Groups are the sources that the metadata names; without the private files they are the profiles.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from provenir.core.files import read_lines
from provenir.governance.metadata import Metadata
from provenir.provenance.ledger import layout
from provenir.provenance.ledger.query import LedgerQuery
from provenir.provenance.ledger.reader import MAX_DETAIL_BYTES, read_records
from provenir.provenance.ledger.records import (
    ADMITTED,
    AdmissionLine,
    Close,
    Intervention,
    Line,
    RowLine,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from provenir.provenance.ledger.records import Record

__all__ = ["OTHERS", "ContributionMap", "Group", "read_contributions"]

MAX_GROUPS: Final = 8
OTHERS: Final = "others"
"""The group of all that stand behind the largest seven."""

_L = TypeVar("_L", bound=Line)

_NO_METADATA: Final = "no metadata"
_NOT_ADMITTED: Final = "not admitted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Examples that the map shows together.

    Attributes:
        name: The source, or the profile.
        rows: Rows of the dataset.
        admitted: Rows that were admitted at the start, attenuated ones included.
        attenuated: Rows whose decision was to attenuate.
        entries: How often its rows stood in a batch.
    """

    name: str
    rows: int
    admitted: int
    attenuated: int
    entries: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ContributionMap:
    """Blocks against groups.

    Attributes:
        by: What the groups are.
        blocks: The trained blocks, from the model's input to its output.
        groups: At most eight, the one with most rows first.
        amounts: For each block, what each group contributed; None where none of its rows ever had
            a weight above zero there.
        measured: For each block, whether the amounts are weight times norm and not weight alone.
        steps: Steps of the ledger.
        skipped: Steps that made no update, by the reason.
        interventions: Interventions by action.
        status: How the ledger was closed; None where it was not.
    """

    by: Literal["source", "profile"]
    blocks: tuple[str, ...]
    groups: tuple[Group, ...]
    amounts: tuple[tuple[float | None, ...], ...]
    measured: tuple[bool, ...]
    steps: int
    skipped: Mapping[str, int]
    interventions: Mapping[str, int]
    status: str | None

    def shares(self) -> tuple[tuple[float | None, ...], ...]:
        """For each block the share of each group in what is there, in [0, 1]; None as above."""
        return tuple(_shares(line) for line in self.amounts)


def read_contributions(folder: Path) -> ContributionMap:
    """Sum a ledger up, with the sums that `LedgerQuery.ranking` ranks by.

    Args:
        folder: The `governed/` folder.

    Raises:
        InputError: A file is missing or cannot be read.
        EvidenceError: The records do not follow each other, or details are not those bound.
    """
    decisions = list(_lines(folder / layout.ADMISSION, AdmissionLine))
    by, names = _names(folder, decisions)
    order = [name for name, _ in Counter(names).most_common()]
    shown = order if len(order) <= MAX_GROUPS else [*order[: MAX_GROUPS - 1], OTHERS]
    place = {name: min(at, len(shown) - 1) for at, name in enumerate(order)}
    members: list[list[int]] = [[] for _ in shown]
    for row, name in enumerate(names):
        members[place[name]].append(row)
    told = _Told()
    for placed in read_records(folder):
        told.note(placed.record)
    # An index of its own: a page is made once, and trusts nothing that lay about.
    with TemporaryDirectory() as own, LedgerQuery(folder, cache=Path(own) / "index") as asked:
        table, times = asked.table, asked.times()
        blocks = tuple(block for block in table.blocks if block in table.trained)
        return ContributionMap(
            by=by,
            blocks=blocks,
            groups=tuple(
                _group(name, rows, decisions, times)
                for name, rows in zip(shown, members, strict=True)
            ),
            amounts=tuple(_amounts(asked.totals(block), members) for block in blocks),
            measured=tuple(asked.is_measured(block) for block in blocks),
            steps=told.steps,
            skipped=told.skipped,
            interventions=told.interventions,
            status=told.status,
        )


class _Told:
    """What the records say besides the batches."""

    def __init__(self) -> None:
        self.steps = 0
        self.skipped: Counter[str] = Counter()
        self.interventions: Counter[str] = Counter()
        self.status: str | None = None

    def note(self, record: Record) -> None:
        """Take a record."""
        if isinstance(record, Intervention):
            self.interventions[record.action] += 1
        elif isinstance(record, Close):
            self.status = record.status
            self.steps = record.n_steps
        elif record.kind == "step":
            self.steps = record.step
            if record.skipped is not None:
                self.skipped[record.skipped] += 1


def _group(
    name: str, rows: Sequence[int], decisions: Sequence[AdmissionLine], times: Counter[int]
) -> Group:
    effects: Counter[str] = Counter(decisions[row].effect for row in rows)
    return Group(
        name=name,
        rows=len(rows),
        admitted=sum(effects[effect] for effect in ADMITTED),
        attenuated=effects["attenuate"],
        entries=sum(times[row] for row in rows),
    )


def _amounts(
    totals: Mapping[int, float], members: Sequence[Sequence[int]]
) -> tuple[float | None, ...]:
    """What each group gave; None where none of its rows ever had a weight above zero."""
    fed = ([totals[row] for row in rows if row in totals] for rows in members)
    return tuple(math.fsum(given) if given else None for given in fed)


def _names(
    folder: Path, decisions: Sequence[AdmissionLine]
) -> tuple[Literal["source", "profile"], list[str]]:
    """What the groups are, and the group of each row."""
    rows, sidecar = folder / layout.ROWS, folder / layout.METADATA
    if not (rows.exists() and sidecar.exists()):
        return "profile", [line.profile or _NOT_ADMITTED for line in decisions]
    known = Metadata.read(sidecar)
    contents = [line.content for line in _lines(rows, RowLine)]
    found = (known.get(content) for content in contents)
    sources = [_NO_METADATA if one is None else one.source for one in found]
    sources += [_NO_METADATA] * (len(decisions) - len(sources))
    return "source", sources[: len(decisions)]


def _lines(path: Path, kind: type[_L]) -> Iterator[_L]:
    for number, data in read_lines(path, max_line_bytes=MAX_DETAIL_BYTES):
        yield kind.from_line(data, where=f"{path}:{number}")


def _shares(line: Sequence[float | None]) -> tuple[float | None, ...]:
    whole = sum(amount for amount in line if amount is not None)
    if not whole > 0:  # nothing, or a sum that is no number
        return tuple(None if amount is None else 0.0 for amount in line)
    return tuple(None if amount is None else amount / whole for amount in line)
