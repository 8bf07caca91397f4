"""What the monitor flags, what it may not judge, and that it goes on where it was left."""

from __future__ import annotations

import json
import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.core.errors import UsageError
from provenir.eval.memorization.monitor import MemorizationMonitor, MemorizationPolicy

CONTENTS = [f"sha256:{number:064x}" for number in range(200)]
REFERENCE = dict.fromkeys(CONTENTS, 3.0)


def cohort(monitor: MemorizationMonitor, *, visits: int = 2, seed: int = 0) -> random.Random:
    draw = random.Random(seed)
    for visit in range(visits):
        monitor.visit(visit + 1, {c: 2.5 + draw.uniform(-0.05, 0.05) for c in CONTENTS[1:]})
    return draw


def test_a_content_that_stands_out_is_flagged_once() -> None:
    monitor = MemorizationMonitor(REFERENCE)
    cohort(monitor)
    assert monitor.visit(3, {CONTENTS[0]: 3.0}) == []
    assert monitor.visit(4, {CONTENTS[0]: 0.5, CONTENTS[1]: 2.5}) == []
    (flag,) = monitor.visit(5, {CONTENTS[0]: 0.4, CONTENTS[1]: 2.5})
    assert (flag.content, flag.visits, flag.step) == (CONTENTS[0], 3, 5)
    assert flag.z > 4
    assert float(flag.measure) == flag.z
    assert monitor.visit(6, {CONTENTS[0]: 0.3}) == []
    (finding,) = monitor.report().findings
    assert finding.subject == CONTENTS[0]
    assert monitor.report().examined == {"contents": 200}


def test_standing_out_once_is_not_enough() -> None:
    monitor = MemorizationMonitor(REFERENCE)
    cohort(monitor)
    for step, loss in enumerate((2.5, 0.4, 2.5, 0.4, 2.5), start=3):
        assert monitor.visit(step, {CONTENTS[0]: loss}) == []


def test_a_first_visit_is_never_judged() -> None:
    monitor = MemorizationMonitor(REFERENCE)
    cohort(monitor)
    assert monitor.visit(3, {CONTENTS[0]: 0.0}) == []
    assert "1 of 200" in monitor.report().not_examined["contents"]


def test_a_small_cohort_judges_nothing() -> None:
    monitor = MemorizationMonitor(REFERENCE, MemorizationPolicy(min_cohort=20))
    for step in range(1, 4):
        monitor.visit(step, {c: (0.0 if c == CONTENTS[0] else 2.5) for c in CONTENTS[:19]})
    report = monitor.report()
    assert report.findings == ()
    assert report.examined == {"contents": 0}
    assert not report.is_clean


def mixed(kinds: dict[str, str]) -> MemorizationMonitor:
    """Forty of the contents are new to the base; they lose much more than the others."""
    monitor = MemorizationMonitor(REFERENCE, kinds=kinds)
    draw = random.Random(2)
    for visit in range(1, 5):
        new = {c: 1.0 + draw.gauss(0, 0.05) for c in CONTENTS[:40]}
        monitor.visit(visit, new | {c: 2.5 + draw.gauss(0, 0.05) for c in CONTENTS[40:]})
    return monitor


def test_a_content_is_compared_with_its_own_kind() -> None:
    assert len(mixed({}).flags) >= 40
    kinds = {c: "code" if number < 40 else "prose" for number, c in enumerate(CONTENTS)}
    monitor = mixed(kinds)
    assert monitor.flags == {}
    for step in (5, 6):
        monitor.visit(step, {CONTENTS[0]: 0.1, CONTENTS[50]: 1.0})
    assert set(monitor.flags) == {CONTENTS[0], CONTENTS[50]}
    again = MemorizationMonitor(REFERENCE, kinds=kinds)
    again.restore(json.loads(json.dumps(monitor.state())))
    assert again.report() == monitor.report()


def test_a_kind_with_few_contents_is_not_judged_and_said_to_be_so() -> None:
    kinds = dict.fromkeys(CONTENTS[:5], "rare")
    monitor = mixed(kinds)
    for step in (5, 6):
        monitor.visit(step, {CONTENTS[0]: 0.0})
    assert CONTENTS[0] not in monitor.flags
    report = monitor.report()
    assert report.examined == {"contents": 195}
    assert report.not_examined["kinds"].startswith("5 of 200 could not be judged")


def test_general_learning_is_not_memorization() -> None:
    monitor = MemorizationMonitor(REFERENCE)
    draw = random.Random(1)
    for visit in range(1, 6):
        losses = {c: 3.0 - 0.5 * visit + draw.gauss(0, 0.05) for c in CONTENTS}
        assert all(flag.z < 6 for flag in monitor.visit(visit, losses))
    assert len(monitor.flags) <= 2


def test_what_has_no_reference_or_no_loss_is_said() -> None:
    monitor = MemorizationMonitor(REFERENCE)
    monitor.visit(1, {"sha256:unknown": 1.0, CONTENTS[0]: float("nan")})
    missing = monitor.report().not_examined
    assert missing["reference"] == "1 contents have no loss under the base"
    assert missing["losses"] == "1 losses were not finite"


@given(st.integers(0, 30), st.integers(0, 2**32))
def test_a_restored_monitor_goes_on_alike(cut: int, seed: int) -> None:
    draw = random.Random(seed)
    visits = [
        {c: draw.choice([2.5, 2.4, 0.1]) for c in draw.sample(CONTENTS, 8)} for _ in range(30)
    ]
    policy = MemorizationPolicy(min_cohort=5, confirm=1 + seed % 2)
    whole = MemorizationMonitor(REFERENCE, policy)
    first = MemorizationMonitor(REFERENCE, policy)
    for step, losses in enumerate(visits[:cut]):
        first.visit(step, losses)
    second = MemorizationMonitor(REFERENCE, policy)
    second.restore(json.loads(json.dumps(first.state())))
    for step, losses in enumerate(visits):
        told = whole.visit(step, losses)
        if step >= cut:
            assert second.visit(step, losses) == told
    assert second.report() == whole.report()


@pytest.mark.parametrize(
    "wrong",
    [
        {"z": 0.0},
        {"z": float("inf")},
        {"action": "delete"},
        {"factor": 1001},
        {"factor": True},
        {"confirm": 0},
        {"min_cohort": 1},
        {"floor": 0.0},
    ],
)
def test_a_policy_out_of_range_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        MemorizationPolicy(**wrong)  # type: ignore[arg-type]


def beyond(t: float, freedom: float) -> float:
    """Probability above `t` under Student's t, summed over x = t + u / (1 - u)."""
    half = (freedom + 1) / 2
    scale = math.exp(math.lgamma(half) - math.lgamma(freedom / 2)) / math.sqrt(freedom * math.pi)
    places = [(i + 0.5) / 5_000 for i in range(5_000)]
    return sum(
        scale * (1 + (t + u / (1 - u)) ** 2 / freedom) ** -half / (1 - u) ** 2 / 5_000
        for u in places
    )


@pytest.mark.parametrize(("n", "times"), [(64, 2.0), (300, 1.2), (5_000, 1.02)])
def test_a_small_cohort_asks_for_more(n: int, times: float) -> None:
    """What is beyond the bar is about as improbable as what is beyond it in a normal sample."""
    normal = math.erfc(4.0 / math.sqrt(2)) / 2
    bar = MemorizationPolicy(z=4.0).bar(n)
    assert bar > 4.0
    assert 1 / times < beyond(bar, 0.37 * n) / normal < times
    assert beyond(bar, 0.37 * n) < beyond(4.0, 0.37 * n)


def test_of_small_cohorts_hardly_anything_is_flagged_by_chance() -> None:
    draw, flagged = random.Random(5), 0
    contents = [f"c{i}" for i in range(20)]
    for _ in range(400):
        monitor = MemorizationMonitor(dict.fromkeys(contents, 3.0))
        drops = {one: draw.gauss(0.3, 0.1) for one in contents}
        for step in range(1, 5):  # a content's drop hardly changes between visits
            monitor.visit(step, {one: 3.0 - drops[one] for one in contents})
        flagged += len(monitor.flags)
    assert flagged <= 4  # of 8,000; a bar of 4 for every size would flag some 18
