"""Steps of a run in which nothing happens."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest

LEVELS = {
    "kl": 0.1,
    "entropy": 1.2,
    "reward_mean": 0.5,
    "reward_std": 0.35,
    "advantage_std": 0.9,
    "response_length_mean": 300.0,
    "grad_norm": 0.8,
    "kl_mismatch": 0.002,
    "truncated_fraction": 0.1,
    "clip_fraction": 0.03,
    "zero_advantage_fraction": 0.2,
    "step_time": 20.0,
}

Healthy = Callable[..., dict[str, Any]]


@pytest.fixture
def healthy() -> Healthy:
    """Make one step: `healthy(step)`, with 5% of white noise on every channel."""
    rng = random.Random(7)

    def make(step: int, scatter: float = 0.05, **changed: Any) -> dict[str, Any]:
        noise = {name: level * (1 + scatter * rng.gauss(0, 1)) for name, level in LEVELS.items()}
        return {"step": step, **noise, "learning_rate": 1e-5, **changed}

    return make
