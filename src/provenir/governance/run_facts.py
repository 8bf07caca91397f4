"""What a run's journal and manifest say, and a bill of materials against it.

A field of the bill of materials is in one of three states. The run says the same, or the bill of
materials says nothing: then there is nothing to tell. The run says otherwise: a difference. The run
does not say: then it is the signer's word, and is named as that.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from provenir.core.canonical import canonical_bytes
from provenir.core.errors import CanonicalizationError
from provenir.core.plain import json_line

if TYPE_CHECKING:
    from provenir.core.manifest import RunManifest
    from provenir.governance.bom import ModelBOM
    from provenir.governance.components import CodeComponent, DataComponent, EvalComponent

__all__ = ["Comparison", "JournalFacts", "compare_facts", "journal_facts"]

_UNKNOWN: Final = "unknown"
_UNNAMED: Final = "unnamed"
_LATE: Final = "closing_fault"
_CLAIMS: Final = ("license", "pii_scanned", "contamination_checked", "consent")


@dataclass(slots=True)
class JournalFacts:
    """What the records of a journal add up to; everything is empty for a run without one.

    Attributes:
        start: The newest record of a start.
        config: The configuration, what was added later included.
        dirty: Whether tracked files differed from the commit when any part of the run began.
        diffs: Digests of these differences.
        evals: Records of evaluations.
        artifacts: Directory hashes of the artifacts that were logged.
        findings: Number of the tracker's findings by kind.
        checked: Roles of data that an attached contamination report examined wholly.
        clean: Benchmarks that such a report found to be in no training row.
    """

    start: dict[str, Any] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    dirty: bool | None = None
    diffs: set[str] = field(default_factory=set)
    evals: list[dict[str, Any]] = field(default_factory=list)
    artifacts: set[str] = field(default_factory=set)
    findings: Counter[str] = field(default_factory=Counter)
    checked: set[str] = field(default_factory=set)
    clean: set[str] = field(default_factory=set)

    @property
    def contaminated(self) -> tuple[str, ...]:
        """Benchmarks that some record calls contaminated."""
        names = (_benchmark(body) for body in self.evals if body.get("contaminated") is True)
        return tuple(dict.fromkeys(names))

    def dataset(self, role: str) -> Mapping[str, Any] | None:
        """How the start describes the data of a role, None where it names none."""
        described = self.start.get({"train": "dataset", "eval": "eval_dataset"}[role])
        return described if isinstance(described, dict) else None


@dataclass(slots=True)
class Comparison:
    """What the run says otherwise, and which fields it says nothing of."""

    differences: list[str] = field(default_factory=list)
    uncovered: list[str] = field(default_factory=list)

    def text(self, name: str, stated: object, found: object) -> None:
        """Compare one value; None on either side is "not said"."""
        if stated is None:
            return
        if found is None:
            self.uncovered.append(name)
        elif not _equal(stated, found):
            self.differences.append(f"{name} {found}, not {stated}")


def journal_facts(records: Iterable[Mapping[str, Any]]) -> JournalFacts:
    """Add up the records of a journal; what is of no shape of ours is left alone."""
    facts = JournalFacts()
    seen: set[tuple[str, str]] = set()
    for record in records:
        body = dict(record)
        match body.get("type"):
            case "start":
                facts.start = body
                facts.config = _table(body.get("config"))
                _add_code(facts, body)
            case "resume":
                _add_code(facts, body)
            case "config":
                facts.config.update(_table(body.get("values")))
            case "eval" if isinstance(body.get("benchmark"), str):
                facts.evals.append(body)
            case "artifact" if isinstance(body.get("dir_hash"), str):
                facts.artifacts.add(body["dir_hash"])
            case "report":
                told = _table(body.get("contamination"))
                facts.checked |= {role for role in ("train", "eval") if told.get(role) is True}
                clean = told.get("clean")
                facts.clean |= set(map(str, clean)) if isinstance(clean, list) else set()
            case "finding":
                # The tracker keeps a finding once for each kind and subject.
                identity = (str(body.get("kind")), str(body.get("subject")))
                facts.findings[identity[0]] += identity not in seen
                seen.add(identity)
    return facts


def compare_facts(bom: ModelBOM, manifest: RunManifest, facts: JournalFacts) -> Comparison:
    """Compare a bill of materials with what its run says.

    Args:
        bom: The bill of materials.
        manifest: The run's manifest.
        facts: What its journal adds up to.
    """
    found = Comparison()
    found.text("run id", bom.run_id, manifest.run_id)
    if bom.model_id != manifest.name:
        found.uncovered.append("model_id")
    base = facts.start.get("base_model")
    known = base if isinstance(base, str) and base != _UNKNOWN else None
    found.text("base_model", None if bom.base_model == _UNKNOWN else bom.base_model, known)
    _compare_run(bom, manifest, facts, found)
    if bom.code is not None:
        _compare_code(bom.code, manifest, facts, found)
    _compare_data(bom, manifest, facts, found)
    for part in bom.evals:
        _compare_eval(part, facts, found)
    for key, value in bom.hyperparameters.items():
        name = f"hyperparameters.{key}"
        if key not in facts.config:
            found.uncovered.append(name)
        elif not _equal(value, facts.config[key]):
            found.differences.append(f"{name} is another one")
    found.uncovered += [
        f"artifacts.{artifact.name}"
        for artifact in bom.artifacts
        if artifact.dir_hash not in facts.artifacts
    ]
    return found


def _compare_run(
    bom: ModelBOM, manifest: RunManifest, facts: JournalFacts, found: Comparison
) -> None:
    run = bom.run
    if run is None:
        return
    found.text("run name", run.name, manifest.name or "run")
    found.text("status", run.status, manifest.status)
    found.text("start", run.started_at, manifest.started_at)
    found.text("end", run.ended_at, manifest.ended_at or "none")
    found.text("config hash", run.config_hash, manifest.config_hash)
    found.text("seed", run.seed, "none" if manifest.seed is None else manifest.seed)
    stated, noted = Counter(run.findings), facts.findings
    if stated:
        # One about the writing of the reports may come after the list was made.
        found.differences += [
            f"{noted[kind]} findings {kind}, not {stated[kind]}"
            for kind in sorted(noted)
            if kind != _LATE and stated[kind] < noted[kind]
        ]
    if any(stated[kind] != noted[kind] for kind in {*stated, *noted}):
        found.uncovered.append("run.findings")


def _compare_code(
    code: CodeComponent, manifest: RunManifest, facts: JournalFacts, found: Comparison
) -> None:
    found.text("commit", code.git_sha, manifest.git_sha or "unknown")
    found.text("packages", code.dependencies_hash, manifest.dependencies_lockfile)
    framework = facts.config.get("framework")
    found.text("framework", code.framework, framework if isinstance(framework, str) else None)
    if code.dirty is False and facts.dirty is None:
        found.uncovered.append("code.dirty")
    if code.diff_digest is not None and code.diff_digest not in facts.diffs:
        if facts.diffs:
            found.differences.append(f"another difference from the commit than {code.diff_digest}")
        else:
            found.uncovered.append("code.diff_digest")


def _compare_data(
    bom: ModelBOM, manifest: RunManifest, facts: JournalFacts, found: Comparison
) -> None:
    """The training data is what the manifest states; evaluation data is what the start names.

    Further evaluation sets may stand beside that one.
    """
    described = facts.dataset("eval")
    root = None if described is None else described.get("records_root") or _UNKNOWN
    stated = [part for part in bom.data if part.role == "eval" and part.content_hash is not None]
    if root is not None and stated and root not in [part.content_hash for part in stated]:
        found.differences.append(f"eval dataset {root}, not {stated[0].content_hash}")
    found.uncovered += [
        f"data.{part.name}.content_hash" for part in stated if part.content_hash != root
    ]
    for part in bom.data:
        if part.role == "train":
            found.text("train dataset", part.content_hash, manifest.dataset_hash or _UNKNOWN)
        same = part.role == "train" or part.content_hash in (None, root)
        described = dict(facts.dataset(part.role) or {}) if same else {}
        if same and part.role in facts.checked:
            described["contamination_checked"] = True
        _compare_claims(part, described, found)


def _compare_claims(part: DataComponent, described: Mapping[str, Any], found: Comparison) -> None:
    """What the owner of the data says of it; the word may have grown since the run began."""
    place = f"data.{part.name}"
    found.text(f"{place}.num_records", part.num_records, described.get("n"))
    found.uncovered += [
        f"{place}.{claim}"
        for claim in _CLAIMS
        if getattr(part, claim) and getattr(part, claim) != _said(described.get(claim))
    ]


def _compare_eval(part: EvalComponent, facts: JournalFacts, found: Comparison) -> None:
    """One of the benchmark's records must say all that the component says."""
    place = f"evals.{part.benchmark}"
    is_clean = part.benchmark in facts.clean
    bodies = [body for body in facts.evals if _benchmark(body) == part.benchmark]
    candidates = [_against(part, body, is_clean=is_clean) for body in bodies]
    if not candidates:
        found.uncovered.append(place)
        return
    best = min(candidates, key=lambda each: (len(each.differences), len(each.uncovered)))
    found.differences += [f"{place}.{what}" for what in best.differences]
    found.uncovered += [f"{place}.{what}" for what in best.uncovered]


def _against(part: EvalComponent, body: Mapping[str, Any], *, is_clean: bool) -> Comparison:
    found = Comparison()
    meta = _table(body.get("meta"))
    score, calibrated = body.get("score"), meta.pop("judge_calibrated", None)
    judge = meta.pop("judge", None)
    found.text("score", part.score, _UNKNOWN if score is None else score)
    found.text("n", part.n, body.get("n"))
    found.text("judge", part.judge, None if judge is None else str(judge))
    if part.judge is None and judge is not None and calibrated is not True:
        found.differences.append(f"judge {judge}, whose bias was not measured, is left out")
    if part.judge_calibrated:
        found.text("judge_calibrated", True, calibrated)
    if part.contaminated is False and body.get("contaminated") is None and not is_clean:
        found.uncovered.append("contaminated")
    for key, value in part.meta.items():
        if key not in meta:
            found.uncovered.append(f"meta.{key}")
        elif not _equal(value, meta[key]):
            found.differences.append(f"meta.{key} is another one")
    return found


def _benchmark(body: Mapping[str, Any]) -> str:
    return str(body["benchmark"]) or _UNNAMED


def _add_code(facts: JournalFacts, body: Mapping[str, Any]) -> None:
    """The code of one part of a run: changes that one part had, the whole run had."""
    if isinstance(body.get("dirty"), bool):
        facts.dirty = facts.dirty or body["dirty"]
    if isinstance(body.get("diff_digest"), str):
        facts.diffs.add(body["diff_digest"])


def _table(value: object) -> dict[str, Any]:
    return dict(value) if isinstance(value, Mapping) else {}


def _said(value: object) -> object:
    """A claim as the tracker puts it into the bill of materials."""
    if value is None or isinstance(value, str | bool):
        return value
    return json_line(value).decode("utf-8").strip()


def _equal(stated: object, found: object) -> bool:
    """Whether two values are one in a document, where 1 and 1.0 are the same and 1 and true not."""
    try:
        return canonical_bytes(stated) == canonical_bytes(found)
    except CanonicalizationError:  # an integer that no document holds, or stranger things
        return bool(stated == found)
