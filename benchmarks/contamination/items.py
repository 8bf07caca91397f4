"""Eval items of 5 to 200 words: questions with answers, passages, options, texts, code, scripts."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from corpus import foreign
from grammar import INSTRUCTIONS, problem, program
from sources import HALVES, SPAN, Source, sentences, words

if TYPE_CHECKING:
    from collections.abc import Mapping

FAMILIES = ("qa", "passage", "options", "text", "code")
BUCKETS = ("5-10", "11-20", "21-30", ">=30")
TARGETS = ((5, 10), (11, 20), (21, 29), (30, 60), (40, 120), (80, 200))
CHANCES = (0.15, 0.2, 0.15, 0.25, 0.15, 0.1)
ACCENTS = {"a": "á", "e": "é", "i": "ï", "o": "ö", "u": "ü", "n": "ñ", "c": "ç"}


@dataclass(frozen=True, slots=True)
class Item:
    """An eval record, and its parts in the order in which a page would print them.

    Attributes:
        family: One of `FAMILIES`, or `cyrillic`, `han`.
        record: The record as the eval set has it.
        parts: `(role, text)`: passage, question, options, text.
        answer: The answer's text, perhaps empty.
        boilerplate: A text in it that other documents have too, perhaps empty.
    """

    family: str
    record: Mapping[str, Any]
    parts: tuple[tuple[str, str], ...]
    answer: str
    boilerplate: str = ""

    @property
    def core(self) -> str:
        return "\n".join(text for _, text in self.parts)

    @property
    def length(self) -> int:
        return len(words(self.core))

    @property
    def bucket(self) -> str:
        return BUCKETS[(self.length > 10) + (self.length > 20) + (self.length >= 30)]


class Pool:
    """Text that is used once: the held out paragraphs of a source in a shuffled order."""

    def __init__(self, source: Source, rng: random.Random) -> None:
        paragraphs = list(source.held)
        rng.shuffle(paragraphs)
        self.sentences = deque(each for text in paragraphs for each in sentences(text))

    def piece(self, low: int, high: int) -> str:
        """Return the next text of low to high words."""
        taken: list[str] = []
        count = 0
        while count < low:
            sentence = self.sentences.popleft()
            inside = sentence.split()
            size = len(words(sentence))
            if count + size > high:
                cut = 0
                while cut < len(inside) and len(words(" ".join(inside[: cut + 1]))) + count <= high:
                    cut += 1
                if cut and len(inside) - cut >= 5:
                    self.sentences.appendleft(" ".join(inside[cut:]))
                sentence = " ".join(inside[:cut])
                size = len(words(sentence))
            if sentence:
                taken.append(sentence)
                count += size
        return " ".join(taken)


def make_items(source: Source, count: int, seed: int) -> list[Item]:
    """Return items; the same seed gives the same ones."""
    rng = random.Random(f"{seed}-{source.half}")
    pool = Pool(source, rng)
    everything = " ".join(words(" ".join(source.training)))
    licences = [text for text in source.training if 40 <= len(text.split()) <= 120]
    makers = {"qa": _qa, "passage": _passage, "options": _options, "text": _text, "code": _code}
    weights = (0.3, 0.2, 0.2, 0.2, 0.1)
    made: list[Item] = []
    while len(made) < count:
        family = rng.choices(FAMILIES, weights)[0]
        low, high = rng.choices(TARGETS, CHANCES)[0]
        item = makers[family](source.half, pool, rng, low, high, len(made))
        lot = rng.random()
        if lot < 0.06:
            item = _with(item, rng.choice(INSTRUCTIONS[source.half]))
        elif lot < 0.09 and item.length >= 30:
            item = _with(item, rng.choice(licences))
        elif lot < 0.2:
            item = _accented(item, rng)
        if 5 <= item.length <= 230 and not _by_chance(item, everything):
            made.append(item)
    return made


def _by_chance(item: Item, everything: str) -> bool:
    """Tell whether training rows hold a part of the item that they were not given."""
    asked = (words(text) for role, text in item.parts if role != "options")
    return any(len(part) < SPAN and " ".join(part) in everything for part in asked)


def make_foreign(half: str, count: int, seed: int) -> list[Item]:
    """Return items of Cyrillic words and of Chinese characters."""
    rng = np.random.default_rng([seed, HALVES.index(half), 7])
    made = []
    for number in range(count):
        text = foreign(rng, int(rng.integers(30, 90)))
        family = "cyrillic" if " " in text else "han"
        record = {"id": f"{family}-{number}", "question": text}
        made.append(Item(family, record, (("question", text),), ""))
    return made


def _qa(half: str, pool: Pool, rng: random.Random, low: int, high: int, number: int) -> Item:
    if rng.random() < 0.25 and high >= 40:
        question = problem(half, rng, rng.randint(2, 5))
        answer = str(rng.randint(2, 5_000))
    else:
        question = pool.piece(low, high).rstrip(".") + "?"
        answer = pool.piece(1, rng.choice((3, 12, 30)))
    record = {"id": f"qa-{number}", "question": question, "answer": answer}
    return Item("qa", record, (("question", question),), answer)


def _passage(half: str, pool: Pool, rng: random.Random, low: int, high: int, number: int) -> Item:
    if high < 40:
        low, high = 40, 120
    question = pool.piece(8, 20).rstrip(".") + "?"
    passage = pool.piece(max(30, low), max(60, high - 15))
    inside = passage.split()
    start = rng.randrange(max(1, len(inside) - 4))
    answer = " ".join(inside[start : start + rng.randint(1, 4)])
    record = {
        "id": f"passage-{number}",
        "context": passage,
        "question": question,
        "answers": {"text": [answer], "answer_start": [passage.find(answer)]},
    }
    return Item("passage", record, (("passage", passage), ("question", question)), answer)


def _options(half: str, pool: Pool, rng: random.Random, low: int, high: int, number: int) -> Item:
    if high <= 20:
        question, size = pool.piece(4, high - 4), (1, 1)
    else:
        question, size = pool.piece(max(8, low // 2), high // 2), (max(2, low // 8), high // 8 + 2)
    choices = [pool.piece(size[0], size[1]) for _ in range(4)]
    record = {
        "id": f"options-{number}",
        "question": question,
        "choices": choices,
        "answer": rng.randrange(4),
    }
    parts = (("question", question), *(("options", choice) for choice in choices))
    return Item("options", record, parts, "")


def _text(half: str, pool: Pool, rng: random.Random, low: int, high: int, number: int) -> Item:
    text = pool.piece(low, high)
    return Item("text", {"id": f"text-{number}", "text": text}, (("text", text),), "")


def _code(half: str, pool: Pool, rng: random.Random, low: int, high: int, number: int) -> Item:
    name, head, body = program(half, rng, rng.randint(1, 8))
    prompt = f'{head}    """{pool.piece(6, max(10, min(high, 60)))}"""\n'
    record = {
        "task_id": f"code-{number}",
        "prompt": prompt,
        "canonical_solution": body,
        "entry_point": name,
    }
    return Item("code", record, (("question", prompt),), body)


MAIN_FIELD = {"qa": "question", "passage": "context", "options": "question", "text": "text"}


def _with(item: Item, boilerplate: str) -> Item:
    """Put a text that others have too before the item."""
    field = MAIN_FIELD.get(item.family, "prompt")
    (role, first), *rest = item.parts
    first = f"{boilerplate}\n{first}"
    record = {**item.record, field: first}
    return Item(item.family, record, ((role, first), *rest), item.answer, boilerplate)


def _accented(item: Item, rng: random.Random) -> Item:
    """Give some letters of the item accents, as names and loan words have."""
    field = MAIN_FIELD.get(item.family, "prompt")
    (role, first), *rest = item.parts
    first = "".join(
        ACCENTS.get(letter, letter) if rng.random() < 0.03 else letter for letter in first
    )
    record = {**item.record, field: first}
    return Item(item.family, record, ((role, first), *rest), item.answer)
