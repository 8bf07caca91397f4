"""The contamination firewall: is any of an eval set in the training data?

`ContaminationChecker` compares training rows with the items of eval sets and returns a
`ContaminationReport`: which rows hold which items, where, with both texts beside each other, and
what could not be examined. A report is a document (`contamination-report/1`) that a third party
can check again without the checker's word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir._lazy import lazy_exports

if TYPE_CHECKING:
    from provenir.eval.contamination.checker import ContaminationChecker
    from provenir.eval.contamination.config import ContaminationConfig
    from provenir.eval.contamination.document import ContaminationReportDocument
    from provenir.eval.contamination.hit import ContaminationHit
    from provenir.eval.contamination.report import ContaminationReport

__all__ = [
    "ContaminationChecker",
    "ContaminationConfig",
    "ContaminationHit",
    "ContaminationReport",
    "ContaminationReportDocument",
]

_EXPORTS = {
    "ContaminationChecker": "provenir.eval.contamination.checker",
    "ContaminationConfig": "provenir.eval.contamination.config",
    "ContaminationHit": "provenir.eval.contamination.hit",
    "ContaminationReport": "provenir.eval.contamination.report",
    "ContaminationReportDocument": "provenir.eval.contamination.document",
}

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
