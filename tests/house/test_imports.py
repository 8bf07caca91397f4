"""What importing costs and loads, and that a stranger's environment is enough to verify."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parents[2] / "src"
HEAVY = ("numpy", "pydantic", "torch", "pyarrow", "transformers", "trl", "altair", "rich", "typer")
CPU_RUNS, MAX_IMPORT_CPU_MS = 5, 60
BASE_ROOMS = ("core", "attest", "provenance", "governance")
NOT_IN_THE_BASE = (
    "torch",
    "numpy",
    "numba",
    "transformers",
    "trl",
    "pyarrow",
    "datasets",
    "altair",
)

BLOCKER = """
import importlib.abc, sys
class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {blocked!r}:
            raise ModuleNotFoundError(name + " is refused in this test")
sys.meta_path.insert(0, Refuse())
"""


def run_python(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_import_loads_nothing_heavy():
    code = f"import provenir, sys; print([m for m in {HEAVY!r} if m in sys.modules])"
    assert run_python(code).strip() == "[]"


def test_import_touches_few_modules():
    # A count is the same everywhere; benchmarks/imports.py compares the milliseconds with others.
    code = "import sys; n = len(sys.modules); import provenir; print(len(sys.modules) - n)"
    assert int(run_python(code)) <= 40


def cpu_ms(code: str, compiled: Path) -> float:
    """Median CPU time of processes that run the code: other work on the machine does not count."""
    spent = []
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(compiled)}
    for _ in range(CPU_RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-c", code], check=True, timeout=120, env=env)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        spent.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return 1e3 * statistics.median(spent)


def test_import_is_cheap(tmp_path):
    cpu_ms("import provenir", tmp_path)  # compiles the modules
    bare = cpu_ms("pass", tmp_path)
    assert cpu_ms("import provenir", tmp_path) - bare <= MAX_IMPORT_CPU_MS


@pytest.mark.parametrize("room", BASE_ROOMS)
def test_base_rooms_import_without_any_extra(room):
    code = BLOCKER.format(blocked=set(NOT_IN_THE_BASE)) + (
        f"import pkgutil, importlib, provenir.{room} as room\n"
        "for module in pkgutil.walk_packages(room.__path__, room.__name__ + '.'):\n"
        "    importlib.import_module(module.name)\n"
        "print('imported')"
    )
    assert run_python(code).strip() == "imported"


def test_a_lazy_import_of_a_heavy_package_counts_too():
    """The auditor's rooms name no heavy package anywhere, not even inside a function."""
    import ast

    found = []
    for room in BASE_ROOMS:
        for path in (SOURCE / "provenir" / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                names = []
                if isinstance(node, ast.Import):
                    names = [alias.name for alias in node.names]
                elif isinstance(node, ast.ImportFrom) and node.module:
                    names = [node.module]
                found += [
                    f"{path.name}:{node.lineno} {name}"
                    for name in names
                    if name.partition(".")[0] in NOT_IN_THE_BASE
                ]
    assert found == []


OF_COMMANDS = ("cryptography", "jinja2", "rich.progress", "provenir.governance")


@pytest.mark.parametrize(
    ("words", "heavy"),
    [
        (["--help"], ("pydantic", *OF_COMMANDS)),
        (["--version"], ("pydantic", *OF_COMMANDS)),
        # typer loads pydantic itself for the options of one command.
        (["passport", "verify", "--help"], OF_COMMANDS),
        (["run", "show", "--help"], OF_COMMANDS),
    ],
    ids=lambda part: " ".join(part) if isinstance(part, list) else "",
)
def test_help_loads_nothing_that_only_a_command_needs(words, heavy):
    code = (
        "import sys\n"
        "from provenir.cli.main import run\n"
        "try:\n"
        f"    run({words!r})\n"
        "except SystemExit as left:\n"
        "    assert left.code == 0\n"
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    assert run_python(code).splitlines()[-1] == "[]"
