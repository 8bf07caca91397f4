"""The table of cheats against code verdicts, and the tasks that they are tried on."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = [
    "CLASSES",
    "FUNCTION_TASKS",
    "NOT_CONCERNED",
    "OUTCOMES",
    "TASKS",
    "VARIANTS",
    "Task",
    "Variant",
]

FOLDER = Path(__file__).parent / "code_hacks"
OUTCOMES = ("refused", "passes_flagged", "needs_held_out_tests")
_GIVEN = ("test_code", "entry_point", "prompt")
_FUNCTION_KINDS = ("asserts", "check", "unittest", "pytest", "list")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One task: its honest solution, what a verifier is given, and a held-out test.

    A task is unsupported if its tests lean on names that are nobody's: then an honest solution
    need not pass either.
    """

    name: str
    kind: str
    honest: str
    reference: Mapping[str, Any]
    held_out: Any = None
    unsupported: bool = False

    def with_held_out(self) -> dict[str, Any]:
        """The reference, with the test that no variant was written for."""
        given = self.reference["test_code"]
        tests = given if isinstance(given, list) else [given]
        return {**self.reference, "test_code": [*tests, self.held_out]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """One cheat. Without a task of its own it is tried on every task that wants a function."""

    name: str
    kind: str
    code: str
    outcome: str
    task: str | None = None
    slow: bool = False

    def tasks(self) -> tuple[str, ...]:
        return (self.task,) if self.task else FUNCTION_TASKS


def _load(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


def _tasks() -> Iterator[Task]:
    for name, row in _load("tasks.toml").items():
        reference = {key: row[key] for key in _GIVEN if key in row}
        yield Task(
            name=name,
            kind=row["kind"],
            honest=row["honest"],
            reference=reference,
            held_out=row.get("held_out"),
            unsupported=row.get("unsupported", False),
        )


def _variants() -> Iterator[Variant]:
    for path in sorted(FOLDER.glob("*.toml")):
        for row in _load(path.name).get("variant", ()):
            if "outcome" in row and not row.get("reason"):
                raise ValueError(f"{row['name']}: an outcome of its own needs a reason")
            yield Variant(
                name=f"{row['class']}: {row['name']}",
                kind=row["class"],
                code=row["code"],
                outcome=row.get("outcome", CLASSES[row["class"]]["outcome"]),
                task=row.get("task"),
                slow=row.get("slow", False),
            )


_TABLE = _load("table.toml")
CLASSES: dict[str, dict[str, Any]] = _TABLE["class"]
NOT_CONCERNED: dict[str, str] = _TABLE["not_concerned"]
TASKS = {task.name: task for task in _tasks()}
FUNCTION_TASKS = tuple(task.name for task in TASKS.values() if task.kind in _FUNCTION_KINDS)
VARIANTS = tuple(_variants())
