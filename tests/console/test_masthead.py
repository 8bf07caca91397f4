"""The figures at the head of the page."""

from __future__ import annotations

from typing import Any

import pytest

from provenir.console.masthead import hacking_tile
from provenir.observability import RewardHackingDetector

GOOD = {"reward": 1.0, "true_reward": 1.0}
UNKNOWN = {"reward": 1.0}
HACK = {"reward": 1.0, "true_reward": 0.0}


@pytest.mark.parametrize(
    ("rollouts", "value", "note", "tone"),
    [
        ([UNKNOWN], "unknown", "no rollout was examined", "plain"),
        ([GOOD, GOOD], "0%", "0 signals, 2 rollouts", "good"),
        ([GOOD, UNKNOWN], "0%", "0 signals, 2 rollouts, not all examined", "warning"),
        ([GOOD, HACK], "50%", "1 signal, 2 rollouts", "critical"),
    ],
)
def test_what_was_not_examined_is_neither_good_nor_bad(rollouts, value, note, tone):
    tile = hacking_tile(RewardHackingDetector().detect_batch(rollouts).to_dict())
    assert (tile.value, tile.note, tile.tone) == (value, note, tone)


SIGNAL = {"kind": "advantage_collapse", "severity": "info"}


def test_signals_are_counted_as_the_report_counted_them() -> None:
    report: dict[str, Any] = {
        "hacking_rate": 0.5,
        "num_trajectories": 8,
        "by_kind": {"advantage_collapse": 600, "proxy_divergence": 30},
        "signals": [SIGNAL] * 200,
    }
    assert hacking_tile(report).note == "630 signals, 8 rollouts"
    assert hacking_tile({**report, "by_kind": {}}).note == "200 signals, 8 rollouts"


def test_groups_that_were_examined_are_told() -> None:
    report: dict[str, Any] = {
        "hacking_rate": None,
        "examined": {"groups": 1_440, "trajectories": 0},
        "by_kind": {"advantage_collapse": 630},
        "signals": [SIGNAL] * 200,
    }
    tile = hacking_tile(report)
    assert tile.value == "unknown"
    assert tile.note == "630 signals in 1,440 groups; single rollouts were not examined"
    assert hacking_tile({"hacking_rate": None}).note == "no rollout was examined"


@pytest.mark.parametrize(("severity", "tone"), [("warning", "warning"), ("critical", "critical")])
def test_what_was_found_about_the_run_is_told_without_any_rollout(severity, tone):
    signal = {"kind": "proxy_divergence", "severity": severity}
    tile = hacking_tile({"hacking_rate": None, "examined": {"groups": 0}, "signals": [signal]})
    assert (tile.value, tile.tone) == ("signs", tone)
    assert tile.note == f"{severity} about the whole run; single rollouts were not examined"
    tile = hacking_tile({"hacking_rate": None, "signals": [{**signal, "index": 3}]})
    assert (tile.value, tile.tone) == ("unknown", "plain")
