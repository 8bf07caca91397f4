"""Decides again: policy, table and metadata give what the operator wrote down, day by day."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from typing import TYPE_CHECKING, Final

from provenir.core.errors import UsageError
from provenir.governance.admission import EVALUATION_ERROR, Admission, AdmissionDecision
from provenir.governance.depth import routes
from provenir.governance.expressions import size
from provenir.governance.ledger_check.documents import Admitted
from provenir.governance.ledger_check.files import need

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provenir.governance.ledger_check.documents import BoundFiles
    from provenir.governance.metadata import Metadata
    from provenir.provenance.ledger.records import Details, Header, Step

__all__ = ["Decisions"]

_MAX_WORK: Final = 50_000_000
"""What is looked at for a policy that nobody signed: drawn rows, and at each evaluation the nodes
of its conditions, the content classes and the blocks of its table."""


class Decisions:
    """What is decided of each row on a day.

    Args:
        header: The base model and the day of the start.
        bound: Policy, table, routes, and what was decided at the start.
        contents: Digest of each row's content.
        metadata: What is known of the contents.
        bounded: Whether to give up at some time: nobody whose word counts signed for the policy.
    """

    def __init__(
        self,
        header: Header,
        bound: BoundFiles,
        contents: Sequence[str],
        metadata: Metadata,
        *,
        bounded: bool,
    ) -> None:
        self._header = header
        self._nodes = _size(bound) if bounded else 0
        self._drawn = 0
        self._bounded = bounded
        self._bound = bound
        bands = bound.table.bands
        self._known = [metadata.get(content) for content in contents]
        self._bands = [
            None if bands is None or entropy is None else bands.band(entropy)
            for entropy in bound.entropies
        ]
        self._admission: Admission | None = None
        # That it names this table was asked of the file's bytes, whatever their spelling is.
        policy = bound.policy.model_copy(update={"profiles": bound.table.digest()})
        with suppress(UsageError):  # of another base: every evaluation is an error
            self._admission = Admission(policy, bound.table, base=header.base.root)

    def of(self, row: int, day: date) -> AdmissionDecision:
        """Decide about a row.

        Raises:
            EvidenceError: `not-reached`: it takes too long for what nobody signed.
        """
        if self._admission is None:
            return _ERROR
        if self._bounded:
            work = self._drawn + self._nodes * self._admission.evaluations
            need(work <= _MAX_WORK, "not-reached", "too much for a policy that nobody signed")
        return self._admission.decide(self._known[row], on=day, band=self._bands[row])

    def draw(self, rows: int) -> None:
        """Count rows that a step drew, whatever becomes of them."""
        self._drawn += rows

    def check_admission(self) -> None:
        """Compare every decision of the start.

        Raises:
            EvidenceError: `admission-mismatch`.
        """
        bound, day = self._bound, day_of(self._header.time)
        banded = bound.table.bands is not None
        index = {tuple(weights): place for place, weights in enumerate(bound.routes.routes)}
        for row, (said, entropy) in enumerate(zip(bound.admitted, bound.entropies, strict=True)):
            found = self.of(row, day)
            route = None if found.weights is None else index.get(found.weights, -1)
            same = said == Admitted(found.effect, found.rule, found.reasons, found.profile, route)
            what = f"row {row} is {found.effect} ({', '.join(found.reasons)})"
            need(same, "admission-mismatch", what)
            scored = entropy is None if not banded else entropy is not None or not said.is_given
            need(scored, "admission-mismatch", f"row {row} has no entropy, or one too many")

    def check_routes(self) -> None:
        """Compare the routes with those that policy and table give.

        Raises:
            EvidenceError: `profile-mismatch`.
        """
        try:
            derived = routes(self._bound.policy, self._bound.table)
        except UsageError:
            derived = None
        same = derived is not None and list(derived.routes) == list(self._bound.routes.routes)
        need(same, "profile-mismatch", "the routes are not what policy and table give")

    def check_expiry(self, step: Step, details: Details) -> None:
        """Make sure that no entry is denied on the day of its step.

        Raises:
            EvidenceError: `expired-admission`.
        """
        day = day_of(step.time)
        for entry in details.batch:
            found = self.of(entry.row, day)
            what = f"row {entry.row} is {found.effect} on {day}: {', '.join(found.reasons)}"
            need(found.is_admitted, "expired-admission", what, f"step {step.step}")

    def check_profiles(self, step: Step, details: Details) -> None:
        """Compare each entry's route with its weights on the day of its step.

        Raises:
            EvidenceError: `profile-mismatch`.
        """
        day = day_of(step.time)
        for entry in details.batch:
            weights = self.of(entry.row, day).weights  # None is the question of `check_expiry`
            same = weights is None or weights == tuple(self._bound.routes.routes[entry.route])
            what = f"row {entry.row} has another route on {day}"
            need(same, "profile-mismatch", what, f"step {step.step}")


def _size(bound: BoundFiles) -> int:
    classes = sum(len(profile.content or ()) for profile in bound.table.profiles)
    return sum(size(rule.when) for rule in bound.policy.rules) + classes + len(bound.table.blocks)


def day_of(time: str) -> date:
    """The day, in UTC, of a record's time."""
    return date.fromisoformat(time[:10])


_ERROR = AdmissionDecision(
    effect="deny",
    rule=None,
    reasons=(EVALUATION_ERROR,),
    profile=None,
    weights=None,
    policy="",
)
