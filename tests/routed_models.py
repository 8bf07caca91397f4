"""Tiny models of each family, and the slow oracle: one backward pass for each example."""

from __future__ import annotations

import re

import torch
import transformers

from provenir.train.routing import per_example_mean_loss

VOCABULARY, HIDDEN, LAYERS = 61, 16, 3
_SHAPE = {
    "vocab_size": VOCABULARY,
    "hidden_size": HIDDEN,
    "intermediate_size": 24,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 2,
    "num_key_value_heads": 1,
    "max_position_embeddings": 32,
    "use_cache": False,
}


def block_of(name):
    layer = re.search(r"(?:layers|h)\.(\d+)\.", name)
    if layer:
        return f"layer.{int(layer.group(1))}"
    if re.search(r"embed_tokens|wte|wpe", name):
        return "embedding"
    return "head" if "lm_head" in name else "final_norm"


def llama(**settings):
    torch.manual_seed(settings.pop("seed", 0))
    config = transformers.LlamaConfig(**_SHAPE, **settings)
    return transformers.LlamaForCausalLM(config).double()


def batch(rows=4, length=9, seed=1):
    """Token ids, and labels of which some are ignored, each row another number."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(0, VOCABULARY, (rows, length), generator=generator)
    labels = ids.clone()
    for row in range(rows):
        labels[row, : row % (length - 2)] = -100
    return ids, labels


def losses_of(model, ids, labels):
    return per_example_mean_loss(model(input_ids=ids).logits, labels)


def oracle(model, ids, labels, weights, columns):
    """Sum over rows of weight times the row's own gradient, by one backward pass for each row.

    All rows go through one forward pass, so that what they compute is the same to the last bit.
    """
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    losses = losses_of(model, ids, labels) / len(ids)
    total = {name: torch.zeros_like(p) for name, p in trained.items()}
    for row, loss in enumerate(losses.unbind()):
        gradients = torch.autograd.grad(
            loss, list(trained.values()), retain_graph=True, allow_unused=True
        )
        for name, gradient in zip(trained, gradients, strict=True):
            if gradient is not None:
                total[name] += weights[row, columns[name]] * gradient
    return total


def worst_error(model, expected):
    """Largest relative error of a parameter's gradient; an absent one counts as zero."""
    worst = 0.0
    for name, parameter in model.named_parameters():
        if name not in expected:
            continue
        found = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        distance = (found - expected[name]).norm().item()
        worst = max(worst, distance / max(expected[name].norm().item(), 1e-300) if distance else 0)
    return worst
