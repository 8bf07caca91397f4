"""A step is told from a ramp."""

from __future__ import annotations

import random

import pytest

from provenir.observability.detectors.change import is_step


def test_without_noise_both_are_certain():
    assert is_step([0.0, 0.0, 3.0, 3.0, 3.0, 3.0], 0.1, doubt=1.0)
    assert not is_step([0.0, 0.0, 1.0, 2.0, 3.0, 4.0], 0.1, doubt=1.0)


@pytest.mark.parametrize("sign", [1, -1])
def test_most_are_told_apart_in_noise(sign):
    rng = random.Random(1)
    steps = ramps = 0
    for _ in range(200):
        noise = [rng.gauss(0, 1) for _ in range(11)]
        shift, slope = [0] * 4 + [3] * 7, [0] * 4 + list(range(1, 8))
        steps += is_step([sign * (a + b) for a, b in zip(noise, shift, strict=True)], 1.0, doubt=1)
        ramps += is_step([sign * (a + b) for a, b in zip(noise, slope, strict=True)], 1.0, doubt=1)
    assert steps >= 170
    assert ramps <= 20
