"""How a verdict is shown: one row per check, then what was not checked, then one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from provenir.cli.output import print_json, say, show_line, stdout, table
from provenir.core.text import printable

if TYPE_CHECKING:
    from provenir.governance.verdict import Check, Verdict
    from provenir.governance.verdict_document import VerdictDocument

WORDS = {0: ("good", "bold green"), 1: ("REFUSED", "bold red"), 3: ("could not decide", "yellow")}


def _why(check: Check) -> str:
    """The reason by its name, and the sentence about it: the check's own, else the reason's."""
    from provenir.governance.verdict import REASONS

    if check.reason is None:
        return check.detail
    return f"{check.reason}: {check.detail or REASONS[check.reason]}"


def show_verdict(verdict: Verdict, *, subject: str, document: VerdictDocument | None) -> int:
    """Print a verdict and return its exit code.

    Args:
        verdict: The verdict.
        subject: What was judged, for people.
        document: The verdict as a document, to be printed instead of a table; None for a table.
    """
    code = verdict.exit_code
    if document is not None:
        print_json(document.model_dump(mode="json"))
        return code
    rows = ([check.name, check.status, _why(check)] for check in verdict.checks)
    stdout().print(table(None, ("check", "result", "detail"), rows))
    if verdict.assurance_claimed is not None:
        established = verdict.assurance_established or "none"
        say(f"assurance: {verdict.assurance_claimed} claimed, {established} established")
    for line in verdict.notes:
        say(f"note: {line}", "yellow")
    word, style = WORDS[code]
    reasons = ", ".join(verdict.reasons)
    tail = f": {reasons}" if reasons else ""
    show_line(Text(f"{word}{tail}", style), Text(printable(subject)))
    return code
