"""No cheat of the table gets a verdict that it has not earned, and the honest solutions do.

A cheat that any function may try is tried on one task here, and on every task in the slow suite.
The cheats are hostile programs, so they run behind the strongest walls alone and are skipped where
those do not stand. None of them touches more than its own folder and its own processes, even so.
"""

from __future__ import annotations

import pytest

from attacks.hack_table import TASKS, VARIANTS
from provenir.environments import CodeVerifier
from provenir.environments.sandbox.config import SandboxConfig

WALLS = ("fs", "nproc", "mem", "net")
QUICK = [v for v in VARIANTS if not v.slow]
EVERYWHERE = [v for v in QUICK if v.task is None]


@pytest.fixture(scope="module")
def verifier():
    made = CodeVerifier(SandboxConfig(timeout_s=5.0, cpu_s=5.0))
    harmless = made.verify("def one():\n    return 1\n", {"test_code": "assert one() == 1"})
    isolation = harmless.metadata["isolation"]
    if made.sandbox.layer != "S2" or any(isolation.get(wall) != "enforced" for wall in WALLS):
        pytest.skip(f"hostile programs are run behind S2 alone, and here is {isolation}")
    return made


def check(verifier, variant, task):
    result = verifier.verify(variant.code, task.reference)
    assert (result.reward > 0) == result.passed
    if variant.outcome == "needs_held_out_tests":
        assert not verifier.verify(variant.code, task.with_held_out()).passed
    elif variant.outcome == "passes_flagged":
        assert not result.passed or result.metadata["suspected_hacking"]
    else:
        assert not result.passed, f"{task.name}: {result.detail}"


def one_task(variant):
    tasks = variant.tasks()
    return TASKS[tasks[VARIANTS.index(variant) % len(tasks)]]


@pytest.mark.parametrize("name", [name for name, task in TASKS.items() if not task.unsupported])
def test_an_honest_solution_passes(verifier, name):
    task = TASKS[name]
    result = verifier.verify(task.honest, task.reference)
    assert result.passed, result.detail
    assert not result.metadata["suspected_hacking"]
    if task.held_out is not None:
        assert verifier.verify(task.honest, task.with_held_out()).passed


@pytest.mark.parametrize("variant", QUICK, ids=lambda variant: variant.name)
def test_a_cheat_gets_no_more_than_the_table_says(verifier, variant):
    check(verifier, variant, one_task(variant))


@pytest.mark.slow
@pytest.mark.parametrize("variant", EVERYWHERE, ids=lambda variant: variant.name)
def test_a_cheat_is_refused_on_every_task(verifier, variant):
    for name in variant.tasks():
        check(verifier, variant, TASKS[name])


@pytest.mark.slow
@pytest.mark.parametrize("variant", [v for v in VARIANTS if v.slow], ids=lambda v: v.name)
def test_floods_and_hangs_are_refused(verifier, variant):
    check(verifier, variant, one_task(variant))
