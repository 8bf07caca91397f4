"""Masks over sixty-four bytes against what Python says of each byte."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.data.overlap.compiled import COMPILED, address, jit

if not COMPILED:
    pytest.skip("kernels are not compiled here", allow_module_level=True)

from provenir.data.overlap import simd

blocks = st.binary(min_size=64, max_size=64) | st.text(
    '\\\\\\"uaf09gG@[`{/:', min_size=64, max_size=64
).map(str.encode)
numbers = st.integers(0, 2**64 - 1)


@jit
def masks(base, offset):
    return (
        simd.equal_mask(base, offset, np.uint8(92)),
        simd.range_mask(base, offset, np.uint8(128), np.uint8(191)),
        simd.folded_mask(base, offset, np.uint8(123)),
        simd.alphanumeric_mask(base, offset, np.uint8(102)),
        simd.alphanumeric_mask(base, offset, np.uint8(122)),
    )


@jit
def scalars(base, mask):
    return (
        simd.load_byte(base, 1),
        simd.load_half(base, 3),
        simd.load_word(base, 5),
        simd.lowest(mask),
        simd.popcount(mask),
        simd.prefix_xor(mask),
    )


def bits(places: list[bool]) -> int:
    return sum(1 << place for place, is_set in enumerate(places) if is_set)


@given(blocks, st.integers(0, 3))
def test_masks_say_what_each_byte_is(block, shift):
    buf = np.frombuffer(b"?" * shift + block + b"?", dtype=np.uint8)
    hexadecimal, letters = b"0123456789abcdefABCDEF", re.compile(rb"[0-9A-Za-z]")
    assert masks(address(buf), shift) == (
        bits([byte == 92 for byte in block]),
        bits([128 <= byte <= 191 for byte in block]),
        bits([byte in b"{[" for byte in block]),
        bits([byte in hexadecimal for byte in block]),
        bits([letters.match(bytes([byte])) is not None for byte in block]),
    )


@given(blocks, numbers)
def test_numbers_are_read_and_their_bits_counted(block, mask):
    buf = np.frombuffer(block, dtype=np.uint8)
    odd = [bool((mask & ((2 << place) - 1)).bit_count() % 2) for place in range(64)]
    assert scalars(address(buf), np.uint64(mask)) == (
        block[1],
        int.from_bytes(block[3:7], "little"),
        int.from_bytes(block[5:13], "little"),
        (mask & -mask).bit_length() - 1 if mask else 64,
        mask.bit_count(),
        bits(odd),
    )


@given(st.lists(blocks, min_size=1, max_size=4))
def test_escapes_and_their_digits_are_followed_from_block_to_block(several):
    text = b"".join(several)
    expected_escaped, expected_digits = set(), set()
    place = 0
    while place < len(text):
        if text[place] == 92:
            expected_escaped.add(place + 1)
            if text[place + 1 : place + 2] == b"u":
                run = re.match(rb"[0-9a-fA-F]{0,4}", text[place + 2 :]).group()
                expected_digits.update(range(place + 2, place + 2 + len(run)))
            place += 1
        place += 1
    found_escaped, found_digits = set(), set()
    slash_carry = code_carry = np.uint64(0)
    buf = np.frombuffer(text, dtype=np.uint8)
    for at in range(0, len(text), 64):
        slashes, _, _, hexadecimal, _ = masks(address(buf), at)
        places, _, slash_carry = simd.escaped(np.uint64(slashes), np.uint64(slash_carry))
        us = bits([byte == ord("u") for byte in text[at : at + 64]])
        _, digits, _, code_carry = simd.code_digits(
            np.uint64(places & us), np.uint64(hexadecimal), np.uint64(code_carry)
        )
        found_escaped.update(at + bit for bit in range(64) if places >> bit & 1)
        found_digits.update(at + bit for bit in range(64) if digits >> bit & 1)
    assert found_escaped == expected_escaped - {len(text)}
    assert found_digits == expected_digits
