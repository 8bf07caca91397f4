"""CycloneDX 1.6 and 1.7: the passport as an ML-BOM (https://cyclonedx.org/docs/1.6/json/).

The model is the component that the document is about, with a model card; each dataset is a
component of type `data`, each file of an artifact a component of type `file` with its SHA-256. What
has no field of its own stands in properties named `provenir:…`. A Merkle root is such a property
and no `hash`: a reader compares a hash with the bytes of a file. What is not known is left out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from provenir._version import __version__
from provenir.governance.exports.licences import own_words, spdx_id
from provenir.governance.exports.source import json_text, number_text, stable_uuid, value_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from provenir.governance.bom import ModelBOM
    from provenir.governance.components import ArtifactComponent, DataComponent
    from provenir.governance.exports.source import ExportSource

__all__ = ["SPEC_VERSIONS", "cyclonedx"]

SPEC_VERSIONS: Final = ("1.6", "1.7")
_MODEL_REF: Final = "model"
_MODEL_TYPE: Final = "machine-learning-model"

Properties = list[dict[str, str]]


def cyclonedx(source: ExportSource, *, spec_version: str = "1.6") -> bytes:
    """Write the ML-BOM of a passport.

    Args:
        source: The passport.
        spec_version: One of `SPEC_VERSIONS`.
    """
    bom = source.bom
    data = [_data(part, f"data-{index}") for index, part in enumerate(bom.data)]
    tool = {"type": "application", "name": "provenir", "version": __version__}
    return json_text(
        {
            "$schema": f"http://cyclonedx.org/schema/bom-{spec_version}.schema.json",
            "bomFormat": "CycloneDX",
            "specVersion": spec_version,
            "serialNumber": f"urn:uuid:{stable_uuid('cyclonedx', source.digest)}",
            "version": 1,
            "metadata": {
                "timestamp": source.predicate.issued_at,
                "tools": {"components": [tool]},
                "component": _model(source, [part["bom-ref"] for part in data]),
            },
            "components": data,
            "dependencies": [
                {"ref": _MODEL_REF, "dependsOn": [part["bom-ref"] for part in data]},
                *({"ref": part["bom-ref"]} for part in data),
            ],
        }
    )


def _model(source: ExportSource, datasets: list[str]) -> dict[str, Any]:
    bom = source.bom
    model: dict[str, Any] = {
        "type": _MODEL_TYPE,
        "bom-ref": _MODEL_REF,
        "name": bom.model_id,
    }
    if bom.base_model != "unknown":
        model["pedigree"] = {"ancestors": [{"type": _MODEL_TYPE, "name": bom.base_model}]}
    if bom.artifacts:
        model["components"] = [
            _artifact(part, f"artifact-{index}") for index, part in enumerate(bom.artifacts)
        ]
    model["modelCard"] = _card(source, datasets)
    model["properties"] = _passport_facts(source) + _code_and_run(bom)
    return model


def _card(source: ExportSource, datasets: list[str]) -> dict[str, Any]:
    bom = source.bom
    metrics = [
        {"type": part.benchmark, "value": number_text(part.score)}
        for part in bom.evals
        if part.score is not None
    ]
    limits = [
        f"{risk.name}: {risk.detail} ({risk.subject})"
        for risk in bom.risks(source.predicate.risk_rules)
    ]
    card: dict[str, Any] = {}
    if datasets:
        card["modelParameters"] = {"datasets": [{"ref": ref} for ref in datasets]}
    if metrics:
        card["quantitativeAnalysis"] = {"performanceMetrics": metrics}
    if limits:
        card["considerations"] = {"technicalLimitations": limits}
    settings = sorted(bom.hyperparameters.items())
    card["properties"] = _properties(
        [
            *((f"hyperparameter:{name}", value_text(value)) for name, value in settings),
            *_eval_facts(bom),
        ]
    )
    return card


def _eval_facts(bom: ModelBOM) -> Iterable[tuple[str, object]]:
    """What a performance metric has no field for; a score that is not known has no metric."""
    for index, part in enumerate(bom.evals):
        name = f"eval:{index}"
        yield f"{name}:benchmark", part.benchmark
        yield f"{name}:n", part.n
        yield f"{name}:contaminated", part.contaminated
        yield f"{name}:judge", part.judge
        yield f"{name}:judge_calibrated", part.judge_calibrated
        yield f"{name}:report", part.report


def _passport_facts(source: ExportSource) -> Properties:
    predicate = source.predicate
    return _properties(
        [
            ("passport:digest", source.digest),
            ("passport:version", predicate.version),
            ("passport:expires_at", predicate.expires_at),
            ("passport:assurance_claimed", predicate.assurance),
            *(("risk_flag", flag) for flag in predicate.risk_flags),
        ]
    )


def _code_and_run(bom: ModelBOM) -> Properties:
    code, run, flight, hacking = bom.code, bom.run, bom.flight, bom.hacking
    facts: list[tuple[str, object]] = [("run:id", bom.run_id)]
    if code is not None:
        facts += [("code:commit", code.git_sha), ("code:dirty", code.dirty)]
        facts += [("code:packages", code.dependencies_hash), ("code:framework", code.framework)]
    if run is not None:
        facts += [("run:status", run.status), ("run:seed", run.seed)]
        facts += [("run:started_at", run.started_at), ("run:ended_at", run.ended_at)]
    if flight is not None:
        facts += [("run:health", flight.verdict), ("run:steps", flight.num_steps)]
    if hacking is not None:
        facts += [("run:rollouts", hacking.num_trajectories)]
        facts += [("run:reward_hacking_rate", hacking.hacking_rate)]
        facts += [("run:not_examined", kind) for kind in sorted(hacking.not_examined)]
    return _properties(facts)


def _artifact(part: ArtifactComponent, ref: str) -> dict[str, Any]:
    files = [
        {
            "type": "file",
            "bom-ref": f"{ref}-file-{index}",
            "name": file.name,
            "hashes": [{"alg": "SHA-256", "content": file.sha256}],
            "properties": _properties([("bytes", file.size)]),
        }
        for index, file in enumerate(part.files)
    ]
    component: dict[str, Any] = {
        "type": _MODEL_TYPE,
        "bom-ref": ref,
        "name": part.name,
        "properties": _properties(
            [
                ("artifact:kind", part.kind),
                ("artifact:dirHash1", part.dir_hash),
                ("artifact:tensor_root", part.tensor_root),
                ("artifact:tensors", part.n_tensors or None),
            ]
        ),
    }
    return component | ({"components": files} if files else {})


def _data(part: DataComponent, ref: str) -> dict[str, Any]:
    component: dict[str, Any] = {"type": "data", "bom-ref": ref, "name": part.name}
    identifier, words = spdx_id(part.license), own_words(part.license)
    if identifier is not None or words is not None:
        named = {"name": words} if identifier is None else {"id": identifier}
        component["licenses"] = [{"license": {**named, "acknowledgement": "declared"}}]
    component["data"] = [{"type": "dataset", "name": part.name}]
    component["properties"] = _properties(
        [
            ("dataset:role", part.role),
            ("dataset:records_root", part.content_hash),
            ("dataset:records", part.num_records),
            ("dataset:consent", part.consent),
            # False is "nobody says so", which is not a finding: it is left out.
            ("dataset:pii_scan", _told(part.pii_scanned, part.pii_report)),
            ("dataset:pii_report", part.pii_report),
            (
                "dataset:contamination_check",
                _told(part.contamination_checked, part.contamination_report),
            ),
            ("dataset:contamination_report", part.contamination_report),
        ]
    )
    return component


def _told(done: bool, report: str | None) -> str | None:
    if not done:
        return None
    return "declared" if report is None else "declared, with a report"


def _properties(facts: Iterable[tuple[str, object]]) -> Properties:
    return [
        {"name": f"provenir:{name}", "value": value_text(value)}
        for name, value in facts
        if value is not None
    ]
