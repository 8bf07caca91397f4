"""From what a run gathered to its bill of materials and its lineage graph. Pure functions."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Literal

from provenir.core.digest import is_digest
from provenir.core.plain import json_line
from provenir.governance.bom import ModelBOM
from provenir.governance.components import (
    ArtifactComponent,
    CodeComponent,
    DataComponent,
    EvalComponent,
    FlightSummary,
    HackingSummary,
    RunSummary,
)
from provenir.provenance.lineage import LineageGraph
from provenir.tracking.contamination import clean_evals, contamination_report_of, is_told

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from provenir.core.manifest import RunManifest
    from provenir.provenance.artifact import ArtifactIdentity
    from provenir.tracking.evidence import Evidence
    from provenir.tracking.training_ledger import BoundLedger

ROLES = ("dataset", "eval_dataset")
UNKNOWN = "unknown"


def assemble_bom(
    manifest: RunManifest,
    evidence: Evidence,
    artifacts: Sequence[ArtifactIdentity],
    *,
    flight: FlightSummary,
    hacking: HackingSummary,
) -> ModelBOM:
    """The bill of materials of a run, from what its folder says."""
    start = evidence.start
    framework = evidence.config.get("framework")
    return ModelBOM(
        model_id=manifest.name,
        base_model=str(start.get("base_model") or UNKNOWN),
        run_id=manifest.run_id,
        data=[_data(start[role], evidence.reports) for role in ROLES if start.get(role)],
        code=CodeComponent(
            git_sha=manifest.git_sha,
            dependencies_hash=manifest.dependencies_lockfile,
            framework=framework if isinstance(framework, str) else None,
            dirty=start.get("dirty"),
            diff_digest=start.get("diff_digest"),
        ),
        evals=_evals(evidence),
        hyperparameters=dict(evidence.config),
        artifacts=[ArtifactComponent(**identity.to_dict()) for identity in artifacts],
        run=RunSummary(
            name=manifest.name,
            status=manifest.status,
            started_at=manifest.started_at,
            ended_at=manifest.ended_at,
            config_hash=manifest.config_hash,
            seed=manifest.seed,
            findings=dict(Counter(kind for kind, _ in evidence.findings)),
        ),
        flight=flight,
        hacking=hacking,
    )


def assemble_lineage(
    manifest: RunManifest,
    evidence: Evidence,
    artifacts: Sequence[ArtifactIdentity],
    *,
    ledger: BoundLedger | None = None,
) -> LineageGraph:
    """Datasets and base model → run → artifacts and evals; the run names its training ledger."""
    graph = LineageGraph()
    run = f"run:{manifest.run_id}"
    attributes = {"name": manifest.name, "status": manifest.status, "git_sha": manifest.git_sha}
    if ledger is not None:
        attributes["ledger_root"] = ledger.root
    graph.add_node(run, "run", manifest.config_hash, attributes)
    base = str(evidence.start.get("base_model") or UNKNOWN)
    if base != UNKNOWN:
        graph.add_node(f"model:{base}", "model", None, {"name": base, "role": "base"})
        graph.add_edge(f"model:{base}", run, "fine_tuned_from")
    sets = {role: _dataset_node(graph, evidence.start.get(role)) for role in ROLES}
    if sets["dataset"] is not None:
        graph.add_edge(sets["dataset"], run, "trained_on")
    models = []
    for identity in artifacts:
        node = f"{identity.kind}:{identity.name}@{identity.dir_hash[:12]}"
        known = identity.kind if identity.kind in ("model", "adapter") else "model"
        facts = {"name": identity.name, "kind": identity.kind, "dir_hash": identity.dir_hash}
        graph.add_node(node, known, identity.tensor_root, facts)
        graph.add_edge(run, node, "produced")
        models.append(node)
    for place, body in enumerate(body for body in evidence.evals if not is_told(body)):
        node = f"eval:{manifest.run_id}:{place}"
        facts = {"name": body["benchmark"], "score": body["score"], "n": body["n"]}
        graph.add_node(node, "eval", None, facts)
        for model in models or [run]:
            graph.add_edge(model, node, "evaluated")
        if sets["eval_dataset"] not in (None, sets["dataset"]):
            graph.add_edge(sets["eval_dataset"], node, "scored_on")
    return graph


def _data(described: Mapping[str, Any], reports: Sequence[Mapping[str, Any]]) -> DataComponent:
    digest = described.get("records_root")
    role: Literal["eval", "train"] = "eval" if described.get("role") == "eval" else "train"
    checked_by = contamination_report_of(reports, role)
    return DataComponent(
        name=described["name"],
        content_hash=digest if isinstance(digest, str) and is_digest(digest) else None,
        num_records=described.get("n"),
        license=described.get("license"),
        pii_scanned=bool(described.get("pii_scanned")),
        contamination_checked=bool(described.get("contamination_checked") or checked_by),
        contamination_report=checked_by,
        role=role,
        consent=_text(described.get("consent")),
        identity_note=described.get("reason"),
    )


def _text(value: Any) -> str | None:
    """A value as text: itself where it is text, else its JSON."""
    if value is None or isinstance(value, str):
        return value
    return json_line(value).decode("utf-8").strip()


def _evals(evidence: Evidence) -> list[EvalComponent]:
    """The scores, with what contamination reports say of their benchmarks.

    A set that leaked and has no score stands by itself.
    """
    leaked = {body["benchmark"]: body for body in evidence.evals if is_told(body)}
    clean = clean_evals(evidence.reports)
    found = []
    for body in evidence.evals:
        name = body["benchmark"]
        if is_told(body):
            continue
        part = _eval(body)
        if name in leaked:
            told = {"contaminated": True, "report": leaked[name]["report"]}
            part = part.model_copy(update=told)
        elif name in clean and part.contaminated is None:
            part = part.model_copy(update={"contaminated": False, "report": clean[name]})
        found.append(part)
    scored = {part.benchmark for part in found}
    alone = [body for name, body in leaked.items() if name not in scored]
    return [*found, *(_eval(b).model_copy(update={"report": b["report"]}) for b in alone)]


def _eval(body: Mapping[str, Any]) -> EvalComponent:
    meta = dict(body.get("meta") or {})
    judge = meta.pop("judge", None)
    calibrated = meta.pop("judge_calibrated", None)
    return EvalComponent(
        benchmark=body["benchmark"] or "unnamed",
        score=body["score"],
        contaminated=body["contaminated"],
        n=body["n"] if body["n"] is None or body["n"] >= 0 else None,
        judge=None if judge is None else str(judge),
        judge_calibrated=calibrated if isinstance(calibrated, bool) else None,
        meta=meta,
    )


def _dataset_node(graph: LineageGraph, described: Mapping[str, Any] | None) -> str | None:
    if not described:
        return None
    digest = described.get("records_root")
    node = f"dataset:{digest or described['name']}"
    if node not in graph:
        facts = {"name": described["name"], "n": described.get("n"), "role": described.get("role")}
        graph.add_node(node, "dataset", digest, facts)
    return node
