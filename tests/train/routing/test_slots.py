"""Each way of adding rows' products against the plain sum over rows."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch", reason="needs the extra train")
pytest.importorskip("peft", reason="needs the extra train")

import torch

from provenir.train.routing import Microbatch
from provenir.train.routing.slots import Slot, ghost_squares

SHAPES = {
    "all rows' products at once": (40, 6, 70),
    "one by one": (64, 80, 90),
    "one product, ghost norms": (5, 70, 80),
    "narrow, of few tokens": (2, 30, 40),
    "one token": (1, 4, 3),
}
WEIGHTS = {
    "ones": [1.0, 1.0, 1.0, 1.0],
    "zeros among them": [0.0, 0.25, 1.0, 0.0],
    "zeros": [0.0, 0.0, 0.0, 0.0],
    "all positive": [0.5, 0.1, 1.0, 0.7],
}


def added(shape, weights, *, measured, start=None):
    tokens, m, n = shape
    generator = torch.Generator().manual_seed(0)
    left = torch.randn(4, tokens, m, dtype=torch.float64, generator=generator)
    right = torch.randn(4, tokens, n, dtype=torch.float64, generator=generator)
    slot = Slot("weight", torch.nn.Parameter(torch.zeros(m, n, dtype=torch.float64)), 0)
    slot.parameter.grad = start
    rows = torch.tensor(weights, dtype=torch.float64).unsqueeze(1)
    microbatch = Microbatch(rows, ["head"], "cpu", [measured])
    slot.add_products(microbatch, left, right)
    return slot.parameter.grad, microbatch.norms(), torch.bmm(left.transpose(1, 2), right)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("weights", WEIGHTS.values(), ids=WEIGHTS)
@pytest.mark.parametrize("measured", [False, True])
@pytest.mark.parametrize("accumulates", [False, True])
def test_products_are_added_by_weight(shape, weights, measured, accumulates):
    start = torch.ones(shape[1:], dtype=torch.float64) if accumulates else None
    found, norms, products = added(shape, weights, measured=measured, start=start)
    expected = torch.einsum("b,bmn->mn", torch.tensor(weights, dtype=torch.float64), products)
    if not any(weights) and not accumulates:
        assert found is None
    else:
        expected = expected + 1 if accumulates else expected
        torch.testing.assert_close(found, expected, rtol=1e-13, atol=1e-12)
    if measured:
        own = products.flatten(1).norm(dim=1)
        torch.testing.assert_close(norms["head"], own, rtol=1e-13, atol=0)
    else:
        assert norms == {}


@settings(max_examples=50, deadline=None)
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 9), st.integers(0, 2**31))
def test_ghost_squares_are_those_of_the_products(tokens, m, n, seed):
    generator = torch.Generator().manual_seed(seed)
    left = torch.randn(3, tokens, m, dtype=torch.float64, generator=generator)
    right = torch.randn(3, tokens, n, dtype=torch.float64, generator=generator)
    products = torch.bmm(left.transpose(1, 2), right)
    expected = products.square().sum((1, 2))
    torch.testing.assert_close(ghost_squares(left, right), expected, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("measured", [False, True])
def test_not_even_a_nan_of_a_row_of_weight_zero_enters(shape, measured):
    tokens, m, n = shape
    generator = torch.Generator().manual_seed(0)
    left = torch.randn(4, tokens, m, generator=generator)
    right = torch.randn(4, tokens, n, generator=generator)
    weights = torch.tensor([[0.0], [0.3], [1.0], [0.0]])
    found = []
    for poison in (0.0, float("nan"), float("inf")):
        left[0], right[3] = poison, poison
        slot = Slot("weight", torch.nn.Parameter(torch.zeros(m, n)), 0)
        slot.add_products(Microbatch(weights, ["head"], "cpu", [measured]), left, right)
        found.append(slot.parameter.grad)
    assert found[0].isfinite().all()
    assert torch.equal(found[0], found[1])
    assert torch.equal(found[0], found[2])
