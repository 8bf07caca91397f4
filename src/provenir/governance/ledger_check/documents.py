"""The files that a ledger's header binds, and that they fit together (row `V0 files`)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from provenir.core.digest import format_digest
from provenir.core.errors import EvidenceError, InputError
from provenir.core.merkle import Frontier
from provenir.governance.admission import AdmissionPolicy
from provenir.governance.blocks import BlockMap
from provenir.governance.depth import DepthTable, RoutesDocument
from provenir.governance.ledger_check.files import need
from provenir.provenance.ledger import layout
from provenir.provenance.ledger.records import ADMITTED, AdmissionLine, Intent, Root

if TYPE_CHECKING:
    from provenir.governance.ledger_check.files import LedgerFiles
    from provenir.provenance.ledger.records import Header

__all__ = ["Admitted", "BoundFiles", "read_bound_files"]


@dataclass(frozen=True, slots=True)
class Admitted:
    """A line of `admission.jsonl` as it is compared; rows with the same decision share one.

    Attributes:
        effect, rule, reasons, profile, route: As in the line.
    """

    effect: str
    rule: str | None
    reasons: tuple[str, ...]
    profile: str | None
    route: int | None

    @property
    def is_given(self) -> bool:
        """Whether the row may be drawn."""
        return self.effect in ADMITTED


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundFiles:
    """What the header binds, read.

    Attributes:
        policy, table, routes, blocks, intent: The documents.
        admitted: What was decided for each row.
        commits: For each row its commitment, as a digest.
        entropies: For each row its entropy in millionths of a nat; None without one.
        trained: Blocks with a parameter that is trained.
    """

    policy: AdmissionPolicy
    table: DepthTable
    routes: RoutesDocument
    blocks: BlockMap
    intent: Intent
    admitted: list[Admitted]
    commits: list[str]
    entropies: list[int | None]
    trained: frozenset[str]


def read_bound_files(files: LedgerFiles, header: Header) -> BoundFiles:
    """Read them in the order of the specification's table.

    Raises:
        EvidenceError: `missing-report`, `changed-report`, `malformed`.
    """
    policy = files.document(layout.POLICY, header.policy, AdmissionPolicy)
    table = files.document(layout.PROFILES, header.profiles, DepthTable)
    same = policy.profiles == header.profiles
    need(same, "changed-report", "the policy is for another table of profiles", layout.POLICY)
    routes = files.document(layout.ROUTES, header.routes, RoutesDocument)
    blocks = files.document(layout.BLOCKS, header.blocks, BlockMap)
    intent = files.document(layout.INTENT, header.intent, Intent)
    named = (tuple(table.blocks), tuple(routes.blocks), tuple(blocks.blocks))
    need(len(set(named)) == 1, "malformed", "table, routes and map are of different blocks")
    admitted, commits, entropies = _read_admission(files, header.admission)
    return BoundFiles(
        policy=policy,
        table=table,
        routes=routes,
        blocks=blocks,
        intent=intent,
        admitted=admitted,
        commits=commits,
        entropies=entropies,
        trained=frozenset(one.block for one in blocks.parameters if one.trainable),
    )


def _read_admission(
    files: LedgerFiles, expected: Root
) -> tuple[list[Admitted], list[str], list[int | None]]:
    frontier = Frontier()
    shared: dict[Admitted, Admitted] = {}
    admitted: list[Admitted] = []
    commits: list[str] = []
    entropies: list[int | None] = []
    for row, (where, line) in enumerate(files.lines(layout.ADMISSION)):
        try:
            said = AdmissionLine.from_line(line, where=where)
        except InputError as fault:
            raise EvidenceError(fault.what, reason="malformed", where=where) from fault
        one = Admitted(said.effect, said.rule, said.reasons, said.profile, said.route)
        fits = (one.route is not None) == one.is_given == (one.profile is not None)
        need(said.row == row and fits, "malformed", "another row, or a route too many", where)
        admitted.append(shared.setdefault(one, one))
        commits.append(said.example)
        entropies.append(said.entropy)
        frontier.append(line)
    found = Root(n=frontier.n, root=format_digest(frontier.root()))
    what = "it is not what the header binds"
    need(found == expected, "changed-report", what, layout.ADMISSION)
    return admitted, commits, entropies
