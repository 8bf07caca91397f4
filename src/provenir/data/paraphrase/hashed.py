"""The default embedder, ``hashed-features/1``: no model, no download, numpy alone.

A text becomes two parts, each of length one: hashed character 3- to 5-grams, and hashed terms
(stems, concepts, quantities in base units). Every feature weighs ``(1 + log tf) * idf``, where the
document frequencies are those of the eval items that the embedder was made for; both parts are
projected by a signed hash (Weinberger et al. 2009, "Feature hashing for large scale multitask
learning") and laid side by side, so that the cosine of two vectors is the weighted mean of the two
cosines. Hashes are computed in 64-bit arithmetic and are the same on every machine.
"""

from __future__ import annotations

import math
import zlib
from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from provenir.core.extras import require
from provenir.data.paraphrase.quantities import quantities_of
from provenir.data.paraphrase.terms import content_terms, fold, words_of

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CHARACTER_SHARE", "WIDTH", "HashedFeatures", "features_of"]

WIDTH: Final = 1024
"""Length of each of the two parts of a vector."""

CHARACTER_SHARE: Final = 0.3
"""Weight of the characters' part in the cosine; the terms' part has the rest."""

_SIZES: Final = (3, 4, 5)
_TABLE_BITS: Final = 18
_MIX: Final = 0x9E3779B97F4A7C15
_SPREAD: Final = 0xBF58476D1CE4E5B9

np: Any = require("data", "numpy")


def features_of(text: str) -> list[str]:
    """Return the terms and quantities of a text: what the short-list and the embedder compare."""
    folded = fold(text)
    terms = content_terms(words_of(folded))
    # The base unit without its name: "90 minutes" and "an hour and a half" are one feature.
    return terms + [f"#{quantity.base:.6g}" for quantity in quantities_of(folded)]


class HashedFeatures:
    """Hashed characters and terms, weighed by the rarity that they have among given texts.

    Args:
        texts: The eval items whose document frequencies weigh the features.

    Attributes:
        name: ``hashed-features/1``: goes up with anything that changes a vector.
    """

    name: Final = "hashed-features/1"

    def __init__(self, texts: Sequence[str]) -> None:
        self._grams = np.zeros(1 << _TABLE_BITS, dtype=np.float32)
        self._terms: Counter[str] = Counter()
        for text in texts:
            self._grams[_gram_buckets(text)[0]] += 1
            self._terms.update(set(features_of(text)))
        self._rare = math.log(len(texts) + 2.0)
        self._grams = self._rare - np.log(self._grams + 1.0)

    def embed(self, texts: list[str]) -> Any:
        """Return one row of 2 * `WIDTH` float32 for each text, of length one unless all is zero."""
        vectors = np.zeros((len(texts), 2 * WIDTH), dtype=np.float32)
        for vector, text in zip(vectors, texts, strict=True):
            self._lay_characters(text, vector[:WIDTH])
            self._lay_terms(text, vector[WIDTH:])
            length = float(np.linalg.norm(vector))
            if length:
                vector /= length
        return vectors

    def _lay_characters(self, text: str, part: Any) -> None:
        buckets, counts, hashes = _gram_buckets(text)
        if len(buckets):
            weights = (1.0 + np.log(counts)) * self._grams[buckets]
            _project(hashes, weights, part, CHARACTER_SHARE)

    def _lay_terms(self, text: str, part: Any) -> None:
        counts = Counter(features_of(text))
        if counts:
            codes = [zlib.crc32(term.encode("utf-8", "surrogatepass")) for term in counts]
            weights = [
                (1.0 + math.log(count)) * (self._rare - math.log(self._terms[term] + 1.0))
                for term, count in counts.items()
            ]
            _project(
                _mixed(np.array(codes, dtype=np.uint64)),
                np.array(weights),
                part,
                1.0 - CHARACTER_SHARE,
            )


def _mixed(values: Any) -> Any:
    """Spread 64-bit values over all bits (the finaliser of SplitMix64, its first half)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(_SPREAD)
    return values ^ (values >> np.uint64(27))


def _gram_buckets(text: str) -> tuple[Any, Any, Any]:
    """Return the buckets, counts and hashes of the distinct character n-grams of a text."""
    padded = " " + " ".join(words_of(fold(text))) + " "
    points = np.frombuffer(padded.encode("utf-32-le", "surrogatepass"), dtype=np.uint32).astype(
        np.uint64
    )
    hashes = []
    for size in _SIZES:
        if len(points) >= size:
            rolled = np.full(len(points) - size + 1, size, dtype=np.uint64)
            for offset in range(size):
                rolled = rolled * np.uint64(_MIX) + points[offset : len(points) - size + 1 + offset]
            hashes.append(_mixed(rolled))
    if not hashes:
        return (np.zeros(0, dtype=np.int64),) * 3
    distinct, counts = np.unique(np.concatenate(hashes), return_counts=True)
    return (distinct >> np.uint64(64 - _TABLE_BITS)).astype(np.int64), counts, distinct


def _project(hashes: Any, weights: Any, part: Any, share: float) -> None:
    """Add signed weights into a part of a vector and bring it to the length of its share."""
    places = (hashes & np.uint64(WIDTH - 1)).astype(np.int64)
    signs = np.where(hashes & np.uint64(WIDTH), 1.0, -1.0)
    part += np.bincount(places, weights=weights * signs, minlength=WIDTH)
    length = float(np.linalg.norm(part))
    if length:
        part *= math.sqrt(share) / length
