"""The words of many texts at once: they are joined, cut into words, and told apart again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from provenir.data.overlap.compounds import Compounds, find_compounds
from provenir.data.overlap.plain import padded, plain_hashes
from provenir.data.text.folding import LETTERS, plain_fold
from provenir.data.text.hashing import word_hash
from provenir.data.text.tokens import tokenise
from provenir.data.text.words import words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["JoinedWords", "characters_before", "words_of_texts"]

LAST_ASCII: Final = 0x7F
_BETWEEN: Final = "\n\n"
"""What parts texts once they are joined: it ends a word, and no hyphen joins across it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JoinedWords:
    """The words of texts, one text after the other.

    Attributes:
        hashes: uint64.
        texts: int64, the number of each word's text.
        starts: int64, where the word begins, in bytes of its text (UTF-8).
        ends: int64, where it ends.
        plain: uint64, the hash that the folded word has in raw bytes (see `plain`), 0 where it is
            not of ASCII letters and digits alone; empty unless it was asked for.
        compounds: Those among the words; None unless `plain` was asked for.
    """

    hashes: NDArray[Any]
    texts: NDArray[Any]
    starts: NDArray[Any]
    ends: NDArray[Any]
    plain: NDArray[Any]
    compounds: Compounds | None = None


def words_of_texts(texts: Sequence[str], *, plain: bool = False) -> JoinedWords:
    """Take the words of all texts.

    Args:
        texts: Any strings.
        plain: Whether the hashes of raw bytes and the compounds are wanted too.

    Raises:
        BoundsError: Together they are beyond 2 GiB.
    """
    joined = _BETWEEN.join(texts)
    data = joined.encode("utf-8", "surrogatepass")
    buf = padded(data)
    found = tokenise(buf, 0, len(data))
    raw = _plain(buf, found.hashes, found.starts, found.ends) if plain else found.hashes[:0]
    size = len if len(data) == len(joined) else _bytes_of
    sizes = np.array([size(text) + len(_BETWEEN) for text in texts], np.int64)
    begins = np.concatenate([[0], np.cumsum(sizes)])
    counts = np.diff(np.searchsorted(found.starts, begins))
    first: NDArray[Any] = np.repeat(begins[:-1], counts)
    return JoinedWords(
        hashes=found.hashes,
        texts=np.repeat(np.arange(len(texts)), counts),
        starts=found.starts - first,
        ends=found.ends - first,
        plain=raw,
        compounds=find_compounds(buf[: len(data)], found.starts, found.ends) if plain else None,
    )


def characters_before(text: str) -> NDArray[Any]:
    """Return for each place in the bytes of a text (UTF-8) how many characters stand before it."""
    data = np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)
    return np.concatenate([[0], np.cumsum((data & 0xC0) != 0x80)])


def _bytes_of(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _plain(
    buf: NDArray[Any], hashes: NDArray[Any], starts: NDArray[Any], ends: NDArray[Any]
) -> NDArray[Any]:
    """The hashes of folded words in raw bytes; a word that is written in another way is folded."""
    found = plain_hashes(buf, starts, ends)
    others = np.flatnonzero(found == 0)
    distinct, first, which = np.unique(hashes[others], return_index=True, return_inverse=True)
    folded = [
        _folded(bytes(buf[starts[at] : ends[at]]), word)
        for at, word in zip(others[first].tolist(), distinct.tolist(), strict=True)
    ]
    after = np.cumsum([len(word) + 1 for word in folded], dtype=np.int64)
    before = after - np.array([len(word) + 1 for word in folded], np.int64)
    again = plain_hashes(padded(b" ".join(folded)), before, after - 1)
    found[others] = np.where(after - 1 > before, again, np.uint64(0))[which]
    return found


def _folded(written: bytes, hashed: int) -> bytes:
    """The word as it is folded, empty where that is not ASCII alone."""
    text = written.decode("utf-8", "surrogatepass")
    if any(kind in LETTERS and point > LAST_ASCII for kind, point in plain_fold()[text[0]]):
        return b""  # most words of other scripts
    for word in words(text):
        if word_hash(word.value) == hashed and word.value.isascii():
            return word.value.encode()
    return b""
