"""`make bench` knows every program below benchmarks/, and says why it leaves one out."""

from __future__ import annotations

import tomllib
from pathlib import Path

BENCHMARKS = Path(__file__).resolve().parents[2] / "benchmarks"


def test_every_benchmark_has_a_quick_run_or_a_reason():
    plan = tomllib.loads((BENCHMARKS / "quick.toml").read_text(encoding="utf-8"))
    programs = {
        path.relative_to(BENCHMARKS).as_posix()
        for path in BENCHMARKS.rglob("*.py")
        if '\nif __name__ == "__main__":' in path.read_text(encoding="utf-8")
    }
    assert not plan["run"].keys() & plan["left_out"].keys()
    assert plan["run"].keys() | plan["left_out"].keys() == programs
    assert all(plan["left_out"].values())
