"""Solutions judged in the plainest way, by pytest and with no wall: only for code of ours."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["complaints"]

EXECUTED = """
import sys, types

CODE = {code!r}
TESTS = {tests!r}
ENTRY = {entry!r}

def test_executed():
    for test in TESTS:
        # Dataclasses look their module up.
        module = sys.modules["solution"] = types.ModuleType("solution")
        scope = vars(module)
        exec(compile(CODE, "solution.py", "exec"), scope)
        before = set(scope)
        exec(compile(test, "tests.py", "exec"), scope)
        if "check" in set(scope) - before:
            scope["check"](eval(ENTRY, scope))
        for name in sorted(set(scope) - before):
            if name.startswith("test_"):
                scope[name]()
"""

PROGRAM = """
import subprocess, sys

CODE = {code!r}
CASES = {cases!r}

def test_program():
    for given, wanted in CASES:
        done = subprocess.run(
            [sys.executable, "-c", CODE], input=given.encode(), capture_output=True, check=True
        )
        assert done.stdout.decode().split() == wanted.split()
"""


def _cases(test_code: Any) -> list[tuple[str, str]] | None:
    """The inputs and outputs of a program, where the tests are such."""
    if isinstance(test_code, Mapping) and "inputs" in test_code:
        return list(zip(test_code["inputs"], test_code["outputs"], strict=True))
    rows = [test_code] if isinstance(test_code, Mapping) else test_code
    if isinstance(rows, Sequence) and all(isinstance(row, Mapping) for row in rows):
        return [(row["input"], row["output"]) for row in rows]
    return None


def _module(code: str, reference: Mapping[str, Any]) -> str:
    tests = reference["test_code"]
    cases = _cases(tests)
    if cases is not None:
        return PROGRAM.format(code=code, cases=cases)
    framework = isinstance(tests, str) and ("def test_" in tests or "TestCase" in tests)
    if framework:
        return f"{code}\n\n\n{tests}"
    listed = [tests] if isinstance(tests, str) else list(tests)
    return EXECUTED.format(code=code, tests=listed, entry=reference.get("entry_point"))


def complaints(rows: Mapping[str, tuple[str, Mapping[str, Any]]], folder: Path) -> dict[str, str]:
    """Judge every `name: (code, reference)`; return the names that do not pass, with a reason."""
    files = {f"test_case_{n}": name for n, name in enumerate(rows)}
    for file, name in files.items():
        (folder / f"{file}.py").write_text(_module(*rows[name]), encoding="utf-8")
    # A configuration of our own ends the search for one in the folders above.
    (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    report = folder / "report.xml"
    words = ["-q", "-p", "no:cacheprovider", "-p", "no:hypothesispytest", f"--junitxml={report}"]
    words += ["--import-mode=importlib", "-o", "python_classes=Test*", "--assert=plain"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, str(folder)], cwd=folder, capture_output=True
    )
    if not report.exists():
        raise RuntimeError(done.stdout.decode() + done.stderr.decode())
    passed: set[str] = set()
    failed: dict[str, str] = {}
    for case in ET.parse(report).iter("testcase"):
        # A module that cannot be imported has its name in `name`, and no class name.
        file = (case.get("classname") or case.get("name") or "").split(".")[0]
        trouble = [mark for mark in case if mark.tag in ("failure", "error", "skipped")]
        if trouble:
            failed[files[file]] = trouble[0].get("message") or trouble[0].tag
        else:
            passed.add(files[file])
    silent = {name: "no test was found" for name in rows if name not in passed | set(failed)}
    return failed | silent
