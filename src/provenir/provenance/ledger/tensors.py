"""Leaves and roots of tensors: what the parameters were, whatever held them.

A leaf is the line of name, dtype, shape and the SHA-256 of the bytes, little-endian in row-major
order; a root is over leaves sorted by name. It is the tensor root of a safetensors file
(`provenance.artifact_identity`) where names and dtypes are those of the file.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeAlias

from provenir.core.digest import format_digest
from provenir.core.merkle import Frontier
from provenir.provenance.ledger.records import Root, TensorLeaf

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    Buffer: TypeAlias = bytes | bytearray | memoryview
    Tensor: TypeAlias = tuple[str, str, Sequence[int], Buffer]

__all__ = ["hash_tensors", "leaf_root", "tensor_leaf", "tensor_root"]

_FEW_BYTES = 1 << 20
"""Below it the hand-over to a thread costs more than the hashing."""


def tensor_leaf(name: str, dtype: str, shape: Sequence[int], buffer: Buffer) -> TensorLeaf:
    """Return the leaf of one tensor; its bytes are hashed where they lie.

    Args:
        name: The parameter's name.
        dtype: Element type as safetensors names it, such as `F32`.
        shape: Sizes; empty for a scalar.
        buffer: Any contiguous buffer of the little-endian bytes in row-major order.
    """
    digest = hashlib.sha256(buffer).hexdigest()
    return TensorLeaf.model_construct(name=name, dtype=dtype, shape=tuple(shape), sha256=digest)


def hash_tensors(tensors: Iterable[Tensor], *, threads: int = 1) -> list[TensorLeaf]:
    """Return the leaves of tensors, sorted by name.

    Args:
        tensors: (name, dtype, shape, buffer) of each.
        threads: How many may hash at once; `hashlib` lets go of the interpreter's lock meanwhile.
    """
    listed = list(tensors)
    if threads > 1 and sum(memoryview(buffer).nbytes for *_, buffer in listed) > _FEW_BYTES:
        with ThreadPoolExecutor(threads) as pool:
            leaves = list(pool.map(lambda tensor: tensor_leaf(*tensor), listed))
    else:
        leaves = [tensor_leaf(*tensor) for tensor in listed]
    return sorted(leaves, key=lambda leaf: leaf.name)


def leaf_root(leaves: Iterable[TensorLeaf]) -> Root:
    """Return the root over leaves, in the order of their names."""
    frontier = Frontier()
    frontier.extend(leaf.line() for leaf in sorted(leaves, key=lambda leaf: leaf.name))
    return Root(n=frontier.n, root=format_digest(frontier.root()))


def tensor_root(tensors: Iterable[Tensor], *, threads: int = 1) -> Root:
    """Return the root over tensors; see `hash_tensors`."""
    return leaf_root(hash_tensors(tensors, threads=threads))
