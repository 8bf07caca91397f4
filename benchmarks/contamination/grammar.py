"""Sentences made by rules: word problems, programs, instructions, one bank for each half."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random

SLOTS = {
    "tune": {
        "name": "Amara Bastian Chiara Devon Elif Farid Greta Hamza Ines Jonas Kavya Lorenzo",
        "thing": "pears candles tiles marbles buckets ribbons stamps bolts muffins ladders",
        "place": "harbour orchard bakery quarry library workshop greenhouse ferry",
        "deed": "sells packs paints sorts carries repairs weighs counts",
    },
    "report": {
        "name": "Quentin Rosalind Sven Tamsin Ugo Violeta Wendell Xenia Yusuf Zora Anselm Birgit",
        "thing": "lanterns kites jars saddles postcards turnips flutes hinges scarves barrels",
        "place": "vineyard depot chapel arcade lighthouse foundry stable terminal",
        "deed": "ships wraps stacks borrows measures labels trades delivers",
    },
}
PROBLEMS = {
    "tune": [
        "{name} {deed} {n} {thing} every morning near the {place}.",
        "At the {place} a crate of {thing} costs {n} coins, {n} coins less than last year.",
        "Of the {n} {thing} on the shelf, a third belongs to {name} and the rest to a neighbour.",
        "After lunch {name} finds {n} more {thing} behind the {place} and keeps half of them.",
        "Each of the {n} workers at the {place} {deed} {n} {thing} an hour.",
        "{name} had promised {n} {thing} to a cousin but broke {n} of them on the way.",
        "The owner of the {place} doubles the order whenever fewer than {n} {thing} remain.",
        "Rain spoils {n} percent of the {thing} that {name} left outside.",
        "A cart can hold {n} {thing}, and {name} makes {n} trips to the {place}.",
        "On Sunday the {place} is closed, so {name} {deed} nothing that day.",
    ],
    "report": [
        "For a festival near the {place}, {name} orders {n} {thing} in boxes of {n}.",
        "{name} and two friends share {n} {thing} so that the youngest gets {n} more.",
        "The {place} charges {n} pounds a day to store {thing}, plus a fee of {n} pounds.",
        "By Friday {name} {deed} only {n} {thing}, a quarter of what was planned.",
        "Whoever returns {n} {thing} to the {place} receives {n} tokens in exchange.",
        "{name} lost {n} {thing} on Tuesday and found all but {n} on Thursday.",
        "A machine in the {place} makes {n} {thing} a minute but stops after {n} minutes.",
        "The price of {thing} rises by {n} percent when {name} {deed} the last dozen.",
        "There are {n} rows of {thing} with {n} in every row, except for the shortest one.",
        "Between the {place} and the market {name} gives away every fifth of the {n} {thing}.",
    ],
}
ASKED = {
    "tune": [
        "How many {thing} does {name} have left?",
        "How many coins does {name} spend in {n} days?",
        "What is the total number of {thing} at the {place}?",
    ],
    "report": [
        "Work out how many {thing} remain with {name}.",
        "What does {name} pay for {n} days at the {place}?",
        "In how many weeks will {name} own {n} {thing}?",
    ],
}
INSTRUCTIONS = {
    "tune": [
        "Read the passage carefully and answer the question below it in one short sentence.",
        "Choose the best of the options that are given below and explain why, step by step.",
        "Complete the function so that all of the tests pass; return only code, no comments.",
        "Solve the problem below. Show your reasoning and put the answer on the last line.",
        "Below is an instruction that describes a task. Write a response that fulfils it.",
    ],
    "report": [
        "You will see a text and a question about it. Reply with the shortest span that fits.",
        "Here are multiple choice questions with answers; pick exactly one letter per item.",
        "Write a program that meets this description; do not change the function's name.",
        "Think about the problem in small steps, then give one single number at the end.",
        "Given the context above, decide whether the statement is true, false or neither.",
    ],
}
NOUNS = {
    "tune": "node price batch token window matrix packet letter signal folder record timer",
    "report": "edge weight chunk symbol frame vector socket glyph pulse bucket entry clock",
}
VERBS = {
    "tune": "merge count filter rotate split encode balance rank",
    "report": "collect reduce shift invert group decode prune align",
}


def fill(template: str, half: str, rng: random.Random) -> str:
    """Return a template with every slot drawn for itself."""
    parts = []
    for piece in template.replace("}", "{").split("{"):
        if piece == "n":
            parts.append(str(rng.randint(2, 900)))
        elif piece in SLOTS[half]:
            parts.append(rng.choice(SLOTS[half][piece].split()))
        else:
            parts.append(piece)
    return "".join(parts)


def problem(half: str, rng: random.Random, count: int) -> str:
    """Return a word problem of so many sentences and the sentence that asks."""
    chosen = [*rng.sample(PROBLEMS[half], count), rng.choice(ASKED[half])]
    return " ".join(fill(each, half, rng) for each in chosen)


def program(half: str, rng: random.Random, lines: int) -> tuple[str, str, str]:
    """Return the name of a function, its head, and its body of so many lines."""
    nouns, verbs = NOUNS[half].split(), VERBS[half].split()
    first, second, third = rng.sample(nouns, 3)
    name = f"{rng.choice(verbs)}_{first}_{second}s_{rng.randint(2, 99)}"
    head = f"def {name}({first}s: list[int], {third}: int = {rng.randint(0, 99)}) -> list[int]:\n"
    shapes = [
        "    {a} = [{b} % {n} for {b} in {c}s if {b} > {m}]",
        "    for {a}, {b} in enumerate({c}s):\n        {d}[{a}] = {b} * {n} - {m}",
        "    if len({a}s) < {n}:\n        raise ValueError('{b} {c} must hold {n} {d}s')",
        "    {a} = sorted({b}s, key=lambda {c}: {c} ** {n} + {m})",
        "    while {a} > {n}:\n        {a} -= {m}\n        {b}s.append({a} // {n})",
        "    {a}, {b} = {b} + {n}, max({a}, {c}, {m})",
    ]
    body = []
    for _ in range(lines):
        names = dict(zip("abcd", rng.sample(nouns, 4), strict=True))
        line = rng.choice(shapes).format(**names, n=rng.randint(2, 997), m=rng.randint(2, 997))
        body.append(line)
    return name, head, "\n".join([*body, f"    return {first}s"])
