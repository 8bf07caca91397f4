"""The auditor as a module, and a way to ask it and the package the same question."""

from __future__ import annotations

import importlib.util
import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
AUDITOR = ROOT / "auditor" / "provenir_audit.py"


@dataclass
class Answer:
    """What one of the two said."""

    code: int
    reasons: list[str]
    out: str
    err: str

    @property
    def said(self) -> tuple[int, list[str]]:
        return self.code, self.reasons


@pytest.fixture(scope="session")
def auditor() -> Any:
    spec = importlib.util.spec_from_file_location("provenir_audit", AUDITOR)
    module = importlib.util.module_from_spec(spec)
    sys.modules["provenir_audit"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def audit(auditor, capsys):
    """Ask the auditor."""

    def ask(*words):
        capsys.readouterr()
        code = auditor.main([*map(str, words), "--json"])
        return answer(code, capsys.readouterr())

    return ask


@pytest.fixture
def package(capsys):
    """Ask the package."""
    from provenir.cli.main import run

    def ask(*words):
        capsys.readouterr()
        with pytest.raises(SystemExit) as left:
            run(["verify", *map(str, words), "--json"])
        return answer(left.value.code, capsys.readouterr())

    return ask


@pytest.fixture
def both(audit, package):
    """Ask both, and make sure that they agree; what they say."""

    def ask(*words):
        mine, theirs = audit(*words), package(*words)
        assert mine.said == theirs.said, (mine.out, mine.err, theirs.out, theirs.err)
        return mine

    return ask


@pytest.fixture(autouse=True)
def place(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PROVENIR_STATE", str(tmp_path / "remembered.json"))
    monkeypatch.delenv("PROVENIR_WORKSPACE", raising=False)
    return tmp_path


def answer(code: int, captured: Any) -> Answer:
    reasons = json.loads(captured.out)["reasons"] if captured.out else []
    return Answer(code, reasons, captured.out, captured.err)
