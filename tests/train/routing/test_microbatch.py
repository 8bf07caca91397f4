"""Weights that are refused, and norms against each row's own gradient."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="needs the extra train")
pytest.importorskip("peft", reason="needs the extra train")

import torch

from provenir.core.errors import UsageError
from provenir.train.routing import Router
from routed_models import (
    FAMILIES,
    batch,
    causal_model,
    gradients_by_row,
    losses_of,
    weights_of,
)


def expected_norms(by_row, router):
    squares = {}
    for slot in router.slots:
        own = by_row[slot.name].flatten(1).square().sum(1)
        name = router.blocks[slot.block]
        squares[name] = squares.get(name, 0) + own
    return {name: square.sqrt() for name, square in squares.items()}


def measured_norms(router, ids, labels, weights, **options):
    with router.routed(weights, **options) as microbatch:
        (losses_of(router.model, ids, labels).sum() / len(ids)).backward()
    return microbatch.norms()


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("tied", [False, True], ids=["untied", "tied"])
@pytest.mark.parametrize("lora", [None, {}], ids=["full", "lora"])
def test_norms_are_those_of_each_rows_own_gradient(family, tied, lora):
    model = causal_model(family, tied=tied, lora=lora)
    ids, labels = batch()
    ids[:, 1] = ids[:, 0]  # a token that an example holds twice
    by_row = gradients_by_row(model, ids, labels)
    router = Router(model)
    expected = expected_norms(by_row, router)
    weights = weights_of(router, len(ids), 0)
    found = measured_norms(router, ids, labels, weights, norms=True, head_norms=True)
    assert found.keys() == expected.keys()
    for name, norms in expected.items():
        torch.testing.assert_close(found[name], norms, rtol=1e-9, atol=0)
    inner = measured_norms(router, ids, labels, weights, norms=True)
    large = {"embedding"} if tied else {"head"}
    assert inner.keys() == expected.keys() - large
    assert all(torch.equal(norms, found[name]) for name, norms in inner.items())


def test_measuring_changes_no_gradient_beyond_rounding():
    model = causal_model()
    ids, labels = batch()
    router = Router(model)
    weights = weights_of(router, len(ids), 0)
    measured_norms(router, ids, labels, weights)
    plain = {slot.name: slot.parameter.grad for slot in router.slots}
    model.zero_grad()
    measured_norms(router, ids, labels, weights, norms=True, head_norms=True)
    for slot in router.slots:
        found = slot.parameter.grad
        if plain[slot.name] is None:
            assert found is None
        else:
            torch.testing.assert_close(found, plain[slot.name], rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("bad", [-0.1, 1.01, float("nan"), float("inf")])
def test_a_weight_outside_of_zero_to_one_is_refused(bad):
    router = Router(causal_model())
    weights = torch.ones(2, len(router.blocks))
    weights[1, 2] = bad
    with pytest.raises(UsageError, match=r"row 1, block layer\.1"), router.routed(weights):
        pass


@pytest.mark.parametrize("shape", [(2,), (2, 3), (0, 6), (2, 6, 1)])
def test_weights_of_another_shape_are_refused(shape):
    router = Router(causal_model())
    columns = r"a column for each of embedding, layer\.0"
    with pytest.raises(UsageError, match=columns), router.routed(torch.ones(shape)):
        pass
