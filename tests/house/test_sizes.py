"""Small rooms: modules and functions stay within the sizes of the house."""

from __future__ import annotations

import ast
import statistics
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "src" / "provenir").rglob("*.py"))
KERNELS = tomllib.loads((Path(__file__).parent / "kernels.toml").read_text()).get("kernel", {})
MAX_KERNELS, MAX_KERNEL_LINES = 6, 150


def module_lines() -> dict[Path, int]:
    return {path: len(path.read_text().splitlines()) for path in SOURCES}


def function_lines() -> dict[str, int]:
    lengths = {}
    for path in SOURCES:
        room = path.relative_to(ROOT / "src").with_suffix("").as_posix().replace("/", ".")
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lengths[f"{room}.{node.name}:{node.lineno}"] = node.end_lineno - node.lineno + 1
    return lengths


def share_within(lengths: list[int], bound: int) -> float:
    return sum(length <= bound for length in lengths) / len(lengths)


def test_modules_are_small():
    lengths = module_lines()
    assert {str(p): n for p, n in lengths.items() if n > 500} == {}
    assert statistics.median(lengths.values()) <= 150
    assert share_within(list(lengths.values()), 350) >= 0.9


def test_functions_are_small():
    lengths = {
        name: length
        for name, length in function_lines().items()
        if name.rpartition(":")[0] not in KERNELS
    }
    assert {name: n for name, n in lengths.items() if n > 60} == {}
    assert share_within(list(lengths.values()), 40) >= 0.9


def test_kernels_are_listed_with_a_reason_and_an_oracle():
    assert len(KERNELS) <= MAX_KERNELS
    lengths = {name.rpartition(":")[0]: n for name, n in function_lines().items()}
    for name, entry in KERNELS.items():
        assert entry["reason"]
        assert entry["oracle"]
        assert lengths[name] <= MAX_KERNEL_LINES


@pytest.mark.parametrize("name", ["utils", "helpers", "manager", "common"])
def test_no_module_has_a_name_that_says_nothing(name):
    assert [path for path in SOURCES if path.stem == name] == []
