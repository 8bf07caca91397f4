"""`provenir demo`: what it refuses before any work, and what Ctrl-C says."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_ctrl_c_is_one_line():
    begun = subprocess.Popen(
        [sys.executable, "-m", "provenir", "demo", "--lite"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert begun.stdout.readline().startswith("Verify as a stranger")
    os.killpg(begun.pid, signal.SIGINT)
    _, said = begun.communicate(timeout=60)
    assert (begun.returncode, said) == (130, "interrupted\n")


@pytest.mark.slow
def test_ctrl_c_says_where_the_record_lies_and_that_can_be_verified(tmp_path):
    pytest.importorskip("trl", reason="needs the extra train")
    begun = subprocess.Popen(
        [sys.executable, "-m", "provenir", "demo", "--out", str(tmp_path / "demo")],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    for line in begun.stdout:
        if line.startswith("  Train by GRPO: "):
            break
    os.killpg(begun.pid, signal.SIGINT)
    _, said = begun.communicate(timeout=120)
    assert begun.returncode == 130
    assert said == f"interrupted; what was recorded lies in {tmp_path / 'demo'}\n"
    assert json.loads((tmp_path / "demo" / "bom.json").read_text())["run"]["status"] == (
        "interrupted"
    )
    words = ["passport", "verify", "passport.json", "--public-key", "key.pub.pem"]
    command = [sys.executable, "-m", "provenir", *words]
    assert subprocess.run(command, cwd=tmp_path / "demo", check=False).returncode == 0


@pytest.mark.parametrize("words", [("--seed", "3"), ("--out", "here")])
def test_an_option_of_the_training_is_refused_without_one(call, words):
    code, out, err = call("demo", "--lite", *words)
    assert (code, out) == (2, "")
    assert err.startswith(f"error: {words[0]} has no meaning with --lite")


def test_a_seed_in_the_settings_is_for_the_other_demo(call, monkeypatch):
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PROVENIR_DEMO_SEED", "3")
    assert call("demo", "--lite")[0] == 0
