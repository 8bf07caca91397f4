"""The head of an index file: what the file holds, and by which versions it reads text."""

from __future__ import annotations

from typing import Final, Literal

from provenir.core.document import Document, Part

__all__ = ["KINDS", "EvalIndexHeader", "Kind", "Section"]

KINDS: Final = {"u8": "<u8", "i8": "<i8", "i4": "<i4", "i1": "|i1", "f4": "<f4", "f8": "<f8"}
"""Types of numbers, and numpy's names for them."""

Kind = Literal["u8", "i8", "i4", "i1", "f4", "f8", "json"]


class Section(Part):
    """A part of the file.

    Attributes:
        name: What it is: ``items``, or the name of an array.
        kind: Type of its numbers, a key of `KINDS`; ``json`` for the items.
        shape: Its dimensions; of the items their bytes.
        offset: Byte at which it begins, counted from the end of the header, rounded up to 64.
    """

    name: str
    kind: Kind
    shape: tuple[int, ...]
    offset: int


class EvalIndexHeader(Document):
    """What stands at the head of an index file.

    Attributes:
        fold_version: Version of the folding of text.
        word_hash_version: Version of the hash of a word.
        exhaustive: Whether every seed is kept.
        fields: Names or paths that the items were narrowed to; None for all of them.
        sections: The parts of the file.
    """

    schema_version: Literal["eval-index/2"] = "eval-index/2"
    fold_version: str
    word_hash_version: str
    exhaustive: bool
    fields: tuple[str, ...] | None = None
    sections: tuple[Section, ...]
