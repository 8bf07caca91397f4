"""The router against one backward pass for each example, in all families and settings."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="needs the extra train")
pytest.importorskip("peft", reason="needs the extra train")

import torch

from provenir.core.errors import UsageError
from provenir.train.routing import Router, per_example_mean_loss
from routed_models import (
    FAMILIES,
    batch,
    causal_model,
    gradients_by_row,
    lora_config,
    losses_of,
    weighted,
    weights_of,
    worst_error,
)

WITH_HEAD = {"modules_to_save": ["lm_head"], "bias": "lora_only"}
KINDS = {
    "full": (False, None),
    "full, tied": (True, None),
    "lora": (False, {}),
    "lora, tied": (True, {}),
    "lora, head": (False, WITH_HEAD),
}
CHECKPOINTING = {"none": None, "reentrant": True, "recomputed": False}


def routed_backward(router, ids, labels, weights, micro=None, **options):
    """One step: the mean over all rows, in microbatches of a size."""
    found = []
    for start in range(0, len(ids), micro or len(ids)):
        part = slice(start, start + (micro or len(ids)))
        with router.routed(weights[part], **options) as microbatch:
            losses = losses_of(router.model, ids[part], labels[part])
            (losses.sum() / len(ids)).backward()
        found.append(microbatch)
    return found


def checkpointed(model, reentrant):
    model.enable_input_require_grads()
    model.activation_checkpointing_enable({"use_reentrant": reentrant})
    return model


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("tied", "lora"), KINDS.values(), ids=KINDS)
@pytest.mark.parametrize("checkpointing", CHECKPOINTING)
def test_routed_gradients_are_those_of_the_oracle(family, tied, lora, checkpointing):
    model = causal_model(family, tied=tied, lora=lora)
    ids, labels = batch(rows=5)
    expected = {m: gradients_by_row(model, ids, labels, micro=m) for m in (None, 2)}
    if CHECKPOINTING[checkpointing] is not None:
        checkpointed(model, CHECKPOINTING[checkpointing])
    router = Router(model)
    for seed in range(2):
        weights = weights_of(router, len(ids), seed)
        for micro, by_row in expected.items():
            model.zero_grad()
            routed_backward(router, ids, labels, weights, micro)
            assert worst_error(model, weighted(by_row, weights, router)) <= 1e-12


@pytest.mark.parametrize("reentrant", [True, False])
@pytest.mark.parametrize("lora", [None, {}], ids=["full", "lora"])
def test_checkpointed_layers_are_computed_a_second_time(reentrant, lora):
    model = checkpointed(causal_model(lora=lora), reentrant)
    calls = []
    for name, module in model.named_modules():
        if name.endswith("layers.1.mlp"):
            module.register_forward_pre_hook(lambda *_: calls.append(torch.is_grad_enabled()))
    ids, labels = batch()
    router = Router(model)
    routed_backward(router, ids, labels, torch.ones(4, len(router.blocks)))
    assert calls == [not reentrant, True]


def with_float64_norms(model):
    """The families' own RMSNorm computes in float32, which rounds rows apart by 1e-8."""
    for module in list(model.modules()):
        for name, child in module.named_children():
            if type(child).__name__.endswith("RMSNorm"):
                own = torch.nn.RMSNorm(child.weight.shape, child.variance_epsilon)
                own.weight = child.weight
                setattr(module, name, own)
    return model


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("tied", "lora"), KINDS.values(), ids=KINDS)
def test_each_row_may_as_well_be_a_batch_of_its_own(family, tied, lora):
    """The oracle without a shared forward pass, on models that compute in float64 throughout."""
    plain = causal_model(family, tied=tied, lora=lora, attention="sdpa")
    model = with_float64_norms(plain)
    ids, labels = batch(rows=5)
    by_row = gradients_by_row(model, ids, labels, micro=1)
    router = Router(model)
    weights = weights_of(router, len(ids), 0)
    routed_backward(router, ids, labels, weights)
    assert worst_error(model, weighted(by_row, weights, router)) <= 1e-12


@pytest.mark.parametrize("family", FAMILIES)
def test_padding_is_no_part_of_an_example(family):
    model = causal_model(family, pad_token_id=0)
    ids, labels = batch()
    mask = torch.ones_like(ids)
    for row in range(len(ids)):
        mask[row, 9 - row :] = 0
    ids, labels = ids.masked_fill(mask == 0, 0), labels.masked_fill(mask == 0, -100)

    def losses(model, ids, labels):
        logits = model(input_ids=ids, attention_mask=mask).logits
        return per_example_mean_loss(logits, labels)

    expected = gradients_by_row(model, ids, labels, losses=losses)
    router = Router(model)
    weights = weights_of(router, len(ids), 0)
    with router.routed(weights):
        (losses(model, ids, labels).sum() / len(ids)).backward()
    assert worst_error(model, weighted(expected, weights, router)) <= 1e-12


def test_two_adapters_at_once():
    model = causal_model(lora={})
    model.add_adapter("second", lora_config("llama", r=2))
    model.base_model.set_adapter(["default", "second"])
    model.double()
    torch.nn.init.normal_(model.base_model.model.model.layers[0].mlp.down_proj.lora_B.second.weight)
    ids, labels = batch()
    expected = gradients_by_row(model, ids, labels)
    router = Router(model)
    assert any("second" in slot.name for slot in router.slots)
    weights = weights_of(router, len(ids), 0)
    routed_backward(router, ids, labels, weights)
    assert worst_error(model, weighted(expected, weights, router)) <= 1e-12


def test_a_narrow_base_under_wide_adapters():
    model = causal_model(lora={}).float()
    for name, parameter in model.named_parameters():
        if "lora" not in name:
            parameter.data = parameter.data.bfloat16()
    ids, labels = batch()
    expected = gradients_by_row(model, ids, labels)
    router = Router(model)
    weights = weights_of(router, len(ids), 0).float()
    routed_backward(router, ids, labels, weights)
    assert worst_error(model, weighted(expected, weights, router)) <= 1e-5


@pytest.mark.parametrize("family", FAMILIES)
def test_float32_is_as_near_as_float32_can_be(family):
    model = causal_model(family).float()
    ids, labels = batch()
    expected = gradients_by_row(model, ids, labels)
    router = Router(model)
    weights = weights_of(router, len(ids), 0).float()
    routed_backward(router, ids, labels, weights)
    assert worst_error(model, weighted(expected, weights, router)) <= 1e-5


@pytest.mark.parametrize("family", FAMILIES)
def test_dropout_is_that_of_the_plain_pass(family):
    options = {"lora_dropout": 0.3, "use_rslora": True}
    model = causal_model(family, lora=options)
    ids, labels = batch()
    torch.manual_seed(5)
    expected = gradients_by_row(model, ids, labels)
    router = Router(model)
    weights = weights_of(router, len(ids), 0)
    torch.manual_seed(5)
    routed_backward(router, ids, labels, weights)
    assert worst_error(model, weighted(expected, weights, router)) <= 1e-12


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("lora", [None, {}], ids=["full", "lora"])
def test_the_forward_pass_is_the_models_own(family, lora):
    model = causal_model(family, lora=lora)
    ids, labels = batch()
    plain = losses_of(model, ids, labels)
    router = Router(model)
    with router.routed(torch.rand(4, len(router.blocks))):
        routed = losses_of(model, ids, labels)
    assert torch.equal(plain, routed)


def test_a_gradient_outside_of_routed_is_refused():
    model = causal_model()
    ids, labels = batch()
    router = Router(model)
    with pytest.raises(UsageError, match="got a gradient outside of its rule"):
        losses_of(model, ids, labels).sum().backward()
    router.close()
    model.zero_grad()
    losses_of(model, ids, labels).sum().backward()
    assert all(parameter.grad is not None for parameter in model.parameters())
