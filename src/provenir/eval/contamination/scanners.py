"""What compares: one scanner for each method, in one table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from provenir.core.extras import require

if TYPE_CHECKING:
    from collections.abc import Callable

    from provenir.eval.contamination.config import ContaminationConfig
    from provenir.eval.contamination.scanner import Scanner

__all__ = ["SCANNERS", "make_scanner"]


def _ngram(sets: Any, config: ContaminationConfig) -> Scanner:
    from provenir.eval.contamination.ngram import NgramScanner

    return NgramScanner.of(sets, config)


def _exact(sets: Any, config: ContaminationConfig) -> Scanner:
    from provenir.eval.contamination.exact import ExactScanner

    return ExactScanner.of(sets, config)


def _minhash(sets: Any, config: ContaminationConfig) -> Scanner:
    from provenir.eval.contamination.minhash import MinHashScanner

    return MinHashScanner.of(sets, config)


def _embedding(sets: Any, config: ContaminationConfig) -> Scanner:
    from provenir.eval.contamination.embedding import EmbeddingScanner

    return EmbeddingScanner.of(sets, config)


SCANNERS: Final[dict[str, Callable[[Any, ContaminationConfig], Scanner]]] = {
    "ngram": _ngram,
    "exact": _exact,
    "minhash": _minhash,
    "embedding": _embedding,
}
"""Method → what makes its scanner of eval sets."""


def make_scanner(sets: Any, config: ContaminationConfig) -> Scanner:
    """Make the scanner of a method.

    Args:
        sets: The records of each set, by the set's name.
        config: The settings.

    Raises:
        InputError: An eval record that cannot be read.
        MissingExtraError: The method needs an extra that is not installed.
        UsageError: No eval set, or one that is empty.
    """
    require("data", "numpy")
    return SCANNERS[config.method](sets, config)
