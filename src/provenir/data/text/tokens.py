"""Words as numbers: the hash of each word of UTF-8 text and where in its bytes it stands."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final, NamedTuple

from provenir.core.errors import BoundsError
from provenir.core.extras import require
from provenir.data.text.words import words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["WORD_HASH_VERSION", "Tokens", "char_offsets", "tokenise", "word_hash"]

WORD_HASH_VERSION: Final = "1"
"""Version of `word_hash`; hashes of different versions must not be compared."""

MAX_OFFSET: Final = 2**31 - 1
"""Last byte offset that fits a token's place."""

START: Final = 0x9E3779B97F4A7C15
STEP: Final = 0xD6E8FEB86659FD93
FINISH: Final = 0xBF58476D1CE4E5B9
_WORD: Final = 2**64 - 1


class Tokens(NamedTuple):
    """The words of a text, one position of each array a word.

    Attributes:
        hashes: `word_hash` of each word, uint64.
        starts: Offset in the buffer of its first byte, int32.
        ends: Offset after its last byte, int32.
    """

    hashes: NDArray[np.uint64]
    starts: NDArray[np.int32]
    ends: NDArray[np.int32]


@functools.lru_cache(maxsize=1 << 16)
def word_hash(value: str) -> int:
    """Return the 64-bit hash of a folded word, the same on every machine.

    One multiplication for each code point and a finaliser after Stafford's variant 13 of the
    SplitMix64 mixer. It is no cryptographic hash: whoever wants two words to collide can do so.
    """
    mixed = START
    for char in value:
        mixed = ((mixed ^ ord(char)) * STEP) & _WORD
    mixed = ((mixed ^ mixed >> 32) * FINISH) & _WORD
    return mixed ^ mixed >> 29


def tokenise(
    buf: NDArray[np.uint8], lo: int = 0, hi: int | None = None, *, strict: bool = False
) -> Tokens:
    """Return the tokens of the UTF-8 text in ``buf[lo:hi]``: the words that `words` gives of it.

    A byte that is no UTF-8 (RFC 3629: overlong forms and surrogates too) ends the word.

    Args:
        buf: The bytes, one dimension.
        lo: Where the text begins.
        hi: Where it ends; None for the end of the buffer.
        strict: Use the strict fold: see `folding`.

    Raises:
        BoundsError: The text ends beyond 2 GiB, where offsets of 32 bits end.
    """
    hi = len(buf) if hi is None else hi
    if hi > MAX_OFFSET:
        raise BoundsError(
            f"the text ends at byte {hi:,}", where="tokenise", mend="tokenise it in parts"
        )
    return _tokenise_slowly(buf, lo, hi, strict=strict)


def _tokenise_slowly(buf: NDArray[np.uint8], lo: int, hi: int, *, strict: bool) -> Tokens:
    np = require("data", "numpy")
    # Each byte that is no UTF-8 becomes one surrogate, which ends a word and is one byte wide.
    text = bytes(memoryview(buf[lo:hi])).decode("utf-8", "surrogateescape")
    points = np.fromiter(map(ord, text), np.uint32, len(text))
    wide = points.astype(np.int64)
    widths = 1 + (wide >= 0x80) + (wide >= 0x800) + (wide >= 0x10000)
    widths[(wide >= 0xD800) & (wide < 0xE000)] = 1
    offsets = np.concatenate(([lo], lo + np.cumsum(widths))).astype(np.int32)
    found = words(text, strict=strict)
    places = np.array([word[1:] for word in found], np.int64).reshape(-1, 2)
    return Tokens(
        np.array([word_hash(word.value) for word in found], np.uint64),
        offsets[places[:, 0]],
        offsets[places[:, 1]],
    )


def char_offsets(
    buf: NDArray[np.uint8], lo: int, hi: int, offsets: NDArray[np.int32]
) -> NDArray[np.int64]:
    """Return, for byte offsets in ``buf[lo:hi]``, the offsets in characters of its text.

    Args:
        buf: The bytes; ``buf[lo:hi]`` is UTF-8 (a surrogate encoded like any other code point
            counts as one character, so text may come from ``str.encode`` with ``surrogatepass``).
        lo: Where the text begins: character 0.
        hi: Where it ends.
        offsets: Starts or ends of tokens, from `lo` to `hi`, in any order.
    """
    np = require("data", "numpy")
    firsts = (buf[lo:hi] & 0xC0) != 0x80
    before = np.concatenate(([0], np.cumsum(firsts, dtype=np.int64)))
    counted: NDArray[np.int64] = before[np.asarray(offsets, np.int64) - lo]
    return counted
