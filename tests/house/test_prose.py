"""The repository speaks of the product alone, and holds no unfinished work."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BINARY = {".png", ".gz", ".zst", ".parquet", ".safetensors"}
MAX_FILE_BYTES = 1_000_000
# Spelled in pieces, so that this file does not find itself.
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX")) + r")\b")
INSTALL_FROM_INDEX = re.compile(r"pip install ['\"]?prov" + r"enir\b")
INDEX_HOST = re.compile(r"--index" + r"-url|--extra" + r"-index")


def tracked_files() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / line for line in listed.stdout.splitlines() if (ROOT / line).is_file()]


def texts():
    for path in tracked_files():
        if path.suffix not in BINARY:
            yield path, path.read_text(errors="replace")


def test_no_file_is_large():
    assert [str(p) for p in tracked_files() if p.stat().st_size > MAX_FILE_BYTES] == []


@pytest.mark.parametrize("pattern", [UNFINISHED, INSTALL_FROM_INDEX, INDEX_HOST], ids=str)
def test_no_file_says(pattern):
    found = [
        f"{path.relative_to(ROOT)}:{text[: match.start()].count(chr(10)) + 1}"
        for path, text in texts()
        for match in pattern.finditer(text)
    ]
    assert found == []


def test_no_exception_is_swallowed_in_silence():
    found = []
    for path in sorted((ROOT / "src").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ExceptHandler) and all(
                isinstance(statement, ast.Pass) for statement in node.body
            ):
                found.append(f"{path.name}:{node.lineno}")
    assert found == []


def test_the_readme_shows_its_two_commands():
    readme = (ROOT / "README.md").read_text()
    assert "make demo" in readme
    assert "make test" in readme
    assert "make test" in (ROOT / ".ci" / "run").read_text()
