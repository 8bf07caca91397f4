"""What counts as a trace of a canary, held against a slow reading of the rule."""

from __future__ import annotations

import json
import random
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from provenir.eval.canary.token import Canary, derive
from provenir.eval.canary.traces import Traces

CANARY = derive("traces", None, None)
TRACES = Traces([CANARY])
DIGITS = CANARY.digits


def found(text, **options):
    return TRACES.in_row(json.dumps({"text": text}, **options).encode()) == [CANARY]


def slow(text):
    """The rule over the characters of a text without backslashes."""
    kept = ""
    for char in text:
        plain = unicodedata.normalize("NFKC", char) if "\uff01" <= char <= "\uff5e" else char
        if plain.isascii() and plain.isalnum():
            digit = plain.lower() in "0123456789abcdef"
            # A letter in full width is no ASCII letter: it parts nothing.
            kept += plain.lower() if digit else ("g" if char.isascii() else "")
    return DIGITS in kept


separators = st.text(
    st.sampled_from("-\n\r\t\f\b \u200b\u200d\u2060\ufeff\u00ad\u2010\u2013\u3000\"'*_|/.\0\u00e9"),
    max_size=3,
)
digits = st.sampled_from(["lower", "upper", "wide"])
WIDE = {digit: chr(ord(digit) + 0xFEE0) for digit in "0123456789abcdefABCDEF"}


@st.composite
def spoilt(draw):
    """A canary as it looks after some mangling, within some text."""
    text = ""
    for digit in DIGITS:
        form = draw(digits)
        text += {"lower": digit, "upper": digit.upper(), "wide": WIDE[digit]}[form]
        text += draw(separators)
    around = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\\"), max_size=9)
    return draw(around) + text + draw(around)


@given(spoilt(), st.booleans())
def test_every_tolerated_form_is_found(text, ascii_only):
    assert slow(text)
    assert found(text, ensure_ascii=ascii_only)


alphabet = st.sampled_from([*DIGITS, *"-\\ \n0ag", "\u200b", "\\n", "\\u0031", "\uff11", DIGITS])


@given(st.lists(alphabet, max_size=60).map("".join))
@example("\\b" + DIGITS)
def test_json_in_either_spelling_says_the_same(text):
    assert found(text) == found(text, ensure_ascii=False)
    if "\\" not in text:
        assert found(text) == slow(text)


@pytest.mark.parametrize("char", ["-", "\u2011", "\n", " ", "\u200b", "\u00ad", "\t", "\f"])
def test_one_character_may_be_put_anywhere(char):
    for place in range(1, len(DIGITS)):
        assert found(DIGITS[:place] + char + DIGITS[place:])
    assert found(char.join(DIGITS))


def test_json_within_json_is_read_too():
    text = "\u200b\n".join(CANARY.upper())
    for depth in range(4):
        assert found(text), depth
        text = json.dumps({"inner": text})


def test_digits_spelled_as_escapes_are_found():
    escaped = "".join(f"\\u{ord(digit):04x}" for digit in DIGITS)
    assert TRACES.in_row(f'{{"a":"{escaped}"}}'.encode()) == [CANARY]
    wide = "".join(f"\\u{ord(WIDE[digit]):04X}" for digit in DIGITS)
    assert TRACES.in_row(f'{{"a":"{wide}"}}'.encode()) == [CANARY]


def test_utf16_without_a_mark_is_found():
    for coding in ("utf-16-le", "utf-16-be"):
        assert TRACES.in_row(f"canary {CANARY} here".encode(coding)) == [CANARY]


def test_digits_around_it_do_not_hide_it():
    assert found(f"0123456789abcdef{CANARY}fedcba9876543210")
    assert found(f"deadbeef{DIGITS}{DIGITS}")


def test_nothing_else_is_taken_for_it():
    for place, digit in enumerate(DIGITS):
        other = f"{(int(digit, 16) + 1) % 16:x}"
        assert not found(DIGITS[:place] + other + DIGITS[place + 1 :])
        assert not found(DIGITS[:place] + DIGITS[place + 1 :] + "")
        assert not found(f"{DIGITS[:place]}g{DIGITS[place:]}") or place == 0
    assert not found(DIGITS[::-1])


def test_random_digits_are_no_canary():
    dice = random.Random(5)
    many = Traces(derive(f"set {number}", None, None) for number in range(2_000))
    assert many.in_row(dice.randbytes(400_000).hex().encode()) == []


@pytest.mark.parametrize("piece", ["\\", "\\n", "\\u12", "\\uff1", "\\b ", "0-", "\xef"])
def test_a_hostile_row_takes_no_longer_than_its_length(piece):
    """Were any expression quadratic, this would not come to an end."""
    row = piece.encode("latin-1") * 200_000
    assert TRACES.in_row(row + b" \n") == []
    assert TRACES.in_row(row + b'"' + CANARY.encode()) == [CANARY]


def test_rows_are_told_apart_and_digits_do_not_run_over_their_ends():
    rows = [b'{"a":"x"}\r\n', f'{{"a":"{CANARY}"}}\n'.encode(), b"\n", DIGITS.encode()]
    block = b"".join(rows)
    starts = [len(b"".join(rows[:number])) for number in (1, 3)]
    assert list(TRACES.in_block(block)) == [(start, [CANARY]) for start in starts]
    assert list(TRACES.in_block(f"{DIGITS[:16]}\n{DIGITS[16:]}".encode())) == []


def test_several_canaries_in_one_row_are_all_named():
    other = derive("other", None, None)
    assert Traces([CANARY, other]).in_row(f"{other} {CANARY} {other}".encode()) == [other, CANARY]


def test_thousands_of_near_ones_find_nothing():
    near = [Canary(f"{int(DIGITS, 16) ^ (1 << bit):032x}") for bit in range(128)]
    near += [Canary(f"{(int(DIGITS, 16) + step) % 16**32:032x}") for step in range(1, 5_000)]
    traces = Traces(near)
    assert traces.in_row(f'{{"a": "{CANARY}"}}'.encode()) == []
    assert traces.in_row(f'{{"a": "{near[7]}"}}'.encode()) == [near[7]]
