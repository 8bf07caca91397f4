from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from provenir.core.errors import InputError, ProvenirError
from provenir.core.files import parse_json
from provenir.provenance import safetensors_header
from provenir.provenance.artifact import identify_artifact
from provenir.provenance.safetensors_header import MAX_HEADER_BYTES, TensorEntry, parse_header

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def file_of(header: bytes, data: bytes = b"", *, length: int | None = None) -> bytes:
    stated = len(header) if length is None else length
    return stated.to_bytes(8, "little") + header + data


def tensor(begin: Any, end: Any, *, dtype: Any = "U8", shape: Any = None, **more: Any) -> dict:
    sizes = [end - begin] if shape is None else shape
    return {"dtype": dtype, "shape": sizes, "data_offsets": [begin, end], **more}


HOSTILE: dict[str, tuple[bytes, str]] = {
    "empty file": (b"", "shorter"),
    "short length": (b"\1\2", "shorter"),
    "header over the bound": (file_of(b"{}", length=MAX_HEADER_BYTES + 1), "bound"),
    "length of 2^64-1": (b"\xff" * 8 + b"{}", "bound"),
    "header past the end": (file_of(b"{}", length=3), "ends inside"),
    "a list": (file_of(b"[]"), "no JSON object"),
    "leading space": (file_of(b" {}"), "no JSON object"),
    "no JSON": (file_of(b"{nope"), ""),
    "not UTF-8": (file_of(b'{"\xff": 1}'), ""),
    "nested deep": (file_of(b'{"a":' * 40 + b"1" + b"}" * 40), ""),
    "duplicate names": (
        file_of(
            b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},'
            b'"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}',
            b"\1\2",
        ),
        "",
    ),
    "metadata no table": (file_of(b'{"__metadata__": 3}'), "__metadata__"),
    "metadata not text": (file_of(b'{"__metadata__": {"a": 1}}'), "__metadata__"),
    "entry no table": (file_of(b'{"a": 3}'), "exactly"),
    "lone surrogate": (file_of(json.dumps({"\ud800": tensor(0, 1)}).encode(), b"\1"), ""),
}


def _add(name: str, table: dict[str, Any], data: bytes, message: str) -> None:
    HOSTILE[name] = (file_of(json.dumps(table).encode(), data), message)


_add("extra field", {"a": tensor(0, 1, strides=[1])}, b"\1", "exactly")
_add("missing field", {"a": {"dtype": "U8", "shape": []}}, b"", "exactly")
_add("overlap", {"a": tensor(0, 2), "b": tensor(1, 3)}, b"\1\2\3", "overlaps")
_add("hole", {"a": tensor(0, 1), "b": tensor(2, 3)}, b"\1\2\3", "hole")
_add("hole at the start", {"a": tensor(1, 2)}, b"\1\2", "hole")
_add("bytes left over", {"a": tensor(0, 1)}, b"\1\2", "no tensor")
_add("truncated", {"a": tensor(0, 4)}, b"\1\2", "truncated")
_add("offsets swapped", {"a": tensor(2, 1, shape=[1])}, b"\1\2", "rising")
_add("three offsets", {"a": {**tensor(0, 1), "data_offsets": [0, 1, 2]}}, b"\1", "rising")
_add("negative offset", {"a": tensor(-1, 0)}, b"", "non-negative")
_add("boolean size", {"a": tensor(0, 1, shape=[True])}, b"\1", "non-negative")
_add("fractional size", {"a": tensor(0, 1, shape=[1.0])}, b"\1", "non-negative")
_add("negative sizes", {"a": tensor(0, 1, shape=[-1, -1])}, b"\1", "non-negative")
_add("huge sizes", {"a": tensor(0, 1, shape=[2**61])}, b"\1", "non-negative")
_add("too many sizes", {"a": tensor(0, 1, shape=[1] * 65)}, b"\1", "short list")
_add("shape no list", {"a": tensor(0, 1, shape="1")}, b"\1", "short list")
_add("size against shape", {"a": tensor(0, 3, shape=[2])}, b"\1\2\3", "does not fill")
_add("size against dtype", {"a": tensor(0, 2, dtype="F32", shape=[1])}, b"\1\2", "does not fill")
_add("unknown dtype", {"a": tensor(0, 1, dtype="F99")}, b"\1", "unknown dtype")
_add("dtype no text", {"a": tensor(0, 1, dtype=["U8"])}, b"\1", "unknown dtype")


@pytest.mark.parametrize("case", sorted(HOSTILE))
def test_a_hostile_file_is_refused_and_named(tmp_path: Path, case: str) -> None:
    data, message = HOSTILE[case]
    (tmp_path / "bad.safetensors").write_bytes(data)
    with pytest.raises(InputError, match=message or None) as caught:
        identify_artifact(tmp_path)
    assert "bad.safetensors" in str(caught.value)


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 80))
def test_any_bytes_give_tensors_or_one_error(noise: bytes, size: int) -> None:
    try:
        entries = parse_header(b"{" + noise, size, where="x")
    except ProvenirError:
        return
    assert sum(entry.end - entry.begin for entry in entries) == size


_NAMES = st.sampled_from(["a", "b", "a:", "__metadata__", "\u00e9", "\ud83d\ude00"])
_FIELD_NAMES = st.sampled_from(["dtype", "shape", "data_offsets", "dtyp\u0065", "x"])
_SIZES = st.sampled_from(["[1]", "[0,1]", "[1,2]", "[1.0]", "[18446744073709551617]", "[]", "[-0]"])
_FIELD_VALUES = _SIZES | st.sampled_from(['"U8"', '"F16"', "null", "NaN", '{"a":[[[[[[[[]]]]]]]]}'])


def _written(pairs: list[tuple[str, str]], escape: bool) -> str:
    names = [json.dumps(name, ensure_ascii=escape) for name, _ in pairs]
    if escape:
        names = [name.replace(":", "\\u003a").replace("x", "\\u0078") for name in names]
    return "{" + ", ".join(f"{n}:{v}" for n, (_, v) in zip(names, pairs, strict=True)) + "}"


_TENSORS = st.sampled_from(
    [
        '{"dtype":"U8","shape":[1],"data_offsets":[0,1]}',
        '{"dtype":"U8","shape":[],"data_offsets":[1,2]}',
        '{"data_offsets":[0,1],"shape":[1],"dtype":"U8","dtype":"U8"}',
        '{"format":"p:t"}',
    ]
) | st.builds(_written, st.lists(st.tuples(_FIELD_NAMES, _FIELD_VALUES), max_size=4), st.booleans())


@settings(max_examples=600, deadline=None)
@given(st.lists(st.tuples(_NAMES, _TENSORS), max_size=4), st.booleans(), st.integers(0, 2))
@example([("a:", '{"data_offsets":[0,1],"shape":[1],"dtype":"U8","dtype":"U8"}')], True, 1)
def test_the_quick_reading_agrees_with_the_exact_one(
    pairs: list[tuple[str, str]], escape: bool, size: int
) -> None:
    header = _written(pairs, escape).encode("utf-8", "surrogatepass")

    def exact() -> list[TensorEntry]:
        table = parse_json(header, where="x", max_depth=8)
        return safetensors_header._entries(table, size, "x")

    def outcome(read: Callable[[], list[TensorEntry]]) -> object:
        try:
            return read()
        except ProvenirError as error:
            return (type(error), error.what, error.where, error.mend)

    assert outcome(lambda: parse_header(header, size, where="x")) == outcome(exact)


def test_sub_byte_types_and_padding_are_read() -> None:
    table = {
        "q": tensor(0, 3, dtype="F6_E2M3", shape=[4]),
        "h": tensor(3, 4, dtype="F4", shape=[2]),
    }
    entries = parse_header(json.dumps(table).encode() + b"   ", 4, where="x")
    assert [(e.name, e.shape, e.begin, e.end) for e in entries] == [
        ("q", (4,), 0, 3),
        ("h", (2,), 3, 4),
    ]


def test_metadata_is_no_tensor(tmp_path: Path, write_weights: Callable) -> None:
    (tmp_path / "w.safetensors").write_bytes(write_weights({}, metadata={"format": "pt"}))
    identity = identify_artifact(tmp_path)
    assert (identity.n_tensors, identity.tensor_root) == (0, None)
