"""Write data/train.jsonl and data/eval.jsonl: small word problems with whole-number answers.

Every problem is made from a story, a cast and two numbers by a seeded generator, so the two files
are reproducible byte for byte. The files are disjoint: no pair of a story and its numbers occurs in
both, and they share no run of thirteen words.

    python scripts/make_word_problems.py [--out data] [--seed 11]
"""

from __future__ import annotations

import argparse
import json
import random
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

TRAIN_ROWS = 600
EVAL_ROWS = 64
LARGEST_ANSWER = 10
SHARED_RUN_WORDS = 13


@dataclass(frozen=True, slots=True)
class Story:
    """One story: its text with slots, and the arithmetic that answers it."""

    text: str
    answer: Callable[[int, int], int]
    pairs: tuple[tuple[int, int], ...]


def _sums() -> tuple[tuple[int, int], ...]:
    return tuple((a, b) for a in range(1, 10) for b in range(1, 6) if a + b <= LARGEST_ANSWER)


def _differences() -> tuple[tuple[int, int], ...]:
    return tuple((a, b) for a in range(2, 11) for b in range(1, 6) if b < a)


def _products() -> tuple[tuple[int, int], ...]:
    return tuple((a, b) for a in range(2, 7) for b in range(2, 6) if a * b <= LARGEST_ANSWER)


def _add(a: int, b: int) -> int:
    return a + b


def _subtract(a: int, b: int) -> int:
    return a - b


def _multiply(a: int, b: int) -> int:
    return a * b


STORIES: tuple[Story, ...] = (
    Story(
        "{x} has {a} {things}. {y} gives {x} {b} more. How many {things} does {x} have now?",
        _add,
        _sums(),
    ),
    Story(
        "There are {a} {things} in a basket. {x} puts in {b} more. "
        "How many {things} are in the basket?",
        _add,
        _sums(),
    ),
    Story(
        "{x} found {a} {things} and {y} found {b}. How many {things} did they find together?",
        _add,
        _sums(),
    ),
    Story(
        "On Monday {x} bought {a} {things}. On Tuesday {x} bought {b} more. "
        "How many {things} is that in all?",
        _add,
        _sums(),
    ),
    Story(
        "{x} had {a} {things} and gave {b} of them to {y}. How many {things} are left?",
        _subtract,
        _differences(),
    ),
    Story(
        "A shop had {a} {things}. {x} took {b} home. How many {things} stayed in the shop?",
        _subtract,
        _differences(),
    ),
    Story(
        "{x} has {a} {things}. {y} has {b} fewer. How many {things} does {y} have?",
        _subtract,
        _differences(),
    ),
    Story(
        "{x} needs {a} {things} and already has {b}. How many {things} are still missing?",
        _subtract,
        _differences(),
    ),
    Story(
        "{x} fills {a} boxes with {b} {things} each. How many {things} are in the boxes?",
        _multiply,
        _products(),
    ),
)

NAMES: tuple[str, ...] = (
    "Ada", "Ben", "Cleo", "Dina", "Emil", "Farah", "Goran", "Hana", "Ivo", "Jun", "Kofi", "Lena",
    "Milo", "Nora", "Omar", "Pia",
)  # fmt: skip
THINGS: tuple[str, ...] = (
    "apples", "pears", "marbles", "stickers", "pencils", "shells", "stamps", "coins", "buttons",
    "plums",
)  # fmt: skip


def _tell(story: Story, pair: tuple[int, int], rng: random.Random) -> dict[str, str]:
    x, y = rng.sample(NAMES, 2)
    a, b = pair
    prompt = story.text.format(x=x, y=y, a=a, b=b, things=rng.choice(THINGS))
    return {"prompt": prompt, "answer": str(story.answer(a, b))}


def _problems(
    plots: list[tuple[Story, tuple[int, int]]], rng: random.Random
) -> Iterator[dict[str, str]]:
    """Tell every plot in turn, over and over, each time with a new cast and a new text."""
    told: set[str] = set()
    while True:
        for story, pair in plots:
            problem = _tell(story, pair, rng)
            if problem["prompt"] not in told:
                told.add(problem["prompt"])
                yield problem


def _runs(prompt: str) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", prompt.lower())
    return {
        tuple(words[i : i + SHARED_RUN_WORDS]) for i in range(len(words) - SHARED_RUN_WORDS + 1)
    }


def make(seed: int) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Return (training rows, evaluation rows) for ``seed``."""
    rng = random.Random(seed)
    plots = [(story, pair) for story in STORIES for pair in story.pairs]
    rng.shuffle(plots)
    held_out, kept = plots[:EVAL_ROWS], plots[EVAL_ROWS:]
    telling = _problems(kept, rng)
    train = [next(telling) for _ in range(TRAIN_ROWS)]
    rng.shuffle(train)
    seen = {run for row in train for run in _runs(row["prompt"])}
    evaluation: list[dict[str, str]] = []
    for plot in held_out:
        retelling = _problems([plot], rng)
        evaluation.append(next(row for row in retelling if not _runs(row["prompt"]) & seen))
    return train, evaluation


def main() -> None:
    """Write both files."""
    parser = argparse.ArgumentParser(description="Write the word problems of the demo.")
    parser.add_argument("--out", type=Path, default=Path("data"))
    parser.add_argument("--seed", type=int, default=11)
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    for name, rows in zip(("train", "eval"), make(options.seed), strict=True):
        path = options.out / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        print(f"{path}: {len(rows)} problems")


if __name__ == "__main__":
    main()
