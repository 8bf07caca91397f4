"""What is known of a model, said so that it can be checked, and checked.

The room holds the bill of materials and its risk flags, the signed Model Passport around it, the
store that keeps passports, the verifications of a passport and of a run folder, and the policies,
profiles and metadata by which examples are admitted to training. It needs nothing but the base
install: whoever verifies does not have to train.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir._lazy import lazy_exports

if TYPE_CHECKING:
    from provenir.governance.admission import (
        Admission,
        AdmissionDecision,
        AdmissionPolicy,
        Rule,
        decide,
    )
    from provenir.governance.blocks import BlockMap, block_of, block_order
    from provenir.governance.bom import CodeComponent, DataComponent, EvalComponent, ModelBOM
    from provenir.governance.depth import Bands, DepthTable, RoutesDocument, bands_of, routes
    from provenir.governance.handover import Handover
    from provenir.governance.metadata import ExampleMetadata, Metadata
    from provenir.governance.passport import ModelPassport, PassportSigner, PassportStore
    from provenir.governance.passport_proof import PassportProof
    from provenir.governance.run_check import verify_run
    from provenir.governance.starter import default_policy, default_table
    from provenir.governance.statements import (
        DataSourceStatement,
        ExampleMetadataStatement,
        LedgerCloseStatement,
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
    "Admission",
    "AdmissionDecision",
    "AdmissionPolicy",
    "Bands",
    "BlockMap",
    "Check",
    "CodeComponent",
    "DataComponent",
    "DataSourceStatement",
    "DepthTable",
    "EvalComponent",
    "ExampleMetadata",
    "ExampleMetadataStatement",
    "Handover",
    "LedgerCloseStatement",
    "Metadata",
    "ModelBOM",
    "ModelPassport",
    "PassportProof",
    "PassportSigner",
    "PassportStore",
    "PolicyStatement",
    "Revocation",
    "RoleStatement",
    "RoutesDocument",
    "Rule",
    "RunStatement",
    "Verdict",
    "VerdictDocument",
    "bands_of",
    "block_of",
    "block_order",
    "decide",
    "default_policy",
    "default_table",
    "routes",
    "sign_statement",
    "sign_verdict",
    "verify_passport",
    "verify_run",
]

_EXPORTS = {
    "Admission": "provenir.governance.admission",
    "AdmissionDecision": "provenir.governance.admission",
    "AdmissionPolicy": "provenir.governance.admission",
    "Bands": "provenir.governance.depth",
    "BlockMap": "provenir.governance.blocks",
    "Check": "provenir.governance.verdict",
    "CodeComponent": "provenir.governance.bom",
    "DataComponent": "provenir.governance.bom",
    "DataSourceStatement": "provenir.governance.statements",
    "DepthTable": "provenir.governance.depth",
    "EvalComponent": "provenir.governance.bom",
    "ExampleMetadata": "provenir.governance.metadata",
    "ExampleMetadataStatement": "provenir.governance.statements",
    "Handover": "provenir.governance.handover",
    "LedgerCloseStatement": "provenir.governance.statements",
    "Metadata": "provenir.governance.metadata",
    "ModelBOM": "provenir.governance.bom",
    "ModelPassport": "provenir.governance.passport",
    "PassportProof": "provenir.governance.passport_proof",
    "PassportSigner": "provenir.governance.passport",
    "PassportStore": "provenir.governance.passport",
    "PolicyStatement": "provenir.governance.statements",
    "Revocation": "provenir.governance.statements",
    "RoleStatement": "provenir.governance.statements",
    "RoutesDocument": "provenir.governance.depth",
    "Rule": "provenir.governance.admission",
    "RunStatement": "provenir.governance.statements",
    "Verdict": "provenir.governance.verdict",
    "VerdictDocument": "provenir.governance.verdict_document",
    "bands_of": "provenir.governance.depth",
    "block_of": "provenir.governance.blocks",
    "block_order": "provenir.governance.blocks",
    "decide": "provenir.governance.admission",
    "default_policy": "provenir.governance.starter",
    "default_table": "provenir.governance.starter",
    "routes": "provenir.governance.depth",
    "sign_statement": "provenir.governance.statements",
    "sign_verdict": "provenir.governance.verdict_document",
    "verify_passport": "provenir.governance.verification",
    "verify_run": "provenir.governance.run_check",
}

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
