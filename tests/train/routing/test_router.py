"""The router against one backward pass for each example."""

from __future__ import annotations

import pytest
import torch

from provenir.core.errors import UsageError
from provenir.train.routing import Router
from routed_models import batch, block_of, llama, losses_of, oracle, worst_error


def columns_of(router):
    return {slot.name: slot.block for slot in router.slots}


def routed_backward(router, model, ids, labels, weights):
    with router.routed(weights) as microbatch:
        (losses_of(model, ids, labels).sum() / len(ids)).backward()
    return microbatch


@pytest.mark.parametrize("seed", range(3))
def test_routed_gradients_are_those_of_the_oracle(seed):
    model = llama(tie_word_embeddings=False)
    ids, labels = batch()
    router = Router(model, block_of=block_of)
    weights = torch.rand(4, len(router.blocks), generator=torch.Generator().manual_seed(seed))
    weights[:2, 2] = 0
    weights[:, 1] = 0
    router.close()
    expected = oracle(model, ids, labels, weights.double(), columns_of(router))
    router = Router(model, block_of=block_of)
    routed_backward(router, model, ids, labels, weights)
    assert worst_error(model, expected) <= 1e-12


def test_the_forward_pass_is_the_models_own():
    model = llama(tie_word_embeddings=False)
    ids, labels = batch()
    plain = losses_of(model, ids, labels)
    router = Router(model, block_of=block_of)
    with router.routed(torch.rand(4, len(router.blocks))):
        routed = losses_of(model, ids, labels)
    assert torch.equal(plain, routed)


def test_a_gradient_outside_of_routed_is_refused():
    model = llama()
    ids, labels = batch()
    router = Router(model, block_of=block_of)
    with pytest.raises(UsageError, match="got a gradient outside of its rule"):
        losses_of(model, ids, labels).sum().backward()
    router.close()
    model.zero_grad()
    losses_of(model, ids, labels).sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
