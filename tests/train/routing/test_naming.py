"""The block map names what the released file holds, tensor by tensor."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="needs the extra train")
pytest.importorskip("peft", reason="needs the extra train")

import torch
from safetensors import safe_open

from provenir.train.routing import Router
from provenir.train.routing.naming import block_map
from routed_models import FAMILIES, causal_model

KINDS = {
    "full": (False, None, "model.safetensors"),
    "tied": (True, None, "model.safetensors"),
    "lora": (False, {}, "adapter_model.safetensors"),
    "lora, head": (
        False,
        {"modules_to_save": ["lm_head"], "bias": "lora_only"},
        "adapter_model.safetensors",
    ),
}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("kind", KINDS)
def test_released_parameters_are_those_of_the_file(family, kind, tmp_path):
    tied, lora, file = KINDS[kind]
    model = causal_model(family, tied=tied, lora=lora).float()
    router = Router(model)
    blocks = router.block_map()
    router.close()
    model.save_pretrained(tmp_path, save_original_format=True)
    with safe_open(tmp_path / file, "pt") as saved:
        tensors = {name: saved.get_tensor(name) for name in saved.keys()}  # noqa: SIM118
    released = {one.name: one for one in blocks.parameters if one.released}
    assert set(released) == set(tensors)
    assert all(released[name].shape == tuple(tensors[name].shape) for name in tensors)
    assert {one.dtype for one in released.values()} == {"F32"}
    own = dict(model.named_parameters())
    for name, public in router.released_names().items():
        assert torch.equal(own[name], tensors[public])
        assert released[public].trainable == own[name].requires_grad
    assert blocks.adapter == (lora is not None)
    assert tuple(blocks.blocks) == router.blocks
    assert len(blocks.parameters) == len(own)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_base_has_its_own_names_under_an_adapter(family):
    base = set(dict(causal_model(family, tied=False, lora=None).named_parameters()))
    blocks = block_map(causal_model(family, tied=False, lora={}))
    assert {one.name for one in blocks.parameters if not one.released} == base
