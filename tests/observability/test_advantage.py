"""A spread that vanishes, one that is no spread, and one that shrinks while the task is learnt."""

from __future__ import annotations

import math
import random

import pytest

from provenir.observability import FlightRecorder


@pytest.mark.parametrize("channel", ["reward_std", "advantage_std", "loss/avg_raw_advantages_abs"])
def test_a_spread_below_zero_is_no_lack_of_signal(channel):
    rng = random.Random(4)
    recorder = FlightRecorder()
    for _ in range(400):
        recorder.log_step({channel: 0.3 * (1 + 0.6 * rng.gauss(0, 1))})
    assert recorder.anomalies == []
    assert recorder.log_step({channel: -1e-9}) != []


def test_a_range_of_advantages_below_zero_is_no_lack_of_signal():
    low, high = "critic/advantages/min", "critic/advantages/max"
    assert FlightRecorder().log_step({high: -0.5, low: -0.5}) == []


def learning(step, rng, *, least, most, width, at=100):
    """Rewards 0 and 1 of a task that is learnt along a logistic curve."""
    share = least + (most - least) / (1 + math.exp(-(step - at) / width))
    spread = math.sqrt(share * (1 - share))
    return {
        "reward_mean": share + 0.03 * rng.gauss(0, 1),
        "reward_std": spread * (1 + 0.05 * rng.gauss(0, 1)),
        "advantage_std": spread * (1 + 0.05 * rng.gauss(0, 1)),
    }


@pytest.mark.parametrize(("least", "most"), [(0.1, 0.9), (0.45, 0.95)])
@pytest.mark.parametrize("width", [12, 24])
def test_a_spread_that_shrinks_while_the_task_is_learnt_is_information(least, most, width):
    noticed = 0
    for seed in range(5):
        rng = random.Random(seed)
        recorder = FlightRecorder()
        for step in range(250):
            recorder.log_step(learning(step, rng, least=least, most=most, width=width))
        assert {anomaly.severity for anomaly in recorder.anomalies} <= {"info"}
        assert recorder.health_report().startswith("HEALTHY")
        noticed += any(anomaly.kind == "reward_std_collapse" for anomaly in recorder.anomalies)
    assert noticed  # or the rule was not put to the test


@pytest.mark.parametrize("channel", ["reward_std", "advantage_std"])
@pytest.mark.parametrize("pace", [0.0, -0.3, 0.003])
def test_a_spread_that_falls_by_itself_is_a_warning(channel, pace):
    found = 0
    for seed in range(20):
        rng = random.Random(seed)
        recorder = FlightRecorder()
        for step in range(160):
            moved = step >= 150
            drift = pace * (step - 149 if pace < 0 and moved else step if pace > 0 else 0)
            before = len(recorder.anomalies)
            recorder.log_step(
                {
                    "reward_mean": 0.4 + 0.03 * (drift + rng.gauss(0, 1)),
                    channel: 0.3 * (1 + 0.1 * rng.gauss(0, 1) - 0.3 * moved),
                }
            )
            if moved and len(recorder.anomalies) > before:
                begun = recorder.anomalies[before:]
                found += any(a.channel == channel and a.severity == "warning" for a in begun)
    assert found >= 18
