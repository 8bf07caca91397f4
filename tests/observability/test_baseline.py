"""The baseline follows noise and trends, and neither outliers nor the newest values."""

from __future__ import annotations

import random

import pytest

from provenir.observability import FlightRecorderConfig
from provenir.observability.detectors.baseline import REFRESH, Baseline

CONFIG = FlightRecorderConfig()


def fed(values, **kinds) -> Baseline:
    baseline = Baseline(CONFIG, **kinds)
    for value in values:
        baseline.measure(value)
        baseline.absorb()
    return baseline


def test_location_and_scale_of_noise():
    rng = random.Random(2)
    baseline = fed([rng.gauss(5, 2) for _ in range(400)])
    assert baseline.location == pytest.approx(5, abs=1.5)
    assert baseline.scale == pytest.approx(2, rel=0.4)
    assert baseline.first == pytest.approx(5, abs=3)


def test_outliers_move_nothing():
    rng = random.Random(2)
    noise = [rng.gauss(5, 1) for _ in range(200)]
    spoilt = [1e6 if place % 12 == 0 else value for place, value in enumerate(noise)]
    assert fed(spoilt).location == pytest.approx(fed(noise).location, abs=0.6)
    assert fed(spoilt).scale < 3


def test_a_ramp_is_followed():
    rng = random.Random(2)
    baseline = fed([place - 180 + rng.gauss(0, 1) for place in range(200)])
    assert baseline.scale < 2
    assert baseline.rise < CONFIG.threshold
    assert baseline.location == pytest.approx(12, abs=8)


def test_the_newest_values_wait_outside():
    level = [1.0 + place % 3 / 10 for place in range(CONFIG.warmup + 3 * REFRESH - CONFIG.lag)]
    baseline = fed(level)
    before, scale = baseline.location, baseline.scale
    for _ in range(CONFIG.lag):
        baseline.measure(50.0)
        baseline.absorb()
    assert baseline.location == pytest.approx(before, abs=0.2)
    assert baseline.scale == pytest.approx(scale, rel=0.5)
    baseline.hold()
    assert 50.0 not in baseline._window


def test_an_episode_drops_the_values_that_wait():
    baseline = fed([1.0] * 60)
    baseline.measure(50.0)
    baseline.absorb()
    baseline.hold()
    for _ in range(60):
        baseline.measure(1.0)
        baseline.absorb()
    assert 50.0 not in baseline._window


def test_a_constant_channel_has_a_scale():
    assert fed([0.5] * 50).scale == pytest.approx(0.015)
    assert fed([0.0] * 50).scale > 0
    assert fed([0.0] * 50, floor=0.03).scale == 0.03


def test_the_logarithmic_scale_has_a_floor():
    baseline = fed([0.0, -5.0, 1e-9] * 20, log=True, floor=1e-3)
    assert baseline.typical == pytest.approx(1e-3)


def test_sums_clip_single_values_and_are_bounded():
    baseline = fed([1.0 + place % 5 / 50 for place in range(60)])
    baseline.measure(1e9)
    assert baseline.rise == 4.0 - CONFIG.slack
    for _ in range(100):
        baseline.measure(1e9)
    assert baseline.rise == 2 * CONFIG.threshold
    baseline.release()
    assert baseline.rise == baseline.fall == 0.0
