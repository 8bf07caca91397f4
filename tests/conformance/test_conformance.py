"""Every attack on a passport, and every honest case beside it, judged by the command line.

Each folder is a case: its `case.json` has the arguments and what must come of them. The single-file
auditor is held to the same folders in `tests/auditor`.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from provenir.cli.main import run

FOLDER = Path(__file__).parent
CASES = sorted(path.parent.name for path in FOLDER.glob("*/case.json"))


@pytest.mark.parametrize("name", CASES)
def test_a_case_comes_out_as_it_must(name, tmp_path, monkeypatch, capsys):
    shutil.copytree(FOLDER / name, tmp_path / name)
    monkeypatch.chdir(tmp_path / name)
    monkeypatch.setenv("PROVENIR_STATE", str(tmp_path / "state.json"))
    case = json.loads((FOLDER / name / "case.json").read_text())
    with pytest.raises(SystemExit) as ended:
        run(["verify", *case["arguments"], "--json"])
    said = capsys.readouterr()
    assert ended.value.code == case["exit_code"], said
    if case["exit_code"] == 2:
        assert said.out == ""
        assert said.err.count("\n") == 1 + said.err.count("warning: ")
        assert "error: " in said.err
        return
    verdict = json.loads(said.out)
    assert set(verdict["reasons"]) == set(case["reasons"]), verdict["checks"]
    assert verdict["good"] == (case["exit_code"] == 0)


def test_attacks_are_told_from_honest_cases_by_their_names():
    for name in CASES:
        case = json.loads((FOLDER / name / "case.json").read_text())
        assert name.endswith("_fail") == (case["exit_code"] in (1, 2)), name
        assert (FOLDER / name / "README.md").is_file()


def test_there_are_enough_of_them():
    refused = [name for name in CASES if name.endswith("_fail")]
    assert len(refused) >= 40
