"""What is known of a model, said so that it can be checked, and checked.

The room holds the bill of materials and its risk flags, the signed Model Passport around it, the
store that keeps passports, and the verifications of a passport and of a run folder. It needs
nothing but the base install: whoever verifies does not have to train.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir._lazy import lazy_exports

if TYPE_CHECKING:
    from provenir.governance.bom import CodeComponent, DataComponent, EvalComponent, ModelBOM
    from provenir.governance.passport import ModelPassport, PassportSigner, PassportStore
    from provenir.governance.run_check import verify_run
    from provenir.governance.verdict import Check, Verdict
    from provenir.governance.verification import verify_passport

__all__ = [
    "Check",
    "CodeComponent",
    "DataComponent",
    "EvalComponent",
    "ModelBOM",
    "ModelPassport",
    "PassportSigner",
    "PassportStore",
    "Verdict",
    "verify_passport",
    "verify_run",
]

_EXPORTS = {
    "Check": "provenir.governance.verdict",
    "CodeComponent": "provenir.governance.bom",
    "DataComponent": "provenir.governance.bom",
    "EvalComponent": "provenir.governance.bom",
    "ModelBOM": "provenir.governance.bom",
    "ModelPassport": "provenir.governance.passport",
    "PassportSigner": "provenir.governance.passport",
    "PassportStore": "provenir.governance.passport",
    "Verdict": "provenir.governance.verdict",
    "verify_passport": "provenir.governance.verification",
    "verify_run": "provenir.governance.run_check",
}

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
