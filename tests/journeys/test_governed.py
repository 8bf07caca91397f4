"""The journey of `examples/governed`, small: from the corpus to a stranger's verdict, and back."""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("trl", reason="needs the extra train")
pytest.importorskip("peft", reason="needs the extra train")

from provenir.cli.main import run
from provenir.provenance.ledger.reader import read_records

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "governed"
SMALL = ("--base-steps", "2", "--epochs", "1")


@pytest.fixture(scope="module")
def went(tmp_path_factory):
    """The folder in which somebody went the whole way, and what the journey printed."""
    out = tmp_path_factory.mktemp("governed")
    environment = os.environ | {"COLUMNS": "200", "NO_COLOR": "1", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(EXAMPLE / "journey.py"), "--out", str(out), *SMALL]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3_000:] + done.stderr[-3_000:]
    return out, done.stdout


@pytest.fixture
def told(went, capsys, monkeypatch, tmp_path):
    """Call `provenir` on the run; returns its JSON."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def call(*words):
        with pytest.raises(SystemExit) as left:
            run([str(word) for word in words])
        printed = capsys.readouterr()
        assert left.value.code in (0, None), printed.err
        return json.loads(printed.out)

    return call


def table_of(printed, title):
    """The rows of a table that the journey printed, as lists of cells."""
    (body,) = re.findall(rf"{re.escape(title)}[^\n]*\n(.*?└[^\n]*┘)", printed, re.DOTALL)
    lines = [line for line in body.splitlines() if line.startswith("│")]
    return [[cell.strip() for cell in line.strip("│").split("│")] for line in lines]


def tamperings():
    spec = importlib.util.spec_from_file_location("tamper", EXAMPLE / "tamper.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.TAMPERINGS


def test_both_verifiers_pass_the_same_checks_of_an_honest_run(went):
    _, printed = went
    package, single = (
        {name: status for name, status, _ in table_of(printed, title)}
        for title in ("provenir verify, by a stranger", "auditor/provenir_audit.py")
    )
    assert set(package.values()) == {"pass"}
    assert package == single
    assert {"V0 model", "V1 parameters", "V2 admission", "V2 order", "assurance"} <= set(package)


def test_both_refuse_every_change_for_the_same_reasons(went):
    _, printed = went
    rows = table_of(printed, "Tampering")
    assert [name for name, *_ in rows] == list(tamperings())
    for name, level, package, single in rows:
        assert level in ("V0", "V1", "V2"), name
        assert package, name
        assert package == single, name


def test_the_ledger_holds_what_the_corpus_was_made_for(went):
    folder = went[0] / "run" / "governed"
    last = list(read_records(folder))[-1].record
    assert (last.kind, last.status) == ("close", "completed")
    decided = [json.loads(line) for line in (folder / "admission.jsonl").read_text().splitlines()]
    effects = {line["effect"] for line in decided}
    assert effects == {"allow", "attenuate", "deny"}
    fed = {
        entry["row"]
        for line in (folder / "details.jsonl").read_text().splitlines()
        for entry in json.loads(line)["batch"]
    }
    assert fed == {line["row"] for line in decided if line["effect"] != "deny"}


def test_private_files_are_their_owners(went):
    out, _ = went
    private = out / "run" / "governed" / "private"
    assert stat.S_IMODE(private.stat().st_mode) == 0o700
    for path in (*private.iterdir(), out / "run.salts"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path


def test_an_answer_is_proved_to_the_root_of_the_passport(went, told, tmp_path):
    ran = went[0] / "run"
    envelope = json.loads((ran / "passport.json").read_bytes())
    passport = json.loads(base64.b64decode(envelope["payload"]))["predicate"]
    root = passport["ledger_root"]
    assert passport["assurance"] == "L2"
    answer = told("ledger", "query", ran, "--block", "layer.3", "--limit", "2", "--json")
    assert answer["by"] == "weight-norm"
    for row in answer["rows"]:
        proof = tmp_path / "proof.json"
        proof.write_text(json.dumps(row["proof"]))
        checked = told("ledger", "check-proof", proof, "--root", root, "--json")
        assert checked["entry"]["row"] == row["row"]
        followed = told("ledger", "query", ran, "--example", row["example"], "--json")
        assert row["step"] in [visit["step"] for visit in followed["visits"]]


def test_the_page_shows_who_moved_what(went):
    page = (went[0] / "run" / "report.html").read_text()
    assert "Governed training" in page
    for source in ("open encyclopedia", "acme press", "clinic notes"):
        assert source in page
