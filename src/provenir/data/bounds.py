"""How large one row may be, in whatever container it comes.

A reader holds one row as Python values. What those take depends less on the bytes than on the
number of values: an integer beyond 2^53 is 17 bytes of text and some 500 bytes while the row is
hashed, so both are bounded. A row of 300,000 token ids with a mask and labels beside them fits.
"""

from __future__ import annotations

import re
from typing import Final

MAX_ROW_BYTES: Final = 32 << 20
MAX_ROW_VALUES: Final = 1 << 20
_TEXT: Final = re.compile(rb'"[^"]*"?')


def too_many_values(text: bytes) -> bool:
    """Whether JSON text may hold more than `MAX_ROW_VALUES` values (keys count), without parsing.

    Each value but the first follows one of `,:[{`. What stands in strings does not count; it is
    taken out only where the text would have too many with it.
    """
    if len(text) <= MAX_ROW_VALUES or _marks(text) <= MAX_ROW_VALUES:
        return False
    text = text.replace(rb"\\", b"").replace(rb"\"", b"")
    return text.count(b'"') > 2 * MAX_ROW_VALUES or _marks(_TEXT.sub(b"", text)) > MAX_ROW_VALUES


def _marks(text: bytes) -> int:
    return sum(map(text.count, (b",", b":", b"[", b"{")))
