"""Paraphrases: which rows ask an eval's question in other words.

`paraphrase_pairs` compares rows with items by an embedder of the caller's choice, the default one
being ``hashed-features/1``, which needs no model.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir._lazy import lazy_exports

if TYPE_CHECKING:
    from provenir.data.paraphrase.pairs import ParaphraseIndex, paraphrase_pairs
    from provenir.data.paraphrase.scores import ParaphrasePair, ParaphraseScan

__all__ = ["ParaphraseIndex", "ParaphrasePair", "ParaphraseScan", "paraphrase_pairs"]

_EXPORTS = {
    "ParaphraseIndex": "provenir.data.paraphrase.pairs",
    "ParaphrasePair": "provenir.data.paraphrase.scores",
    "ParaphraseScan": "provenir.data.paraphrase.scores",
    "paraphrase_pairs": "provenir.data.paraphrase.pairs",
}

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
