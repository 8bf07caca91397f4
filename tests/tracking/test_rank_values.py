"""What is said of a channel that several processes logged."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.observability.metrics import read_step
from provenir.tracking.rank_values import merge_readings, ranks_text

finite = st.floats(allow_nan=False, allow_infinity=False)


def merged(*steps):
    return merge_readings(3, {rank: read_step(step) for rank, step in enumerate(steps)})


def test_each_channel_has_its_aggregate():
    one = {"kl": 0.1, "reward_max": 1.0, "reward_min": 0.0, "num_tokens": 5, "step_time": 2.0}
    two = {"kl": 0.3, "reward_max": 3.0, "reward_min": -1.0, "num_tokens": 7, "step_time": 1.0}
    metrics = merged({**one, "nan_count": 1}, two).metrics
    assert metrics.step == 3
    assert metrics.channels() == pytest.approx(
        {
            "kl": 0.2,
            "reward_max": 3.0,
            "reward_min": -1.0,
            "num_tokens": 12,
            "step_time": 2.0,
            "nan_count": 1,
        }
    )


@given(st.lists(finite, min_size=1, max_size=9))
def test_a_mean_lies_between_and_equal_values_stay(values):
    found = merged(*({"kl": value} for value in values)).metrics.kl
    assert min(values) * (1 - 1e-9) - 1e-9 <= found or found >= min(values)
    assert found <= max(values) or math.isclose(found, max(values))
    assert merged(*({"kl": values[0]} for _ in values)).metrics.kl == values[0]


def test_not_finite_on_one_rank_is_not_finite():
    step = merged({"kl": 0.1}, {"kl": math.nan}, {"kl": math.inf, "loss": "?"})
    assert step.metrics.kl is None
    assert step.metrics.nonfinite == {"kl": "nan on ranks 1-2"}
    assert step.faulty == {"kl": (1, 2)}
    assert step.metrics.unreadable == {"loss": "str"}


@pytest.mark.parametrize(
    ("ranks", "text"),
    [
        ({2}, "rank 2"),
        ({0, 1, 2, 3}, "ranks 0-3"),
        ({0, 2, 3, 7}, "ranks 0, 2-3, 7"),
        (set(range(0, 40, 2)), "ranks 0, 2, 4, 6, 8, 10, 12, 14, …"),
    ],
)
def test_ranks_are_named_in_few_words(ranks, text):
    assert ranks_text(ranks) == text
