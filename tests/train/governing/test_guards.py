"""Spikes and starved blocks, and that both guards go on where they were left."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.core.errors import UsageError
from provenir.train.governing.guards import SpikeGuard, StarvationGuard
from provenir.train.governing.settings import SpikePolicy, StarvationPolicy


def test_a_spike_is_judged_by_the_steps_before_it() -> None:
    guard = SpikeGuard(SpikePolicy(ratio=10.0, window=4))
    assert [guard.is_spike(norm) for norm in (1.0, 99.0, 1.0, 1.0)] == [False] * 4
    assert guard.is_spike(10.5)
    assert not guard.is_spike(9.5)
    assert guard.is_spike(90.0)  # the median of 99, 1, 1, 9.5 is 5.25


def test_gradients_of_zero_are_no_measure() -> None:
    guard = SpikeGuard(SpikePolicy(window=4))
    for _ in range(4):
        guard.is_spike(0.0)
    assert not guard.is_spike(1e9)


@given(st.lists(st.floats(0, 1e3), max_size=40), st.integers(0, 40))
def test_a_restored_spike_guard_goes_on_alike(norms: list[float], cut: int) -> None:
    whole, first, second = (SpikeGuard(SpikePolicy(ratio=3.0, window=5)) for _ in range(3))
    told = [whole.is_spike(norm) for norm in norms]
    for norm in norms[:cut]:
        first.is_spike(norm)
    second.restore(json.loads(json.dumps(first.state())))
    assert [second.is_spike(norm) for norm in norms[cut:]] == told[cut:]


def test_a_block_that_gets_nearly_nothing_is_told_once() -> None:
    guard = StarvationGuard(StarvationPolicy(share=0.1, window=3), ["a", "b"])
    sent = {"a": (0.02, 1.0), "b": (1.0, 1.0)}
    assert guard.take(1, sent) == guard.take(2, sent) == []
    (finding,) = guard.take(3, sent)
    assert (finding.kind, finding.subject) == ("starved_block", "a")
    assert guard.share("a") == pytest.approx(0.02)
    assert guard.take(4, sent) == []
    for step in range(5, 8):  # it recovers, and is told again when it starves again
        assert guard.take(step, {"a": (1.0, 1.0), "b": (1.0, 1.0)}) == []
    told = [guard.take(step, sent) for step in range(8, 11)]
    assert [len(findings) for findings in told] == [0, 0, 1]


def test_declared_and_unmeasured_blocks_are_passed_over() -> None:
    policy = StarvationPolicy(window=1, frozen=frozenset({"a"}))
    guard = StarvationGuard(policy, ["a", "b"])
    assert guard.take(1, {"a": (0.0, 1.0), "b": (0.0, 0.0)}) == []


def test_a_restored_starvation_guard_goes_on_alike() -> None:
    policy = StarvationPolicy(share=0.5, window=2)
    steps = [{"a": (n % 3 / 2, 1.0)} for n in range(12)]
    whole = StarvationGuard(policy, ["a"])
    told = [whole.take(n, step) for n, step in enumerate(steps)]
    for cut in range(12):
        first, second = (StarvationGuard(policy, ["a"]) for _ in range(2))
        for n, step in enumerate(steps[:cut]):
            first.take(n, step)
        second.restore(json.loads(json.dumps(first.state())))
        assert [second.take(n, s) for n, s in enumerate(steps) if n >= cut] == told[cut:]


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: SpikePolicy(ratio=1.0),
        lambda: SpikePolicy(ratio=float("nan")),
        lambda: SpikePolicy(window=3),
        lambda: StarvationPolicy(share=1.1),
        lambda: StarvationPolicy(window=0),
    ],
)
def test_settings_out_of_range_are_refused(wrong: object) -> None:
    with pytest.raises(UsageError):
        wrong()  # type: ignore[operator]
