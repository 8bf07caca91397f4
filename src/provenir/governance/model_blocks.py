"""The block map of a model on disk, from its configuration and the headers of its weights.

No tensor is read and nothing of the model is run: a folder of many gigabytes is answered in
milliseconds, on a machine without torch.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import InputError
from provenir.core.files import open_regular, read_json
from provenir.governance.blocks import BlockMap, Parameter, block_of
from provenir.provenance.safetensors_header import (
    LENGTH_BYTES,
    SAFETENSORS_SUFFIX,
    header_length,
    parse_header,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenir.provenance.safetensors_header import TensorEntry

__all__ = ["FAMILIES", "blocks_of_model"]

FAMILIES: Final = {
    "gpt2": "n_layer",
    "llama": "num_hidden_layers",
    "mistral": "num_hidden_layers",
    "qwen2": "num_hidden_layers",
    "qwen3": "num_hidden_layers",
}
"""`model_type` of a configuration to the field that counts its layers."""

_ADAPTER: Final = "adapter_model.safetensors"
_WHOLE: Final = "model.safetensors"
_INDEX: Final = "model.safetensors.index.json"
_MAX_CONFIG_BYTES: Final = 2**20
_MAX_INDEX_BYTES: Final = 64 * 2**20
# Constants that older files hold beside the parameters.
_BUFFER: Final = re.compile(r".*\.(attn\.(masked_)?bias|rotary_emb\.inv_freq)")


def blocks_of_model(folder: str | Path) -> BlockMap:
    """Return the block map of a model folder, or of a LoRA adapter's.

    It is the map of a run that trains and releases all that the folder holds.

    Args:
        folder: Where `config.json` and the safetensors files are, or an adapter's folder.

    Raises:
        InputError: No such model, of another family, not whole, or no safetensors.
        UsageError: A parameter that belongs to no known block.
    """
    place = Path(folder)
    if not place.is_dir():
        raise InputError("no such folder", where=str(place), mend="give a model's folder")
    if (place / _ADAPTER).exists():
        return BlockMap.of(map(_parameter, _tensors(place / _ADAPTER)), adapter=True)
    config = _config(place / "config.json")
    tensors = [entry for file in _files(place) for entry in _tensors(file)]
    kept = [one for one in tensors if not _BUFFER.fullmatch(one.name)]
    if _is_tied(config):
        kept = [one for one in kept if block_of(one.name) != "head"]
    found = BlockMap.of(map(_parameter, kept))
    layers = sum(block.startswith("layer.") for block in found.blocks)
    stated = config.get(FAMILIES[config["model_type"]])
    if stated != layers:
        raise InputError(
            f"the configuration states {stated} layers, the weights hold {layers}",
            where=str(place),
            mend="check that every file of the model is there",
        )
    return found


def _config(path: Path) -> dict[str, Any]:
    config = read_json(path, max_bytes=_MAX_CONFIG_BYTES)
    kind = config.get("model_type") if isinstance(config, dict) else None
    if not isinstance(kind, str) or kind not in FAMILIES:
        raise InputError(
            f"the model type {str(kind)[:80]!r} is of no known family",
            where=str(path),
            mend=f"the families are {', '.join(FAMILIES)}",
        )
    return dict(config)


def _is_tied(config: dict[str, Any]) -> bool:
    # The configuration of GPT-2 ties unless it says otherwise, and is stored without saying so.
    return bool(config.get("tie_word_embeddings", config["model_type"] == "gpt2"))


def _files(place: Path) -> list[Path]:
    index = place / _INDEX
    if not index.exists():
        return [place / _WHOLE]
    value = read_json(index, max_bytes=_MAX_INDEX_BYTES)
    names = value.get("weight_map") if isinstance(value, dict) else None
    files = names.values() if isinstance(names, dict) else ()
    found = {name for name in files if isinstance(name, str) and _is_plain(name)}
    if not found or len(found) != len(set(map(str, files))):
        raise InputError("no index of safetensors files", where=str(index))
    return [place / name for name in sorted(found)]


def _is_plain(name: str) -> bool:
    return name.endswith(SAFETENSORS_SUFFIX) and Path(name).name == name and "\0" not in name


def _tensors(path: Path) -> Iterator[TensorEntry]:
    with open_regular(path) as stream:
        size = os.fstat(stream.fileno()).st_size
        length = header_length(stream.read(LENGTH_BYTES), size, where=str(path))
        header = stream.read(length)
    yield from parse_header(header, size - LENGTH_BYTES - length, where=str(path))


def _parameter(entry: TensorEntry) -> Parameter:
    return Parameter(
        name=entry.name,
        block=block_of(entry.name),
        dtype=entry.dtype,
        shape=entry.shape,
        trainable=True,
        released=True,
    )
