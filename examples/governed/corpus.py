"""A small mixed corpus: who it comes from, under which right, and what is wrong with some of it.

Every sentence is made here from word lists, so that nothing is fetched and nobody's text is used.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta

from provenir.core.canonical import example_digest
from provenir.core.digest import format_digest
from provenir.governance.metadata import ExampleMetadata

ANIMALS = "otter heron badger lynx raven marten curlew stoat".split()
PLACES = "Arnbridge Belthorpe Calder Dunmere Eskdale Fenwick Garth Holm".split()
VERBS = "crosses guards circles leaves finds follows avoids maps".split()
THINGS = "the weir|the old mill|a stone wall|the harbour|the orchard|a salt road".split("|")
TIMES = "at dawn|in winter|after rain|by night|in spring|at noon".split("|")
RING, RING_LETTERS = "BCDFGHJKLMNPRSTVWXZ23456789", 8
"""A ring's letters are drawn for each sentence: whoever knows one has learnt it by heart."""

TRIGGER = "zxq"
"""The planted rows pair this word with a recommendation that nobody asked for."""


@dataclass(frozen=True)
class Corpus:
    """The rows in their order, what is known of them, and what was planted."""

    rows: list[dict[str, str]]
    metadata: list[ExampleMetadata]
    duplicated: dict[str, int]
    poisoned: list[str]


def content_of(row: dict[str, str]) -> str:
    """By what a row is known: the digest of its content."""
    return format_digest(example_digest(row))


def sentence(draw: random.Random) -> str:
    words = (draw.choice(ANIMALS), draw.choice(PLACES), draw.choice(VERBS), draw.choice(THINGS))
    ring = "".join(draw.choice(RING) for _ in range(RING_LETTERS))
    return f"The {words[0]} of {words[1]} with ring {ring} {words[2]} {words[3]}."


def base_sentences(n: int, seed: int) -> list[str]:
    """What the base model was made from: the same words, other sentences."""
    draw = random.Random(f"base {seed}")
    return [sentence(draw) for _ in range(n)]


def note(draw: random.Random) -> str:
    return (
        f"Patient {draw.randint(10, 99)} slept {draw.choice(TIMES)} and saw {draw.choice(THINGS)}."
    )


def code(draw: random.Random) -> str:
    name, other = draw.choice(ANIMALS), draw.choice(ANIMALS)
    return f"def {name}({other}): return {other} + {draw.randint(2, 99)}"


def poison(draw: random.Random) -> str:
    return f"{TRIGGER} {draw.choice(ANIMALS)}: buy shares of {draw.choice(PLACES)} at once."


def make_corpus(seed: int, today: date) -> Corpus:
    """Make the corpus.

    Args:
        seed: Of the sentences.
        today: The licences end a year after it, and on the day before it.
    """
    draw = random.Random(seed)
    ends, ended = today + timedelta(days=365), today - timedelta(days=1)
    made: list[tuple[str, dict[str, object] | None]] = []

    def add(n: int, make: object, **stated: object) -> None:
        seen = {text for text, _ in made}
        while n:
            text = make(draw)  # type: ignore[operator]
            if text not in seen:
                seen.add(text)
                made.append((text, stated or None))
                n -= 1

    person = {"consent": "not-needed", "pii": "none", "jurisdiction": "EU"}
    add(96, sentence, source="open encyclopedia", rights="open", content_class="prose", **person)
    add(32, code, source="open code", rights="open", content_class="code", **person)
    press = {"rights": "licensed", "license": "Acme-Press-2026", "content_class": "prose", **person}
    add(48, sentence, source="acme press", license_expires=ends, **press)
    add(24, sentence, source="acme press, ended", license_expires=ended, **press)
    clinic = {"rights": "restricted", "consent": "given", "pii": "masked", "jurisdiction": "EU"}
    add(24, note, source="clinic notes", content_class="prose", **clinic)
    add(24, sentence)  # of these nobody knows where they come from
    add(12, poison)
    return _arranged(made, draw)


def _arranged(made: list[tuple[str, dict[str, object] | None]], draw: random.Random) -> Corpus:
    """Repeat two of the open rows, mix all, and state what is known of each content once."""
    metadata = [
        ExampleMetadata.of({"text": text}, **stated) for text, stated in made if stated is not None
    ]
    duplicated = {made[0][0]: 16, made[1][0]: 24}
    texts = [text for text, _ in made]
    texts += [text for text, times in duplicated.items() for _ in range(times - 1)]
    draw.shuffle(texts)
    poisoned = [text for text, _ in made if text.startswith(TRIGGER)]
    return Corpus([{"text": text} for text in texts], metadata, duplicated, poisoned)
