"""Location, scatter and correlation of small windows, and what outliers do to them."""

from __future__ import annotations

import math
import random
import statistics

import pytest

from provenir.observability.detectors.robust import correlation, midmean, run_factor, scatter


def normal(count, seed=0):
    rng = random.Random(seed)
    return [rng.gauss(5, 2) for _ in range(count)]


def test_the_midmean_leaves_out_the_outer_quarters():
    assert midmean([7.0]) == 7.0
    assert midmean([0.0, 1.0, 3.0, 1e9]) == 2.0
    assert midmean(normal(2_000)) == pytest.approx(5, abs=0.2)


@pytest.mark.parametrize("count", [8, 24, 96, 500])
def test_the_scatter_is_that_of_normal_noise_and_larger_where_values_are_few(count):
    found = statistics.fmean(scatter(sorted(normal(count, seed))) for seed in range(400))
    assert 2 * 0.98 < found < 2 * (1.06 + 1.5 / count + 30 / count**2)


def test_outliers_hardly_move_the_scatter():
    values = normal(96)
    spoilt = sorted([*values[:-5], *[1e6] * 5])
    assert scatter(spoilt) < 1.3 * scatter(sorted(values))


def test_equal_values_have_no_scatter():
    assert scatter([3.0] * 20) == 0.0


def test_the_correlation_of_an_autoregressive_course():
    rng = random.Random(1)
    values, value = [], 0.0
    for _ in range(4_000):
        value = 0.5 * value + math.sqrt(0.75) * rng.gauss(0, 1)
        values.append(value)
    assert correlation(values, 0.0, 1.0) == pytest.approx(0.5, abs=0.05)
    assert correlation(normal(4_000), 5.0, 2.0) == pytest.approx(0.0, abs=0.05)
    assert correlation([1.0] * 9, 1.0, 1.0) == 0.0


def test_the_factor_of_sums_grows_with_the_correlation():
    assert run_factor(-0.5, 96) == run_factor(0.0, 96) == 1.0
    assert (
        1.0
        < run_factor(0.3, 96)
        < run_factor(0.6, 96)
        < run_factor(0.99, 96)
        == run_factor(0.85, 96)
    )
