"""The baseline follows noise and trends, and neither outliers nor the newest values."""

from __future__ import annotations

import random

import pytest

from provenir.observability import FlightRecorderConfig
from provenir.observability.detectors.baseline import HOLD, REFRESH, REMEMBERED, Baseline

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
    assert baseline.rise < baseline.limit
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


def test_a_channel_that_moves_little_has_its_own_scale():
    values = [1.0 + place % 7 / 1000 for place in range(96)]
    assert 0.001 < fed(values).scale < 0.003
    assert fed(values, resolution=0.5).scale < 0.003
    assert fed([0.0] * 50, resolution=0.5).scale == 0.5


def test_a_count_that_is_mostly_zero_scatters_by_its_outliers():
    values = [0.25 if place % 10 == 0 else 0.0 for place in range(96)]
    assert fed(values).scale == pytest.approx(0.075, rel=0.1)


def test_sums_clip_single_values_and_are_bounded():
    baseline = fed([1.0 + place % 5 / 50 for place in range(60)])
    baseline.measure(1e9)
    assert 3.0 - CONFIG.slack <= baseline.rise < 3.0
    for _ in range(100):
        baseline.measure(1e9)
    assert baseline.rise == 2 * baseline.limit
    baseline.release()
    assert baseline.rise == baseline.fall == 0.0


def level(baseline, value, count):
    for place in range(count):
        baseline.measure(value * (1 + place % 5 / 50))
        baseline.absorb()


def test_the_slope_is_not_carried_beyond_what_was_observed():
    baseline = Baseline(CONFIG, side=1)
    for place in range(140):
        baseline.measure((1.0 if place < 100 else 5.0) * (1 + place % 5 / 50))
        baseline.absorb()
        assert baseline.location <= 5.4


def test_an_excursion_to_the_harmless_side_is_kept_apart_and_dropped():
    baseline = Baseline(CONFIG, side=-1)
    level(baseline, 1.0, 100)
    before = baseline.location
    level(baseline, 9.0, 12)
    assert baseline.away
    assert baseline.location == before
    level(baseline, 1.0, 4)
    assert not baseline.away
    assert baseline.rise == 0.0
    assert max(baseline._window) < 9.0


def test_a_move_that_is_adopted_ends_when_it_settles():
    baseline = Baseline(CONFIG, adopts=True)
    level(baseline, 1.0, 100)
    baseline.measure(9.0)
    baseline.hold(1)
    assert baseline.leaving
    level(baseline, 9.0, REFRESH)
    assert not baseline.leaving
    assert baseline.location == pytest.approx(9.4, abs=0.5)


def test_information_is_adopted_and_a_fault_after_it_is_not():
    baseline = Baseline(CONFIG)
    level(baseline, 1.0, 100)
    baseline.measure(1.2)
    baseline.hold(1, lasting=False)
    assert baseline.leaving
    baseline.hold(1)
    assert not baseline.leaving
    level(baseline, 9.0, 3)
    assert baseline.location < 2


def test_an_autocorrelated_course_needs_a_larger_sum():
    rng = random.Random(3)
    values, value = [], 0.0
    for _ in range(200):
        value = 0.8 * value + rng.gauss(0, 1)
        values.append(value)
    assert fed(values).limit > 2 * fed([rng.gauss(0, 1) for _ in range(200)]).limit


def test_a_level_that_lasts_is_adopted_and_the_old_one_remembered():
    baseline = Baseline(CONFIG, side=-1)
    level(baseline, 1.0, 100)
    level(baseline, 9.0, 40)
    assert baseline.location == pytest.approx(9.4, abs=0.5)
    baseline.measure(4.0)
    assert baseline.score == 0.0  # between the two levels
    baseline.measure(1.05)
    assert abs(baseline.score) < 1
    assert baseline.location == pytest.approx(1.04, abs=0.05)


def test_what_lies_beyond_the_remembered_level_is_judged_by_it():
    baseline = Baseline(CONFIG, side=-1)
    level(baseline, 1.0, 100)
    level(baseline, 9.0, 40)
    baseline.measure(0.5)
    assert baseline.score == pytest.approx((0.5 - baseline.location) / baseline.scale)
    assert baseline.score < -HOLD
    assert baseline.location == pytest.approx(1.04, abs=0.05)


def test_of_several_levels_the_farthest_is_remembered():
    baseline = Baseline(CONFIG, side=-1)
    for value in (1.0, 5.0, 25.0):
        level(baseline, value, 60)
    assert baseline.location == pytest.approx(26, abs=1)
    baseline.measure(1.04)
    assert abs(baseline.score) < 1


def test_a_climb_leaves_nothing_to_come_back_to():
    rng = random.Random(1)
    baseline = Baseline(CONFIG, side=-1)
    for place in range(200):
        baseline.measure(0.01 * (1 + rng.random() / 10) + max(0, place - 60) / 100)
        baseline.absorb()
    baseline.measure(0.01)
    assert baseline.score < -CONFIG.leap
    assert baseline.location > 1


def test_a_level_left_long_ago_is_forgotten():
    baseline = Baseline(CONFIG, side=-1)
    level(baseline, 1.0, 100)
    level(baseline, 9.0, REMEMBERED * (CONFIG.window + CONFIG.lag) + 40)
    baseline.measure(1.0)
    assert baseline.score < -CONFIG.leap
