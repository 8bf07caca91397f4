"""Which examples moved which blocks: a ledger summed up for people.

For each block and each group of examples it adds up what the ledger's steps hold: weight times
norm where the norm of every example was recorded, else the weight alone. It is direct contribution
at the steps themselves and nothing else: momentum, and what one block's update does to the
gradients of another, are in no entry of a ledger.

Groups are the sources that the metadata names; without the private files they are the profiles.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeVar

from provenir.core.errors import InputError
from provenir.core.files import read_lines
from provenir.governance.metadata import Metadata
from provenir.provenance.ledger import layout
from provenir.provenance.ledger.lines import parse_real
from provenir.provenance.ledger.reader import MAX_DETAIL_BYTES, read_records, read_steps
from provenir.provenance.ledger.records import (
    ADMITTED,
    FULL_WEIGHT,
    AdmissionLine,
    Close,
    FactsLine,
    Intervention,
    Line,
    RowLine,
)
from provenir.provenance.ledger.weights import RouteTable, read_route_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from provenir.provenance.ledger.reader import PlacedRecord, ReadStep
    from provenir.provenance.ledger.records import Facts, Record

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
    """Sum a ledger up.

    Args:
        folder: The `governed/` folder.

    Raises:
        InputError: A file is missing or cannot be read.
        EvidenceError: The records do not follow each other, or details are not those bound.
    """
    routes = read_route_table(folder)
    decisions = list(_lines(folder / layout.ADMISSION, AdmissionLine))
    by, names = _names(folder, decisions)
    order = [name for name, _ in Counter(names).most_common()]
    shown = order if len(order) <= MAX_GROUPS else [*order[: MAX_GROUPS - 1], OTHERS]
    place = {name: min(at, len(shown) - 1) for at, name in enumerate(order)}
    tally = _Tally(routes, [place[name] for name in names], len(shown))
    told = _Told()
    for step, facts in _with_facts(folder, told.passing(read_records(folder))):
        tally.add(step, facts)
    return ContributionMap(
        by=by,
        blocks=tuple(block for block in routes.blocks if block in routes.trained),
        groups=tuple(_group(at, name, decisions, tally) for at, name in enumerate(shown)),
        amounts=tally.amounts(),
        measured=tally.measured(),
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

    def passing(self, records: Iterator[PlacedRecord]) -> Iterator[PlacedRecord]:
        for placed in records:
            self._note(placed.record)
            yield placed

    def _note(self, record: Record) -> None:
        if isinstance(record, Intervention):
            self.interventions[record.action] += 1
        elif isinstance(record, Close):
            self.status = record.status
            self.steps = record.n_steps
        elif record.kind == "step":
            self.steps = record.step
            if record.skipped is not None:
                self.skipped[record.skipped] += 1


class _Tally:
    """Sums for each block and group, by weight and by weight times norm."""

    def __init__(self, routes: RouteTable, group_of: Sequence[int], n_groups: int) -> None:
        self._routes = routes
        self.group_of = group_of
        self._columns = [at for at, b in enumerate(routes.blocks) if b in routes.trained]
        self._weights = [[0.0] * n_groups for _ in self._columns]
        self._norms = [[0.0] * n_groups for _ in self._columns]
        self._whole = [True] * len(self._columns)
        self.entries = [0] * n_groups

    def add(self, step: ReadStep, facts: Sequence[Facts] | None) -> None:
        """Add a step's batch; one that made no update contributed nothing."""
        if step.placed.record.kind == "step" and step.placed.record.skipped is not None:
            return
        for at, entry in enumerate(step.details.batch):
            if entry.row >= len(self.group_of):
                raise InputError(
                    f"step {step.details.step} holds row {entry.row}, of which no decision stands"
                )
            group = self.group_of[entry.row]
            self.entries[group] += 1
            weights = self._routes.weights(entry.route, entry.factor)
            norms = None if facts is None else facts[at].norms
            if norms is not None and len(norms) != len(weights):
                norms = None
            for row, column in enumerate(self._columns):
                if weights[column]:
                    self._take(row, group, weights[column], norms[column] if norms else None)

    def _take(self, row: int, group: int, weight: int, norm: str | None) -> None:
        share = weight / FULL_WEIGHT
        self._weights[row][group] += share
        if norm is None:
            self._whole[row] = False
        else:
            self._norms[row][group] += share * parse_real(norm)

    def measured(self) -> tuple[bool, ...]:
        """Whether every entry of a block had its norm, and some block had entries at all."""
        return tuple(
            whole and any(line) for whole, line in zip(self._whole, self._weights, strict=True)
        )

    def amounts(self) -> tuple[tuple[float | None, ...], ...]:
        """The sums, in the better of the two ways."""
        return tuple(
            tuple(
                amount if weight else None
                for amount, weight in zip(norms if known else weights, weights, strict=True)
            )
            for known, weights, norms in zip(
                self.measured(), self._weights, self._norms, strict=True
            )
        )

    def members(self, group: int) -> list[int]:
        """The rows of a group."""
        return [row for row, found in enumerate(self.group_of) if found == group]


def _group(at: int, name: str, decisions: Sequence[AdmissionLine], tally: _Tally) -> Group:
    effects: Counter[str] = Counter(decisions[row].effect for row in tally.members(at))
    return Group(
        name=name,
        rows=sum(effects.values()),
        admitted=sum(effects[effect] for effect in ADMITTED),
        attenuated=effects["attenuate"],
        entries=tally.entries[at],
    )


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


def _with_facts(
    folder: Path, records: Iterator[PlacedRecord]
) -> Iterator[tuple[ReadStep, Sequence[Facts] | None]]:
    """Each step with the private facts of its batch, as far as they are there."""
    path = folder / layout.FACTS
    told = iter(_lines(path, FactsLine)) if path.exists() else iter(())
    for step in read_steps(folder, records):
        line = next(told, None)
        fits = line is not None and len(line.facts) == len(step.details.batch)
        yield step, line.facts if line is not None and fits else None


def _lines(path: Path, kind: type[_L]) -> Iterator[_L]:
    for number, data in read_lines(path, max_line_bytes=MAX_DETAIL_BYTES):
        yield kind.from_line(data, where=f"{path}:{number}")


def _shares(line: Sequence[float | None]) -> tuple[float | None, ...]:
    whole = sum(amount for amount in line if amount is not None)
    if not whole > 0:  # nothing, or a sum that is no number
        return tuple(None if amount is None else 0.0 for amount in line)
    return tuple(None if amount is None else amount / whole for amount in line)
