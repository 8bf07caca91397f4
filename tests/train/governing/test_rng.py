"""Generator states: a digest that any draw changes, and that comes back with the state."""

from __future__ import annotations

import random

import pytest

torch = pytest.importorskip("torch")
numpy = pytest.importorskip("numpy")

from provenir.train.governing.rng import rng_digest, rng_state, set_rng_state  # noqa: E402


@pytest.mark.parametrize(
    "draw",
    [random.random, numpy.random.rand, numpy.random.randn, lambda: torch.rand(1)],
    ids=["python", "numpy", "numpy-gauss", "torch"],
)
def test_every_draw_changes_the_digest(draw: object) -> None:
    state, before = rng_state(), rng_digest()
    assert rng_digest() == before
    draw()  # type: ignore[operator]
    assert rng_digest() != before
    set_rng_state(state)
    assert rng_digest() == before
