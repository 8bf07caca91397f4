"""`passport.md`: a passport for people.

Everything that comes from data is shown inside a code span, where neither Markdown nor HTML is
read, after invisible and control characters were made visible. The text itself is not signed and
says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from provenir.attest.shared_secret import is_shared_secret_id
from provenir.core.text import printable
from provenir.governance.payload import read_payload
from provenir.governance.verdict import NOTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from provenir.attest.dsse import Envelope
    from provenir.governance.bom import ModelBOM
    from provenir.governance.predicate import PassportPredicate

__all__ = ["code", "passport_markdown"]

_CELL_CHARS: Final = 200
_MAX_ROWS: Final = 100

_CLAIMS: Final = {
    "declared": "what the signer declares; nothing that was measured stands behind it",
    "L0": "metrics were recorded during the run (L0, observed)",
    "L1": "only admitted examples reached the loader (L1, admitted)",
    "L2": "gradients were routed and every step is in the ledger (L2, routed)",
}

_FOOTER: Final = """\
## What this shows, and what not

A good signature shows that these statements are unchanged and who made them. It does not show
that they are true, and nothing here shows that the model behaves well. Without the model folder
and the run folder only the statements themselves are checked.

A passport helps with keeping records, for example with the automatic event logging that Article 12
of the EU AI Act asks for. It is no legal assessment.

This page is not signed. Check `passport.json`:

    provenir passport verify passport.json --public-key NAME.pub.pem --artifact MODEL --run RUN
"""


def passport_markdown(envelope: Envelope) -> str:
    """Write a passport as Markdown.

    Args:
        envelope: The passport; its signatures are named, not checked.

    Raises:
        EvidenceError: It is not a Model Passport.
        InputError: It cannot be read.
    """
    statement, predicate = read_payload(envelope)
    subjects = [
        (subject.name, f"{algorithm}:{digest}")
        for subject in statement.subjects
        for algorithm, digest in subject.digest.items()
    ]
    parts = [
        f"# Model Passport: {code(predicate.bom.model_id)}",
        _facts(envelope, predicate),
        _flags(predicate),
        "## Subjects\n\n" + _table(("name", "digest"), subjects),
        *_inventory(predicate.bom),
        *_run(predicate.bom),
        *_reports(predicate),
        *_elsewhere(predicate),
        _FOOTER,
    ]
    return "\n\n".join(part.rstrip("\n") for part in parts) + "\n"


def code(value: object) -> str:
    """Any value as a code span that nothing in it can leave; a dash for None."""
    if value is None:
        return "–"
    text = printable(str(value), max_chars=_CELL_CHARS)
    # Neither a backtick, which ends the span, nor a pipe, which ends a table cell, is left; a
    # span of spaces alone would be read as no span.
    text = text.replace("`", "\\x60").replace("|", "\\x7c")
    return f"`{text}`" if text.strip() else f"`{text}·`"


def _facts(envelope: Envelope, predicate: PassportPredicate) -> str:
    signers = [signature.keyid for signature in envelope.signatures]
    lines = [
        f"- base model: {code(predicate.bom.base_model)}",
        f"- run: {code(predicate.bom.run_id)}",
        f"- version: {predicate.version}",
        f"- issued: {code(predicate.issued_at)} (the signer's clock)",
        f"- expires: {code(predicate.expires_at)}",
        f"- claims: {_CLAIMS[predicate.assurance]}",
        f"- signatures, as the envelope names them: {', '.join(map(code, signers)) or 'none'}",
    ]
    if any(map(is_shared_secret_id, signers)):
        lines.append(f"- **team-internal: {NOTES['team-internal']}** (HMAC-SHA256)")
    return "\n".join(lines)


def _flags(predicate: PassportPredicate) -> str:
    """The flags that were signed; what they are about follows from the inventory."""
    raised: dict[str, list[tuple[str | None, str]]] = {}
    for risk in predicate.bom.risks(predicate.risk_rules):
        raised.setdefault(risk.name, []).append((risk.subject, risk.detail))
    unknown = [(None, "the inventory does not give it by the rules of this version")]
    rows = [
        (name, about, meaning)
        for name in predicate.risk_flags
        for about, meaning in raised.get(name, unknown)
    ]
    parts = ["## Risk flags", _table(("flag", "about", "meaning"), rows)]
    if not rows:
        parts[1] = "None of the known flags is raised."
    if unsigned := [name for name in raised if name not in predicate.risk_flags]:
        parts.append(f"**The inventory gives more than was signed: {', '.join(unsigned)}.**")
    return "\n\n".join(parts)


def _inventory(bom: ModelBOM) -> list[str]:
    data = [
        (
            part.name,
            part.role,
            part.num_records,
            part.license,
            _told(part.pii_scanned, part.pii_report),
            _told(part.contamination_checked, part.contamination_report),
            part.content_hash,
        )
        for part in bom.data
    ]
    head = ("name", "role", "records", "licence", "PII scan", "contamination check", "content hash")
    evals = [
        (part.benchmark, part.score, part.n, _contaminated(part.contaminated)) for part in bom.evals
    ]
    settings = sorted(bom.hyperparameters.items())
    parts = [
        "## Data\n\n" + _table(head, data),
        "## Code\n\n" + _table(("item", "value"), _code_rows(bom)),
        "## Evals\n\n" + _table(("benchmark", "score", "n", "contaminated"), evals),
        "## Hyperparameters\n\n" + _table(("name", "value"), settings),
    ]
    for artifact in bom.artifacts:
        rows = [(file.name, file.size, file.sha256) for file in artifact.files]
        title = f"## Artifact {code(artifact.name)} ({code(artifact.kind)})"
        left_out = ", ".join(map(code, artifact.ignored))
        note = f"\n\nLeft out of its identity: {left_out}" if left_out else ""
        parts.append(f"{title}\n\n" + _table(("file", "bytes", "sha256"), rows) + note)
    return parts


def _code_rows(bom: ModelBOM) -> list[tuple[str, object]]:
    if bom.code is None:
        return []
    dirty = {None: "not known", True: "yes", False: "no"}[bom.code.dirty]
    return [
        ("commit", bom.code.git_sha),
        ("tracked files changed", dirty),
        ("difference", bom.code.diff_digest),
        ("installed packages", bom.code.dependencies_hash),
        ("framework", bom.code.framework),
    ]


def _run(bom: ModelBOM) -> list[str]:
    rows: list[tuple[str, object]] = []
    if bom.run is not None:
        rows += [("status", bom.run.status), ("seed", bom.run.seed)]
        rows += [("started", bom.run.started_at), ("ended", bom.run.ended_at)]
        rows += [(f"finding: {kind}", n) for kind, n in sorted(bom.run.findings.items())]
    if bom.flight is not None:
        rows += [("health", bom.flight.verdict), ("logged steps", bom.flight.num_steps)]
        rows += [(f"anomaly: {kind}", n) for kind, n in sorted(bom.flight.by_kind.items())]
    if bom.hacking is not None:
        rate = bom.hacking.hacking_rate
        shown = "nothing was examined" if rate is None else f"{rate:.1%}"
        rows += [("rollouts", bom.hacking.num_trajectories), ("reward hacking rate", shown)]
        rows += [(f"hack: {kind}", n) for kind, n in sorted(bom.hacking.by_kind.items())]
        rows += [
            (f"not examined: {what}", why) for what, why in sorted(bom.hacking.not_examined.items())
        ]
    return ["## Run\n\n" + _table(("item", "value"), rows)] if rows else []


def _reports(predicate: PassportPredicate) -> list[str]:
    rows = [(report.name, report.digest) for report in predicate.reports]
    if predicate.manifest is not None:
        rows.insert(0, (f"manifests/{predicate.manifest.run_id}.json", predicate.manifest.digest))
    return ["## Bound files of the run\n\n" + _table(("file", "digest"), rows)] if rows else []


def _elsewhere(predicate: PassportPredicate) -> list[str]:
    """What the passport binds that does not lie in it or among the run's files."""
    before = predicate.log_checkpoint
    rows: list[tuple[str, object]] = [
        *(("statement of a role", digest) for digest in predicate.statements),
        *(("role that must have signed", role) for role in predicate.required_roles),
    ]
    if before is not None:
        rows.append((f"log before the issue, {before.size} entries", before.root))
    stated = {"the passport before": predicate.previous, "ledger": predicate.ledger_root}
    rows += [(name, digest) for name, digest in stated.items() if digest is not None]
    rows += [("gate decision", digest) for digest in predicate.gate_decisions or ()]
    return ["## Bound elsewhere\n\n" + _table(("what", "value"), rows)] if rows else []


def _table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    listed = list(rows)
    if not listed:
        return "Nothing is stated."
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    lines += [f"| {' | '.join(map(code, row))} |" for row in listed[:_MAX_ROWS]]
    if len(listed) > _MAX_ROWS:
        lines.append(f"\n{len(listed) - _MAX_ROWS} more rows are in `passport.json`.")
    return "\n".join(lines)


def _told(done: bool, report: str | None) -> str:
    if not done:
        return "no"
    return "yes, by the signer's word" if report is None else "yes, with a report"


def _contaminated(found: bool | None) -> str:
    return {None: "not checked", True: "yes", False: "no"}[found]
