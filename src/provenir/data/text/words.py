r"""The words of a text, folded: the slow and obvious reading that the kernel must agree with.

A word is a run of letters and digits after the fold (`folding`); a letter of a script that sets no
space between words is a word of its own. In the plain fold a word that was broken at the end of a
line is one word again: a hyphen, optional blanks, one line break and optional blanks are passed
over between two letters, and a soft hyphen is passed over anywhere::

    >>> [word.value for word in words("An exam-\n  ple: the caf\u00e9, \u5317\u4eac.")]
    ['an', 'example', 'the', 'cafe', '北', '京']
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from provenir.data.text.folding import LETTERS, Kind, plain_fold, strict_fold

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Word", "words"]


class Word(NamedTuple):
    """A word and where it stands.

    Attributes:
        value: The folded word.
        start: Where its first character is.
        end: After its last character that was not dropped. Two words from one character ("½",
            "北京" in one compatibility ideograph) share their place.
    """

    value: str
    start: int
    end: int


# Where the reader is between two letters of what may be one word.
_NOWHERE, _AFTER_SOFT, _AFTER_HYPHEN, _NEXT_LINE = range(4)


class _Reader:
    """Takes symbols one by one and gives words; `tokens` holds the same rules for the kernel."""

    def __init__(self) -> None:
        self.value: list[str] = []
        self.start = self.end = 0
        self.last = Kind.BREAK
        self.gap = _NOWHERE

    def close(self) -> Iterator[Word]:
        """End the open word, if there is one."""
        if self.value:
            yield Word("".join(self.value), self.start, self.end)
        self.value, self.gap = [], _NOWHERE

    def letter(self, kind: Kind, char: str, start: int, end: int) -> Iterator[Word]:
        """Take a symbol that is part of a word."""
        if kind is Kind.WORD:
            joins = self.last is Kind.WORD and self.gap != _AFTER_HYPHEN
        else:
            joins = _SYLLABLE.get(kind) is self.last
        if not (self.value and joins):
            yield from self.close()
            self.start = start
            if kind in (Kind.VOWEL, Kind.FINAL):
                kind = Kind.SOLO  # nothing joins a letter without those that come before it
        self.value.append(char)
        self.last, self.end, self.gap = kind, end, _NOWHERE

    def other(self, kind: Kind) -> Iterator[Word]:
        """Take a symbol that is part of no word."""
        if kind is Kind.DROP:
            return
        if self.value and self.last is Kind.WORD:
            after = _GAPS.get((self.gap, kind))
            if after is not None:
                self.gap = after
                return
        if kind is not Kind.SOFT_HYPHEN:
            yield from self.close()


_SYLLABLE: Final = {Kind.VOWEL: Kind.INITIAL, Kind.FINAL: Kind.VOWEL}
_GAPS: Final = {
    (_NOWHERE, Kind.SOFT_HYPHEN): _AFTER_SOFT,
    (_NOWHERE, Kind.HYPHEN): _AFTER_HYPHEN,
    (_AFTER_SOFT, Kind.SPACE): _AFTER_HYPHEN,
    (_AFTER_SOFT, Kind.NEWLINE): _NEXT_LINE,
    (_AFTER_HYPHEN, Kind.SPACE): _AFTER_HYPHEN,
    (_AFTER_HYPHEN, Kind.NEWLINE): _NEXT_LINE,
    (_NEXT_LINE, Kind.SPACE): _NEXT_LINE,
}


def words(text: str, *, strict: bool = False) -> list[Word]:
    """Return the words of a text in order; positions count characters of `text`.

    Args:
        text: Any string, lone surrogates included.
        strict: Use the strict fold, which joins nothing: see `folding`.
    """
    fold = strict_fold() if strict else plain_fold()
    reader, found = _Reader(), list[Word]()
    for place, char in enumerate(text):
        for kind, point in fold[char]:
            if kind in LETTERS:
                found.extend(reader.letter(kind, chr(point), place, place + 1))
            else:
                found.extend(reader.other(kind))
    found.extend(reader.close())
    return found
