"""A spread that vanishes, one that is no spread, and one that shrinks while the task is learnt."""

from __future__ import annotations

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
