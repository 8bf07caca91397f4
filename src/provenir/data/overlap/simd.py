"""Sixty-four bytes at a time: vector instructions for kernels, through LLVM's portable vectors.

Each mask has one bit for each of the 64 bytes from an address on, the lowest bit for the first
byte. LLVM turns the vectors into what the processor has (AVX-512, AVX2, NEON), so there is one
source for all. How masks find strings and escapes is Langdale and Lemire's method: Parsing
Gigabytes of JSON per Second (VLDB Journal 28, 2019), sections 3.1.1 and 3.1.2.

This module imports numba; `compiled.COMPILED` says whether it may be imported. What numba keeps on
disk it renews when the file of a kernel changes, not when this one does: after an edit here, remove
the `__pycache__` folder of this room.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from provenir.data.overlap.compiled import jit

BLOCK: Final = 64
"""Bytes in a block."""

if TYPE_CHECKING:
    from collections.abc import Callable

_instruction: Callable[[Callable[..., Any]], Any] = intrinsic

U = np.uint64
ONE: Final = U(1)
NONE: Final = U(0)
ALL: Final = U(0xFFFFFFFFFFFFFFFF)
_ODD: Final = U(0xAAAAAAAAAAAAAAAA)

_I1, _I8, _I32, _I64 = ir.IntType(1), ir.IntType(8), ir.IntType(32), ir.IntType(64)
_BYTES: Final = ir.VectorType(_I8, BLOCK)


def _pointer(builder: Any, base: Any, offset: Any, kind: Any) -> Any:
    return builder.inttoptr(builder.add(base, offset), ir.PointerType(kind))


def _load(builder: Any, base: Any, offset: Any, kind: Any) -> Any:
    value = builder.load(_pointer(builder, base, offset, kind))
    value.align = 1
    return value


def _splat(builder: Any, byte: Any) -> Any:
    undefined = ir.Constant(_BYTES, ir.Undefined)
    first = builder.insert_element(undefined, byte, _I32(0))
    lanes = ir.Constant(ir.VectorType(_I32, BLOCK), [0] * BLOCK)
    return builder.shuffle_vector(first, undefined, lanes)


def _constant(byte: int) -> Any:
    return ir.Constant(_BYTES, [byte] * BLOCK)


def _loader(kind: Any, numba_type: Any) -> Callable[..., Any]:
    def load(typing_context: Any, base: Any, offset: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return _load(builder, args[0], args[1], kind)

        return numba_type(types.uintp, types.int64), generate

    return load


load_byte = _instruction(_loader(_I8, types.uint8))
"""`load_byte(base, offset)`: one byte of memory."""

load_word = _instruction(_loader(_I64, types.uint64))
"""`load_word(base, offset)`: eight bytes of memory, at any alignment."""


@_instruction
def equal_mask(typing_context: Any, base: Any, offset: Any, byte: Any) -> Any:
    """`equal_mask(base, offset, byte)`: where the bytes equal one."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        block = _load(builder, args[0], args[1], _BYTES)
        return builder.bitcast(builder.icmp_unsigned("==", block, _splat(builder, args[2])), _I64)

    return types.uint64(types.uintp, types.int64, types.uint8), generate


@_instruction
def range_mask(typing_context: Any, base: Any, offset: Any, low: Any, high: Any) -> Any:
    """`range_mask(base, offset, low, high)`: where the bytes lie from low to high inclusive."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        block = _load(builder, args[0], args[1], _BYTES)
        width = builder.sub(args[3], args[2])
        above = builder.sub(block, _splat(builder, args[2]))
        return builder.bitcast(builder.icmp_unsigned("<=", above, _splat(builder, width)), _I64)

    return types.uint64(types.uintp, types.int64, types.uint8, types.uint8), generate


@_instruction
def folded_mask(typing_context: Any, base: Any, offset: Any, byte: Any) -> Any:
    """`folded_mask(base, offset, byte)`: where the bytes with bit 0x20 set equal one."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        block = builder.or_(_load(builder, args[0], args[1], _BYTES), _constant(0x20))
        return builder.bitcast(builder.icmp_unsigned("==", block, _splat(builder, args[2])), _I64)

    return types.uint64(types.uintp, types.int64, types.uint8), generate


@_instruction
def alphanumeric_mask(typing_context: Any, base: Any, offset: Any, last_letter: Any) -> Any:
    """`alphanumeric_mask(base, offset, last_letter)`: digits, and letters of any case up to it."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        block = _load(builder, args[0], args[1], _BYTES)
        first = ord("a")
        letter = builder.sub(builder.or_(block, _constant(0x20)), _constant(first))
        width = _splat(builder, builder.sub(args[2], _I8(first)))
        digit = builder.sub(block, _constant(ord("0")))
        found = builder.or_(
            builder.icmp_unsigned("<=", letter, width),
            builder.icmp_unsigned("<", digit, _constant(10)),
        )
        return builder.bitcast(found, _I64)

    return types.uint64(types.uintp, types.int64, types.uint8), generate


@_instruction
def lowest(typing_context: Any, mask: Any) -> Any:
    """`lowest(mask)`: the place of the lowest set bit; 64 where none is."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(_I64, [_I64, _I1])
        count = builder.module.declare_intrinsic("llvm.cttz", [_I64], kind)
        return builder.call(count, [args[0], _I1(0)])

    return types.int64(types.uint64), generate


@_instruction
def popcount(typing_context: Any, mask: Any) -> Any:
    """`popcount(mask)`: how many bits are set."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        kind = ir.FunctionType(_I64, [_I64])
        count = builder.module.declare_intrinsic("llvm.ctpop", [_I64], kind)
        return builder.call(count, [args[0]])

    return types.int64(types.uint64), generate


@jit
def prefix_xor(mask: Any) -> Any:
    """Where the number of bits set up to and including a place is odd."""
    mask ^= mask << U(1)
    mask ^= mask << U(2)
    mask ^= mask << U(4)
    mask ^= mask << U(8)
    mask ^= mask << U(16)
    return mask ^ (mask << U(32))


@jit
def escaped(slashes: Any, carried: Any) -> Any:
    """Find what backslashes escape.

    Args:
        slashes: where there are backslashes.
        carried: 1 where the block before ends in a backslash that escapes the first byte.

    Returns:
        Where bytes are escaped, backslashes among them; where backslashes escape; what is carried
        to the next block.
    """
    possible = slashes & ~carried
    maybe = (possible << ONE) | _ODD
    turned = (maybe - possible) ^ _ODD
    places = turned ^ (slashes | carried)
    escaping = turned & slashes
    return places, escaping, escaping >> U(63)


@jit
def code_digits(codes: Any, hexadecimal: Any, carried: Any) -> Any:
    r"""Find the digits of escapes such as `\u00e9`, each only where the one before it stands.

    Args:
        codes: where an escaped `u` is.
        hexadecimal: where hexadecimal digits are.
        carried: in bit n, whether the block must begin with the digit n of an escape.

    Returns:
        Where the first digits must be; where digits are; where they are missing; what is carried
        to the next block.
    """
    first = (codes << ONE) | (carried & ONE)
    one = first & hexadecimal
    second = (one << ONE) | ((carried >> U(1)) & ONE)
    two = second & hexadecimal
    third = (two << ONE) | ((carried >> U(2)) & ONE)
    three = third & hexadecimal
    fourth = (three << ONE) | ((carried >> U(3)) & ONE)
    wanted = first | second | third | fourth
    carry = (codes >> U(63)) | (one >> U(63) << U(1))
    carry |= (two >> U(63) << U(2)) | (three >> U(63) << U(3))
    return first, wanted & hexadecimal, wanted & ~hexadecimal, carry
