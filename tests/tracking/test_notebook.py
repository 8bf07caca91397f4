"""A run in the cells of a notebook."""

from __future__ import annotations

import math
import subprocess
import sys
from pathlib import Path

import pytest

import provenir
from provenir.core.errors import LockedError, UsageError

HOSTILE = "<script>alert(1)</script> | `x` [a](javascript:b) \x1b[2J \u202e"


def shown(run):
    return run._repr_html_(), run._repr_markdown_()


def test_a_run_is_shown_before_while_and_after():
    run = provenir.track("mine", output_dir="out")
    assert all("mine" in text and "new" in text for text in shown(run))
    run.start()
    run.log_step({"step": 3, "kl": math.nan})
    run.log_trajectory({"prediction": "x", "reward": 1.0, "true_reward": 0.0})
    for text in shown(run):
        assert "CRITICAL after 1 step" in text
        assert "kl is nan" in text
    assert "1: 1 of 1 flagged" in run._repr_html_()
    run.finish()
    assert "completed" in run._repr_html_()


def test_nothing_that_is_shown_acts():
    run = provenir.track(HOSTILE, output_dir="out").start()
    run.add_finding(provenir.core.findings.Finding(kind="x", severity="warning", detail=HOSTILE))
    page, text = shown(run)
    assert "<script" not in page + text
    assert "\x1b" not in page + text
    assert "\u202e" not in page + text
    assert "[a](" not in text
    assert {line.count(" | ") for line in text.replace("\\|", "").splitlines()} <= {0, 1}
    run.finish()


def test_a_health_report_is_shown_as_it_is_written():
    with provenir.track("run", output_dir="out") as run:
        run.log_step({"kl": 99.0})
    page = run.flight_recorder._repr_html_()
    assert page.startswith("<pre>CRITICAL: 1 step")
    assert page.count("<") == 2


def test_what_is_shown_stays_small():
    run = provenir.track("run", output_dir="out").start()
    for step in range(0, 1200, 6):
        run.log_step({"step": step, "kl": math.nan})
        for quiet in range(1, 6):
            run.log_step({"step": step + quiet, "kl": 0.1})
    assert len(run._repr_html_()) < 5_000
    run.finish()


def cell(resume=True):
    return provenir.track("cell", output_dir="out", resume=resume).start()


def test_a_cell_that_is_run_twice_says_what_to_do():
    run = cell()
    with pytest.raises(LockedError, match=r"finish\(\) the run of this process"):
        cell()
    with pytest.raises(UsageError, match="used once"):
        run.start()
    run.log_step({"kl": 0.1})
    run.finish()
    run.finish()
    assert run.status == "completed"


def test_a_kernel_that_is_restarted_goes_on():
    code = """
import provenir
run = provenir.track("cell", output_dir="out", resume=True).start()
for step in range(3):
    run.log_step({"kl": 0.1})
"""
    kernel = f"{code}\nimport os\nos._exit(9)"
    assert subprocess.run([sys.executable, "-c", kernel], check=False).returncode == 9
    run = cell()
    assert run.flight_recorder.num_steps == 3
    run.log_step({"kl": 0.1})
    run.finish()
    assert [step["step"] for step in provenir.provenance.run_record.read_run("out").steps()] == [
        0, 1, 2, 3,
    ]  # fmt: skip
    assert [path.stem for path in Path("out/manifests").iterdir()] == [run.run_id]
    assert Path("out/bom.json").is_file()
