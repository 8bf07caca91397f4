"""Eight numbers at a time: instructions that hash words and seeds (the rules are in `plain`).

Arrays of 64-bit numbers come as the address of the first and the place of the one to begin with.
Up to seven more than those asked for are read and written.
"""

from __future__ import annotations

from typing import Any, Final

from llvmlite import binding, ir
from numba import types

from provenir.data.overlap.compiled import jit
from provenir.data.overlap.plain import CASE, SEED_MIX, SEED_TURN, SEED_WORDS, WORD_MIX
from provenir.data.overlap.simd import BLOCK, ONE, U, lowest, popcount, store_word
from provenir.data.overlap.vectors import (
    BIT,
    BYTE,
    INDEX,
    NUMBER,
    constant,
    declared,
    instruction,
    lane_numbers,
    load,
    splat,
    store,
)

LANES: Final = 8
"""Numbers in a vector."""

_NUMBERS: Final = ir.VectorType(NUMBER, LANES)
_BYTES: Final = ir.VectorType(BYTE, BLOCK)
_PART: Final = 16
"""Places that are stored together."""

_COMPRESSES: Final = binding.llvm_version_info >= (20,) and binding.get_host_cpu_features().get(
    "avx512vbmi2", False
)
"""Whether one instruction gathers the numbers of set bits; elsewhere LLVM would go bit by bit."""


def _number(value: Any) -> Any:
    return constant(NUMBER, value, LANES)


def _gather(builder: Any, addresses: Any, wanted: Any) -> Any:
    """Load eight bytes from each address, at any alignment; 0 in lanes that are not wanted."""
    pointers = builder.inttoptr(addresses, ir.VectorType(ir.PointerType(NUMBER), LANES))
    kinds = [pointers.type, INDEX, wanted.type, _NUMBERS]
    gather = declared(builder, "llvm.masked.gather.v8i64.v8p0", _NUMBERS, kinds)
    return builder.call(gather, [pointers, INDEX(1), wanted, _number(0)])


def _mixed_down(builder: Any, value: Any, shift: int) -> Any:
    return builder.xor(value, builder.lshr(value, _number(shift)))


@instruction
def hash_eight_words(
    typing_context: Any, base: Any, toggles: Any, words: Any, place: Any, wanted: Any
) -> Any:
    """`hash_eight_words(base, toggles, words, place, wanted)`: hash words from `place` on.

    `base` is the address of the text, `toggles` that of the begin and end of each word, `words`
    that of the hashes. No text is read for more than `wanted` words.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        base, toggles, words, place, wanted = args
        offset = builder.mul(place, NUMBER(16))
        front = load(builder, toggles, offset, _NUMBERS)
        back = load(builder, toggles, builder.add(offset, NUMBER(8 * LANES)), _NUMBERS)
        begin = builder.shuffle_vector(front, back, lane_numbers(range(0, 2 * LANES, 2)))
        end = builder.shuffle_vector(front, back, lane_numbers(range(1, 2 * LANES, 2)))
        order = ir.Constant(_NUMBERS, list(range(LANES)))
        live = builder.icmp_signed("<", order, splat(builder, wanted, LANES))
        length = builder.sub(end, begin)
        short = builder.icmp_signed("<", length, _number(8))
        part = builder.select(short, length, _number(8))
        shift = builder.sub(_number(64), builder.shl(part, _number(3)))
        text = splat(builder, base, LANES)
        tail_at = builder.add(text, builder.sub(end, part))
        head = _gather(builder, builder.add(text, begin), live)
        tail = _gather(builder, tail_at, live)
        head = builder.shl(builder.or_(head, _number(CASE)), shift)
        tail = builder.shl(builder.or_(tail, _number(CASE)), shift)
        mixed = builder.mul(builder.add(head, length), _number(WORD_MIX[0]))
        mixed = builder.xor(_mixed_down(builder, mixed, 29), tail)
        mixed = builder.mul(mixed, _number(WORD_MIX[1]))
        store(builder, words, builder.mul(place, NUMBER(8)), _mixed_down(builder, mixed, 32))
        return context.get_dummy_value()

    return types.void(types.uintp, types.uintp, types.uintp, types.int64, types.int64), generate


@instruction
def hash_eight_seeds(typing_context: Any, words: Any, seeds: Any, place: Any) -> Any:
    """`hash_eight_seeds(words, seeds, place)`: hash five words each, from `place` on."""

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        words, seeds, place = args
        offset = builder.mul(place, NUMBER(8))
        mixed = load(builder, words, offset, _NUMBERS)
        for step in range(1, SEED_WORDS):
            word = load(builder, words, builder.add(offset, NUMBER(8 * step)), _NUMBERS)
            turn = SEED_TURN * step
            left, right = _number(turn), _number(64 - turn)
            word = builder.or_(builder.shl(word, left), builder.lshr(word, right))
            mixed = builder.xor(mixed, word)
        mixed = builder.mul(mixed, _number(SEED_MIX))
        store(builder, seeds, offset, builder.or_(mixed, _number(1)))
        return context.get_dummy_value()

    return types.void(types.uintp, types.uintp, types.int64), generate


@instruction
def filter_eight_seeds(typing_context: Any, seeds: Any, place: Any, bits: Any, shift: Any) -> Any:
    """`filter_eight_seeds(seeds, place, bits, shift)`: which of them pass, a bit for each.

    `bits` is the address of the filter's words; a seed shifted by `shift` is the number of its own.
    """

    def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        seeds, place, bits, shift = args
        seed = load(builder, seeds, builder.mul(place, NUMBER(8)), _NUMBERS)
        word = builder.lshr(seed, splat(builder, shift, LANES))
        address = builder.add(splat(builder, bits, LANES), builder.shl(word, _number(3)))
        held = _gather(builder, address, constant(BIT, 1, LANES))
        first = builder.and_(builder.lshr(seed, _number(1)), _number(63))
        second = builder.and_(builder.lshr(seed, _number(7)), _number(63))
        both = builder.and_(builder.lshr(held, first), builder.lshr(held, second))
        passed = builder.icmp_unsigned("!=", builder.and_(both, _number(1)), _number(0))
        return builder.zext(builder.bitcast(passed, BYTE), NUMBER)

    return types.uint64(types.uintp, types.int64, types.uintp, types.uint64), generate


def _compressed(builder: Any, mask: Any) -> Any:
    """The numbers of the set bits of a mask, one after the other, in bytes."""
    lanes = builder.bitcast(mask, ir.VectorType(BIT, BLOCK))
    name = "llvm.experimental.vector.compress.v64i8"
    compress = declared(builder, name, _BYTES, [_BYTES, lanes.type, _BYTES])
    order = ir.Constant(_BYTES, list(range(BLOCK)))
    return builder.call(compress, [order, lanes, ir.Constant(_BYTES, ir.Undefined)])


def _places_writer(first: int) -> Any:
    """Write an instruction that stores the places of 32 set bits, from a number of them on."""

    def build(typing_context: Any, places: Any, count: Any, at: Any, mask: Any) -> Any:
        def generate(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            places, count, at, mask = args
            numbers = _compressed(builder, mask)
            offset = builder.mul(count, NUMBER(8))
            for part in range(first, first + 32, _PART):
                chosen = lane_numbers(range(part, part + _PART))
                bytes_ = builder.shuffle_vector(numbers, numbers, chosen)
                wide = builder.zext(bytes_, ir.VectorType(NUMBER, _PART))
                value = builder.add(wide, splat(builder, at, _PART))
                store(builder, places, builder.add(offset, NUMBER(8 * part)), value)
            return context.get_dummy_value()

        return types.void(types.uintp, types.int64, types.int64, types.uint64), generate

    return build


_store_32_places = instruction(_places_writer(0))
_store_32_further_places = instruction(_places_writer(32))


def _places_at_once(places: Any, count: Any, at: Any, mask: Any) -> Any:
    many = popcount(mask)
    _store_32_places(places, count, at, mask)
    if many > 32:
        _store_32_further_places(places, count, at, mask)
    return count + many


def _places_in_turn(places: Any, count: Any, at: Any, mask: Any) -> Any:
    many = popcount(mask)
    for number in range(16):
        store_word(places, (count + number) * 8, U(at + lowest(mask)))
        mask &= mask - ONE
    for number in range(16, many):
        store_word(places, (count + number) * 8, U(at + lowest(mask)))
        mask &= mask - ONE
    return count + many


append_places = jit(_places_at_once if _COMPRESSES else _places_in_turn)
"""`append_places(places, count, at, mask)`: store `at` and the number of each set bit.

Returns how many places there are now; 64 may be written.
"""
