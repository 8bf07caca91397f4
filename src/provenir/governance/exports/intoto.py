"""in-toto claims: SLSA provenance and a test result over the passport's subjects, one a line.

Each line of `claims.jsonl` is a DSSE envelope around a Statement v1 with the subjects of the
passport:

* `https://slsa.dev/provenance/v1`: what the training took in and what it was told. No builder
  vouches for it, which its `builder.id` says; no SLSA level follows.
* `https://in-toto.io/attestation/test-result/v0.1`: the risk rules as tests. A rule whose facts are
  missing has not passed: it is a warning. A score is no test result and stands in the first line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from provenir.attest import base64_strict
from provenir.attest.dsse import PAYLOAD_TYPE, Envelope
from provenir.attest.statement import Statement
from provenir.core.canonical import canonical_bytes
from provenir.core.digest import parse_digest
from provenir.governance.exports.source import VOCABULARY
from provenir.governance.risk import RISK_RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from provenir.governance.bom import ModelBOM
    from provenir.governance.components import DataComponent, EvalComponent
    from provenir.governance.exports.source import ExportSigner, ExportSource

__all__ = ["intoto"]

PROVENANCE: Final = "https://slsa.dev/provenance/v1"
TEST_RESULT: Final = "https://in-toto.io/attestation/test-result/v0.1"


def intoto(source: ExportSource, *, signer: ExportSigner | None = None) -> bytes:
    """Write claims.jsonl.

    Args:
        source: The passport.
        signer: Signs each envelope; without one they carry no signature.
    """
    lines = [
        _envelope(Statement(source.statement.subjects, kind, predicate).to_bytes(), signer)
        for kind, predicate in (
            (PROVENANCE, _provenance(source)),
            (TEST_RESULT, _test_result(source)),
        )
    ]
    return b"".join(line.to_bytes() + b"\n" for line in lines)


def _envelope(payload: bytes, signer: ExportSigner | None) -> Envelope:
    if signer is None:
        return Envelope(payload, PAYLOAD_TYPE, ())
    return Envelope.sign(payload, [signer])


def _provenance(source: ExportSource) -> dict[str, Any]:
    bom = source.bom
    given: dict[str, Any] = {"hyperparameters": dict(bom.hyperparameters)}
    if bom.base_model != "unknown":
        given["baseModel"] = bom.base_model
    metadata: dict[str, str] = {} if bom.run_id is None else {"invocationId": bom.run_id}
    if bom.run is not None and bom.run.started_at is not None:
        metadata["startedOn"] = bom.run.started_at
    if bom.run is not None and bom.run.ended_at is not None:
        metadata["finishedOn"] = bom.run.ended_at
    return {
        "buildDefinition": {
            "buildType": f"{VOCABULARY}/training/v1",
            "externalParameters": given,
            "resolvedDependencies": list(_dependencies(bom)),
        },
        "runDetails": {
            "builder": {"id": f"{VOCABULARY}/builder/not-stated"},
            "metadata": metadata,
            "byproducts": list(_byproducts(source)),
        },
    }


def _dependencies(bom: ModelBOM) -> Iterator[dict[str, Any]]:
    """What went in and has a digest; a descriptor without one would say nothing."""
    for part in bom.data:
        if part.content_hash is not None:
            yield _dataset(part, part.content_hash)
    if bom.code is not None and bom.code.git_sha is not None:
        # A commit id of any other form than git's is the owner's word, and no digest.
        yield {"name": "code", "annotations": _present(dirty=bom.code.dirty)} | _commit(
            bom.code.git_sha
        )
    if bom.code is not None and bom.code.dependencies_hash is not None:
        yield {
            "name": "installed packages",
            "digest": {"sha256": parse_digest(bom.code.dependencies_hash).hex()},
        }


def _dataset(part: DataComponent, content_hash: str) -> dict[str, Any]:
    return {
        "name": part.name,
        # An RFC 6962 root over the records, so under no name that means a file's bytes.
        "digest": {"provenirRecordsRoot": parse_digest(content_hash).hex()},
        "annotations": _present(
            role=part.role,
            records=part.num_records,
            license=part.license,
            consent=part.consent,
        ),
    }


def _commit(text: str) -> dict[str, Any]:
    is_hex = len(text) in (40, 64) and set(text) <= set("0123456789abcdef")
    if is_hex:
        return {"digest": {"gitCommit": text}}
    return {"content": base64_strict.encode(text.encode()), "mediaType": "text/plain"}


def _byproducts(source: ExportSource) -> Iterator[dict[str, Any]]:
    yield {"name": "passport", "digest": {"sha256": parse_digest(source.digest).hex()}}
    for part in source.bom.evals:
        yield _evaluation(part)
    for report in source.predicate.reports:
        yield {"name": report.name, "digest": {"sha256": parse_digest(report.digest).hex()}}


def _evaluation(part: EvalComponent) -> dict[str, Any]:
    content = canonical_bytes(part.model_dump(mode="json"))
    return {
        "name": f"eval {part.benchmark}",
        "mediaType": "application/json",
        "content": base64_strict.encode(content),
    }


def _test_result(source: ExportSource) -> dict[str, Any]:
    predicate = source.predicate
    failed = list(predicate.risk_flags)
    applied = [rule.name for rule in RISK_RULES if rule.since <= predicate.risk_rules]
    unknown = [name for name in applied if name not in failed and not _decided(name, source.bom)]
    passed = [name for name in applied if name not in failed and name not in unknown]
    rules = {
        "name": "risk rules",
        "uri": f"{VOCABULARY}/risk-rules/v{predicate.risk_rules}",
    }
    return {
        "result": "FAILED" if failed else "WARNED" if unknown else "PASSED",
        "configuration": [rules],
        "passedTests": passed,
        "warnedTests": unknown,
        "failedTests": failed,
    }


_DECIDED: Final[dict[str, Callable[[ModelBOM], bool]]] = {
    "unscanned_pii": lambda bom: bool(bom.data),
    "unchecked_contamination": lambda bom: bool(bom.data),
    "unknown_license": lambda bom: bool(bom.data),
    "unknown_data": lambda bom: True,
    "unknown_code": lambda bom: True,
    "contaminated_eval": lambda bom: (
        bool(bom.evals) and all(part.contaminated is not None for part in bom.evals)
    ),
    "incomplete_run": lambda bom: bom.run is not None,
    "dirty_code": lambda bom: bom.code is not None and bom.code.dirty is not None,
    "reward_hacking": lambda bom: (
        bom.hacking is not None
        and bom.hacking.hacking_rate is not None
        and not bom.hacking.not_examined
    ),
    "unhealthy_run": lambda bom: bom.flight is not None and bom.flight.verdict != "UNKNOWN",
    "uncalibrated_judge": lambda bom: bool(bom.evals),
}
"""Whether the facts that a rule reads are stated, so that its silence means something."""


def _decided(rule: str, bom: ModelBOM) -> bool:
    """A rule that is not in the table is never taken as passed."""
    facts = _DECIDED.get(rule)
    return facts is not None and facts(bom)


def _present(**facts: Any) -> dict[str, Any]:
    return {name: value for name, value in facts.items() if value is not None}
