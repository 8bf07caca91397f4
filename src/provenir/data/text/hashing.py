"""The hash of a word, once for readers in Python and once as the constants of the kernel."""

from __future__ import annotations

import functools
from typing import Final

__all__ = ["WORD_HASH_VERSION", "word_hash"]

WORD_HASH_VERSION: Final = "1"
"""Version of `word_hash`; hashes of different versions must not be compared."""

START: Final = 0x9E3779B97F4A7C15
STEP: Final = 0xD6E8FEB86659FD93
FINISH: Final = 0xBF58476D1CE4E5B9
_UINT64: Final = 2**64 - 1


@functools.lru_cache(maxsize=1 << 16)
def word_hash(value: str) -> int:
    """Return the 64-bit hash of a folded word, the same on every machine.

    One multiplication for each code point and a finaliser like those of SplitMix64 (Steele, Lea
    and Flood 2014). It is no cryptographic hash: whoever wants two words to collide can have it.
    """
    mixed = START
    for char in value:
        mixed = ((mixed ^ ord(char)) * STEP) & _UINT64
    mixed = ((mixed ^ mixed >> 32) * FINISH) & _UINT64
    return mixed ^ mixed >> 29
