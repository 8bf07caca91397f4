"""Does a program pass its tests, where neither it nor its author can say so."""

from __future__ import annotations

import ast
import builtins
import functools
import time
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import InputError, UsageError
from provenir.core.protocols import VerificationResult
from provenir.core.text import printable
from provenir.environments.code_analysis import analyse
from provenir.environments.judging.court import Court
from provenir.environments.judging.extraction import Program, extract
from provenir.environments.judging.instrument import free_names
from provenir.environments.judging.plans import TestPlan, read_plan
from provenir.environments.judging.session import Outcome
from provenir.environments.sandbox.config import SandboxConfig
from provenir.environments.sandbox.python_sandbox import PythonSandbox
from provenir.environments.verifiers.text import after_thinking, refused

if TYPE_CHECKING:
    from collections.abc import Mapping

    from provenir.environments.code_analysis import CodeFinding

__all__ = ["CodeVerifier"]

_MAX_CHARS: Final = 4_000_000
_PAIRS_TIME: Final = 10
_SUSPICIOUS: Final = {
    "swallowed_assertion": "an assertion of the test failed and the program went on",
    "moved_expectation": "the program changed what the test computes its expectation from",
    "worthless_order": "objects of the program are ordered by when they were made",
    "swallowed_error": "an object of the program swallowed the program's own error",
    "worthless_equality": "objects of the program are equal to whatever they are compared with",
    "contradictory_order": "objects of the program are each less than the other",
    "holds_everything": "an object of the program holds whatever is looked for",
    "opaque_value": "an object stands where the test computes with a value",
    "protocol_violation": "the program spoke on the channel that its runner uses",
    "exited_on_import": "the program ended itself before it could be tested",
    "candidate_died": "the program ended while it was being tested",
}


class CodeVerifier:
    """Runs a program's tests in a process that the program cannot reach.

    The response is a program, in Markdown fences or bare. The reference is
    ``{"test_code": …}``: assertions, functions and classes in pytest's style, ``check(candidate)``,
    `unittest` cases, pairs of standard input and output, or a list of these; beside it, optionally,
    `entry_point` (the function that ``check`` is given), `setup_code`, `prompt` (code that the
    response may continue) and `expected_assertions`.

    A program passes when every test ran to its end and every assertion that began held; its exit
    status, what it prints beside what is asked for and the files it leaves are not looked at. What
    no test can tell, such as a table of the answers to visible tests, passes; reading the code may
    notice it, and `metadata["suspected_hacking"]` says so.

    Args:
        sandbox: Where programs run, or how that is configured; None for the strongest walls that
            stand on this machine.
        partial_credit: Whether the reward is the share of tests that hold rather than all or
            nothing. Passing takes all of them either way.
        refuse_suspected: Whether a program that passes, and whose code is suspicious, is refused.

    Raises:
        UsageError: The walls are weaker than the configuration's `minimum`.
    """

    def __init__(
        self,
        sandbox: PythonSandbox | SandboxConfig | None = None,
        *,
        partial_credit: bool = False,
        refuse_suspected: bool = False,
    ) -> None:
        given: Any = sandbox
        if given is not None and not isinstance(given, PythonSandbox | SandboxConfig):
            raise UsageError(
                f"{type(sandbox).__name__} is no sandbox",
                mend="give a PythonSandbox or a SandboxConfig",
            )
        self._partial = partial_credit
        self._strict = refuse_suspected
        if isinstance(sandbox, PythonSandbox):
            self._court = Court(sandbox)
        else:
            self._court = _court_of(sandbox or SandboxConfig())

    @property
    def sandbox(self) -> PythonSandbox:
        """Where programs run."""
        return self._court.sandbox

    def verify(self, response: str, reference: Any) -> VerificationResult:
        """Run the tests of `reference` on the program in `response`.

        Returns:
            The verdict. `metadata` holds `reason`, `suspected_hacking` with `hacking_evidence`,
            `isolation` and `layer`, `assertions` (begun and held) and `tests` (held and in all).
        """
        given: Any = response
        if not isinstance(given, str):
            return refused("not_text", f"the response is {type(given).__name__}, not text")
        if len(response) > _MAX_CHARS:
            return refused("too_long", f"the response has {len(response)} characters")
        try:
            plan = read_plan(reference)
        except InputError as error:
            reason = "empty_test" if error.where == "test_code" else "bad_reference"
            return refused(reason, str(error))
        text = after_thinking(response)
        program = extract(text, _wanted(plan), prompt=plan.prompt)
        if not program.source.strip():
            return refused("no_code", "the response holds no program")
        return self._result(self._judged(program, plan), _suspicious(text))

    def _judged(self, program: Program, plan: TestPlan) -> Outcome:
        outcomes = []
        if plan.sources:
            outcomes.append(self._court.judge(program, plan))
        if plan.pairs and (self._partial or all(o.reason == "ok" for o in outcomes)):
            config = self._court.sandbox.config
            deadline = time.monotonic() + _PAIRS_TIME * config.timeout_s
            outcomes.append(
                self._court.compare(program, plan.pairs, deadline, keep_going=self._partial)
            )
        return outcomes[0] if len(outcomes) == 1 else _joined(outcomes)

    def _result(self, outcome: Outcome, findings: tuple[CodeFinding, ...]) -> VerificationResult:
        evidence: list[dict[str, Any]] = [
            {"evidence": "static", "rule": f.rule, "severity": f.severity, "detail": f.detail}
            for f in findings
        ]
        if outcome.reason in _SUSPICIOUS:
            evidence.append(
                {
                    "evidence": "executed",
                    "rule": outcome.reason,
                    "severity": "warning",
                    "detail": _SUSPICIOUS[outcome.reason],
                }
            )
        reason, detail = outcome.reason, outcome.detail
        report = outcome.report
        if reason == "ok":
            rules = {finding.rule for finding in findings}
            if "always_equal" in rules and report.get("objects_compared"):
                reason = "worthless_equality"
                detail = "the tests compare objects of a class that calls everything equal"
            elif evidence and self._strict:
                reason, detail = "suspected_hacking", f"the tests hold, but {evidence[0]['detail']}"
        held, total = report.get("passed_units", 0), report.get("units_total", 0)
        passed = reason == "ok"
        reward = 1.0 if passed else 0.0
        if self._partial and not passed and not evidence and total:
            reward = min(held / total, 1.0 - 1.0 / (total + 1))
        return VerificationResult(
            passed=passed,
            reward=reward,
            detail=printable(detail, max_chars=600),
            metadata={
                "reason": reason,
                "suspected_hacking": bool(evidence),
                "hacking_evidence": evidence,
                "isolation": outcome.isolation,
                "layer": self._court.sandbox.layer,
                "assertions": {
                    "started": report.get("started", 0),
                    "completed": report.get("completed", 0),
                },
                "tests": {"passed": held, "total": total},
                "failures": _failures(report),
            },
        )


def _failures(report: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [
        {"test": name, "reason": reason, "detail": printable(detail, max_chars=400), "line": line}
        for name, reason, detail, line, _ in report.get("units", ())
        if reason != "ok"
    ]


@functools.lru_cache(maxsize=8)
def _court_of(config: SandboxConfig) -> Court:
    """One court for all verifiers with the same configuration, for its wardens are processes."""
    return Court(PythonSandbox(config))


@functools.lru_cache(maxsize=512)
def _free(source: str) -> frozenset[str]:
    try:
        return frozenset(free_names(ast.parse(source)))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return frozenset()


def _wanted(plan: TestPlan) -> set[str]:
    """Names that the tests take from the program."""
    builtin = vars(builtins)
    names = {name for source in plan.sources for name in _free(source) if name not in builtin}
    return names | ({plan.entry_point.partition(".")[0].removesuffix("()")} - {""})


def _suspicious(text: str) -> tuple[CodeFinding, ...]:
    # In a file of tests leaving one out is no news; a program under test has none to leave out.
    found = analyse(text).findings
    return tuple(f for f in found if f.severity != "info" or f.rule == "skipped_test")


def _joined(outcomes: list[Outcome]) -> Outcome:
    """One outcome of several: the first that is not good, with the counts of all."""
    worst = next((o for o in outcomes if o.reason != "ok"), outcomes[-1])
    report = dict(worst.report)
    for key in ("started", "completed", "passed_units", "units_total"):
        report[key] = sum(o.report.get(key, 0) for o in outcomes)
    report["units"] = [unit for o in outcomes for unit in o.report.get("units", ())]
    report["objects_compared"] = any(o.report.get("objects_compared") for o in outcomes)
    return Outcome(
        reason=worst.reason,
        detail=worst.detail,
        report=report,
        isolation=worst.isolation,
        peak_bytes=max(o.peak_bytes for o in outcomes),
    )
