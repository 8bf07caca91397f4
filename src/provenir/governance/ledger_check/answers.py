"""The rows of a ledger's verification: which there are, and what becomes of each.

A row is asked once or several times; its first fault is its answer. Where a row fails, those that
its failure makes pointless are `not-reached`; where something was not disclosed, a row stays open:
`undecided` when its level was asked for, else `not-checked` (`docs/reference/ledger.md`, "Levels,
rows and reasons").
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from provenir.core.errors import EvidenceError
from provenir.governance.verdict import Check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = ["FOLLOWING", "LEVELS", "ROWS", "Answers", "Level"]

Level = Literal["V0", "V1", "V2"]
LEVELS: Final[tuple[Level, ...]] = ("V0", "V1", "V2")

ROWS: Final[dict[Level, tuple[str, ...]]] = {
    "V0": ("V0 ledger", "V0 files", "V0 roles", "V0 model"),
    "V1": ("V1 chain", "V1 intent", "V1 parameters", "V1 batches"),
    "V2": ("V2 dataset", "V2 metadata", "V2 admission", "V2 profiles", "V2 expiry", "V2 order"),
}
"""The rows of each level, in the order in which a verdict shows them."""

_DECIDED_AGAIN: Final = ("V2 admission", "V2 profiles", "V2 expiry", "V2 order")
_STEP_BY_STEP: Final = _DECIDED_AGAIN[1:]

FOLLOWING: Final[dict[str, tuple[str, ...]]] = {
    "V0 files": ("V0 model", "V1 intent", "V1 batches", *ROWS["V2"]),
    "V1 chain": ("V1 parameters", "V1 batches", *_STEP_BY_STEP),
    "V1 batches": _STEP_BY_STEP,
    "V2 dataset": _DECIDED_AGAIN,
}
"""What the failure of a row makes pointless. An unreadable ledger makes everything so."""

_HOLDS: Final = {
    "V0 ledger": "operator and passport speak of this ledger",
    "V0 files": "as the header binds them",
    "V0 roles": "operator, data source and governance signed, each with a key of its own",
    "V0 model": "what was released is what the close states",
    "V1 chain": "each record follows the one before it",
    "V1 intent": "as it was planned",
    "V1 parameters": "each segment begins with what the one before it left",
    "V1 batches": "of admitted rows, under their routes",
    "V2 dataset": "the rows are those that were committed to",
    "V2 metadata": "as the data source signed it",
    "V2 admission": "policy and metadata give it again",
    "V2 profiles": "policy and profiles give every route again",
    "V2 expiry": "nothing was used on a day on which it was denied",
    "V2 order": "the sampler gives every batch again",
}

_OPEN: Final = frozenset({"not-given", "no-trust-policy", "no-key", "foreign-sampler"})
"""Reasons that decide nothing."""


class Answers:
    """What has been found out about a ledger.

    Args:
        asked: The level that was asked for; None asks for whatever can be decided.
    """

    def __init__(self, asked: Level | None) -> None:
        self._asked = asked
        self._failed: dict[str, EvidenceError] = {}
        self._open: dict[str, EvidenceError] = {}
        self._pointless: set[str] = set()
        self._told: dict[str, str] = {}

    def tell(self, row: str, detail: str) -> None:
        """Say what it means that a row holds, where that hangs on the ledger."""
        self._told[row] = detail

    def attempt(self, row: str, ask: Callable[[], None]) -> bool:
        """Ask a question of a row, and say whether nothing spoke against it."""
        try:
            ask()
        except EvidenceError as fault:
            self.note(row, fault)
            return False
        return True

    def note(self, row: str, fault: EvidenceError) -> None:
        """Enter what speaks against a row, unless something does already."""
        if fault.reason == "not-reached":
            self._pointless.add(row)
        elif fault.reason in _OPEN:
            self._open.setdefault(row, fault)
        else:
            self._failed.setdefault(row, fault)
            self._pointless.update(FOLLOWING.get(row, ()))

    def rest_on(self, row: str, others: Iterable[str]) -> None:
        """Let other rows be open or pointless as far as a row is open or has failed."""
        if row in self._failed:
            self._pointless.update(others)
        elif row in self._open:
            for other in others:
                self._open.setdefault(other, self._open[row])

    def give_up(self) -> None:
        """Nothing after the first row can be asked."""
        first, *others = (name for names in ROWS.values() for name in names)
        del first
        self._pointless.update(others)

    def is_failed(self, row: str) -> bool:
        """Whether something speaks against a row."""
        return row in self._failed

    def is_open(self, row: str) -> bool:
        """Whether a row can neither be said to hold nor to fail."""
        return row in self._open

    def is_worth_asking(self, row: str) -> bool:
        """Whether a row was asked for, and nothing has made it pointless."""
        wanted = self._asked is None or row[:2] <= self._asked
        return wanted and row not in self._pointless

    def checks(self) -> tuple[Check, ...]:
        """The rows of a verdict."""
        return tuple(self._check(name) for names in ROWS.values() for name in names)

    def reached(self) -> Level | None:
        """The highest level all of whose rows, and those of the levels below, pass."""
        passed = {check.name for check in self.checks() if check.status == "pass"}
        reached: Level | None = None
        for level in LEVELS:
            if not passed.issuperset(ROWS[level]):
                break
            reached = level
        return reached

    def _check(self, name: str) -> Check:
        if self._asked is not None and name[:2] > self._asked:
            return Check(name=name, status="not-checked", reason="not-asked")
        if name in self._pointless:
            return Check(name=name, status="not-checked", reason="not-reached")
        fault = self._failed.get(name)
        if fault is not None:
            return Check(name=name, status="fail", reason=fault.reason, detail=_sentence(fault))
        fault = self._open.get(name)
        if fault is None:
            return Check(name=name, status="pass", detail=self._told.get(name, _HOLDS[name]))
        status: Literal["undecided", "not-checked"] = "undecided" if self._asked else "not-checked"
        return Check(name=name, status=status, reason=fault.reason, detail=_sentence(fault))


def _sentence(fault: EvidenceError) -> str:
    return fault.what if fault.where is None else f"{fault.where}: {fault.what}"
