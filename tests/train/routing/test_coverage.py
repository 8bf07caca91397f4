"""Before the first step: a parameter that no rule covers is refused by its name. And during it."""

from __future__ import annotations

import copy

import pytest

pytest.importorskip("torch", reason="needs the extra train")
pytest.importorskip("peft", reason="needs the extra train")

import torch

from provenir.core.errors import UsageError
from provenir.train.routing import Router
from routed_models import batch, causal_model, losses_of


class Doubled(torch.nn.Linear):
    def forward(self, value):
        return 2 * super().forward(value)


def with_subclass(model):
    model.model.layers[1].mlp.up_proj = Doubled(16, 24, dtype=torch.float64)
    return r"model\.layers\.1\.mlp\.up_proj\.weight cannot be routed: no rule"


def with_own_parameter(model):
    model.model.layers[0].scale = torch.nn.Parameter(torch.ones(1))
    return r"model\.layers\.0\.scale cannot be routed: no rule"


def with_nameless_block(model):
    model.adapter = torch.nn.Linear(3, 3)
    return r"'adapter\.weight' belongs to no known block"


def with_replaced_forward(model):
    model.lm_head.forward = model.lm_head.forward
    return r"lm_head\.weight cannot be routed: its forward is replaced"


def with_backward_hook(model):
    model.lm_head.register_full_backward_hook(lambda *_: None)
    return r"lm_head\.weight cannot be routed: it has backward hooks"


def with_tensor_hook(model):
    model.model.norm.weight.register_hook(lambda gradient: 2 * gradient)
    return r"model\.norm\.weight has a hook"


def with_accumulation_hook(model):
    model.model.norm.weight.register_post_accumulate_grad_hook(lambda _: None)
    return r"model\.norm\.weight has a hook"


def with_parametrization(model):
    torch.nn.utils.parametrizations.weight_norm(model.lm_head)
    return r"lm_head\.parametrizations\.weight\.original0 cannot be routed"


def with_sparse_embedding(model):
    model.model.embed_tokens.sparse = True
    return r"embed_tokens\.weight cannot be routed: max_norm, scale_grad_by_freq and sparse"


def with_module_at_two_places(model):
    model.model.layers[1].mlp.up_proj = model.model.layers[0].mlp.up_proj
    return r"it belongs to model\.layers\.0\.mlp\.up_proj, model\.layers\.1\.mlp\.up_proj"


def with_parameter_at_two_places(model):
    model.model.layers[1].mlp.up_proj.weight = model.model.layers[0].mlp.up_proj.weight
    return r"it belongs to model\.layers\.0\.mlp\.up_proj, model\.layers\.1\.mlp\.up_proj"


def with_narrow_parameter(model):
    model.lm_head.bfloat16()
    return r"lm_head\.weight is trained in torch\.bfloat16"


def with_nothing_trained(model):
    model.requires_grad_(False)
    return "no parameter of the model is trained"


BROKEN = (
    with_subclass,
    with_own_parameter,
    with_nameless_block,
    with_replaced_forward,
    with_backward_hook,
    with_tensor_hook,
    with_accumulation_hook,
    with_parametrization,
    with_sparse_embedding,
    with_module_at_two_places,
    with_parameter_at_two_places,
    with_narrow_parameter,
    with_nothing_trained,
)


@pytest.mark.parametrize("breaking", BROKEN, ids=lambda breaking: breaking.__name__)
def test_what_no_rule_covers_is_refused_by_name(breaking):
    model = causal_model()
    message = breaking(model)
    before = {name: vars(module).get("forward") for name, module in model.named_modules()}
    with pytest.raises(UsageError, match=message):
        Router(model)
    after = {name: vars(module).get("forward") for name, module in model.named_modules()}
    assert before == after


def test_frozen_parameters_need_no_rule():
    model = causal_model()
    with_subclass(model)
    model.model.layers[1].mlp.up_proj.requires_grad_(False)
    assert "layer.1" in Router(model).trained


def test_a_second_router_is_refused():
    model = causal_model()
    router = Router(model)
    with pytest.raises(UsageError, match="its forward is replaced"):
        Router(model)
    router.close()
    Router(model).close()


def test_a_closed_router_leaves_no_trace():
    model = causal_model()
    before = copy.deepcopy({name: set(vars(module)) for name, module in model.named_modules()})
    router = Router(model)
    router.close()
    router.close()
    assert {name: set(vars(module)) for name, module in model.named_modules()} == before
    assert not any(parameter._backward_hooks for parameter in model.parameters())
    with pytest.raises(UsageError, match="the router is closed"), router.routed(torch.ones(1, 6)):
        pass


def test_a_parameter_used_beside_its_module_is_refused():
    """As a fused loss uses the weight of the head."""
    model = causal_model()
    ids, _ = batch()
    router = Router(model)
    with router.routed(torch.ones(4, len(router.blocks))):
        hidden = model.model(input_ids=ids).last_hidden_state
        logits = hidden @ model.lm_head.weight.t()
        with pytest.raises(UsageError, match=r"lm_head\.weight got a gradient outside"):
            logits.sum().backward()
    assert model.lm_head.weight.grad is None


def test_a_penalty_on_parameters_is_refused():
    model = causal_model()
    ids, labels = batch()
    router = Router(model)
    with router.routed(torch.ones(4, len(router.blocks))):
        penalty = model.model.norm.weight.square().sum()
        with pytest.raises(UsageError, match=r"model\.norm\.weight got a gradient outside"):
            (losses_of(model, ids, labels).mean() + penalty).backward()


@pytest.mark.parametrize("reentrant", [None, True, False])
def test_a_backward_pass_after_its_block_is_refused(reentrant):
    model = causal_model()
    if reentrant is not None:
        model.enable_input_require_grads()
        model.activation_checkpointing_enable({"use_reentrant": reentrant})
    ids, labels = batch()
    router = Router(model)
    with router.routed(torch.ones(4, len(router.blocks))):
        loss = losses_of(model, ids, labels).mean()
    with pytest.raises(UsageError, match=r"ran outside of its routed\(\)"):
        loss.backward()
    assert all(parameter.grad is None for parameter in model.parameters())


def test_a_backward_pass_in_another_block_is_refused():
    model = causal_model()
    ids, labels = batch()
    router = Router(model)
    with router.routed(torch.ones(4, len(router.blocks))):
        loss = losses_of(model, ids, labels).mean()
    with (
        router.routed(torch.zeros(4, len(router.blocks))),
        pytest.raises(UsageError, match=r"ran outside of its routed\(\)"),
    ):
        loss.backward()


def test_two_passes_in_one_block_are_refused():
    model = causal_model()
    ids, labels = batch()
    router = Router(model)
    with router.routed(torch.ones(4, len(router.blocks))):
        losses_of(model, ids, labels).mean().backward()
        again = losses_of(model, ids, labels).mean()
        with pytest.raises(UsageError, match="got gradients twice in one routed pass"):
            again.backward()


def test_blocks_inside_each_other_are_refused():
    router = Router(causal_model())
    weights = torch.ones(4, len(router.blocks))
    with (
        router.routed(weights),
        pytest.raises(UsageError, match=r"routed\(\) inside of routed\(\)"),
        router.routed(weights),
    ):
        pass


def test_a_batch_of_another_size_is_refused():
    model = causal_model()
    ids, _ = batch(rows=3)
    router = Router(model)
    with (
        router.routed(torch.ones(4, len(router.blocks))),
        pytest.raises(
            UsageError, match=r"embed_tokens was given \[3, 9\] where the weights have 4"
        ),
    ):
        model(input_ids=ids)


def test_tokens_without_their_rows_are_refused():
    model = causal_model()
    router = Router(model)
    flat = torch.zeros(4, 16, dtype=torch.float64)
    with (
        router.routed(torch.ones(4, len(router.blocks))),
        pytest.raises(UsageError, match="the batch comes first"),
    ):
        model.lm_head(flat)


def test_evaluation_outside_of_routed_is_the_plain_model():
    model = causal_model().eval()
    ids, labels = batch()
    plain = losses_of(model, ids, labels)
    router = Router(model)
    with torch.no_grad():
        assert torch.equal(losses_of(model, ids, labels), plain)
    with router.routed(torch.ones(4, len(router.blocks))), torch.no_grad():
        assert torch.equal(losses_of(model, ids, labels), plain)
