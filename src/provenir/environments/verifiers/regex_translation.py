r"""Patterns that mean the same to Python's engine and to RE2, rewritten for the latter.

RE2 reads another language than `re` (https://github.com/google/re2/wiki/Syntax): ``\Z``, ``$``
before a last newline, ``\s``, ``{,n}``, ``\Q``, ``[[:alpha:]]`` and more are other things there or
nothing. Only what is listed here is handed over, each character that could mean something by its
number; `translated` answers None for the rest, and the pattern stays with Python's engine.

The meaning is that of `re` with `re.ASCII`, and a pattern must be one that Python accepts.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["translated"]

_FLAGS: Final = re.compile(r"\(\?([sma]+)\)")
_ESCAPES: Final = {
    "d": r"\d", "D": r"\D", "w": r"\w", "W": r"\W", "b": r"\b", "A": r"\A", "Z": r"\z",
    "s": r"[\x09-\x0d ]", "S": r"[^\x09-\x0d ]",
    "n": r"\n", "r": r"\r", "t": r"\t", "f": r"\f", "v": r"\v",
}  # fmt: skip
_CLASS_ESCAPES: Final = {
    "d": r"\d", "w": r"\w", "s": r"\x09-\x0d ",
    "n": r"\n", "r": r"\r", "t": r"\t", "f": r"\f", "v": r"\v",
}  # fmt: skip
_GROUP: Final = re.compile(r"\((?:\?:|\?P<\w+>|(?!\?))")
_REPEAT: Final = re.compile(r"(?:[*+?]|\{(\d{0,4})(,?)(\d{0,4})\})(\??)(?![+])")
_PLAIN_ESCAPE: Final = re.compile(r"\\([!-/:-@\[-^`{-~ ])")
_CLASS: Final = re.compile(r"\[(\^?)((?:\\.|[^\]\[\\])+)\]")
_CLASS_ITEM: Final = re.compile(r"(\\?.)(?:(-)(\\?.))?", re.DOTALL)
_DOUBLED: Final = re.compile(r"--|&&|\|\||~~")
_SPECIAL: Final = frozenset(r"\[](){}*+?|^$.")


class _UnlikeError(Exception):
    """Something that the two engines may read differently."""


def translated(pattern: str, flags: int, *, full: bool) -> str | None:
    """Return the pattern for RE2, or None where Python's engine has to read it.

    Args:
        pattern: One that `re.compile` accepts.
        flags: Those of `re`; only `ASCII`, `DOTALL` and `MULTILINE` can be handed over.
        full: Whether it is to match the whole text; ``$`` at the end means another thing then.
    """
    inline = _FLAGS.match(pattern)
    if inline is not None:
        pattern = pattern[inline.end() :]
        flags |= sum({"s": re.S, "m": re.M, "a": re.A}[letter] for letter in set(inline.group(1)))
    if flags & ~(re.ASCII | re.DOTALL | re.MULTILINE) or not flags & re.ASCII:
        return None
    try:
        return _Translation(pattern, flags, full=full).whole()
    except _UnlikeError:
        return None


class _Translation:
    """One pattern, read from left to right."""

    def __init__(self, pattern: str, flags: int, *, full: bool) -> None:
        self.pattern = pattern
        self.dot = r"(?s:.)" if flags & re.DOTALL else r"[^\n]"
        self.lines = bool(flags & re.MULTILINE)
        self.full = full
        self.depth = 0

    def whole(self) -> str:
        out = []
        at = 0
        while at < len(self.pattern):
            piece, at = self._piece(at)
            out.append(piece)
        return "".join(out)

    def _piece(self, at: int) -> tuple[str, int]:
        """What one token becomes, and where the next begins."""
        char = self.pattern[at]
        if char not in _SPECIAL:
            return _literal(char), at + 1
        if char == "\\":
            return self._escape(at)
        if char == "[":
            return self._class(at)
        if char == "(":
            group = _GROUP.match(self.pattern, at)
            if group is None:
                raise _UnlikeError
            self.depth += 1
            return "(?:", group.end()
        if char in "*+?{":
            return self._repeat(at)
        if char in "^$":
            return self._anchor(char, at), at + 1
        if char == ")":
            self.depth -= 1
        return {".": self.dot, "|": "|", ")": ")"}.get(char) or _literal(char), at + 1

    def _escape(self, at: int) -> tuple[str, int]:
        plain = _PLAIN_ESCAPE.match(self.pattern, at)
        if plain is not None:
            return _literal(plain.group(1)), plain.end()
        known = _ESCAPES.get(self.pattern[at + 1])
        if known is None:
            raise _UnlikeError
        return known, at + 2

    def _class(self, at: int) -> tuple[str, int]:
        found = _CLASS.match(self.pattern, at)
        if found is None or _DOUBLED.search(found.group(2)):
            raise _UnlikeError
        items = [
            _class_item(*item.groups(default="")) for item in _CLASS_ITEM.finditer(found.group(2))
        ]
        return f"[{found.group(1)}{''.join(items)}]", found.end()

    def _repeat(self, at: int) -> tuple[str, int]:
        repeat = _REPEAT.match(self.pattern, at)
        if repeat is None:
            raise _UnlikeError
        least, comma, most, lazy = repeat.groups(default="")
        if not repeat.group().startswith("{"):
            return repeat.group(), repeat.end()
        if not (least or comma):
            raise _UnlikeError
        return f"{{{least or 0}{comma}{most}}}{lazy}", repeat.end()

    def _anchor(self, char: str, at: int) -> str:
        if self.lines:
            return f"(?m:{char})"
        if char == "^":
            return r"\A"
        if self.depth or at + 1 < len(self.pattern):
            raise _UnlikeError
        return r"\z" if self.full else r"(?:\n?\z)"


def _literal(char: str) -> str:
    return char if char.isalnum() and char.isascii() else f"\\x{{{ord(char):x}}}"


def _class_item(first: str, dash: str, last: str) -> str:
    if dash:
        return f"{_class_char(first)}-{_class_char(last)}"
    if len(first) == 2 and first[1] in _CLASS_ESCAPES:
        return _CLASS_ESCAPES[first[1]]
    return _class_char(first)


def _class_char(written: str) -> str:
    """One character within brackets."""
    if len(written) == 1:
        return _literal(written)
    named = {"n": "\n", "r": "\r", "t": "\t", "f": "\f", "v": "\v"}.get(written[1])
    if named is None and _PLAIN_ESCAPE.fullmatch(written) is None:
        raise _UnlikeError
    return _literal(named or written[1])
