"""Block maps of model folders: by names and headers alone, and only of whole models."""

from __future__ import annotations

import json

import pytest

from provenir.core.errors import InputError, UsageError
from provenir.governance.model_blocks import FAMILIES, blocks_of_model

LLAMA = (
    "model.embed_tokens.weight",
    "model.layers.0.self_attn.q_proj.weight",
    "model.layers.1.mlp.up_proj.weight",
    "model.norm.weight",
    "lm_head.weight",
)
GPT2 = ("wte.weight", "wpe.weight", "h.0.attn.c_attn.bias", "ln_f.weight")


def write_tensors(path, names):
    table, end = {}, 0
    for name in names:
        table[name] = {"dtype": "F32", "shape": [2, 1], "data_offsets": [end, end + 8]}
        end += 8
    header = json.dumps(table).encode()
    path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(end))


@pytest.fixture
def model(tmp_path):
    def model(names=LLAMA, *, kind="llama", layers=2, **config):
        stated = {"model_type": kind, FAMILIES.get(kind, "n"): layers} | config
        (tmp_path / "config.json").write_text(json.dumps(stated))
        write_tensors(tmp_path / "model.safetensors", names)
        return tmp_path

    return model


def test_a_model_has_the_blocks_of_its_parameters(model):
    found = blocks_of_model(model())
    assert found.blocks == ("embedding", "layer.0", "layer.1", "final_norm", "head")
    assert [one.name for one in found.parameters] == sorted(LLAMA)
    assert not found.adapter
    assert {one.dtype for one in found.parameters} == {"F32"}


@pytest.mark.parametrize(
    ("kind", "names", "layers", "config"),
    [
        ("llama", LLAMA, 2, {"tie_word_embeddings": True}),
        ("gpt2", (*GPT2, "lm_head.weight"), 1, {}),
        ("gpt2", tuple(f"transformer.{name}" for name in GPT2), 1, {}),
    ],
)
def test_a_tied_head_stands_once(model, kind, names, layers, config):
    assert "head" not in blocks_of_model(model(names, kind=kind, layers=layers, **config)).blocks


def test_an_untied_gpt2_has_a_head(model):
    names = (*GPT2, "lm_head.weight")
    found = blocks_of_model(model(names, kind="gpt2", layers=1, tie_word_embeddings=False))
    assert found.blocks[-1] == "head"


def test_constants_are_no_parameters(model):
    found = blocks_of_model(
        model((*GPT2, "h.0.attn.bias", "h.0.attn.masked_bias"), kind="gpt2", layers=1)
    )
    assert [one.name for one in found.parameters] == sorted(GPT2)


def test_shards_are_those_of_the_index(model):
    folder = model()
    write_tensors(folder / "a.safetensors", LLAMA[:2])
    write_tensors(folder / "b.safetensors", LLAMA[2:])
    write_tensors(folder / "consolidated.safetensors", ("other.weight",))
    (folder / "model.safetensors").unlink()
    shards = {name: "a.safetensors" if name in LLAMA[:2] else "b.safetensors" for name in LLAMA}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": shards}))
    assert [one.name for one in blocks_of_model(folder).parameters] == sorted(LLAMA)


def test_an_adapter_has_the_blocks_that_it_adapts(tmp_path):
    names = ["base_model.model.model.layers.3.mlp.up_proj.lora_A.weight"]
    write_tensors(tmp_path / "adapter_model.safetensors", names)
    found = blocks_of_model(tmp_path)
    assert (found.blocks, found.adapter) == (("layer.3",), True)


@pytest.mark.parametrize(
    "weight_map",
    [
        {},
        None,
        [],
        {"a": "../x.safetensors"},
        {"a": "x.bin"},
        {"a": 1},
        {"a": "b/c.safetensors"},
        {"a": "\x00.safetensors"},
    ],
)
def test_an_index_that_leads_elsewhere_is_refused(model, weight_map):
    folder = model()
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    with pytest.raises(InputError, match="no index"):
        blocks_of_model(folder)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"layers": 3}, "states 3 layers, the weights hold 2"),
        ({"layers": "2"}, "states 2 layers"),
        ({"kind": "mixtral"}, "of no known family"),
        ({"kind": "\x1b[31m"}, "of no known family"),
    ],
)
def test_a_model_that_is_not_whole_or_not_known_is_refused(model, changes, said):
    with pytest.raises(InputError, match=said) as fault:
        blocks_of_model(model(**changes))
    assert "\x1b" not in str(fault.value)


def test_a_parameter_without_a_block_is_named(model):
    with pytest.raises(UsageError, match=r"model\.rotary\.x"):
        blocks_of_model(model((*LLAMA, "model.rotary.x")))


@pytest.mark.parametrize("config", ["[]", "{", "null", '{"model_type": ["llama"]}'])
def test_a_configuration_that_is_none_is_refused(model, config):
    folder = model()
    (folder / "config.json").write_text(config)
    with pytest.raises(InputError):
        blocks_of_model(folder)


def test_no_folder_and_no_weights_are_refused(tmp_path, model):
    with pytest.raises(InputError, match="no such folder"):
        blocks_of_model(tmp_path / "none")
    folder = model()
    (folder / "model.safetensors").write_bytes(b"\xff" * 20)
    with pytest.raises(InputError):
        blocks_of_model(folder)
    (folder / "model.safetensors").unlink()
    with pytest.raises(InputError, match="no such file"):
        blocks_of_model(folder)
