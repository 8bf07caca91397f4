"""Rules: when is what a row shares with an eval item a leak of it?

``idf-aligned``
    The default. The best chain of shared runs (`align`) covers enough of the item's mass: the sum
    of its words' weights (`weights`). Judged are the item without its passages, its question, and
    its answer, each for itself, so that a question is found without its answer. From 30 words on
    the threshold is the base one; shorter texts need more, up to all of it at six words, because
    short phrases recur by chance; beside its passage even a short question needs no more than a
    long one. What stands in a row by chance all the same is a finding of severity info: a passage
    alone, an answer alone of a few words, a question of a few common words amid other text
    (`company`).
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

from provenir.data.overlap.hits import Score
from provenir.data.overlap.items import ROLES

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = [
    "PARTS",
    "RULES",
    "AlignedRule",
    "Evidence",
    "NgramRule",
    "Rule",
    "Score",
    "Verdicts",
    "words_of_part",
]

ONE_SEED_IN: Final = 16
"""See `Rule.one_seed_in`."""
LOW_THRESHOLD: Final = 0.25
"""Below it a few seeds of a long item may be a leak."""
LONG_WORDS: Final = 30
SHORT_WORDS: Final = 6
WHOLE: Final = 0.995
"""What counts as all of a text: less than 1 for the rounding of sums."""

ANSWER_WORDS: Final = 12
ANSWER_MASS: Final = 8.0
"""Words of an answer, and mass of them that is matched, below which it says nothing alone."""
QUESTION_MASS: Final = 5.0
"""Matched mass of a question below which it says nothing alone, unless it stands as one does."""
NEARLY_ITEM: Final = 0.75
"""Share of the item's mass from which on a question stands for the item."""

PARTS: Final = ("item", "question", "answer", "passage")
"""What can leak. The item is all of it but its passages."""
_ROLES_OF_PART: Final = {
    "item": tuple(role for role in ROLES if role != "passage"),
    "question": ("question",),
    "answer": ("answer",),
    "passage": ("passage",),
}
_COLUMNS: Final = tuple(tuple(ROLES.index(role) for role in _ROLES_OF_PART[part]) for part in PARTS)
_ITEM, _QUESTION, _ANSWER, _PASSAGE = range(len(PARTS))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Evidence:
    """Pairs of an item and a row, aligned.

    Attributes:
        at: int32, the words of the pairs' items one pair after the other: the place of each in its
            row's words, or -1; for a rule of n-grams the place of the n-gram that begins with it.
        edges: int64[k + 1], where each pair's words begin in `at`.
        found: float64[k, roles], what is matched of each role, less the cost of the jumps.
        total: float64[k, roles], the mass of each role of the item.
        words: int64[k, roles], the words of each role of the item.
    """

    at: NDArray[Any]
    edges: NDArray[Any]
    found: NDArray[Any]
    total: NDArray[Any]
    words: NDArray[Any]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Verdicts:
    """What a rule says of each pair.

    Attributes:
        value: float64[k], the share that is matched, 0 where it is no leak.
        part: int64[k], what leaked: its place in `PARTS`.
        info: bool[k], whether that alone makes no row contaminated.
    """

    value: NDArray[Any]
    part: NDArray[Any]
    info: NDArray[Any]

    def score(self, pair: int) -> Score:
        """Return the score of a leak."""
        return Score(
            value=float(self.value[pair]),
            role=PARTS[self.part[pair]],
            severity="info" if self.info[pair] else "critical",
        )


class Rule(Protocol):
    """What the engine asks of a rule."""

    @property
    def name(self) -> str:
        """Its name in the registry."""
        ...

    @property
    def version(self) -> int:
        """Raised with every change of what it finds."""
        ...

    @property
    def ngram(self) -> int:
        """Length of the n-grams that it is made of; 0 where runs are chained."""
        ...

    @property
    def one_seed_in(self) -> int:
        """Of an item's many seeds every row that it finds has one in so many; 0 where few do."""
        ...

    def examines(self, total: NDArray[Any], words: NDArray[Any]) -> NDArray[Any]:
        """Return for each item whether the rule can find it at all (arrays as in `Evidence`)."""
        ...

    def judge(self, evidence: Evidence) -> Verdicts:
        """Say of each pair whether it is a leak, and of what."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AlignedRule:
    """The rule ``idf-aligned``.

    Attributes:
        threshold: Share of the mass that makes a leak of a text of 30 words or more.
        answer_threshold: The same for an answer without the rest: worked answers have a form, and
            numbers recur.
        least_mass: Matched mass below which nothing is a leak.
    """

    threshold: float = 0.46
    answer_threshold: float = 0.6
    least_mass: float = 2.0
    name: str = "idf-aligned"
    version: int = 2
    ngram: int = 0

    @property
    def one_seed_in(self) -> int:
        """Half of an item in which every fifth word was replaced still has one in six."""
        return ONE_SEED_IN if self.threshold >= LOW_THRESHOLD else 0

    def examines(self, total: NDArray[Any], words: NDArray[Any]) -> NDArray[Any]:
        """Return for each item whether some part of it has the mass that a leak needs."""
        found: NDArray[Any] = (_by_part(total) >= self.least_mass).any(axis=1)
        return found

    def judge(self, evidence: Evidence) -> Verdicts:
        """Name the best of what leaked; what says nothing alone, where there is nothing else."""
        found, total = _by_part(evidence.found), _by_part(evidence.total)
        words = _by_part(evidence.words)
        share = np.minimum(found / np.maximum(total, 1e-9), 1.0)
        needed = self._needed(words)
        with_passage = (found[:, _PASSAGE] >= self.least_mass) & (
            share[:, _PASSAGE] >= needed[:, _PASSAGE]
        )
        needed[np.ix_(with_passage, [_ITEM, _QUESTION])] = self.threshold
        share[(found < self.least_mass) | (share < needed)] = 0.0
        grave = share * _says_enough(found, total, words, with_passage)
        info = grave.max(axis=1) == 0.0
        part = np.where(info, share.argmax(axis=1), grave.argmax(axis=1))
        value = share[np.arange(len(share)), part]
        return Verdicts(value=value, part=part, info=info)

    def _needed(self, words: NDArray[Any]) -> NDArray[Any]:
        """The share of each part that makes a leak of texts of so many words."""
        base = np.full(len(PARTS), self.threshold)
        base[_ANSWER] = max(self.threshold, self.answer_threshold)
        room = np.clip((words - SHORT_WORDS) / (LONG_WORDS - SHORT_WORDS), 0.0, 1.0)
        needed: NDArray[Any] = WHOLE + (base - WHOLE) * room
        return needed


def words_of_part(roles: NDArray[Any], part: str) -> NDArray[Any]:
    """Return for each word of an item whether it is of a part, by its role's place in `ROLES`."""
    own: NDArray[Any] = np.zeros(len(ROLES), np.bool_)
    own[list(_COLUMNS[PARTS.index(part)])] = True
    return own[roles]


def _says_enough(
    found: NDArray[Any], total: NDArray[Any], words: NDArray[Any], with_passage: NDArray[Any]
) -> NDArray[Any]:
    """Whether each part, where it is matched, makes a row contaminated without the others."""
    says: NDArray[Any] = np.ones(found.shape, np.bool_)
    most = found[:, _QUESTION] >= NEARLY_ITEM * total[:, _ITEM]
    says[:, _QUESTION] = (found[:, _QUESTION] >= QUESTION_MASS) | most | with_passage
    says[:, _ANSWER] = (words[:, _ANSWER] >= ANSWER_WORDS) & (found[:, _ANSWER] >= ANSWER_MASS)
    says[:, _PASSAGE] = words[:, _ITEM] == 0
    return says


def _by_part(by_role: NDArray[Any]) -> NDArray[Any]:
    found: NDArray[Any] = np.empty((len(by_role), len(PARTS)), by_role.dtype)
    for part, (first, *others) in enumerate(_COLUMNS):
        found[:, part] = by_role[:, first]
        for column in others:
            found[:, part] += by_role[:, column]
    return found


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

    @property
    def one_seed_in(self) -> int:
        """One run of an item, however long the item is, may be enough."""
        return 0

    def examines(self, total: NDArray[Any], words: NDArray[Any]) -> NDArray[Any]:
        """Return for each item whether it has an n-gram."""
        enough: NDArray[Any] = words.sum(axis=1) >= self.ngram
        return enough

    def judge(self, evidence: Evidence) -> Verdicts:
        """Count what the rule counts in each item."""
        pairs = len(evidence.edges) - 1
        value = np.zeros(pairs)
        for pair in range(pairs):
            value[pair] = self._share(
                evidence.at[evidence.edges[pair] : evidence.edges[pair + 1]] >= 0
            )
        whole: NDArray[Any] = np.zeros(pairs, np.int64)
        return Verdicts(value=value, part=whole, info=whole > 0)

    def _share(self, starts: NDArray[Any]) -> float:
        """Share of the words in common n-grams, 0 where that is no leak."""
        if not starts.any():
            return 0.0
        covered = np.convolve(starts, np.ones(self.ngram))[: len(starts)] > 0
        share = float(covered.mean())
        if self.of == "any":
            return share
        grams = float(starts.sum()) / max(len(starts) - self.ngram + 1, 1)
        return share if (share if self.of == "words" else grams) >= self.threshold else 0.0


RULES: Final[dict[str, Rule]] = {
    rule.name: rule
    for rule in (
        AlignedRule(),
        NgramRule(name="gpt3-13gram", ngram=13, of="any"),
        NgramRule(name="palm-8gram", ngram=8, of="grams", threshold=0.7),
        NgramRule(name="llama3", ngram=8, of="words", threshold=0.5),
    )
}
"""The rules by name."""
