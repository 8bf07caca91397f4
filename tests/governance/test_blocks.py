"""Blocks by parameter names: the families that are known, and what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.core.errors import DocumentError, UsageError
from provenir.governance.blocks import BlockMap, Parameter, block_of, block_order, ordered

PLACES = {
    "model.embed_tokens.weight": "embedding",
    "transformer.wte.weight": "embedding",
    "wpe.weight": "embedding",
    "model.layers.0.self_attn.q_proj.weight": "layer.0",
    "model.layers.11.self_attn.q_norm.weight": "layer.11",
    "transformer.h.3.attn.c_attn.bias": "layer.3",
    "h.3.ln_1.weight": "layer.3",
    "layers.2.mlp.up_proj.weight": "layer.2",
    "model.norm.weight": "final_norm",
    "transformer.ln_f.bias": "final_norm",
    "lm_head.weight": "head",
    "base_model.model.model.layers.7.mlp.down_proj.lora_A.weight": "layer.7",
    "base_model.model.model.layers.7.mlp.down_proj.lora_B.default.weight": "layer.7",
    "base_model.model.model.layers.7.mlp.down_proj.base_layer.weight": "layer.7",
    "base_model.model.transformer.h.0.attn.c_attn.lora_A.weight": "layer.0",
    "base_model.model.model.embed_tokens.lora_embedding_A": "embedding",
    "base_model.model.lm_head.modules_to_save.default.weight": "head",
}


@pytest.mark.parametrize(("name", "block"), PLACES.items(), ids=str)
def test_a_parameter_belongs_to_its_block(name, block):
    assert block_of(name) == block


@pytest.mark.parametrize(
    "name",
    [
        "",
        "weight",
        "model.layers.weight",
        "model.layers.x.weight",
        "model.layers.01.weight",
        "model.layers.-1.weight",
        "model.layers.²3.weight",
        "model.layers.10000.weight",
        "model.layers.0",
        "model.layers.0.",
        "model.model.layers.0.a.weight",
        "x.model.layers.0.a.weight",
        "model.normal.weight",
        "model.norm",
        "score.weight",
        "gpt_neox.layers.0.a.weight",
        "vision.model.norm.weight",
        "model.norm.weight\n",
        "model.norm.we ight",
    ],
)
def test_a_name_without_a_block_is_refused_by_name(name):
    with pytest.raises(UsageError, match="belongs to no known block") as fault:
        block_of(name)
    assert repr(name) in fault.value.what


@given(st.text())
def test_any_text_has_a_block_or_is_refused(name):
    try:
        assert block_of(name) in ordered({block_of(name)})
    except UsageError:
        pass
    else:
        assert "." in name


def test_blocks_are_in_the_order_of_the_model():
    assert block_order(reversed(PLACES)) == (
        *("embedding", "layer.0", "layer.2", "layer.3", "layer.7", "layer.11"),
        *("final_norm", "head"),
    )


def parameter(name, **changed):
    given = {"dtype": "F32", "shape": (2, 3), "trainable": True, "released": True} | changed
    return Parameter(name=name, block=given.pop("block", None) or block_of(name), **given)


def test_a_map_comes_back_as_it_was_written():
    made = BlockMap.of([parameter("lm_head.weight"), parameter("wte.weight", shape=())])
    assert made.blocks == ("embedding", "head")
    assert [one.name for one in made.parameters] == ["lm_head.weight", "wte.weight"]
    assert BlockMap.from_bytes(made.to_bytes(), where="test") == made


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("blocks", lambda blocks: blocks[::-1]),
        ("blocks", lambda blocks: blocks[:1]),
        ("blocks", lambda blocks: [*blocks, "layer.0"]),
        ("parameters", lambda parameters: parameters[::-1]),
        ("parameters", lambda parameters: parameters + parameters[-1:]),
        ("parameters", lambda parameters: [parameters[0] | {"block": "layer.1"}]),
        ("parameters", lambda parameters: [parameters[0] | {"name": "x"}]),
        ("parameters", lambda parameters: [parameters[0] | {"shape": [-1]}]),
        ("parameters", lambda parameters: [parameters[0] | {"trainable": 1}]),
    ],
)
def test_a_map_that_misplaces_a_parameter_is_none(field, change):
    value = BlockMap.of([parameter("lm_head.weight"), parameter("wte.weight")]).model_dump(
        mode="json"
    )
    value[field] = change(value[field])
    with pytest.raises(DocumentError):
        BlockMap.from_value(value, where="test")


def test_a_map_without_parameters_is_refused_in_one_line():
    with pytest.raises(UsageError):
        BlockMap.of([])
