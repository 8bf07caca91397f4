"""Write the JSON Schema of every document of the product to `docs/schemas/`.

    python scripts/schemas.py            write what has changed
    python scripts/schemas.py --check    write nothing; exit 1 where a file is not up to date

A new document class gets its line in `DOCUMENTS`; a test compares that list with the classes that
there are, and the committed files with what this script would write.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from provenir.attest.event import LogEntry
from provenir.attest.log_index import IndexHead
from provenir.attest.verifier_state import VerifierState
from provenir.attest.witness import WitnessState
from provenir.core.manifest import RunManifest
from provenir.data.overlap.index_header import EvalIndexHeader
from provenir.eval.canary.commitment import CanaryCommitment, CanaryRegister
from provenir.eval.contamination.document import ContaminationReportDocument
from provenir.governance.admission import AdmissionPolicy
from provenir.governance.blocks import BlockMap
from provenir.governance.bom import ModelBOM
from provenir.governance.depth import DepthTable, RoutesDocument
from provenir.governance.passport_proof import PassportProof
from provenir.governance.predicate import PassportPredicate
from provenir.governance.statements import (
    DataSourceStatement,
    ExampleMetadataStatement,
    LedgerCloseStatement,
    PolicyStatement,
    Revocation,
    RunStatement,
)
from provenir.governance.verdict_document import VerdictDocument
from provenir.observability.documents import FlightRecorderDocument, HackingReportDocument
from provenir.provenance.ledger.disclosure import Disclosure
from provenir.provenance.ledger.proofs import LedgerProof
from provenir.provenance.ledger.records import FinalTensors, Intent
from provenir.provenance.lineage_document import LineageDocument
from provenir.tracking.alert_document import AlertDocument

if TYPE_CHECKING:
    from provenir.core.document import Document

DOCUMENTS: Final[tuple[type[Document], ...]] = (
    AdmissionPolicy,
    AlertDocument,
    BlockMap,
    CanaryCommitment,
    CanaryRegister,
    ContaminationReportDocument,
    DataSourceStatement,
    DepthTable,
    Disclosure,
    EvalIndexHeader,
    ExampleMetadataStatement,
    FinalTensors,
    FlightRecorderDocument,
    HackingReportDocument,
    IndexHead,
    Intent,
    LedgerCloseStatement,
    LedgerProof,
    LineageDocument,
    LogEntry,
    ModelBOM,
    PassportPredicate,
    PassportProof,
    PolicyStatement,
    Revocation,
    RoutesDocument,
    RunManifest,
    RunStatement,
    VerdictDocument,
    VerifierState,
    WitnessState,
)
FOLDER: Final = Path(__file__).resolve().parents[1] / "docs" / "schemas"


def schema_files() -> dict[str, str]:
    """File name to content, for every document."""
    return {
        f"{document.format_name().partition('/')[0]}.schema.json": json.dumps(
            document.json_schema(), indent=2, sort_keys=True
        )
        + "\n"
        for document in DOCUMENTS
    }


def stale_files() -> list[str]:
    """Names of files that are missing, outdated, or of no document."""
    wanted = schema_files()
    found = {path.name: path.read_text("utf-8") for path in FOLDER.glob("*.schema.json")}
    return sorted(name for name in wanted | found if wanted.get(name) != found.get(name))


def main() -> int:
    """Write the files, or only say which are stale."""
    parser = argparse.ArgumentParser(description="JSON Schemas of the documents")
    parser.add_argument("--check", action="store_true", help="write nothing")
    stale = stale_files()
    if parser.parse_args().check:
        print("\n".join(f"not up to date: docs/schemas/{name}" for name in stale) or "up to date")
        return 1 if stale else 0
    wanted = schema_files()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name in stale:
        if name in wanted:
            (FOLDER / name).write_text(wanted[name], "utf-8")
        else:
            (FOLDER / name).unlink()
        print(f"docs/schemas/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
