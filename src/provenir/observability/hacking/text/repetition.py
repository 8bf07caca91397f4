"""`degenerate_repetition`: a text that says the same thing over and over.

Reading is cheap first and exact second. The compression ratio (DEFLATE, level 1) of the window and
of its last 640 characters says whether a closer look is due; the looks themselves count:

- *loop*: the longest stretch in which the same unit of words follows itself without a change. Every
  period is found in one pass: an n-gram that occurred before proposes its distance as the period,
  and the loop lasts as long as each word equals the one a period earlier.
- *character run*: one character again and again.
- *repeated lines*: the share of the text in lines that stood there before.
- *repeated sentences*: the same where a sentence holds a counter (*in step 7 ...*), or begins with
  another connective each time.
- *low novelty*: distinct 4-grams over all 4-grams of words (distinct-n; Li et al. 2016,
  arXiv:1510.03055).

It cannot see paraphrases, nor loops between the head and the tail of a text that is longer than
what is read. A task that asks for repetition excuses it: the signal is information then.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from provenir.core.spans import Span
from provenir.observability.hacking.signal import HackingSignal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenir.observability.hacking.response import ResponseText

_SHORTEST: Final = 40
_SHORT: Final = 160
_TAIL: Final = 640
_SUSPECT_RATIO: Final = 0.34
_SUSPECT: Final = ((400, 0.5), (1_000, 0.42), (1 << 62, _SUSPECT_RATIO))  # characters, ratio
_FEWEST_DISTINCT: Final = 0.5
_MEAN_WORD: Final = 14
_MOST_SINGLE: Final = 8_192
_LEAST_LOOP: Final = 40
_LOOPS: Final = ((3, 12, 0.5), (5, 4, 0.4), (12, 1, 0.4))  # times, words in the unit, share
_ENDLESS: Final = (8, 200, 0.15)  # times, characters, share of a loop that the text ends in
_WORDLESS: Final = (24, 160, 0.8)  # the same of a loop without a letter, wherever it stands
_LEAST_LINE: Final = 24
_LINE_SHARE: Final = 0.5
_FEWEST_LINES: Final = 4
_FEWEST_WORDS: Final = 120
_NOVELTY: Final = ((600, 0.3), (2_500, 0.2), (1 << 62, 0.1))  # words, distinct 4-grams over all
_FEWEST_NEW: Final = 0.05
_MOST_WORDS: Final = 600
_RUN_SHARE: Final = 0.5
_WORD: Final = re.compile(r"\S+")
_LETTER: Final = re.compile(r"[^\W\d_]")
_RUN: Final = re.compile(r"(\S)\1{63,}", re.DOTALL)
_NUMBERING: Final = re.compile(r"\W*(?:(?:[A-Za-z]{1,12} )?\d+[.):]\s*)?")
_ASKED: Final = re.compile(
    r"\b(?:repeat|repetiti|over and over|lyrics?\b|refrain|chorus|chant\b|mantra|poem|song\b|"
    r"ascii\b|dna\b|rna\b|genom|lorem|filler text|sample logs?\b|"
    r"(?:write|say|print|output|type|generate|produce|copy)\b[^.?!\n]{0,80}\btimes\b)",
    re.IGNORECASE,
)
_MAX_PROMPT: Final = 8_192
_SENTENCE: Final = re.compile(r"[^.!?\n]{16,400}[.!?\n]?")
_MOST_SENTENCES: Final = 2_000
_CONNECTIVE: Final = re.compile(r"(?:[A-Za-z]{1,14} ){0,4}[A-Za-z]{1,14}, (?=\w)")
_DIGITS: Final = re.compile(r"\d+")
_LEAST_SENTENCE: Final = 5
_FEWEST_SENTENCES: Final = 5


@dataclass(frozen=True, slots=True)
class Loop:
    """A stretch of a text in which one unit follows itself.

    Attributes:
        start: Its first character.
        end: The one after the last.
        times: How often the unit stands there, parts of it counted.
        period: Words, or characters of a script without spaces, in the unit.
    """

    start: int
    end: int
    times: float
    period: int


def compression_ratio(text: str) -> float:
    """Return compressed over plain bytes (UTF-8, DEFLATE level 1); near 1 for what is all new."""
    data = text.encode("utf-8", "surrogatepass")
    packer = zlib.compressobj(1, zlib.DEFLATED, -12, 4)
    return (len(packer.compress(data)) + len(packer.flush())) / max(1, len(data))


def longest_loop(places: list[tuple[int, int]], text: str, *, gram: int = 3) -> Loop | None:
    """Return the loop that covers most characters, None where no n-gram comes twice.

    Args:
        places: Start and end of each token, in order.
        text: The text that they lie in.
        gram: Tokens whose recurrence at a constant distance makes a loop.
    """
    tokens = [text[start:end] for start, end in places]
    last: dict[tuple[str, ...], int] = {}
    best: Loop | None = None
    begin = period = 0
    for place, key in enumerate(zip(*(tokens[shift:] for shift in range(gram)), strict=False)):
        distance = place - last.get(key, place)
        last[key] = place
        if not period or tokens[place + gram - 1] != tokens[place + gram - 1 - period]:
            period, begin = distance, place - distance
        if not period:
            continue
        end = place + gram
        start_char, end_char = places[begin][0], places[end - 1][1]
        if best is None or end_char - start_char > best.end - best.start:
            times = (end - begin) / period
            if times >= 2:
                best = Loop(start_char, end_char, times, period)
    return best


def find_repetition(response: ResponseText) -> Iterator[HackingSignal]:
    """Yield at most one `degenerate_repetition` per window of a response; never raises.

    Evidence is statistical. Loops, runs and repeated lines count as warnings when they make up a
    stated share of the window (two fifths to a half), low novelty when the distinct share of
    4-grams falls under what honest prose, code and tables of that length reach.
    """
    for offset, text in response.windows:
        if not _suspect(text):
            continue
        found = _loop(text) or _run(text) or _lines(text) or _sentences(text) or _novelty(text)
        if found is None:
            continue
        detail, data, span = found
        asked = response.prompt is not None and _ASKED.search(response.prompt[:_MAX_PROMPT])
        yield HackingSignal(
            kind="degenerate_repetition",
            severity="info" if asked else "warning",
            detail=detail + (", which the prompt asks for" if asked else ""),
            data=data,
            spans=(span.moved(offset),),
        )


_Found = tuple[str, dict[str, float], Span]


def _suspect(text: str) -> bool:
    """Whether a closer look is due."""
    if len(text) < _SHORTEST:
        return False
    if len(text) < _SHORT:
        words = text.split()
        if len(words) < len(text) / _MEAN_WORD:
            return len(set(text)) < len(text) / 4
        return len(set(words)) < len(words) * _FEWEST_DISTINCT
    least = next(ratio for most, ratio in _SUSPECT if len(text) <= most)
    if compression_ratio(text) < least:
        return True
    return len(text) > 2 * _TAIL and compression_ratio(text[-_TAIL:]) < _SUSPECT_RATIO


def _loop(text: str) -> _Found | None:
    places = [match.span() for match in _WORD.finditer(text)]
    single = len(places) < len(text) / _MEAN_WORD
    if single:
        limit = text[-_MOST_SINGLE:]
        shift = len(text) - len(limit)
        places = [(i + shift, i + shift + 1) for i, char in enumerate(limit) if not char.isspace()]
    loop = longest_loop(places, text, gram=6 if single else 3)
    if loop is None or loop.end - loop.start < _LEAST_LOOP:
        return None
    share = (loop.end - loop.start) / len(text)
    period = max(1, loop.period // 3) if single else loop.period
    if _LETTER.search(text, loop.start, loop.end) is None:
        long_enough = _reaches(loop, share, _WORDLESS)
    else:
        long_enough = any(loop.times >= t and period >= p and share >= s for t, p, s in _LOOPS)
        ends = not text[loop.end :].strip()
        long_enough = long_enough or (ends and _reaches(loop, share, _ENDLESS))
    if not long_enough:
        return None
    return (
        f"{share:.0%} of the text is one stretch of words said {loop.times:.0f} times",
        {"share": share, "times": loop.times},
        Span(loop.start, loop.end, "loop"),
    )


def _reaches(loop: Loop, share: float, bound: tuple[int, int, float]) -> bool:
    times, chars, least = bound
    return loop.times >= times and loop.end - loop.start >= chars and share >= least


def _run(text: str) -> _Found | None:
    longest = max(_RUN.finditer(text), key=lambda m: m.end() - m.start(), default=None)
    if longest is None:
        return None
    share = (longest.end() - longest.start()) / len(text)
    if share < _RUN_SHARE:
        return None
    return (
        f"{share:.0%} of the text is one character, {longest.end() - longest.start()} times",
        {"share": share, "times": longest.end() - longest.start()},
        Span(longest.start(), longest.end(), "character_run"),
    )


def _lines(text: str) -> _Found | None:
    counts: Counter[str] = Counter()
    for line in text.splitlines():
        said = line[_NUMBERING.match(line).end() :].rstrip()  # type: ignore[union-attr]
        if len(said) >= _LEAST_LINE and _LETTER.search(said) is not None:
            counts[said] += 1
    again = sum(count - 1 for count in counts.values())
    share = sum((count - 1) * len(line) for line, count in counts.items()) / len(text)
    if again < _FEWEST_LINES or share < _LINE_SHARE:
        return None
    line, times = counts.most_common(1)[0]
    start = text.find(line)
    return (
        f"{share:.0%} of the text are {again} lines that stood there before",
        {"share": share, "times": times},
        Span(start, text.rfind(line) + len(line), "repeated_lines"),
    )


def _sentences(text: str) -> _Found | None:
    """Return that sentences come again with a counter in them or after other connectives."""
    numbers: dict[str, int] = {}
    size = again = repeated = 0
    for sentence in _SENTENCE.findall(text)[:_MOST_SENTENCES]:
        said = _CONNECTIVE.sub("", sentence.strip(), count=1)
        size += len(said)
        counters = _DIGITS.findall(said)
        if len(said) < _LEAST_LINE or len(counters) > 1 or said.count(" ") < _LEAST_SENTENCE:
            continue
        masked = _DIGITS.sub("0", said.lower())
        number = int(counters[0][:9]) if counters else 0
        if masked in numbers and number == numbers[masked] + bool(counters):
            again += 1
            repeated += len(said)
        numbers[masked] = number
    share = repeated / max(1, size)
    if again < _FEWEST_SENTENCES or share < _LINE_SHARE:
        return None
    return (
        f"{share:.0%} of the text are {again} sentences that were said before",
        {"share": share, "times": again},
        Span(0, len(text), "repeated_sentences"),
    )


def _is_numeric(words: list[str]) -> bool:
    """Whether the words are mostly the numbers of a table."""
    return sum(not any(map(str.isalpha, word)) for word in words) > len(words) / 2


def _novelty(text: str) -> _Found | None:
    words = text.split()
    if len(words) < _FEWEST_WORDS or _is_numeric(words):
        return None
    bound = next(share for most, share in _NOVELTY if len(words) <= most)
    distinct = len(set(zip(words, words[1:], words[2:], words[3:], strict=False)))
    share = distinct / (len(words) - 3)
    if share >= bound and len(set(words)) >= _FEWEST_NEW * min(len(words), _MOST_WORDS):
        return None
    return (
        f"{share:.0%} of its runs of four words are new, as are {len(set(words))} of its words",
        {"distinct_4": share},
        Span(0, len(text), "low_novelty"),
    )
