"""A training ledger against what was signed: levels V0 to V2, on the base install alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir._lazy import lazy_exports

if TYPE_CHECKING:
    from provenir.governance.ledger_check.answers import LEVELS, Level
    from provenir.governance.ledger_check.check import LedgerVerdict, check_ledger

__all__ = ["LEVELS", "LedgerVerdict", "Level", "check_ledger"]

_EXPORTS = {
    "LEVELS": "provenir.governance.ledger_check.answers",
    "LedgerVerdict": "provenir.governance.ledger_check.check",
    "Level": "provenir.governance.ledger_check.answers",
    "check_ledger": "provenir.governance.ledger_check.check",
}

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
