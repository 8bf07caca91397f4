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
    from provenir.governance.handover import Handover
    from provenir.governance.passport import ModelPassport, PassportSigner, PassportStore
    from provenir.governance.passport_proof import PassportProof
    from provenir.governance.run_check import verify_run
    from provenir.governance.statements import (
        DataSourceStatement,
        PolicyStatement,
        Revocation,
        RoleStatement,
        RunStatement,
        sign_statement,
    )
    from provenir.governance.verdict import Check, Verdict
    from provenir.governance.verdict_document import VerdictDocument, sign_verdict
    from provenir.governance.verification import verify_passport

__all__ = [
    "Check",
    "CodeComponent",
    "DataComponent",
    "DataSourceStatement",
    "EvalComponent",
    "Handover",
    "ModelBOM",
    "ModelPassport",
    "PassportProof",
    "PassportSigner",
    "PassportStore",
    "PolicyStatement",
    "Revocation",
    "RoleStatement",
    "RunStatement",
    "Verdict",
    "VerdictDocument",
    "sign_statement",
    "sign_verdict",
    "verify_passport",
    "verify_run",
]

_EXPORTS = {
    "Check": "provenir.governance.verdict",
    "CodeComponent": "provenir.governance.bom",
    "DataComponent": "provenir.governance.bom",
    "DataSourceStatement": "provenir.governance.statements",
    "EvalComponent": "provenir.governance.bom",
    "Handover": "provenir.governance.handover",
    "ModelBOM": "provenir.governance.bom",
    "ModelPassport": "provenir.governance.passport",
    "PassportProof": "provenir.governance.passport_proof",
    "PassportSigner": "provenir.governance.passport",
    "PassportStore": "provenir.governance.passport",
    "PolicyStatement": "provenir.governance.statements",
    "Revocation": "provenir.governance.statements",
    "RoleStatement": "provenir.governance.statements",
    "RunStatement": "provenir.governance.statements",
    "Verdict": "provenir.governance.verdict",
    "VerdictDocument": "provenir.governance.verdict_document",
    "sign_statement": "provenir.governance.statements",
    "sign_verdict": "provenir.governance.verdict_document",
    "verify_passport": "provenir.governance.verification",
    "verify_run": "provenir.governance.run_check",
}

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
