"""The header of a safetensors file, read with bounds and without trust.

The format (https://github.com/huggingface/safetensors#format): eight bytes little-endian header
length, a JSON object of `name -> {dtype, shape, data_offsets}` plus an optional `__metadata__`,
then one buffer that the tensors fill without holes. Everything that two readers could understand
in two ways is refused: duplicate names, overlaps, holes, sizes that do not follow from dtype and
shape.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any, Final

import orjson

from provenir.core.errors import InputError
from provenir.core.files import parse_json
from provenir.core.text import is_encodable

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "LENGTH_BYTES",
    "MAX_HEADER_BYTES",
    "SAFETENSORS_SUFFIX",
    "TensorEntry",
    "header_length",
    "parse_header",
]

SAFETENSORS_SUFFIX: Final = ".safetensors"
LENGTH_BYTES: Final = 8
MAX_HEADER_BYTES: Final = 32 * 2**20
"""Our bound; the format's own is 100 MB. 32 MiB name about 300,000 tensors in one file."""

_FIELDS: Final = frozenset({"dtype", "shape", "data_offsets"})
_INTEGER: Final = frozenset({int})
_MAX_DIMENSIONS: Final = 64
_MAX_BYTES: Final = 2**60
_BITS: Final = {
    "BOOL": 8, "U8": 8, "I8": 8, "U16": 16, "I16": 16, "U32": 32, "I32": 32, "U64": 64, "I64": 64,
    "F16": 16, "BF16": 16, "F32": 32, "F64": 64, "C64": 64,
    "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8, "F8_E4M3FNUZ": 8, "F8_E5M2FNUZ": 8,
    "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TensorEntry:
    """One tensor as its header states it.

    Attributes:
        name: the tensor's name.
        dtype: the format's own name of the element type, such as `BF16`.
        shape: sizes; empty for a scalar.
        begin: first byte in the buffer after the header.
        end: one past the last byte.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    begin: int
    end: int


def header_length(prefix: bytes, file_size: int, *, where: str) -> int:
    """Length of the header in bytes, from the first eight bytes of the file.

    Raises:
        InputError: the file is too short for what it states, or the header passes the bound.
    """
    if len(prefix) < LENGTH_BYTES:
        raise InputError("a safetensors file shorter than its length field", where=where)
    length = int.from_bytes(prefix[:LENGTH_BYTES], "little")
    if length > MAX_HEADER_BYTES:
        raise InputError(
            f"a safetensors header of {length} bytes is over the bound of {MAX_HEADER_BYTES}",
            where=where,
        )
    if LENGTH_BYTES + length > file_size:
        raise InputError("a safetensors file ends inside its header", where=where)
    return length


def parse_header(header: bytes, buffer_size: int, *, where: str) -> list[TensorEntry]:
    """Tensors of a header in the order of their bytes; together they fill the buffer exactly.

    Args:
        header: the bytes of the JSON object, padding included.
        buffer_size: bytes of the file after the header.
        where: the file, for messages.

    Raises:
        InputError: not JSON, duplicate names, unknown fields or types, overlaps, holes, truncation.
    """
    table = _plain_table(header)
    if table is not None:
        with suppress(InputError):  # the exact reading says what is wrong
            return _entries(table, buffer_size, where)
    if not header.startswith(b"{"):
        raise InputError("a safetensors header that is no JSON object", where=where)
    return _entries(parse_json(header, where=where, max_depth=8), buffer_size, where)


def _plain_table(header: bytes) -> dict[str, Any] | None:
    """Read a header many times faster than `parse_json` does, or return None in doubt.

    orjson accepts less than `parse_json` but for two things: of equal keys it keeps the last, and
    integers beyond 64 bits become floats, which no entry takes. Every key has a colon of its own:
    where as many colons come out as went in, and none was escaped, no key is lost.
    """
    try:
        table = orjson.loads(header)
    except orjson.JSONDecodeError:
        return None
    if not header.startswith(b"{") or b"\\u003" in header:
        return None
    return table if header.count(b":") == orjson.dumps(table).count(b":") else None


def _entries(table: dict[str, Any], buffer_size: int, where: str) -> list[TensorEntry]:
    _check_metadata(table.pop("__metadata__", {}), where)
    entries = [_entry(name, value, where) for name, value in table.items()]
    entries.sort(key=lambda entry: (entry.begin, entry.end))
    position = 0
    for entry in entries:
        if entry.begin != position:
            fault = "overlaps the one before" if entry.begin < position else "leaves a hole before"
            raise InputError(f"the bytes of tensor {entry.name!r} {fault}", where=where)
        position = entry.end
    if position != buffer_size:
        fault = "is truncated" if position > buffer_size else "holds bytes of no tensor"
        raise InputError(
            f"the safetensors file {fault} ({buffer_size} bytes of data, {position} described)",
            where=where,
        )
    return entries


def _check_metadata(metadata: object, where: str) -> None:
    if not isinstance(metadata, dict) or not all(isinstance(v, str) for v in metadata.values()):
        raise InputError("`__metadata__` of a safetensors header maps text to text", where=where)


def _entry(name: str, value: object, where: str) -> TensorEntry:
    if not isinstance(value, dict) or value.keys() != _FIELDS:
        raise InputError(
            f"tensor {name!r} needs exactly dtype, shape and data_offsets", where=where
        )
    if not (name.isascii() or is_encodable(name)):
        raise InputError(f"tensor name {name!r} is no valid Unicode text", where=where)
    bits = _BITS.get(value["dtype"]) if isinstance(value["dtype"], str) else None
    if bits is None:
        raise InputError(f"tensor {name!r} has an unknown dtype {value['dtype']!r}", where=where)
    shape = _sizes(value, "shape", name, where)
    offsets = _sizes(value, "data_offsets", name, where)
    if len(offsets) != 2 or offsets[0] > offsets[1]:
        raise InputError(f"tensor {name!r} needs two rising data_offsets", where=where)
    begin, end = offsets
    if prod(shape) * bits != (end - begin) * 8:
        raise InputError(
            f"tensor {name!r} of {value['dtype']} {list(shape)} does not fill {end - begin} bytes",
            where=where,
        )
    return TensorEntry(name, value["dtype"], shape, begin, end)


def _sizes(value: Mapping[str, Any], field: str, name: str, where: str) -> tuple[int, ...]:
    sizes = value[field]
    if (
        not isinstance(sizes, list)
        or len(sizes) > _MAX_DIMENSIONS
        or not _INTEGER.issuperset(map(type, sizes))
        or (sizes and (min(sizes) < 0 or max(sizes) > _MAX_BYTES))
    ):
        raise InputError(
            f"{field} of tensor {name!r} must be a short list of non-negative integers", where=where
        )
    return tuple(sizes)
