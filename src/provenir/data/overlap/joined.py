"""The words of many texts at once: they are joined, cut into words, and told apart again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from provenir.data.overlap.plain import padded, plain_hashes
from provenir.data.text.tokens import tokenise

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["JoinedWords", "words_of_texts"]

_BETWEEN: Final = "\n\n"
"""What parts texts once they are joined: it ends a word, and no hyphen joins across it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JoinedWords:
    """The words of texts, one text after the other.

    Attributes:
        hashes: uint64.
        texts: int64, the number of each word's text.
        starts: int64, where the word begins, in characters of its text.
        ends: int64, where it ends.
        plain: uint64, the hash of the word in raw bytes (see `plain`), 0 where it is not written
            in ASCII letters and digits alone; None unless it was asked for.
    """

    hashes: NDArray[Any]
    texts: NDArray[Any]
    starts: NDArray[Any]
    ends: NDArray[Any]
    plain: NDArray[Any] | None


def words_of_texts(texts: Sequence[str], *, plain: bool = False) -> JoinedWords:
    """Take the words of all texts.

    Args:
        texts: Any strings.
        plain: Whether the hashes of raw bytes are wanted too.

    Raises:
        BoundsError: Together they are beyond 2 GiB.
    """
    joined = _BETWEEN.join(texts)
    data = joined.encode("utf-8", "surrogatepass")
    buf = padded(data)
    found = tokenise(buf, 0, len(data))
    starts, ends = found.starts.astype(np.int64), found.ends.astype(np.int64)
    raw = plain_hashes(buf, starts, ends) if plain else None
    if len(data) != len(joined):
        before = np.concatenate([[0], np.cumsum((buf[: len(data)] & 0xC0) != 0x80)])
        starts, ends = before[starts], before[ends]
    sizes = np.array([len(text) + len(_BETWEEN) for text in texts], np.int64)
    begins = np.concatenate([[0], np.cumsum(sizes)])
    numbers = np.searchsorted(begins, starts, side="right") - 1
    return JoinedWords(
        hashes=found.hashes,
        texts=numbers,
        starts=starts - begins[numbers],
        ends=ends - begins[numbers],
        plain=raw,
    )
