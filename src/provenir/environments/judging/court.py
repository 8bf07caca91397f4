"""Where verdicts are reached: a sandbox, a warden for candidates, and one for judges."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from provenir.environments.judging.extraction import last_function
from provenir.environments.judging.prompts import helpers
from provenir.environments.judging.prose import without_words
from provenir.environments.judging.session import CANDIDATE, JUDGE, Case, Outcome, judge
from provenir.environments.sandbox.warden import PRELOAD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provenir.core.protocols import Execution
    from provenir.environments.judging.extraction import Program
    from provenir.environments.judging.plans import Pair, TestPlan
    from provenir.environments.sandbox.python_sandbox import PythonSandbox

__all__ = ["Court"]

_CANDIDATE_PRELOAD: Final = (*PRELOAD, "asyncio", "inspect", "threading", "types")
_JUDGE_PRELOAD: Final = (*_CANDIDATE_PRELOAD, "unittest.mock", "tempfile", "pathlib", "time")

# Two, for one of them may fall on an equal object, as 3 and 10 are modulo 7.
_OTHERS: Final = (1, 30)


class Court:
    """Judges programs; safe to use from many threads.

    Args:
        sandbox: Whose walls both stand behind.
    """

    def __init__(self, sandbox: PythonSandbox) -> None:
        self.sandbox = sandbox
        self._candidates = sandbox.warden(entries=[CANDIDATE], preload=_CANDIDATE_PRELOAD)
        self._judges = sandbox.warden(entries=[JUDGE], preload=_JUDGE_PRELOAD)

    def judge(self, program: Program, plan: TestPlan) -> Outcome:
        """Run the test sources of a plan on a program."""
        outcome = self._run(program, plan)
        report = outcome.report
        rests_on_objects = outcome.reason == "ok" and report.get("objects_compared")
        if rests_on_objects and all(self._equals_others(program, plan, s) for s in _OTHERS):
            detail = "objects are equal to others than the expected ones too"
            return replace(outcome, reason="worthless_equality", detail=detail)
        if outcome.reason == "ok" and plan.assertions not in {None, report.get("completed")}:
            detail = f"{report.get('completed')} assertions held, and there are {plan.assertions}"
            return replace(outcome, reason="wrong_count", detail=detail)
        return outcome

    def _script(self, program: Program, stdin: str, limit_s: float) -> Execution:
        """Run a program as a script, without words around it where it does not compile."""
        ran = self.sandbox.execute(program.source, stdin=stdin, timeout_s=limit_s)
        last = ran.stderr.rstrip().rpartition("\n")[2]
        if not program.loose or not last.startswith("SyntaxError"):
            return ran
        return self.sandbox.execute(without_words(program.source), stdin=stdin, timeout_s=limit_s)

    def _equals_others(self, program: Program, plan: TestPlan, step: int) -> bool:
        """Whether every object is also equal to another than the test expects."""
        outcomes = self._run(program, plan, control=step).report.get("outcomes", ())
        return bool(outcomes) and all(outcomes)

    def _run(self, program: Program, plan: TestPlan, *, control: int = 0) -> Outcome:
        given = plan.entry_point or last_function(plan.prompt)
        case = Case(
            source=program.source,
            loose=program.loose,
            tests=plan.sources,
            setup="\n".join(filter(None, (helpers(plan.prompt, given), plan.setup))),
            entry_point=given or last_function(program.source),
            guessed=not given,
            control=control,
        )
        config = self.sandbox.config
        return judge(
            self._candidates,
            self._judges,
            case,
            limits=config.limits(),
            timeout_s=config.timeout_s,
        )

    def compare(
        self, program: Program, pairs: Sequence[Pair], deadline: float, *, keep_going: bool
    ) -> Outcome:
        """Run a program as a script on each input and compare what it writes.

        Args:
            program: The program.
            pairs: Inputs and outputs; none of the outputs leaves this process.
            deadline: Monotonic time at which the rest is given up.
            keep_going: Whether the rest runs after one that does not hold.
        """
        units: list[list[Any]] = []
        isolation: dict[str, str] = {}
        for number, pair in enumerate(pairs, 1):
            name = f"pair {number}"
            left = deadline - time.monotonic()
            if left <= 0:
                units.append([name, "timeout", "the pairs before it took all the time", 0, 0])
                break
            limit_s = min(self.sandbox.config.timeout_s, left)
            ran = self._script(program, pair.stdin, limit_s)
            isolation = dict(ran.isolation)
            if ran.timed_out:
                units.append([name, "timeout", "the program did not end in time", 0, 0])
            elif lines_of(ran.stdout) == lines_of(pair.stdout):
                units.append([name, "ok", "", 0, 1])
            else:
                units.append([name, "wrong_output", _explained(ran.stderr), 0, 0])
            if units[-1][1] != "ok" and not keep_going:
                break
        return _outcome(units, len(pairs), isolation)


def _outcome(units: list[list[Any]], total: int, isolation: dict[str, str]) -> Outcome:
    held = sum(unit[1] == "ok" for unit in units)
    report = {
        "started": len(units),
        "completed": held,
        "units": [unit for unit in units if unit[1] != "ok"][:200],
        "passed_units": held,
        "units_total": total,
    }
    failed = next((unit for unit in units if unit[1] != "ok"), None)
    if failed is None and held == total:
        return Outcome(
            reason="ok", detail=f"{held} outputs are right", report=report, isolation=isolation
        )
    name, reason, detail, *_ = failed or ["pairs", "timeout", "not all of them ran", 0, 0]
    return Outcome(reason=reason, detail=f"{name}: {detail}", report=report, isolation=isolation)


def lines_of(text: str) -> list[str]:
    """The lines of an output without blanks at their ends and empty lines at its end."""
    return [line.rstrip() for line in text.rstrip().splitlines()]


def _explained(stderr: str) -> str:
    last = stderr.strip().splitlines()[-1:] or [""]
    said = f"; the program's last word: {last[0][:200]}" if last[0] else ""
    return f"the output is not the expected one{said}"
