r"""Framing and checking JSONL sixty-four bytes at a time; see `frame` for the rules.

Most blocks of text-heavy rows lie wholly within a string. They cost four comparisons. The rest:

1. masks tell the bytes within strings (from the opening quotation mark up to the one before the
   closing); a newline within a string ends the string and damages its line;
2. masks find control characters, wrong escapes and wrong UTF-8 (the table of well-formed sequences
   in the Unicode Standard, section 3.9) wherever they are;
3. what is outside strings comes as tokens, one for each bracket, colon, comma, string, number or
   name, to a machine with a stack of bits that knows the grammar of RFC 8259;
4. what is rare is suspect without a closer look: more than 62 open brackets, a number of more than
   32 characters or with three digits in its exponent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from provenir.data.overlap.compiled import jit
from provenir.data.overlap.simd import (
    ALL,
    NONE,
    ONE,
    U,
    equal_mask,
    escaped,
    folded_mask,
    load_byte,
    load_word,
    lowest,
    prefix_xor,
    range_mask,
)
from provenir.data.overlap.string_kernel import wrong_escapes, wrong_utf8

if TYPE_CHECKING:
    from provenir.data.overlap.compiled import Array

_START, _FIRST_KEY, _KEY, _COLON, _VALUE, _FIRST_ELEMENT, _ELEMENT = range(7)
_AFTER_MEMBER, _AFTER_ELEMENT, _END, _BAD = range(7, 11)
_OPEN_OBJECT, _OPEN_ARRAY, _CLOSE = range(11, 14)
_STRING, _SCALAR, _LEFT_BRACE, _RIGHT_BRACE, _LEFT_BRACKET, _RIGHT_BRACKET = range(6)
_COLON_SIGN, _COMMA = 6, 7

_MAX_NUMBER: Final = 32
_LOW_HALF: Final = U(0xFFFFFFFF)
_TRUE: Final = U(int.from_bytes(b"true", "little"))
_NULL: Final = U(int.from_bytes(b"null", "little"))
_FALS: Final = U(int.from_bytes(b"fals", "little"))


def _token_kinds() -> Array:
    kinds: Array = np.full(256, _SCALAR, dtype=np.uint8)
    for kind, character in enumerate('"\0{}[]:,'):
        if kind != _SCALAR:
            kinds[ord(character)] = kind
    return kinds


def _grammar() -> Array:
    """The next state, or what to do, for a state and a kind of token."""
    table: Array = np.full((_BAD + 1, 8), _BAD, dtype=np.uint8)
    table[_START, _LEFT_BRACE] = _OPEN_OBJECT
    table[[_FIRST_KEY, _KEY], _STRING] = _COLON
    table[_COLON, _COLON_SIGN] = _VALUE
    table[_VALUE, [_STRING, _SCALAR]] = _AFTER_MEMBER
    for state in (_FIRST_ELEMENT, _ELEMENT):
        table[state, [_STRING, _SCALAR]] = _AFTER_ELEMENT
    for state in (_VALUE, _FIRST_ELEMENT, _ELEMENT):
        table[state, _LEFT_BRACE] = _OPEN_OBJECT
        table[state, _LEFT_BRACKET] = _OPEN_ARRAY
    table[_AFTER_MEMBER, _COMMA] = _KEY
    table[_AFTER_ELEMENT, _COMMA] = _ELEMENT
    table[[_FIRST_KEY, _AFTER_MEMBER], _RIGHT_BRACE] = _CLOSE
    table[[_FIRST_ELEMENT, _AFTER_ELEMENT], _RIGHT_BRACKET] = _CLOSE
    return table


_KINDS: Final = _token_kinds()
_GRAMMAR: Final = _grammar()


@jit
def frame_rows(base: Any, size: Any, starts: Any, suspect: Any) -> Any:
    """Fill in where rows begin and which are suspect, as far as there is room.

    Args:
        base: address of the buffer.
        size: how many bytes there are; the one after them is taken as a newline.
        starts: int64, filled.
        suspect: bool, filled.

    Returns:
        How many rows there are.
    """
    rows, line = 0, 0
    state, stack, bad = _START, ONE, False
    slash_carry, hex_carry, string_carry, scalar_carry = NONE, NONE, NONE, NONE
    utf_carry, low_at = NONE, np.int64(-1)
    for at in range(0, size + 1, 64):
        valid = ALL if size - at >= 64 else (ONE << U(size - at)) - ONE
        quotes = equal_mask(base, at, np.uint8(34)) & valid
        slashes = equal_mask(base, at, np.uint8(92)) & valid
        control = range_mask(base, at, np.uint8(0), np.uint8(31)) & valid
        high = range_mask(base, at, np.uint8(128), np.uint8(255)) & valid
        faults = NONE
        if (slashes | slash_carry | hex_carry) != NONE:
            places, _, slash_carry = escaped(slashes, slash_carry)
            quotes &= ~places
            faults, hex_carry, low_at = wrong_escapes(base, at, places, hex_carry, low_at)
        if (high | utf_carry) != NONE:
            wrong, utf_carry = wrong_utf8(base, at, high, utf_carry)
            faults |= wrong
        if (quotes | control | faults | ~string_carry | ~valid) == NONE:
            continue
        newlines = (control & equal_mask(base, at, np.uint8(10))) | (~valid & (valid + ONE))
        inside, cut = _strings(quotes, newlines, string_carry)
        string_carry = NONE - (inside >> U(63))
        faults |= cut | (control & inside)
        outside = valid & ~(inside | quotes | newlines)
        tokens, scalar_carry = _tokens(base, at, outside, scalar_carry)
        tokens |= newlines | (quotes & inside)
        while tokens != NONE:
            bit = tokens & (~tokens + ONE)
            tokens ^= bit
            place = at + lowest(bit)
            if (newlines & bit) == NONE:
                kind = _KINDS[load_byte(base, place)]
                bad |= kind == _SCALAR and not _is_scalar(base, place)
                state, stack = _step(state, stack, kind)
                continue
            here = bit | (bit - ONE)
            bad |= (faults & here) != NONE
            faults &= ~here
            if state != _START or bad:
                if rows < len(suspect):
                    starts[rows] = line
                    suspect[rows] = bad or state != _END
                rows += 1
            line, state, stack, bad = place + 1, _START, ONE, False
        bad |= faults != NONE
    return rows


@jit
def _strings(quotes: Any, newlines: Any, carry: Any) -> Any:
    """Which bytes are within strings, and which newlines cut one off."""
    inside = prefix_xor(quotes) ^ carry
    cuts = NONE
    cut = newlines & inside
    while cut != NONE:
        bit = cut & (~cut + ONE)
        cuts |= bit
        inside ^= ~(bit - ONE)
        cut = newlines & inside & ~(bit - ONE)
    return inside, cuts


@jit
def _step(state: Any, stack: Any, kind: Any) -> Any:
    """The next state and stack: a bit for each open bracket, 1 for an object, above them a 1."""
    turn = np.int64(_GRAMMAR[state, kind])
    if turn <= _BAD:
        return turn, stack
    if turn == _CLOSE:
        stack >>= ONE
        if stack == ONE:
            return _END, stack
        return (_AFTER_MEMBER if (stack & ONE) != NONE else _AFTER_ELEMENT), stack
    if (stack >> U(62)) != NONE:
        return _BAD, stack
    if turn == _OPEN_OBJECT:
        return _FIRST_KEY, (stack << ONE) | ONE
    return _FIRST_ELEMENT, stack << ONE


@jit
def _tokens(base: Any, at: Any, outside: Any, scalar_carry: Any) -> Any:
    """Where brackets, signs, numbers and names begin outside strings."""
    if outside == NONE:
        return NONE, NONE
    signs = (
        folded_mask(base, at, np.uint8(123))
        | folded_mask(base, at, np.uint8(125))
        | equal_mask(base, at, np.uint8(58))
        | equal_mask(base, at, np.uint8(44))
    )
    spaces = (
        equal_mask(base, at, np.uint8(32))
        | equal_mask(base, at, np.uint8(9))
        | equal_mask(base, at, np.uint8(13))
    )
    scalars = outside & ~(signs | spaces)
    begins = scalars & ~((scalars << ONE) | scalar_carry)
    return (outside & signs) | begins, scalars >> U(63)


@jit
def _is_scalar(base: Any, place: Any) -> Any:
    """Whether a number or a name stands at a place, with a delimiter after it."""
    first = load_byte(base, place)
    word = load_word(base, place)
    if first == np.uint8(116) and (word & _LOW_HALF) == _TRUE:
        return _is_delimiter(load_byte(base, place + 4))
    if first == np.uint8(110) and (word & _LOW_HALF) == _NULL:
        return _is_delimiter(load_byte(base, place + 4))
    if first == np.uint8(102) and (word & _LOW_HALF) == _FALS:
        last = load_byte(base, place + 4) == np.uint8(101)
        return last and _is_delimiter(load_byte(base, place + 5))
    return _is_number(base, place)


@jit
def _is_number(base: Any, place: Any) -> Any:
    """Whether a number that no double overflows stands at a place (RFC 8259, section 6)."""
    at = place
    if load_byte(base, at) == np.uint8(45):
        at += 1
    whole = _digits(base, at)
    if whole == 0 or (whole > 1 and load_byte(base, at) == np.uint8(48)):
        return False
    at += whole
    if load_byte(base, at) == np.uint8(46):
        part = _digits(base, at + 1)
        if part == 0:
            return False
        at += 1 + part
    if (load_byte(base, at) | np.uint8(0x20)) == np.uint8(101):
        at += 1
        sign = load_byte(base, at)
        if sign == np.uint8(43) or sign == np.uint8(45):
            at += 1
        power = _digits(base, at)
        if power == 0 or power > 2:
            return False
        at += power
    return at - place <= _MAX_NUMBER and _is_delimiter(load_byte(base, at))


@jit
def _digits(base: Any, at: Any) -> Any:
    """How many digits stand at a place; no more than a number may have are counted."""
    count = 0
    while count <= _MAX_NUMBER and load_byte(base, at + count) - np.uint8(48) <= np.uint8(9):
        count += 1
    return count


@jit
def _is_delimiter(byte: Any) -> Any:
    """Whether a number or a name may end before a byte."""
    return (
        byte == np.uint8(44)
        or byte == np.uint8(125)
        or byte == np.uint8(93)
        or byte == np.uint8(32)
        or byte == np.uint8(10)
        or byte == np.uint8(13)
        or byte == np.uint8(9)
    )
