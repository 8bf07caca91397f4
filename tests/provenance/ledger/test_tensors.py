"""Tensors: the leaf of a file, any buffer, threads or none."""

from __future__ import annotations

import hashlib
from array import array

from hypothesis import given
from hypothesis import strategies as st

from provenir.core.digest import format_digest
from provenir.core.merkle import merkle_root
from provenir.provenance.artifact import identify_tensors
from provenir.provenance.ledger.tensors import (
    hash_tensors,
    leaf_root,
    tensor_leaf,
    tensor_root,
)

tensors = st.dictionaries(st.text(min_size=1), st.binary(max_size=50), max_size=6).map(
    lambda named: [(name, "U8", (len(data),), data) for name, data in named.items()]
)


@given(tensors)
def test_a_root_is_over_leaves_by_name(listed):
    lines = [tensor_leaf(*tensor).line() for tensor in sorted(listed)]
    root = tensor_root(listed)
    assert (root.n, root.root) == (len(listed), format_digest(merkle_root(lines)))
    assert leaf_root(reversed(hash_tensors(listed))) == root


def test_it_is_the_root_of_the_released_file(model):
    tensors = [("embed", "U8", (3,), b"\1\2\3"), ("layer.0", "U8", (2,), b"\4\5")]
    root = tensor_root([*tensors, ("norm", "U8", (0,), b"")])
    assert identify_tensors(model).tensor_root == root.root
    assert identify_tensors(model).n_tensors == root.n


def test_threads_give_the_same_leaves():
    big = bytes(2 << 20)
    listed = [(f"layer.{i}", "F32", (1 << 19,), big) for i in range(3)]
    assert hash_tensors(listed, threads=3) == hash_tensors(listed)


def test_any_buffer_is_hashed_where_it_lies():
    values = array("d", [0.5, 2.0])
    leaf = tensor_leaf("w", "F64", [2], memoryview(values))
    assert leaf.sha256 == hashlib.sha256(values.tobytes()).hexdigest()
    assert leaf.line() == (
        b'{"dtype":"F64","name":"w","sha256":"' + leaf.sha256.encode() + b'","shape":[2]}'
    )
