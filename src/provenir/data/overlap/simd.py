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

from provenir.data.overlap.compiled import jit
from provenir.data.overlap.vectors import (
    BIT,
    BYTE,
    NUMBER,
    constant,
    declared,
    instruction,
    load,
    splat,
    store,
)

if TYPE_CHECKING:
    from collections.abc import Callable

BLOCK: Final = 64
"""Bytes in a block."""

U = np.uint64
ONE: Final = U(1)
NONE: Final = U(0)
ALL: Final = U(0xFFFFFFFFFFFFFFFF)
_ODD: Final = U(0xAAAAAAAAAAAAAAAA)

_BYTES: Final = ir.VectorType(BYTE, BLOCK)


def _bytes(builder: Any, value: Any) -> Any:
    """A byte in every lane."""
    return splat(builder, value, BLOCK)


def _mask(builder: Any, relation: str, left: Any, right: Any) -> Any:
    """A bit for each lane of an unsigned comparison."""
    return builder.bitcast(builder.icmp_unsigned(relation, left, right), NUMBER)


def _folded(builder: Any, block: Any) -> Any:
    """Letters in lower case, digits as they are."""
    return builder.or_(block, constant(BYTE, 0x20, BLOCK))


def _loader(kind: Any, numba_type: Any) -> Callable[..., Any]:
    def build(typing_context: Any, base: Any, offset: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            return load(builder, args[0], args[1], kind)

        return numba_type(types.uintp, types.int64), generate

    return build


load_byte = instruction(_loader(BYTE, types.uint8))
"""`load_byte(base, offset)`: one byte of memory."""

load_half = instruction(_loader(ir.IntType(32), types.uint32))
"""`load_half(base, offset)`: four bytes of memory, at any alignment."""

load_word = instruction(_loader(NUMBER, types.uint64))
"""`load_word(base, offset)`: eight bytes of memory, at any alignment."""


@instruction
def store_word(typing_context: Any, base: Any, offset: Any, word: Any) -> Any:
    """`store_word(base, offset, word)`: put eight bytes into memory, at any alignment."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        store(builder, args[0], args[1], args[2])
        return context.get_dummy_value()

    return types.void(types.uintp, types.int64, types.uint64), generate


@instruction
def equal_mask(typing_context: Any, base: Any, offset: Any, byte: Any) -> Any:
    """`equal_mask(base, offset, byte)`: where the bytes equal one."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        block = load(builder, args[0], args[1], _BYTES)
        return builder.bitcast(
            builder.icmp_unsigned("==", block, splat(builder, args[2], BLOCK)), NUMBER
        )

    return types.uint64(types.uintp, types.int64, types.uint8), generate


@instruction
def range_mask(typing_context: Any, base: Any, offset: Any, low: Any, high: Any) -> Any:
    """`range_mask(base, offset, low, high)`: where the bytes lie from low to high inclusive."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        block = load(builder, args[0], args[1], _BYTES)
        width = builder.sub(args[3], args[2])
        above = builder.sub(block, _bytes(builder, args[2]))
        return builder.bitcast(
            builder.icmp_unsigned("<=", above, splat(builder, width, BLOCK)), NUMBER
        )

    return types.uint64(types.uintp, types.int64, types.uint8, types.uint8), generate


@instruction
def folded_mask(typing_context: Any, base: Any, offset: Any, byte: Any) -> Any:
    """`folded_mask(base, offset, byte)`: where the bytes with bit 0x20 set equal one."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        block = _folded(builder, load(builder, args[0], args[1], _BYTES))
        return builder.bitcast(
            builder.icmp_unsigned("==", block, splat(builder, args[2], BLOCK)), NUMBER
        )

    return types.uint64(types.uintp, types.int64, types.uint8), generate


@instruction
def alphanumeric_mask(typing_context: Any, base: Any, offset: Any, last_letter: Any) -> Any:
    """`alphanumeric_mask(base, offset, last_letter)`: digits, and letters of any case up to it."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        block = load(builder, args[0], args[1], _BYTES)
        letter = builder.sub(_folded(builder, block), constant(BYTE, ord("a"), BLOCK))
        digit = builder.sub(block, constant(BYTE, ord("0"), BLOCK))
        width = builder.sub(args[2], BYTE(ord("a")))
        letters = _mask(builder, "<=", letter, _bytes(builder, width))
        return builder.or_(letters, _mask(builder, "<", digit, constant(BYTE, 10, BLOCK)))

    return types.uint64(types.uintp, types.int64, types.uint8), generate


@instruction
def lowest(typing_context: Any, mask: Any) -> Any:
    """`lowest(mask)`: the place of the lowest set bit; 64 where none is."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        count = declared(builder, "llvm.cttz.i64", NUMBER, [NUMBER, BIT])
        return builder.call(count, [args[0], BIT(0)])

    return types.int64(types.uint64), generate


@instruction
def popcount(typing_context: Any, mask: Any) -> Any:
    """`popcount(mask)`: how many bits are set."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        count = declared(builder, "llvm.ctpop.i64", NUMBER, [NUMBER])
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
