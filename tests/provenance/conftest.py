"""Fixtures of the room: safetensors files written by hand, so that no test needs torch."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

Tensors = Mapping[str, bytes]


def safetensors_bytes(tensors: Tensors, *, metadata: Mapping[str, str] | None = None) -> bytes:
    """A valid file of one-dimensional U8 tensors in the given order."""
    table: dict[str, object] = {} if metadata is None else {"__metadata__": dict(metadata)}
    position = 0
    for name, data in tensors.items():
        end = position + len(data)
        table[name] = {"dtype": "U8", "shape": [len(data)], "data_offsets": [position, end]}
        position = end
    header = json.dumps(table).encode()
    header += b" " * (-len(header) % 8)
    return len(header).to_bytes(8, "little") + header + b"".join(tensors.values())


@pytest.fixture(scope="session")
def write_weights() -> Callable[..., bytes]:
    return safetensors_bytes


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A small model folder: weights, configuration, a tokenizer in a sub-folder."""
    folder = tmp_path / "model"
    (folder / "tokenizer").mkdir(parents=True)
    weights = {"embed": b"\1\2\3", "layer.0": b"\4\5", "norm": b""}
    (folder / "model.safetensors").write_bytes(safetensors_bytes(weights))
    (folder / "config.json").write_text('{"hidden_size": 3}\n')
    (folder / "tokenizer" / "vocab.txt").write_text("a\nb\n")
    return folder
