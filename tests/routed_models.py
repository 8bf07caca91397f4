"""Tiny models of each family, and the slow oracle: one backward pass for each example."""

from __future__ import annotations

import peft
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
_GPT2 = {"n_embd": HIDDEN, "n_head": 2, "n_layer": LAYERS, "n_positions": 32}
_STILL = {"resid_pdrop": 0.0, "embd_pdrop": 0.0, "attn_pdrop": 0.0, "use_cache": False}
FAMILIES = {
    "llama": (transformers.LlamaConfig, {**_SHAPE, "attention_bias": True, "mlp_bias": True}),
    "qwen2": (transformers.Qwen2Config, _SHAPE),
    "qwen3": (transformers.Qwen3Config, {**_SHAPE, "head_dim": 8}),
    "mistral": (transformers.MistralConfig, {**_SHAPE, "sliding_window": 5}),
    "gpt2": (transformers.GPT2Config, {"vocab_size": VOCABULARY, **_GPT2, **_STILL}),
}


def causal_model(family="llama", *, tied=False, lora=None, seed=0, attention="eager", **settings):
    """A model of a family in float64 and training mode; `lora` holds options of the adapter."""
    torch.manual_seed(seed)
    config_class, shape = FAMILIES[family]
    config = config_class(
        **{**shape, **settings}, tie_word_embeddings=tied, attn_implementation=attention
    )
    model = transformers.AutoModelForCausalLM.from_config(config)
    if lora is not None:
        model = peft.get_peft_model(model, lora_config(family, **lora))
    model = model.double().train()
    generator = torch.Generator().manual_seed(seed + 1)
    with torch.no_grad():
        # Gains of one, biases and LoRA's B of zero would hide errors.
        for parameter in model.parameters():
            noise = torch.randn(parameter.shape, generator=generator, dtype=parameter.dtype)
            parameter.add_(noise, alpha=0.1)
    return model


def lora_config(family, **options):
    llama = ["q_proj", "v_proj", "gate_proj", "down_proj"]
    options.setdefault("target_modules", ["c_attn", "c_fc"] if family == "gpt2" else llama)
    options.setdefault("fan_in_fan_out", family == "gpt2")
    options.setdefault("r", 3)
    return peft.LoraConfig(task_type="CAUSAL_LM", **options)


def batch(rows=4, length=9, seed=1):
    """Token ids, and labels of which some are ignored, each row another number."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(0, VOCABULARY, (rows, length), generator=generator)
    labels = ids.clone()
    for row in range(rows):
        labels[row, : row % (length - 2)] = -100
    return ids, labels


def weights_of(router, rows, seed):
    """Random weights: some blocks at zero for all rows, many single zeros and ones."""
    generator = torch.Generator().manual_seed(seed)
    shape = (rows, len(router.blocks))
    weights = torch.rand(shape, generator=generator, dtype=torch.float64)
    kind = torch.rand(shape, generator=generator)
    weights[kind < 0.3] = 0
    weights[kind > 0.8] = 1
    weights[:, torch.randint(1, shape[1] - 1, (1,), generator=generator)] = 0
    return weights


def losses_of(model, ids, labels):
    return per_example_mean_loss(model(input_ids=ids).logits, labels)


def gradients_by_row(model, ids, labels, *, micro=None, losses=losses_of):
    """Name → [B, …]: each row's own gradient of its loss / B, by one backward pass for each row.

    The rows of a microbatch go through one forward pass, and the losses are divided before: the
    families compute norms, softmax and rotations in float32 whatever the model's type, so that a
    difference of one bit in float64 may come out as one of 1e-8.
    """
    size = micro or len(ids)
    trained = {name: p for name, p in model.named_parameters() if p.requires_grad}
    by_row = []
    for start in range(0, len(ids), size):
        part = slice(start, start + size)
        for loss in (losses(model, ids[part], labels[part]) / len(ids)).unbind():
            gradients = torch.autograd.grad(
                loss, list(trained.values()), retain_graph=True, allow_unused=True
            )
            by_row.append(
                [
                    torch.zeros_like(p) if gradient is None else gradient
                    for p, gradient in zip(trained.values(), gradients, strict=True)
                ]
            )
    stacked = [torch.stack(column) for column in zip(*by_row, strict=True)]
    return dict(zip(trained, stacked, strict=True))


def weighted(by_row, weights, router):
    """The oracle's gradient: for each parameter the sum over rows of weight times gradient."""
    blocks = {slot.name: slot.block for slot in router.slots}
    return {
        name: torch.einsum("b,b...->...", weights[:, blocks[name]], rows)
        for name, rows in by_row.items()
    }


def worst_error(model, expected):
    """Largest relative error of a parameter's gradient; one that should be zero must be zero."""
    worst = 0.0
    for name, parameter in model.named_parameters():
        if name not in expected:
            continue
        found = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
        distance = (found - expected[name]).norm().item()
        scale = expected[name].norm().item()
        worst = max(worst, distance / scale if scale else float("inf") if distance else 0.0)
    return worst
