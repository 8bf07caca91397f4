"""Windows of a long text: runs of sentences, of about the length of what they are compared with.

A rephrased question inside a long row would drown in the row's other words. A row is cut into
sentences, sentences into blocks of at most `BLOCK_WORDS` words that overlap by half, and within a
block the run of sentences that shares most with an item is the window that the embedder sees.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from provenir.data.paraphrase.hashed import features_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

__all__ = ["BLOCK_WORDS", "Sentence", "best_run", "blocks", "sentences"]

BLOCK_WORDS: Final = 120
"""Most words of a block, and so of a window."""

_SENTENCE_WORDS: Final = 60
_END: Final = re.compile(r"(?<![.!?…])[.!?…]++[\"'”’)\]]*+\s+|[。！？]+|\n+")
_MOST_TAKEN_IN: Final = 3
_QUESTION_MARKS: Final = ("?", "？", "؟")
_RUN: Final = re.compile(r"\S+\s*")
_MAX_RUN: Final = 40  # characters: a script without spaces has no other measure of a word


@dataclass(frozen=True, slots=True)
class Sentence:
    """A piece of a text.

    Attributes:
        start: Its first character in the text.
        end: The character behind its last.
        words: How many words it has, by white space.
        features: Its distinct terms and quantities.
        asks: Whether it ends in a question mark.
    """

    start: int
    end: int
    words: int
    features: frozenset[str]
    asks: bool


def sentences(text: str) -> Iterator[Sentence]:
    """Cut a text into sentences of at most 60 words; those without a term are left out."""
    for start, end in _spans(text):
        for low, high, words in _pieces(text, start, end):
            features = frozenset(features_of(text[low:high]))
            if features:
                asks = text[low:high].rstrip().endswith(_QUESTION_MARKS)
                yield Sentence(low, high, words, features, asks)


def _spans(text: str) -> Iterator[tuple[int, int]]:
    start = 0
    for match in _END.finditer(text):
        yield start, match.end()
        start = match.end()
    yield start, len(text)


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int, int]]:
    low, words = start, 0
    for match in _RUN.finditer(text, start, end):
        here = 1 + (match.end() - match.start()) // _MAX_RUN
        if words and words + here > _SENTENCE_WORDS:
            yield low, match.start(), words
            low, words = match.start(), 0
        # A run without spaces that is longer than a sentence is cut by characters.
        while match.end() - low > _SENTENCE_WORDS * _MAX_RUN:
            yield low, low + _SENTENCE_WORDS * _MAX_RUN, _SENTENCE_WORDS
            low, words = low + _SENTENCE_WORDS * _MAX_RUN, 0
        words += here
    if words:
        yield low, end, words


def blocks(pieces: Iterable[Sentence], *, overlap: bool = True) -> Iterator[list[Sentence]]:
    """Yield runs of sentences of at most `BLOCK_WORDS` words, overlapping by half unless told."""
    block: list[Sentence] = []
    for piece in pieces:
        if block and _words(block) + piece.words > BLOCK_WORDS:
            yield block
            block = block[(len(block) + 1) // 2 :] if overlap else []
            while block and _words(block) + piece.words > BLOCK_WORDS:
                block = block[1:]
        block.append(piece)
    if block:
        yield block


def _words(block: Iterable[Sentence]) -> int:
    return sum(sentence.words for sentence in block)


def best_run(
    block: Sequence[Sentence],
    wanted: frozenset[str],
    weigh: Callable[[str], float],
    least_words: float = 0.0,
) -> tuple[int, int]:
    """Return where the run of sentences that is most like an item starts and ends in the text.

    The measure is Dice's coefficient over the weights of features: twice what is shared, over the
    sum of both sides. Runs of fewer than `least_words` words count only where the block has no
    more. A run without a question takes in what follows up to the next one: a story that is told
    again with another question is another item.
    """
    of_item = sum(map(weigh, wanted))
    best, most = (0, len(block)), 0.0
    for first, opening in enumerate(block):
        if wanted.isdisjoint(opening.features):
            continue
        seen: set[str] = set()
        shared = own = 0.0
        words = 0
        for after, sentence in enumerate(block[first:], start=first + 1):
            for feature in sentence.features - seen:
                weight = weigh(feature)
                own += weight
                shared += weight if feature in wanted else 0.0
            seen |= sentence.features
            words += sentence.words
            likeness = 2 * shared / (own + of_item) if own + of_item else 0.0
            if likeness > most and words >= least_words:
                best, most = (first, after), likeness
    first, after = best
    if not any(sentence.asks for sentence in block[first:after]):
        near = range(after, min(after + _MOST_TAKEN_IN, len(block)))
        after = next((place + 1 for place in near if block[place].asks), after)
    return block[first].start, block[after - 1].end
