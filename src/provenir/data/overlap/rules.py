"""Rules: when is what a row shares with an eval item a leak of it?

``idf-aligned``
    The default. The best chain of shared runs (`align`) covers enough of the item's mass: the sum
    of its words' weights (`weights`). Judged are the item without its passages, its question, and
    its answer, each for itself, so that a question is found without its answer; a passage alone is
    a finding of severity info. From 30 words on the threshold is the base one; shorter texts need
    more, up to all of it at six words, because short phrases recur by chance.
``gpt3-13gram``
    Any 13 words in common (Brown et al. 2020, "Language Models are Few-Shot Learners", appendix C).
``palm-8gram``
    At least 70% of the item's 8-grams (Chowdhery et al. 2022, "PaLM", section 8).
``llama3``
    At least half of the item's words stand in a common 8-gram (Llama Team 2024, "The Llama 3 Herd
    of Models", section 5.1.4, which picks the ratio for each benchmark).

The three named after models are read row by row here; their papers pool the whole corpus.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np

from provenir.data.overlap.items import ROLES

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["RULES", "AlignedRule", "Alignment", "NgramRule", "Rule", "Score"]

LONG_WORDS: Final = 30
SHORT_WORDS: Final = 6
WHOLE: Final = 0.995
"""What counts as all of a text: less than 1 for the rounding of sums."""
_PASSAGE: Final = ROLES.index("passage")
_QUESTION: Final = ROLES.index("question")
_ANSWER: Final = ROLES.index("answer")


@dataclass(frozen=True, slots=True, kw_only=True)
class Alignment:
    """An item beside a row.

    Attributes:
        at: int32[n], the place in the row of each word of the item, or -1; for a rule of n-grams
            the place of the n-gram that begins with the word.
        weights: float32[n], the weights of the item's words.
        roles: int8[n], the role of each word's segment: its place in `ROLES`.
    """

    at: NDArray[np.int32]
    weights: NDArray[np.float32]
    roles: NDArray[np.int8]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A leak.

    Attributes:
        value: Share of the text that is matched, from 0 to 1.
        role: What leaked: ``item``, or one of `ROLES`.
        severity: ``info`` for a passage alone, else ``critical``.
    """

    value: float
    role: str
    severity: str


class Rule(Protocol):
    """What the engine asks of a rule.

    Attributes:
        name: Its name in the registry.
        version: Raised with every change of what it finds.
        ngram: Length of the n-grams that it is made of; 0 where runs are chained.
    """

    @property
    def name(self) -> str: ...
    @property
    def version(self) -> int: ...
    @property
    def ngram(self) -> int: ...

    def score(self, alignment: Alignment) -> Score | None:
        """Return the leak, or None where it is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignedRule:
    """The rule ``idf-aligned``.

    Attributes:
        threshold: Share of the mass that makes a leak of a text of 30 words or more.
        least_mass: Matched mass below which nothing is a leak.
    """

    threshold: float = 0.4
    least_mass: float = 3.5
    name: str = "idf-aligned"
    version: int = 1
    ngram: int = 0

    def score(self, alignment: Alignment) -> Score | None:
        """Return the best of what leaked: item, question or answer; else the passage."""
        roles = alignment.roles
        matched = np.where(alignment.at >= 0, alignment.weights, np.float32(0))
        total = np.bincount(roles, alignment.weights, len(ROLES))
        found = np.bincount(roles, matched, len(ROLES))
        words = np.bincount(roles, minlength=len(ROLES))
        core = np.arange(len(ROLES)) != _PASSAGE
        parts = (("item", core), ("question", _QUESTION), ("answer", _ANSWER))
        value, role = max(
            (
                (self._leaked(found[part].sum(), total[part].sum(), words[part].sum()), role)
                for role, part in parts
            ),
            key=lambda leak: leak[0],
        )
        if value:
            return Score(value=value, role=role, severity="critical")
        value = self._leaked(found[_PASSAGE], total[_PASSAGE], words[_PASSAGE])
        if not value:
            return None
        alone = words[core].sum() > 0
        return Score(value=value, role="passage", severity="info" if alone else "critical")

    def _leaked(self, found: float, total: float, words: int) -> float:
        """The share that is matched, or 0 where that is no leak."""
        if found < self.least_mass:
            return 0.0
        share = float(found / total)
        return min(share, 1.0) if share >= self.needed(int(words)) else 0.0

    def needed(self, words: int) -> float:
        """The share that makes a leak of a text of so many words."""
        room = (words - SHORT_WORDS) / (LONG_WORDS - SHORT_WORDS)
        return WHOLE + (self.threshold - WHOLE) * min(max(room, 0.0), 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class NgramRule:
    """A rule of common n-grams, all words weighing the same.

    Attributes:
        ngram: Their length in words.
        of: What is counted: ``any`` (one is enough), ``grams`` or ``words``.
        threshold: Share of them that makes a leak; of no account for ``any``.
    """

    name: str
    ngram: int
    of: str
    threshold: float = 0.0
    version: int = 1

    def score(self, alignment: Alignment) -> Score | None:
        """Return the share of the item's words that stand in a common n-gram, where it leaks."""
        starts = alignment.at >= 0
        if not starts.any():
            return None
        covered = np.convolve(starts, np.ones(self.ngram))[: len(starts)] > 0
        share = float(covered.mean())
        judged = share
        if self.of == "grams":
            judged = float(starts.sum()) / max(len(starts) - self.ngram + 1, 1)
        if self.of != "any" and judged < self.threshold:
            return None
        return Score(value=share, role="item", severity="critical")


RULES: Final[dict[str, Any]] = {
    rule.name: rule
    for rule in (
        AlignedRule(),
        NgramRule(name="gpt3-13gram", ngram=13, of="any"),
        NgramRule(name="palm-8gram", ngram=8, of="grams", threshold=0.7),
        NgramRule(name="llama3", ngram=8, of="words", threshold=0.5),
    )
}
"""The rules by name."""
