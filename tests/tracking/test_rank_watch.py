"""What a rank shows alone."""

from __future__ import annotations

import random

import pytest

from provenir.observability.metrics import read_step
from provenir.tracking.rank_streams import Place
from provenir.tracking.rank_watch import BEHIND_S, RankWatch


def watch(steps, times=None):
    """Watch a list of `{rank: metrics}`, a step each."""
    seen = RankWatch()
    for step, rows in enumerate(steps):
        readings = {rank: read_step(row) for rank, row in rows.items()}
        at = times[step] if times else {}
        seen.see(Place(0, 0, step, 0), readings, at)
    return seen


def noise(ranks, steps, seed=0, kl=0.1):
    rng = random.Random(seed)
    return [
        {rank: {"kl": kl * (1 + rng.gauss(0, 0.2))} for rank in range(ranks)} for _ in range(steps)
    ]


def told(seen):
    return [(finding.kind, finding.data.get("rank")) for finding in seen.findings()]


@pytest.mark.parametrize("ranks", [2, 3, 4, 8])
@pytest.mark.parametrize("seed", range(5))
def test_ranks_that_differ_by_noise_say_nothing(ranks, seed):
    steps = noise(ranks, 400, seed)
    for place, rows in enumerate(steps):  # all of them grow together
        for row in rows.values():
            row["kl"] *= 1 + place / 10
            row["loss"] = row["kl"] - 0.1
            row["grad_norm"] = 1.5
    assert told(watch(steps)) == []


@pytest.mark.parametrize(("ranks", "who"), [(2, None), (3, 1), (8, 1)])
def test_a_rank_that_leaves_the_others_is_named(ranks, who):
    steps = noise(ranks, 100)
    for rows in steps[60:]:
        rows[1]["kl"] = 2.0
    (finding,) = watch(steps).findings()
    assert (finding.kind, finding.data.get("rank")) == ("rank_diverged", who)
    assert finding.data["step"] == 64
    assert finding.data["channel"] == "kl"


def test_what_is_equal_everywhere_may_not_differ():
    steps = [{rank: {"learning_rate": 1e-5} for rank in range(4)} for _ in range(60)]
    for rows in steps[30:]:
        rows[3]["learning_rate"] = 1.1e-5
    assert told(watch(steps)) == [("rank_diverged", 3)]


def test_a_lone_spike_is_left_to_the_mean():
    steps = noise(4, 100)
    steps[50][2]["kl"] = 50.0
    assert told(watch(steps)) == []


def test_a_rank_that_stops_is_said():
    steps = noise(3, 50)
    for rows in steps[31:]:
        del rows[2]
    seen = watch(steps)
    assert seen.stopped() == {2: 30}
    assert told(seen) == [("rank_stopped", 2)]


def test_a_rank_that_logs_seldom_has_not_stopped():
    steps = noise(2, 95)
    for place, rows in enumerate(steps):
        if place % 10:
            del rows[1]
    assert watch(steps).stopped() == {}


def test_a_rank_that_falls_behind_is_said_and_clocks_may_differ():
    steps = noise(3, 40)
    times = [{0: s, 1: s + 3600.0, 2: s + (s > 20) * 2 * BEHIND_S} for s in range(40)]
    assert told(watch(steps, times)) == [("rank_behind", 2)]


def test_huge_values_are_no_fault():
    steps = [{0: {"kl": 1e308}, 1: {"kl": -1e308}, 2: {"kl": 0.0}} for _ in range(50)]
    watch(steps)
