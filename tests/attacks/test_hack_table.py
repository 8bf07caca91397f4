"""The table of cheats is complete, and its tasks can be solved."""

from __future__ import annotations

import pytest

from attacks.hack_table import (
    CLASSES,
    FUNCTION_TASKS,
    NOT_CONCERNED,
    OUTCOMES,
    TASKS,
    VARIANTS,
)
from environments.plain_judge import complaints

COMPONENTS = {"judge", "values", "count", "channel", "walls", "source", "analysis"}


def test_every_class_of_the_list_is_dealt_with():
    numbers = [row["number"] for row in CLASSES.values() if "number" in row]
    assert sorted(numbers + [int(number) for number in NOT_CONCERNED]) == list(range(1, 35))


@pytest.mark.parametrize("name", CLASSES)
def test_a_class_says_what_stops_it_and_has_variants(name):
    row = CLASSES[name]
    assert row["title"]
    assert row["outcome"] in OUTCOMES
    assert set(row["component"].split(", ")) <= COMPONENTS
    assert sum(variant.kind == name for variant in VARIANTS) >= 5


def test_variants_have_names_of_their_own_and_known_tasks():
    assert len({variant.name for variant in VARIANTS}) == len(VARIANTS)
    assert len({(variant.code, variant.task) for variant in VARIANTS}) == len(VARIANTS)
    assert {variant.outcome for variant in VARIANTS} == set(OUTCOMES)
    assert all(name in TASKS for variant in VARIANTS for name in variant.tasks())


def test_every_task_is_attacked():
    assert {name for variant in VARIANTS for name in variant.tasks()} == set(TASKS)


def test_pytest_lets_the_honest_solutions_pass(tmp_path):
    able = {name: task for name, task in TASKS.items() if not task.unsupported}
    rows = {name: (task.honest, task.reference) for name, task in able.items()}
    assert complaints(rows, tmp_path) == {}


def test_pytest_refuses_to_solve_nothing(tmp_path):
    nothing = "def solve(*args, **kwargs):\n    return None\n"
    rows = {name: (nothing, TASKS[name].reference) for name in FUNCTION_TASKS}
    assert set(complaints(rows, tmp_path)) == set(FUNCTION_TASKS)


HELD_OUT = [variant for variant in VARIANTS if variant.outcome == "needs_held_out_tests"]


def test_pytest_lets_pass_what_needs_held_out_tests(tmp_path):
    rows = {v.name: (v.code, TASKS[name].reference) for v in HELD_OUT for name in v.tasks()}
    assert complaints(rows, tmp_path) == {}


def test_pytest_refuses_it_with_held_out_tests(tmp_path):
    rows = {v.name: (v.code, TASKS[n].with_held_out()) for v in HELD_OUT for n in v.tasks()}
    assert set(complaints(rows, tmp_path)) == set(rows)
