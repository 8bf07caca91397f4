"""Text that shows itself instead of acting."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.core.text import is_encodable, printable, slug
from strategies import any_text, hostile_names


@given(any_text | st.text(), st.integers(1, 40))
def test_printable_is_bounded_idempotent_and_encodable(text: str, limit: int) -> None:
    shown = printable(text, max_chars=limit)
    assert len(shown) <= limit
    assert printable(shown, max_chars=limit) == shown
    shown.encode("utf-8")


def test_no_character_that_acts_is_left() -> None:
    """Against Python's own tables: controls, formats, separators, surrogates are all gone."""
    kept = {"\ufe0e", "\ufe0f"}
    for point in range(0x110000):
        char = chr(point)
        acts = unicodedata.category(char) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
        # Format characters that draw a mark of their own are left as they are.
        visible = unicodedata.name(char, "").startswith(("ARABIC", "SYRIAC", "KAITHI", "EGYPTIAN"))
        if acts and not (visible and char != "\u061c"):
            assert printable(char) != char, hex(point)
        if char.isascii() and char.isprintable():
            assert printable(char) == char
    assert all(printable(char) == char for char in kept)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 😀 ❤\ufe0f", "plain é 😀 ❤\ufe0f"),
        ("a\nb\r\tc", "a\\nb\\r\\tc"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("abc\u202etxt", "abc\\u202etxt"),
        ("a\u200bb\ufeff", "a\\u200bb\\ufeff"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("\u2028", "\\u2028"),
        ("", ""),
    ],
)
def test_examples(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_long_text_is_cut_at_a_bounded_cost() -> None:
    assert printable("x" * 10**7) == "x" * 999 + "…"
    assert printable("\x00" * 10**7, max_chars=8) == "\\x00\\x0…"
    assert printable("abc", max_chars=3) == "abc"
    assert printable("abcd", max_chars=3) == "ab…"
    assert printable("abcd", max_chars=0) == "…"


@given(any_text | hostile_names | st.text())
def test_slug_is_safe_and_stable(name: str) -> None:
    result = slug(name)
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,46}[a-z0-9])?", result)
    assert slug(result) == result


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("My Run", "my-run"),
        ("Ünïcode & Co.", "unicode-co"),
        ("../../etc/passwd", "etc-passwd"),
        ("🚀", "unnamed"),
        ("", "unnamed"),
        ("--help", "help"),
        ("a" * 47 + " b", "a" * 47),
        ("İstanbul", "istanbul"),
    ],
)
def test_slug_examples(name: str, expected: str) -> None:
    assert slug(name) == expected


@pytest.mark.parametrize(("text", "has_bytes"), [("", True), ("é🚀", True), ("a\ud800", False)])
def test_a_lone_surrogate_has_no_bytes(text: str, has_bytes: bool) -> None:
    assert is_encodable(text) is has_bytes
