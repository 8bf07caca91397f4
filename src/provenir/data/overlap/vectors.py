"""What instructions for kernels are written with: loads, stores and constants of LLVM vectors.

This module and those upon it import numba; `compiled.COMPILED` says whether they may be imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from llvmlite import ir
from numba.extending import intrinsic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

BIT, BYTE, INDEX, NUMBER = ir.IntType(1), ir.IntType(8), ir.IntType(32), ir.IntType(64)

instruction: Callable[[Callable[..., Any]], Any] = intrinsic
"""Make an instruction for kernels of a function that returns its signature and writes its code."""


def load(builder: Any, base: Any, offset: Any, kind: Any) -> Any:
    """Load from an address and an offset in bytes, at any alignment."""
    address = builder.inttoptr(builder.add(base, offset), ir.PointerType(kind))
    value = builder.load(address)
    value.align = 1
    return value


def store(builder: Any, base: Any, offset: Any, value: Any) -> None:
    """Store to an address and an offset in bytes, at any alignment."""
    address = builder.inttoptr(builder.add(base, offset), ir.PointerType(value.type))
    builder.store(value, address).align = 1


def splat(builder: Any, value: Any, lanes: int) -> Any:
    """Put one value into every lane."""
    undefined = ir.Constant(ir.VectorType(value.type, lanes), ir.Undefined)
    first = builder.insert_element(undefined, value, INDEX(0))
    return builder.shuffle_vector(first, undefined, lane_numbers([0] * lanes))


def constant(kind: Any, value: int, lanes: int) -> Any:
    """The same number in every lane."""
    return ir.Constant(ir.VectorType(kind, lanes), [int(value)] * lanes)


def lane_numbers(numbers: Iterable[int]) -> Any:
    """Which lanes a shuffle takes."""
    chosen = list(numbers)
    return ir.Constant(ir.VectorType(INDEX, len(chosen)), chosen)


def declared(builder: Any, name: str, result: Any, arguments: list[Any]) -> Any:
    """An intrinsic function of LLVM, by its full name."""
    known = builder.module.globals.get(name)
    return known or ir.Function(builder.module, ir.FunctionType(result, arguments), name)
