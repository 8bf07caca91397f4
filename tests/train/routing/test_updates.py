"""Between backward and the optimizer's step: what a weight of zero keeps out of a block."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch", reason="needs the extra train")
pytest.importorskip("peft", reason="needs the extra train")

import torch

from provenir.core.errors import UsageError
from provenir.train.routing import Router, block_norms, clip_blocks, still_blocks
from routed_models import VOCABULARY, batch, causal_model, losses_of, weights_of

MODELS = {
    "llama": lambda: causal_model("llama"),
    "qwen3, tied": lambda: causal_model("qwen3", tied=True),
    "gpt2": lambda: causal_model("gpt2"),
    "mistral, lora": lambda: causal_model("mistral", lora={}),
}


@pytest.fixture(scope="module", params=MODELS)
def router(request):
    return Router(MODELS[request.param]().float())


def clipped_gradients(router, ids, labels, weights, *, norms=False):
    router.model.zero_grad()
    with router.routed(weights, norms=norms):
        losses_of(router.model, ids, labels).mean().backward()
    clip_blocks(router, 1e-3)
    return {slot.name: slot.parameter.grad for slot in router.slots}


@settings(max_examples=300, deadline=None)
@given(
    seed=st.integers(0, 2**31),
    rows=st.integers(2, 4),
    tokens=st.integers(2, 9),
    zero=st.data(),
    norms=st.booleans(),
)
def test_content_of_weight_zero_never_touches_the_block(router, seed, rows, tokens, zero, norms):
    """Swap a row's content: a block in which it has no weight gets the same gradient, bitwise."""
    row = zero.draw(st.integers(0, rows - 1))
    block = zero.draw(st.sampled_from(router.trained))
    generator = torch.Generator().manual_seed(seed)
    shape = (rows, tokens)
    ids = torch.randint(0, VOCABULARY, shape, generator=generator)
    weights = weights_of(router, rows, seed)
    column = router.blocks.index(block)
    weights[:, column].clamp_(min=0.01)
    weights[row, column] = 0
    before = clipped_gradients(router, ids, ids, weights, norms=norms)
    swapped = ids.clone()
    swapped[row] = torch.randint(0, VOCABULARY, (tokens,), generator=generator)
    after = clipped_gradients(router, swapped, swapped, weights, norms=norms)
    own = [slot.name for slot in router.slots if slot.block == column]
    assert own
    for name in own:
        assert torch.equal(before[name].view(torch.int32), after[name].view(torch.int32))


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("set_to_none", [True, False])
def test_a_block_that_nobody_may_move_stays_bitwise_under_adamw(kind, set_to_none):
    router = Router(MODELS[kind]().float())
    parameters = [slot.parameter for slot in router.slots]
    optimizer = torch.optim.AdamW(parameters, lr=0.1, weight_decay=0.5)
    block = router.trained[1]
    column = router.blocks.index(block)
    own = [slot.parameter for slot in router.slots if slot.block == column]
    ids, labels = batch()

    def step(weights):
        optimizer.zero_grad(set_to_none=set_to_none)
        for part in (slice(0, 2), slice(2, 4)):
            with router.routed(weights[part]):
                losses_of(router.model, ids[part], labels[part]).mean().backward()
        clip_blocks(router, 1.0)
        still = still_blocks(router, weights)
        optimizer.step()
        return still

    weights = torch.ones(4, len(router.blocks))
    assert step(weights) == ()  # so that there is momentum
    before = [parameter.clone() for parameter in own]
    weights[:, column] = 0
    assert step(weights) == (block,)
    assert all(torch.equal(a, b) for a, b in zip(before, own, strict=True))
    weights[3, column] = 0.5
    assert step(weights) == ()
    assert not any(torch.equal(a, b) for a, b in zip(before, own, strict=True))


def test_blocks_are_clipped_each_by_itself():
    router = Router(causal_model())
    ids, labels = batch()
    with router.routed(torch.ones(4, len(router.blocks))):
        losses_of(router.model, ids, labels).mean().backward()
    norms = block_norms(router)
    bound = sorted(norms.values())[2]
    coefficients = clip_blocks(router, bound)
    for block, norm in block_norms(router).items():
        assert norm == pytest.approx(min(norms[block], bound), rel=1e-9)
        assert coefficients[block] == pytest.approx(min(1.0, bound / norms[block]), rel=1e-9)
    assert sum(coefficient == 1.0 for coefficient in coefficients.values()) == 3


def test_a_gradient_that_is_not_finite_is_left_and_told():
    router = Router(causal_model())
    bad = router.slots[0].parameter
    bad.grad = torch.full_like(bad, float("inf"))
    coefficients = clip_blocks(router, 1.0)
    assert list(coefficients) == [router.blocks[router.slots[0].block]]
    assert all(value != value for value in coefficients.values())
    assert bad.grad.isinf().all()


def test_an_empty_step_leaves_every_block_still():
    router = Router(causal_model(lora={}))
    assert still_blocks(router, torch.zeros(0, len(router.blocks))) == router.trained


@pytest.mark.parametrize("bound", [0.0, -1.0, float("nan"), float("inf")])
def test_a_bound_that_is_none_is_refused(bound):
    with pytest.raises(UsageError, match="give a number above 0"):
        clip_blocks(Router(causal_model()), bound)


def test_weights_of_a_step_need_a_column_for_each_block():
    with pytest.raises(UsageError, match="give \\[rows, 6\\]"):
        still_blocks(Router(causal_model()), torch.ones(2, 5))
