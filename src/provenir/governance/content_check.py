"""The rows about what a passport says, once its signature holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir.core.clock import parse_utc, utc_text
from provenir.core.errors import InputError
from provenir.core.files import read_bounded
from provenir.governance.bom import ModelBOM
from provenir.governance.predicate import derived_flags, weaker
from provenir.governance.run_files import RunFiles
from provenir.governance.verdict import Check, note_line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provenir.governance.predicate import Assurance, PassportPredicate
    from provenir.governance.question import Question

__all__ = [
    "assurance_row",
    "bom_rows",
    "bound_elsewhere",
    "content_notes",
    "expiry_row",
    "flags_row",
    "model_row",
    "report_rows",
    "row",
    "version_row",
]


def row(name: str, reason: str, fault: str | None, holds: str) -> Check:
    """A passing row, or a failing one where there is a fault."""
    if fault is None:
        return Check(name=name, status="pass", detail=holds)
    return Check(name=name, status="fail", reason=reason, detail=fault)


def expiry_row(predicate: PassportPredicate, question: Question) -> Check:
    """Whether the passport's time is over by the verifier's clock."""
    if predicate.expires_at is None:
        return Check(name="expiry", status="not-checked", reason="not-stated")
    over = question.at >= parse_utc(predicate.expires_at)
    detail = f"{predicate.expires_at}, judged at {utc_text(question.at)}"
    return row("expiry", "expired", detail if over else None, detail)


def model_row(predicate: PassportPredicate, question: Question) -> list[Check]:
    """Whether the passport is of the model that was asked about."""
    if question.model is None:
        return []
    found = predicate.bom.model_id
    fault = None if found == question.model else f"it is of {found}, asked was {question.model}"
    return [row("model", "wrong-model", fault, found)]


def version_row(predicate: PassportPredicate, question: Question) -> list[Check]:
    """Whether a later passport of the model was seen before."""
    trust = question.trust
    if trust.state is None:
        return []
    known = trust.state.passport_version(trust.scope, predicate.bom.model_id)
    older = known is not None and predicate.version < known
    fault = f"version {predicate.version}, and version {known} was seen" if older else None
    return [row("version", "rolled-back", fault, f"version {predicate.version}")]


def flags_row(predicate: PassportPredicate) -> Check:
    """Whether the stated risk flags are those that the inventory gives."""
    flags = derived_flags(predicate)
    if flags is None:
        return Check(name="risk flags", status="undecided", reason="newer-rules")
    listed = ", ".join(flags) or "none"
    wrong = None if list(predicate.risk_flags) == flags else f"the inventory gives: {listed}"
    # What passes is the statement about the flags; a flag that is raised stays raised.
    holds = f"as stated; {len(flags)} raised: {listed}" if flags else "as stated; none raised"
    return row("risk flags", "flags-mismatch", wrong, holds)


def bound_elsewhere(predicate: PassportPredicate, *, ledger: bool) -> list[Check]:
    """What the passport refers to and has no row of its own.

    Args:
        predicate: What the passport says.
        ledger: Whether its training ledger has rows of its own.
    """
    named = ("previous", *(() if ledger else ("ledger_root",)), "gate_decisions")
    return [
        Check(name=name.replace("_", " "), status="not-checked", reason="not-given")
        for name in named
        if getattr(predicate, name)
    ]


def bom_rows(predicate: PassportPredicate, question: Question) -> list[Check]:
    """Whether each `bom.json` beside the passport or in the run folder is the signed one."""
    if not question.bom_files:
        return [Check(name="bom.json", status="not-checked", reason="not-given")]
    signed = predicate.bom.digest()
    checks = []
    for path in question.bom_files:
        try:
            found = ModelBOM.from_bytes(read_bounded(path), where=path.name).digest()
            fault = None if found == signed else f"{path} is not the signed one"
        except InputError as error:
            fault = f"{path}: {error.what}"
        checks.append(row("bom.json", "bom-mismatch", fault, "the signed one"))
    return checks


def report_rows(predicate: PassportPredicate, question: Question) -> list[Check]:
    """The reports in a folder of their own, or that the trust policy misses them."""
    folder, policy = question.evidence.reports, question.trust.policy
    listed = {report.name: report.digest for report in predicate.reports}
    if folder is not None and listed:
        return RunFiles(folder).compare("reports", listed)
    if question.run is None and policy is not None and policy.needs_reports:
        detail = "the trust policy asks for the run folder or its reports"
        detail += "; the passport lists none" if folder is not None else ""
        return [Check(name="reports", status="fail", reason="missing-report", detail=detail)]
    if folder is not None:
        return [Check(name="reports", status="not-checked", reason="not-stated")]
    return []


def assurance_row(
    claimed: Assurance,
    ceiling: Assurance,
    reached: Assurance,
    run_checks: Sequence[Check],
    *,
    is_open: bool = False,
) -> Check:
    """Judge the claim by what binds it and by whom, and with a run folder by what that shows.

    Args:
        claimed: What the passport says of itself.
        ceiling: What its fields and the keys allow.
        reached: What the evidence that was handed over establishes.
        run_checks: The rows of the run folder and of the training ledger.
        is_open: Whether more of the training ledger may yet be shown.
    """
    if any(check.status in ("fail", "undecided") for check in run_checks):
        return Check(name="assurance", status="not-checked", reason="not-reached")
    if weaker(claimed, ceiling) != claimed:
        fault = f"{claimed} is claimed; what the passport binds and these keys allow is {ceiling}"
    elif weaker(claimed, reached) == claimed:
        return Check(name="assurance", status="pass", detail=claimed)
    elif not is_open and any(check.status == "pass" for check in run_checks):  # of a run folder
        fault = f"{claimed} is claimed; the run folder establishes {reached}"
    else:
        lacking = "the whole of the training ledger" if is_open else "the run folder"
        detail = f"{claimed} is claimed; without {lacking} only {reached} is established"
        return Check(name="assurance", status="not-checked", reason="not-given", detail=detail)
    return Check(name="assurance", status="fail", reason="flags-mismatch", detail=fault)


def content_notes(predicate: PassportPredicate) -> tuple[str, ...]:
    """The notes that follow from what a passport says, whoever signed it."""
    bom = predicate.bom
    reports = {report.digest for report in predicate.reports}
    words = [
        *(part.pii_report for part in bom.data if part.pii_scanned),
        *(part.contamination_report for part in bom.data if part.contamination_checked),
        *(part.report for part in bom.evals if part.contaminated is False),
    ]
    hacking, flight = bom.hacking, bom.flight
    told = {
        "no_model_artifact": not bom.artifacts,
        "self_declared_evidence": any(digest not in reports for digest in words),
        "not_examined": hacking is not None
        and (bool(hacking.not_examined) or hacking.hacking_rate is None),
        "no_health_data": flight is None or flight.verdict == "UNKNOWN",
    }
    return tuple(note_line(name) for name, holds in told.items() if holds)
