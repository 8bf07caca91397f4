"""OpenLineage 2.0.2: the run as one `RunEvent` (https://openlineage.io/spec/2-0-2/OpenLineage.json).

Datasets are inputs, artifacts are outputs, both by their version; what no facet of the standard
has a place for stands in one run facet of our own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from provenir.governance.exports.source import (
    PRODUCER,
    VOCABULARY,
    json_text,
    stable_uuid,
    value_text,
)

if TYPE_CHECKING:
    from provenir.governance.components import ArtifactComponent, DataComponent
    from provenir.governance.exports.source import ExportSource

__all__ = ["openlineage"]

NAMESPACE: Final = "provenir"
_SPEC: Final = "https://openlineage.io/spec"
_PRODUCER_URI: Final = f"{VOCABULARY}/producer/{PRODUCER.replace(' ', '/')}"
_EVENT_TYPES: Final = {
    "completed": "COMPLETE",
    "failed": "FAIL",
    "interrupted": "ABORT",
    "running": "RUNNING",
}
# Name of a standard facet: the version of its own schema.
_VERSIONS: Final = {
    "DatasetTypeDatasetFacet": "1-0-1",
    "DatasetVersionDatasetFacet": "1-0-1",
    "ExecutionParametersRunFacet": "1-0-0",
    "InputStatisticsInputDatasetFacet": "1-0-0",
    "JobTypeJobFacet": "2-0-4",
    "OutputStatisticsOutputDatasetFacet": "1-0-2",
    "TagsDatasetFacet": "1-0-0",
}


def openlineage(source: ExportSource) -> bytes:
    """Write the run event of a passport. Without a run it is an `OTHER` event at issue time."""
    bom, run = source.bom, source.bom.run
    facets: dict[str, Any] = {"provenir_passport": _passport(source)}
    if bom.hyperparameters:
        facets["executionParameters"] = _facet(
            "ExecutionParametersRunFacet",
            parameters=[
                {"key": name, "value": value_text(value)}
                for name, value in sorted(bom.hyperparameters.items())
            ],
        )
    ended = None if run is None else run.ended_at
    return json_text(
        {
            "eventType": "OTHER" if run is None else _EVENT_TYPES[run.status],
            "eventTime": ended or source.predicate.issued_at,
            "run": {"runId": stable_uuid("run", bom.run_id or source.digest), "facets": facets},
            "job": {
                "namespace": NAMESPACE,
                "name": bom.model_id,
                "facets": {
                    "jobType": _facet(
                        "JobTypeJobFacet",
                        processingType="BATCH",
                        integration="PROVENIR",
                        jobType="TRAINING",
                    )
                },
            },
            "inputs": [_input(part) for part in bom.data],
            "outputs": [_output(part) for part in bom.artifacts],
            "producer": _PRODUCER_URI,
            "schemaURL": f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent",
        }
    )


def _input(part: DataComponent) -> dict[str, Any]:
    facets: dict[str, Any] = {
        "datasetType": _facet("DatasetTypeDatasetFacet", datasetType="DATASET"),
        "tags": _facet("TagsDatasetFacet", tags=_tags(part)),
    }
    if part.content_hash is not None:
        facets["version"] = _facet("DatasetVersionDatasetFacet", datasetVersion=part.content_hash)
    known = {}
    if part.num_records is not None:
        rows = _facet("InputStatisticsInputDatasetFacet", rowCount=part.num_records)
        known["inputStatistics"] = rows
    return {
        "namespace": NAMESPACE,
        "name": part.name,
        "facets": facets,
        "inputFacets": known,
    }


def _tags(part: DataComponent) -> list[dict[str, str]]:
    facts = (
        ("role", part.role),
        ("license", part.license),
        ("consent", part.consent),
        ("pii_scanned", "declared" if part.pii_scanned else None),
        ("contamination_checked", "declared" if part.contamination_checked else None),
    )
    return [{"key": key, "value": value, "source": "PROVENIR"} for key, value in facts if value]


def _output(part: ArtifactComponent) -> dict[str, Any]:
    return {
        "namespace": NAMESPACE,
        "name": part.name,
        "facets": {
            "datasetType": _facet(
                "DatasetTypeDatasetFacet", datasetType="MODEL", subType=part.kind
            ),
            "version": _facet(
                "DatasetVersionDatasetFacet", datasetVersion=f"dirHash1:{part.dir_hash}"
            ),
        },
        "outputFacets": {
            "outputStatistics": _facet(
                "OutputStatisticsOutputDatasetFacet",
                size=sum(file.size for file in part.files),
                fileCount=len(part.files),
            )
        },
    }


def _passport(source: ExportSource) -> dict[str, Any]:
    """Our own facet; scores that are not known are null, as in the passport."""
    predicate, bom = source.predicate, source.bom
    return {
        "_producer": _PRODUCER_URI,
        "_schemaURL": f"{VOCABULARY}/openlineage/PassportRunFacet/1",
        "passportDigest": source.digest,
        "issuedAt": predicate.issued_at,
        "assuranceClaimed": predicate.assurance,
        "riskFlags": list(predicate.risk_flags),
        "baseModel": None if bom.base_model == "unknown" else bom.base_model,
        "runId": bom.run_id,
        "gitCommit": None if bom.code is None else bom.code.git_sha,
        "evals": [
            {
                "benchmark": part.benchmark,
                "score": part.score,
                "n": part.n,
                "contaminated": part.contaminated,
            }
            for part in bom.evals
        ],
    }


def _facet(name: str, **fields: Any) -> dict[str, Any]:
    """A facet of the standard with its producer and the address of its schema."""
    return {
        "_producer": _PRODUCER_URI,
        "_schemaURL": f"{_SPEC}/facets/{_VERSIONS[name]}/{name}.json#/$defs/{name}",
        **fields,
    }
