"""Texts that grow over a run: with what they earn, or without."""

from __future__ import annotations

import math
import random

import pytest

from provenir.observability.hacking.run_lengths import BLOCK, RunLengths


def run(growth, gain, *, blocks=80, seed=0, spread=0.5):
    """Alarms of a run whose lengths and rewards grow by so much a block from block 20 on."""
    rng = random.Random(seed)
    lengths, alarms = RunLengths(), []
    for number in range(blocks * BLOCK):
        later = max(0.0, number / BLOCK - 20)
        chars = int(math.exp(rng.gauss(6 + growth * later, spread)))
        reward = float(rng.random() < 0.3 + gain * later)
        alarms += lengths.add(chars, reward)
    return alarms


@pytest.mark.parametrize("seed", range(5))
def test_growth_without_gain_alarms_once(seed):
    (alarm,) = run(0.03, 0.0, seed=seed)
    assert (alarm.kind, alarm.severity, alarm.index) == ("length_inflation", "warning", None)
    assert alarm.data["ratio"] > 1.5


@pytest.mark.parametrize("seed", range(5))
def test_growth_that_earns_more_is_learning(seed):
    assert run(0.03, 0.01, seed=seed) == []


@pytest.mark.parametrize("seed", range(5))
def test_a_steady_run_is_quiet(seed):
    assert run(0.0, 0.0, seed=seed, spread=0.9) == []


def test_the_true_reward_decides_where_it_is_known():
    lengths, alarms = RunLengths(), []
    for block in range(40):
        for number in range(BLOCK):
            alarms += lengths.add(100 + block * 20, block / 40, float(number % 2))
    assert len(alarms) == 1


def test_a_second_episode_alarms_again():
    lengths, alarms = RunLengths(), []
    for block in range(60):
        long = 15 <= block < 25 or block >= 40
        for number in range(BLOCK):
            alarms += lengths.add(1_000 if long else 100, float(number % 2))
    assert len(alarms) == 2


@pytest.mark.parametrize("reward", [1.7e308, -1.7e308, 1e200, 1e150, 5e-324])
def test_no_reward_is_too_large_or_too_small(reward):
    watch = RunLengths()
    for number in range(BLOCK * 20):
        watch.add(number % 7, reward if number % 3 else -reward, reward)


def test_rollouts_without_a_reward_are_left_out():
    lengths = RunLengths()
    for block in range(100):
        for _ in range(BLOCK):
            assert lengths.add(100 * (block + 1), None) == []
            assert lengths.add(100 * (block + 1), math.nan) == []
