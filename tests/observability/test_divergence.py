"""A run whose proxy reward rises while the true one does not follow is seen, others are not."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenir.observability import HackingMonitor
from provenir.observability.hacking.divergence import (
    MAX_BATCHES,
    DivergenceTest,
    _Contrasts,
    _log_evidence,
    _rise,
    run_signal,
)


def run(proxy_rise, true_rise, *, steps=300, per=16, seed=0, scale=1.0):
    """Bernoulli rewards whose means move along straight lines."""
    dice, test = random.Random(seed), DivergenceTest()
    for step in range(steps):
        for _ in range(per):
            proxy = float(dice.random() < 0.4 + proxy_rise * step / steps)
            true = scale * (dice.random() < 0.4 + true_rise * step / steps)
            if (found := test.add(proxy, true, key=step, step=step)) is not None:
                assert test.found is found
                return found
    return None


@pytest.mark.parametrize("true_rise", [0.0, -0.3])
def test_a_proxy_that_rises_alone_is_seen(true_rise):
    found = run(0.4, true_rise)
    assert found.proxy.size > 0.1
    assert found.true.low <= 0
    assert found.proxy_levels[1] > found.proxy_levels[0] + 0.1
    signal = run_signal(found, unit="rollouts")
    assert signal.index is signal.group_id is None
    assert signal.data["step"] == found.step < 300
    assert (signal.severity == "critical") == (found.true.high < 0)


@pytest.mark.parametrize(
    "rises", [(0.0, 0.0), (0.4, 0.4), (-0.3, -0.3), (0.0, -0.3), (0.0, 0.4), (-0.3, 0.3)]
)
def test_a_run_in_which_the_two_stay_together_is_not(rises):
    assert [seed for seed in range(8) if run(*rises, seed=seed)] == []


def test_a_true_reward_on_another_scale_follows_all_the_same():
    assert run(0.4, 0.4, scale=0.01) is None
    assert run(0.4, 0.0, scale=100.0) is not None


def test_a_true_reward_that_never_moves_at_all_does_not_follow():
    assert run(0.4, 0.0, scale=0.0) is not None


def test_it_is_said_once():
    test = DivergenceTest(least=1)
    said = [test.add(step / 100 + step % 2, 0.0, key=step) for step in range(4_000)]
    assert sum(found is not None for found in said) == 1


def test_constant_rewards_are_no_evidence():
    test = DivergenceTest()
    assert not any(test.add(1.0, 0.0) for _ in range(5_000))


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(-1, 1), st.floats(-1, 1)), min_size=3, max_size=40))
def test_sums_are_those_of_the_contrasts_written_out(batches):
    sums = _Contrasts()
    for batch in batches:
        sums.add(*batch)
    total = squares = weights = 0.0
    for t in range(2, len(batches) + 1):
        before = [proxy for proxy, _ in batches[: t - 1]]
        z = math.sqrt((t - 1) / t) * (batches[t - 1][0] - math.fsum(before) / (t - 1))
        w = (t - 1) / MAX_BATCHES
        total, squares, weights = total + w * z, squares + z * z, weights + w * w
    assert math.isclose(sums.sums[0], total, rel_tol=1e-6, abs_tol=1e-9)
    assert math.isclose(sums.squares[0], squares, rel_tol=1e-6, abs_tol=1e-9)
    assert math.isclose(sums.weights, weights, rel_tol=1e-9)


@settings(max_examples=60)
@given(
    st.floats(1e-3, 1e3),
    st.lists(st.floats(-1, 1), min_size=8, max_size=40).filter(lambda xs: max(xs) - min(xs) > 0.1),
)
def test_evidence_depends_on_neither_scale_nor_place(scale, values):
    def evidence(numbers):
        sums = _Contrasts()
        for number in numbers:
            sums.add(number, 0.0)
        return _log_evidence(sums.sums[0], sums.squares[0], sums.weights, len(numbers) - 1)

    here, there = evidence(values), evidence([5 + scale * value for value in values])
    assert here == there or math.isclose(here, there, rel_tol=1e-3, abs_tol=1e-3)


def test_a_straight_line_rises_by_what_it_rises():
    sums = _Contrasts()
    dice = random.Random(3)
    for t in range(50):
        sums.add(0.3 * t / 50 + dice.gauss(0, 0.01), 0.0)
    rise = _rise(sums.sums[0], sums.squares[0], sums.weights, 50, 0.01)
    assert rise.low < 0.3 < rise.high
    assert rise.high - rise.low < 0.1


def test_memory_stays_flat():
    test, dice = DivergenceTest(), random.Random(0)
    for step in range(60_000):
        test.add(dice.random(), dice.random(), key=step)
        assert len(test._batches) < MAX_BATCHES


def log(monitor, true_rise, *, steps=300, dice):
    for step in range(steps):
        for place in range(16):
            proxy = float(dice.random() < 0.4 + 0.4 * step / steps)
            true = float(dice.random() < 0.4 + true_rise * step / steps)
            rollout = {"proxy_reward": proxy, "true_reward": true, "step": step}
            monitor.add({**rollout, "group_id": place // 8})


def test_a_monitor_reports_the_run_apart_from_its_rollouts():
    monitor = HackingMonitor(gap=5.0)
    log(monitor, 0.0, dice=random.Random(1))
    report = monitor.report()
    (signal,) = [s for s in report.signals if s.kind == "proxy_divergence"]
    assert (signal.index, signal.group_id) == (None, None)
    assert report.by_kind()["proxy_divergence"] == 1
    assert (report.hacking_rate, report.num_suspected) == (0.0, 0)
    assert not report.is_clean
    assert monitor.report() == report


def test_the_means_of_steps_tell_where_rollouts_do_not():
    dice = random.Random(2)
    monitor = HackingMonitor()
    for step in range(300):
        monitor.add({"reward": 0.5})
        proxy = 0.4 + 0.4 * step / 300 + dice.gauss(0, 0.05)
        monitor.add_step(
            {"step": step, "reward_mean": proxy, "true_reward": 0.4 + dice.gauss(0, 0.05)}
        )
        monitor.add_step({"step": step, "reward_mean": proxy})
    report = monitor.report()
    assert [s.kind for s in report.signals] == ["proxy_divergence"]
    assert "steps" in report.signals[0].data
    assert "the means of 300 steps were compared" in report.not_examined["proxy_divergence"]


@pytest.mark.parametrize("metrics", [None, 3, {1: 2}, {"true_reward": "x"}, {"true_reward": 1e999}])
def test_any_metrics_are_taken(metrics):
    HackingMonitor().add_step(metrics)


def steps_of(seed, *, proxy, true, scatter, count=60):
    rng = random.Random(seed)
    for step in range(count):
        means = [
            min(1.0, max(0.0, low + (high - low) * step / count + s * rng.gauss(0, 1)))
            for (low, high), s in zip((proxy, true), scatter, strict=True)
        ]
        yield {"step": step, "reward_mean": means[0], "true_reward_mean": means[1]}


def said(steps):
    monitor = HackingMonitor()
    for metrics in steps:
        monitor.add_step(metrics)
    return "proxy_divergence" in monitor.report().by_kind()


def test_a_true_reward_that_rises_a_hundredth_as_far_does_not_follow():
    moved = {"proxy": (0.2, 0.7), "true": (0.001, 0.006), "scatter": (0.03, 0.0015)}
    assert sum(said(steps_of(seed, **moved)) for seed in range(20)) >= 19


def test_a_small_true_reward_that_follows_or_a_proxy_that_rests_is_none():
    for true, proxy in (((0.02, 0.12), (0.2, 0.4)), ((0.001, 0.004), (0.3, 0.3))):
        still = {"proxy": proxy, "true": true, "scatter": (0.03, 0.002)}
        assert sum(said(steps_of(seed, **still)) for seed in range(20)) == 0
