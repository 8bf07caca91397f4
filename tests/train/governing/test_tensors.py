"""The ledger's names and hashes of a model are those of the file that is released."""

from __future__ import annotations

from pathlib import Path

import pytest

import governed_runs as run
from provenir.core.errors import UsageError
from provenir.provenance.artifact import identify_tensors
from provenir.provenance.ledger.tensors import leaf_root

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")
pytest.importorskip("peft")

from provenir.train.governing.tensors import ModelTensors, leaves_of, tensor_bytes  # noqa: E402

TINY = {"vocab_size": 32, "use_cache": False}
FAMILIES = {
    "llama": lambda tied: run.model(lora=False, tie_word_embeddings=tied),
    "gpt2": lambda tied: transformers.GPT2LMHeadModel(
        transformers.GPT2Config(n_embd=16, n_layer=2, n_head=2, tie_word_embeddings=tied, **TINY)
    ),
    "qwen3": lambda tied: transformers.Qwen3ForCausalLM(
        transformers.Qwen3Config(
            hidden_size=16,
            intermediate_size=24,
            num_hidden_layers=2,
            num_attention_heads=2,
            num_key_value_heads=1,
            head_dim=8,
            tie_word_embeddings=tied,
            **TINY,
        )
    ),
}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("tied", [False, True])
def test_a_whole_model_has_the_root_of_its_file(tmp_path: Path, family: str, tied: bool) -> None:
    model = FAMILIES[family](tied)
    tensors = ModelTensors(model)
    model.save_pretrained(tmp_path)
    released = identify_tensors(tmp_path)
    assert leaf_root(leaves_of(tensors.tensors)).root == released.tensor_root
    assert leaf_root(leaves_of(tensors.base())).root == released.tensor_root
    assert tensors.of(trainable=False) == []
    assert ("head" in tensors.block_map().blocks) is not tied


def test_an_adapter_has_the_root_of_its_file_and_its_base_that_of_the_base(tmp_path: Path) -> None:
    base = run.model(lora=False)
    base.save_pretrained(tmp_path / "base")
    model = run.model()
    model.save_pretrained(tmp_path / "adapter")
    tensors = ModelTensors(model)
    assert tensors.adapter
    trained = leaf_root(leaves_of(tensors.of(trainable=True)))
    assert trained.root == identify_tensors(tmp_path / "adapter").tensor_root
    told = leaf_root(leaves_of(tensors.base()))
    assert told.root == identify_tensors(tmp_path / "base").tensor_root
    released = {one.name for one in tensors.tensors if one.released}
    assert released == {one.name for one in tensors.of(trainable=True)}


def test_a_half_frozen_model_is_released_whole(tmp_path: Path) -> None:
    model = run.model(lora=False)
    for name, parameter in model.named_parameters():
        parameter.requires_grad_("layers.1" in name)
    tensors = ModelTensors(model)
    assert all(one.released for one in tensors.tensors)
    assert {one.name.split(".")[2] for one in tensors.of(trainable=True)} == {"1"}
    final = {one.name: one for one in tensors.at_the_end(threads=1)}
    assert final["model.norm.weight"].trainable is False


def test_what_is_trained_and_not_released_is_refused() -> None:
    model = run.model()
    next(p for n, p in model.named_parameters() if "embed" in n).requires_grad_(True)
    with pytest.raises(UsageError, match=r"embed_tokens.* is trained and is not"):
        ModelTensors(model)


def test_a_persistent_buffer_is_refused() -> None:
    model = run.model(lora=False)
    model.register_buffer("scale", torch.ones(1))
    with pytest.raises(UsageError, match="scale is released and is no parameter"):
        ModelTensors(model)


def test_a_model_of_which_nothing_is_trained_is_refused() -> None:
    with pytest.raises(UsageError, match="no parameter"):
        ModelTensors(run.model(lora=False).requires_grad_(False))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float64, torch.int64])
def test_bytes_are_those_in_memory_whatever_the_strides(dtype: object) -> None:
    tensor = torch.arange(12).reshape(3, 4).to(dtype)
    whole = tensor_bytes(tensor.t())
    assert bytes(whole) == bytes(
        tensor_bytes(tensor.t().clone(memory_format=torch.contiguous_format))
    )
    assert bytes(tensor_bytes(tensor[0, 0])) == bytes(tensor_bytes(tensor[0, :1]))


def test_what_cannot_be_hashed_is_refused() -> None:
    with pytest.raises(UsageError, match="cannot be hashed"):
        tensor_bytes(torch.zeros(2, 2).to_sparse())
