"""The conformance cases about training ledgers: an honest one, and what an operator may try.

The ledgers are those of the tests, with this desk's keys: whoever makes them again needs the whole
checkout.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from conformance_cases import Asked
from conformance_desk import AT, key

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance_desk import Desk

__all__ = ["LEDGER_CASES"]

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
_GOVERNED: Final[Any] = import_module("governed")
_MUTATIONS: Final = {one.name: one for one in import_module("ledger_mutations").MUTATIONS}
_PRIVATE: Final = "run/governed/private"
_NOT_HANDED_OVER: Final = (
    *("run.salts", "model/*"),
    *(f"{_PRIVATE}/{name}" for name in ("salts.json", "facts*", "lock")),
)


def ledger(desk: Desk) -> Asked:
    """An honest run."""
    _hand_over(desk, lambda case: None, {"rows": 12, "snapshot_every": 2, "killed_after": (3,)})
    return _asked(0, [], "A governed run, killed once and gone on with, with all that V2 needs.")


def _hand_over(desk: Desk, change: Callable[[Any], None], settings: dict[str, Any]) -> None:
    """Make an honest run, change it, and leave what would be handed over."""
    keys = _GOVERNED.Keys(
        operator=key("olga"), source=key("dan"), governance=key("grace"), stranger=key("mallory")
    )
    change(_GOVERNED.make_case(desk.folder, keys=keys, **settings))
    for name in _NOT_HANDED_OVER:
        for place in desk.folder.glob(name):
            place.unlink()
    (desk.folder / "model").rmdir()


def _asked(exit_code: int, reasons: list[str], says: str) -> Asked:
    words = ["run", "--trust", "trust.toml", "--at", AT, "--level", "V2"]
    return Asked(arguments=words, exit_code=exit_code, reasons=reasons, says=says)


def _case(name: str, mutation: str, says: str, *more: str) -> Callable[[Desk], Asked]:
    """A case of a mutation; `more` are the reasons that follow from the first."""

    def make(desk: Desk) -> Asked:
        found = _MUTATIONS[mutation]
        _hand_over(desk, found.apply, found.settings)
        return _asked(1, [found.reason, *more], says)

    make.__name__ = name
    return make


LEDGER_CASES: Final[tuple[Callable[[Desk], Asked], ...]] = (
    ledger,
    _case(
        "ledger_changed_fail",
        "a learning rate changed",
        "A record was changed by somebody without a key.",
        "ledger-fork",
    ),
    _case(
        "ledger_flipped_admission_fail",
        "a denial flipped",
        "A denied row was admitted, and the operator signed everything again.",
        "order-mismatch",
    ),
    _case(
        "ledger_expired_licence_fail",
        "an expired licence used once",
        "A row was used a day after its licence had ended.",
        "order-mismatch",
    ),
    _case(
        "ledger_past_the_cap_fail",
        "a restricted row routed past its cap",
        "A restricted row moved blocks that it may not move.",
    ),
    _case(
        "ledger_order_fail",
        "the batches of two steps exchanged",
        "The batches of two steps are not in the sampler's order.",
    ),
    _case(
        "ledger_replaced_parameters_fail",
        "parameters replaced between two steps",
        "A step begins with other parameters than the one before it left.",
    ),
    _case(
        "ledger_discarded_lost_fail",
        "the discarded records taken away",
        "What a resume discarded is not there.",
    ),
    _case(
        "ledger_other_weights_fail",
        "other weights under another kind",
        "The passport names other weights than were released, and calls them a checkpoint.",
    ),
)
