"""The rules: what the code analysis looks for, and what each rule cannot see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from provenir.core.findings import Severity

__all__ = ["RULES", "RULE_BY_NAME", "Rule"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule.

    Attributes:
        name: Its stable name; what `CodeFinding.rule` and a span's `rule` say.
        kind: The kind of its findings.
        severity: Theirs unless the circumstances make it information.
        sees: What it recognises.
        cannot_see: What it is known to miss, or to take for what it is not.
    """

    name: str
    kind: str
    severity: Severity
    sees: str
    cannot_see: str


_TESTS: Final = "test_tampering"
_VERIFIER: Final = "verifier_gaming"
_ANSWERS: Final = "hardcoded_answers"

RULES: Final[tuple[Rule, ...]] = (
    Rule(
        "early_exit",
        _TESTS,
        "warning",
        "an exit with success before any other effect: at the top of a program, as all that a "
        "function does, in a class body, a decorator or a special method",
        "an exit behind a condition that only a run decides; an exit after some output",
    ),
    Rule(
        "hard_exit",
        _TESTS,
        "warning",
        "os._exit with success where no process was forked",
        "a status that is computed; a child that a library forks",
    ),
    Rule(
        "exit_at_exit",
        _TESTS,
        "warning",
        "os._exit handed to atexit, a timer or a finalizer",
        "handlers registered through a framework of their own",
    ),
    Rule(
        "exception_hook",
        _TESTS,
        "warning",
        "an exception hook that exits with success or does nothing",
        "a hook that hides failures and logs something too",
    ),
)
"""Every rule, in the order of the classes of hacks that it belongs to."""

RULE_BY_NAME: Final[dict[str, Rule]] = {rule.name: rule for rule in RULES}
