"""Everything that routing was not tested with is refused by its name, with how to do without."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("torch", reason="needs the extra train")
pytest.importorskip("peft", reason="needs the extra train")

import peft
import torch
import transformers

from provenir.core.errors import UsageError
from provenir.train.routing import SUPPORT, Router, check_support
from routed_models import FAMILIES, causal_model

ARGUMENTS = {
    "bf16": (True, "autocast"),
    "fp16": (True, "autocast"),
    "packing": (True, "packing"),
    "padding_free": (True, "packing"),
    "torch_compile": (True, "torch.compile"),
    "use_liger_kernel": (True, "Liger"),
    "fsdp": (["full_shard"], "FSDP"),
    "deepspeed": ("zero2.json", "DeepSpeed"),
    "world_size": (2, "more than one rank"),
    "n_gpu": (2, "more than one rank or GPU"),
    "neftune_noise_alpha": (5.0, "NEFTune"),
}


class BatchNormed(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = torch.nn.BatchNorm1d(4)


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("lora", [None, {}], ids=["full", "lora"])
def test_the_families_are_supported(family, lora, tmp_path):
    model = causal_model(family, lora=lora)
    accumulating = transformers.TrainingArguments(
        output_dir=str(tmp_path),
        gradient_accumulation_steps=4,
        gradient_checkpointing=True,
        bf16=False,
        use_cpu=True,
    )
    check_support(model, accumulating)


@pytest.mark.parametrize("name", ARGUMENTS)
def test_arguments_are_refused_by_name(name):
    value, feature = ARGUMENTS[name]
    with pytest.raises(UsageError, match=feature):
        check_support(causal_model(), SimpleNamespace(**{name: value}))


def test_arguments_of_trl_are_read(tmp_path):
    trl = pytest.importorskip("trl")
    arguments = trl.SFTConfig(output_dir=str(tmp_path), bf16=False, packing=True, use_cpu=True)
    with pytest.raises(UsageError, match="not routed with packing: set packing=False"):
        check_support(causal_model(), arguments)


def mixture_of_experts():
    config = transformers.MixtralConfig(
        vocab_size=11,
        hidden_size=8,
        intermediate_size=8,
        num_hidden_layers=1,
        num_attention_heads=1,
        num_key_value_heads=1,
        num_local_experts=2,
    )
    return transformers.AutoModelForCausalLM.from_config(config)


def compiled_in_place():
    model = causal_model()
    model.compile(backend="eager")
    return model


def quantised():
    model = causal_model()
    weight = torch.zeros(3, dtype=torch.uint8)
    model.model.packed = torch.nn.Parameter(weight, requires_grad=False)
    return model


MODELS = {
    "mixture of experts": mixture_of_experts,
    "BatchNorm": BatchNormed,
    "torch.compile": compiled_in_place,
    "quantised weights": quantised,
    "variants of LoRA": lambda: causal_model(lora={"use_dora": True}),
    "more than one rank or GPU": lambda: torch.nn.DataParallel(causal_model()),
}


@pytest.mark.parametrize("feature", MODELS)
def test_models_are_refused_by_name(feature):
    model = MODELS[feature]()
    with pytest.raises(UsageError, match=feature):
        check_support(model)
    with pytest.raises(UsageError, match=feature):
        Router(model)


def test_a_compiled_wrapper_is_refused():
    with pytest.raises(UsageError, match=r"torch\.compile"):
        check_support(torch.compile(causal_model(), backend="eager"))


def test_a_launcher_of_several_ranks_is_seen(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "4")
    with pytest.raises(UsageError, match="more than one rank"):
        check_support(causal_model())


def test_autocast_is_refused_around_the_check_and_in_the_pass():
    model = causal_model()
    with (
        torch.autocast("cpu", dtype=torch.bfloat16),
        pytest.raises(UsageError, match="autocast"),
    ):
        check_support(model)
    router = Router(model)
    with (
        router.routed(torch.ones(2, len(router.blocks))),
        torch.autocast("cpu", dtype=torch.bfloat16),
        pytest.raises(UsageError, match="autocast"),
    ):
        model(input_ids=torch.zeros(2, 3, dtype=torch.long))


def test_everything_unsupported_is_named_at_once():
    with pytest.raises(UsageError) as caught:
        check_support(causal_model(), SimpleNamespace(bf16=True, packing=True))
    assert "autocast, packing" in str(caught.value)


def test_the_table_names_each_feature_once():
    names = [feature.name for feature in SUPPORT]
    assert len(set(names)) == len(names)
    assert all(feature.mend or not feature.in_model for feature in SUPPORT)


def test_the_guide_has_the_same_table():
    guide = Path(__file__).resolve().parents[3] / "docs" / "guide" / "routing.md"
    rows = re.findall(r"^\| (.+) \| (supported|refused) \|$", guide.read_text(), re.MULTILINE)
    assert rows == [(one.name, "refused" if one.mend else "supported") for one in SUPPORT]


def test_other_adapters_have_no_rule():
    model = peft.get_peft_model(
        causal_model(),
        peft.IA3Config(task_type="CAUSAL_LM", target_modules=["k_proj"], feedforward_modules=[]),
    )
    with pytest.raises(UsageError, match="cannot be routed: no rule"):
        Router(model)
