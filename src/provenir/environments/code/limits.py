"""How much of a text the code analysis reads: bounds that hold for any text."""

from __future__ import annotations

from typing import Final

__all__ = [
    "MAX_BLOCKS",
    "MAX_BLOCK_CHARS",
    "MAX_BRACKETS",
    "MAX_DECODINGS",
    "MAX_DEPTH",
    "MAX_FOLDED",
    "MAX_HITS",
    "MAX_NODES",
    "MAX_PARSED_CHARS",
    "MAX_TEXT_CHARS",
    "MAX_UNARY",
    "MAX_WORK",
]

MAX_TEXT_CHARS: Final = 96_000
"""Of a longer text the first two thirds of this and the last third are read."""

MAX_BLOCK_CHARS: Final = 64_000
"""A longer block of code is not parsed."""

MAX_PARSED_CHARS: Final = 160_000
"""What is given to the parser for one text, second attempts included."""

MAX_BLOCKS: Final = 64
"""Blocks of code of one text, the decoded ones included."""

MAX_DECODINGS: Final = 4
"""How often code that is decoded and run by other code is followed."""

MAX_NODES: Final = 40_000
"""Nodes of one syntax tree."""

MAX_DEPTH: Final = 90
"""Nesting of one syntax tree: the visitors that recurse stay within the interpreter's own limit."""

MAX_BRACKETS: Final = 90
"""Nesting of brackets that is given to the parser; its own limit is 200."""

MAX_UNARY: Final = 90
"""Prefix operators in a row that are given to the parser, which recurses over them in C."""

MAX_FOLDED: Final = 65_536
"""Length of a constant that is computed, in characters, bytes or items."""

MAX_WORK: Final = 2_000_000
"""What all computed constants of one program may hold together, intermediate ones included."""

MAX_HITS: Final = 20
"""Spans of one finding."""
