"""What may be wrong within the strings of JSON: escapes and UTF-8, sixty-four bytes at a time.

Nothing is carried over the end of a line, so that a damaged row says nothing of the next one.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from provenir.data.overlap.compiled import jit
from provenir.data.overlap.simd import (
    NONE,
    ONE,
    U,
    alphanumeric_mask,
    code_digits,
    equal_mask,
    folded_mask,
    load_byte,
    lowest,
    range_mask,
)


@jit
def wrong_escapes(base: Any, at: Any, places: Any, hex_carry: Any, low_at: Any) -> Any:
    r"""Which escapes do not exist; of `\u`, wrong digits and surrogates that make no pair.

    Args:
        base: address of the buffer.
        at: offset of the block.
        places: where bytes are escaped.
        hex_carry: of `simd.code_digits`.
        low_at: where the digits of a low surrogate may begin.
    """
    plain = (
        equal_mask(base, at, np.uint8(110))
        | equal_mask(base, at, np.uint8(34))
        | equal_mask(base, at, np.uint8(92))
    )
    rest = places & ~plain
    if (rest | hex_carry) == NONE:
        return NONE, NONE, low_at
    codes = rest & equal_mask(base, at, np.uint8(117))
    wrong = rest & ~(
        codes
        | equal_mask(base, at, np.uint8(114))
        | equal_mask(base, at, np.uint8(116))
        | equal_mask(base, at, np.uint8(98))
        | equal_mask(base, at, np.uint8(102))
        | equal_mask(base, at, np.uint8(47))
    )
    hexadecimal = alphanumeric_mask(base, at, np.uint8(102))
    first, _, missing, carry = code_digits(codes, hexadecimal, hex_carry)
    wrong |= missing
    surrogates = first & folded_mask(base, at, np.uint8(100))
    while surrogates != NONE:
        bit = surrogates & (~surrogates + ONE)
        surrogates ^= bit
        place = at + lowest(bit)
        second = load_byte(base, place + 1) | np.uint8(0x20)
        if second >= np.uint8(99):
            wrong |= bit if place != low_at else NONE
        elif second >= np.uint8(56):
            if _low_follows(base, place):
                low_at = place + 6
            else:
                wrong |= bit
    return wrong, carry, low_at


@jit
def _low_follows(base: Any, place: Any) -> Any:
    r"""Whether after the four digits at a place there is `\ud` and a digit from c to f."""
    last = load_byte(base, place + 7) | np.uint8(0x20)
    return (
        load_byte(base, place + 4) == np.uint8(92)
        and load_byte(base, place + 5) == np.uint8(117)
        and load_byte(base, place + 6) | np.uint8(0x20) == np.uint8(100)
        and last >= np.uint8(99)
        and last <= np.uint8(102)
    )


@jit
def _shifted(mask: Any, carry: Any, place: Any) -> Any:
    """A mask moved on by one byte, the bit that comes from the block before included."""
    return (mask << ONE) | ((carry >> place) & ONE)


@jit
def wrong_utf8(base: Any, at: Any, high: Any, carry: Any) -> Any:
    """Where bytes from 0x80 on make no character, and what is carried to the next block.

    A second and third continuation byte is asked for only after the ones before it, so that a
    character cut off at the end of a line says nothing of the next line.

    Args:
        base: address of the buffer.
        at: offset of the block.
        high: where the bytes from 0x80 on are.
        carry: the last bits of ten masks of the block before.
    """
    two = range_mask(base, at, np.uint8(0xC2), np.uint8(0xDF)) & high
    three = range_mask(base, at, np.uint8(0xE0), np.uint8(0xEF)) & high
    four = range_mask(base, at, np.uint8(0xF0), np.uint8(0xF4)) & high
    more = range_mask(base, at, np.uint8(0x80), np.uint8(0xBF)) & high
    lead, long = two | three | four, three | four
    long_one = _shifted(long, carry, U(1)) & more
    four_one = _shifted(four, carry, U(2)) & more
    four_two = _shifted(four_one, carry, U(3)) & more
    wanted = _shifted(lead, carry, U(0)) | _shifted(long_one, carry, U(4))
    wanted |= _shifted(four_two, carry, U(5))
    wrong = (wanted ^ more) | (high & ~(lead | more))
    e0 = equal_mask(base, at, np.uint8(0xE0)) & high
    ed = equal_mask(base, at, np.uint8(0xED)) & high
    f0 = equal_mask(base, at, np.uint8(0xF0)) & high
    f4 = equal_mask(base, at, np.uint8(0xF4)) & high
    below_a0 = range_mask(base, at, np.uint8(0x80), np.uint8(0x9F)) & high
    below_90 = range_mask(base, at, np.uint8(0x80), np.uint8(0x8F)) & high
    wrong |= _shifted(e0, carry, U(6)) & below_a0
    wrong |= _shifted(ed, carry, U(7)) & more & ~below_a0
    wrong |= _shifted(f0, carry, U(8)) & below_90
    wrong |= _shifted(f4, carry, U(9)) & more & ~below_90
    last = U(63)
    carry = (lead >> last) | (long >> last << U(1)) | (four >> last << U(2))
    carry |= (four_one >> last << U(3)) | (long_one >> last << U(4)) | (four_two >> last << U(5))
    carry |= (e0 >> last << U(6)) | (ed >> last << U(7))
    carry |= (f0 >> last << U(8)) | (f4 >> last << U(9))
    return wrong, carry
