"""Median and scatter of noise, and what outliers do to them: nothing."""

from __future__ import annotations

import random

import pytest

from provenir.observability.detectors.robust import median, scatter


def test_the_median_of_odd_and_even_counts():
    assert median([3.0, 1.0, 2.0]) == 2.0
    assert median([4.0, 1.0, 3.0, 2.0]) == 2.5


def test_the_scatter_is_the_deviation_of_normal_noise():
    rng = random.Random(1)
    noise = [rng.gauss(5, 2) for _ in range(2_000)]
    assert scatter(noise) == pytest.approx(2, rel=0.1)
    assert scatter([*noise, 1e9, -1e9]) == pytest.approx(2, rel=0.1)
    assert scatter([1.0] * 20) == 0.0
