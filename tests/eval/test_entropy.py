"""Mean loss of a token under a frozen base, against adding the log-likelihoods up."""

from __future__ import annotations

import math

import pytest

from provenir.core.errors import InputError
from provenir.eval.entropy import base_losses, in_millionths, mean_losses, present_losses

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
peft = pytest.importorskip("peft")


def tiny_model() -> object:
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=1,
        num_attention_heads=2,
        num_key_value_heads=2,
        vocab_size=11,
    )
    return transformers.LlamaForCausalLM(config)


def test_it_is_the_mean_over_the_tokens_that_count() -> None:
    torch.manual_seed(0)
    logits = torch.randn(2, 4, 5)
    labels = torch.tensor([[1, 2, 3, 4], [0, -100, 2, -100]])
    logged = logits.double().log_softmax(-1)
    first = -(logged[0, 0, 2] + logged[0, 1, 3] + logged[0, 2, 4]).item() / 3
    second = -logged[1, 1, 2].item()
    assert mean_losses(logits, labels).tolist() == pytest.approx([first, second], rel=1e-6)


def test_adapters_do_not_count_and_the_mode_is_kept() -> None:
    model = tiny_model()
    tokens = torch.randint(0, 11, (3, 6))
    batch = {"input_ids": tokens, "labels": tokens}
    plain = base_losses(model, [batch])
    adapted = peft.get_peft_model(model, peft.LoraConfig(target_modules=["q_proj"]))
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_" in name:
                parameter.normal_()
    adapted.train()
    assert base_losses(adapted, [batch]) == pytest.approx(plain, rel=1e-6)
    assert adapted.training
    assert len(plain) == 3
    assert plain[0] == pytest.approx(math.log(11), abs=0.3)


def test_the_present_model_counts_with_its_adapter() -> None:
    model = tiny_model()
    tokens = torch.randint(0, 11, (3, 6))
    batch = {"input_ids": tokens, "labels": tokens}
    adapted = peft.get_peft_model(model, peft.LoraConfig(target_modules=["q_proj"]))
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_" in name:
                parameter.normal_()
    assert present_losses(adapted, [batch]) != base_losses(adapted, [batch])
    batch["labels"] = torch.full_like(tokens, -100)
    assert all(math.isnan(loss) for loss in present_losses(adapted, [batch]))


def test_an_example_without_a_token_that_counts_is_named() -> None:
    tokens = torch.randint(0, 11, (2, 4))
    labels = tokens.clone()
    labels[1] = -100
    with pytest.raises(InputError, match="example 1"):
        base_losses(tiny_model(), [{"input_ids": tokens, "labels": labels}])


def test_a_score_is_written_in_millionths() -> None:
    assert in_millionths(2.3456789) == 2_345_679
