"""Foreign verifiers accept our good exports and refuse the tampered; see `make interop`.

A tool that is not installed is skipped with its reason; `scripts/interop/setup.sh` installs all.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts" / "interop"
GUIDE = (ROOT / "docs" / "guide" / "exports.md").read_text("utf-8")
ROWS = [
    tuple(cell.strip() for cell in line.strip("|").split("|"))
    for line in GUIDE.splitlines()
    if line.startswith("| ") and line.count("|") == 8
][1:]
NO_VERSION = "–"


@pytest.fixture(scope="module")
def registry():
    """The rows as the scripts hold them, loaded from their own folder."""
    sys.path.insert(0, str(SCRIPTS))
    try:
        import registry

        yield registry.VERIFIERS
    finally:
        sys.path.remove(str(SCRIPTS))
        for name in ("registry", "verifiers"):
            sys.modules.pop(name, None)


@pytest.fixture(scope="module")
def results():
    """What every verifier that is there said, by its name."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    done = subprocess.run(
        [sys.executable, SCRIPTS / "matrix.py", "--json"],
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.stdout, done.stderr
    return {row["tool"]: row for row in json.loads(done.stdout)}


def test_the_guide_shows_every_row(registry):
    shown = [(row[0], row[1], row[3]) for row in ROWS]
    assert shown == [(row.tool, row.language, row.form) for row in registry]


def test_every_row_that_can_run_has_a_good_and_two_tampered(registry):
    for row in registry:
        assert not row.command or (len(row.good) >= 1 and len(row.tampered) >= 2), row.tool


def test_the_guide_counts_what_ran():
    ran = [row for row in ROWS if row[2] != NO_VERSION]
    languages = {row[1] for row in ran}
    assert f"{len(ran)} rows in {len(languages)} languages" in GUIDE
    assert len(ran) >= 8
    assert len(languages) >= 4
    for row in ran:
        for cell in row[4:6]:
            right, all_of_them = re.fullmatch(r"(\d+)/(\d+)", cell).groups()
            assert right == all_of_them


@pytest.mark.slow
@pytest.mark.parametrize("tool", [row[0] for row in ROWS])
def test_a_foreign_verifier_tells_the_good_from_the_tampered(results, tool):
    row = results[tool]
    if row["reason"] is not None:
        pytest.skip(f"{tool}: {row['reason']}")
    assert row["wrong"] == []
    assert row["accepted"] == row["good"] >= 1
    assert row["refused"] == row["tampered"] >= 2
