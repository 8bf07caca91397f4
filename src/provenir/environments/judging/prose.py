"""A program in running text, told from the words around it by its lines alone.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = ["without_words"]

_STATEMENTS: Final = (
    "async def|def|class|import|from|return|if|elif|else|for|while|with|try|except|finally|raise|"
    "assert|yield|print|lambda|pass|global|match|case"
)
_CODE: Final = re.compile(
    rf"\s*(?:(?:{_STATEMENTS})\b.*[:=()\[\]{{}}]|import \w|from [\w.]+ import|@\w|[#\"')\]}}]|"
    r"[A-Za-z_][\w.]*(?:\[[^\]]*\])?\s*(?:[-+*/|&%]?=|\())"
)
"""A line that is no prose, whatever is wrong with it."""


def without_words(text: str) -> str:
    """A text without the lines of prose before and behind its program.

    Lines of the program keep their numbers. A line that looks like code stays, so a program that
    does not compile is not cut until it does.
    """
    lines = text.splitlines(keepends=True)
    first = next((n for n, line in enumerate(lines) if _CODE.match(line)), len(lines))
    last = len(lines)
    while last > first and not (lines[last - 1][:1].isspace() or _CODE.match(lines[last - 1])):
        last -= 1
        while last > first and not lines[last - 1].strip():
            last -= 1
    return "\n" * first + "".join(lines[first:last])
