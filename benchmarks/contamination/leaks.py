"""Plant eval items in training rows, and write look-alikes that are no leaks, all labelled.

Masses are sums of IDF weights over words, the IDF taken from this generator's own documents. The
bounds are asserted here: a truncated leak keeps at least half of its item's mass, a template or a
short share at most three tenths.

    python benchmarks/contamination/leaks.py --half tune --show 2
"""

from __future__ import annotations

import argparse
import json
import math
import random
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import perturb
from corpus import WORK, Corpus, document_frequency, write
from grammar import INSTRUCTIONS, problem
from items import Item, make_foreign, make_items
from sources import HALVES, Source, load, words

if TYPE_CHECKING:
    from collections import Counter
    from collections.abc import Mapping

KEPT_AT_LEAST = 0.5
SHARED_AT_MOST = 0.3
FORMATS = ("exact", "case", "punctuation", "unicode", "wrapped", "hyphenated", "embedded")
KINDS = (*FORMATS, "interleaved", "moved", "edits 5%", "edits 10%", "edits 20%", "truncated")
OTHERS = (
    "no answer",
    "question alone",
    "mixed",
    "html",
    "misread",
    "other order",
    "cyrillic",
    "han",
)
"""Leaks that no bar is set for."""
NEGATIVES = ("template", "quote", "short share", "boilerplate", "whole passage", "shuffled words")
"""Look-alikes; the last two have no bar."""


@dataclass(frozen=True, slots=True)
class Planted:
    """A labelled row: its record, its kind, and the number of the item that it is about."""

    record: Mapping[str, Any]
    kind: str
    variant: str
    item: int | None
    bucket: str = ""


class Masses:
    """IDF masses by the generator's own counts."""

    def __init__(self, counts: Counter[str], documents: int) -> None:
        self.counts, self.documents = counts, documents

    def weight(self, word: str) -> float:
        return math.log((self.documents + 1) / (self.counts[word] + 1))

    def of(self, text: str) -> float:
        return sum(map(self.weight, words(text)))

    def shared(self, text: str, other: str) -> float:
        """Return the mass of the longest common subsequence as a share of the text's mass."""
        left, right = words(text), words(other)
        row = [0.0] * (len(right) + 1)
        for word in left:
            weight, before = self.weight(word), 0.0
            for place, there in enumerate(right):
                above = row[place + 1]
                row[place + 1] = max(before + weight if word == there else above, above, row[place])
                before = above
        return row[-1] / max(self.of(text), 1e-9)


class Planter:
    """Makes the labelled rows of a half."""

    def __init__(self, source: Source, items: list[Item], masses: Masses, seed: int) -> None:
        self.half, self.items, self.masses = source.half, items, masses
        self.rng = random.Random(f"plant-{seed}-{source.half}")
        self.corpus = Corpus(source, seed + 1_000)
        self.vocabulary = [word for word in self.corpus.plain[:20_000] if word.isalpha()]

    def leak(self, number: int, kind: str) -> Planted:
        item, rng = self.items[number], self.rng
        variant = ""
        if kind == "moved":
            variant, record = self.moved(item)
            return Planted(record, kind, variant, number, item.bucket)
        if kind == "unicode":
            variant = rng.choice(list(perturb.FORMS))
        text = self.perturbed(kind, variant, self.rendered(item, kind), item)
        return Planted(self.placed(text, kind), kind, variant, number, item.bucket)

    def rendered(self, item: Item, kind: str) -> str:
        """Print the item as a page or a data set would."""
        rng = self.rng
        parts = [text for _, text in item.parts]
        if kind == "question alone":
            return next(text for role, text in item.parts if role == "question")
        if kind == "truncated":
            return self.truncated(item)
        if item.family == "options":
            style = rng.choice(("{}. ", "{}) ", "({}) ", "- "))
            choices = parts[1:]
            if kind == "other order":
                rng.shuffle(choices)
            marks = "ABCD" if rng.random() < 0.5 else "abcd"
            lines = [style.format(m) + each for m, each in zip(marks, choices, strict=True)]
            parts = [parts[0], *lines]
        elif kind == "other order" and len(parts) > 1:
            parts.reverse()
        if item.answer and kind != "no answer" and rng.random() < 0.7:
            label = rng.choice(("", "", "Answer: ", "A: "))
            parts.append(item.answer if item.family == "code" else label + item.answer)
        if item.family != "code" and rng.random() < 0.3:
            parts[0] = rng.choice(("Question: ", "Q: ", "### Input\n")) + parts[0]
        return rng.choice(("\n", "\n", "\n\n", " ")).join(parts)

    def perturbed(self, kind: str, variant: str, text: str, item: Item) -> str:
        rng = self.rng
        if kind == "case":
            return perturb.case(text, rng)
        if kind == "punctuation" and item.family == "code":
            return perturb.re.sub(r"[^\w\s]", " ", text)
        if kind == "punctuation":
            return perturb.punctuation(text, rng)
        if kind == "unicode":
            return perturb.FORMS[variant](text, rng)
        if kind == "wrapped":
            return perturb.wrapped(text, rng)
        if kind == "hyphenated":
            return perturb.hyphenated(text, rng)
        if kind == "interleaved":
            return perturb.interleaved(text, self.corpus.text, rng)
        if kind.startswith("edits"):
            return perturb.edited(text, int(kind[6:-1]) / 100, self.vocabulary, rng)
        if kind == "html":
            return perturb.as_html(text, rng)
        if kind == "misread":
            return perturb.misread(text, rng)
        if kind == "mixed":
            text = perturb.edited(text, 0.05, self.vocabulary, rng)
            return perturb.wrapped(perturb.punctuation(perturb.case(text, rng), rng), rng)
        return text

    def truncated(self, item: Item) -> str:
        """Return a part of the item that keeps 50 to 80% of its mass.

        Of an item with a passage the end is kept: a passage alone is no leak of its question.
        """
        rng = self.rng
        text = item.core
        inside = text.split(" ")
        goal = rng.uniform(KEPT_AT_LEAST, 0.8) * self.masses.of(text)
        place = (
            "end" if item.family == "passage" else rng.choice(("start", "start", "end", "middle"))
        )
        if place == "end":
            inside.reverse()
        first = rng.randint(0, len(inside) // 5) if place == "middle" else 0
        last, mass = first, 0.0
        while mass < goal and last < len(inside):
            mass += self.masses.of(inside[last])
            last += 1
        kept = inside[first:last]
        if place == "end":
            kept.reverse()
        cut = " ".join(kept)
        if self.masses.of(cut) < KEPT_AT_LEAST * self.masses.of(text):
            return self.truncated(item)
        return cut

    def placed(self, text: str, kind: str) -> dict[str, Any]:
        """Put the text alone or between other text, in one of the fields that data sets have."""
        rng = self.rng
        if kind == "embedded":
            text = self.between(text, 250, 900)
        elif rng.random() < 0.5:
            text = self.between(text, 20, 150)
        shape = rng.randrange(4)
        if shape == 0:
            other = self.corpus.text(rng.randint(20, 120))
            return {
                "messages": [
                    {"role": "user", "content": text},
                    {"role": "assistant", "content": other},
                ]
            }
        if shape == 1:
            return {"prompt": text, "response": self.corpus.text(rng.randint(10, 80))}
        return {"text": text, "url": f"https://example.org/{rng.randrange(9999)}"}

    def between(self, text: str, low: int, high: int) -> str:
        before, after = (self.corpus.text(self.rng.randint(low, high)) for _ in range(2))
        return self.rng.choice(("\n", "\n\n", " ")).join((before, text, after))

    def moved(self, item: Item) -> tuple[str, dict[str, Any]]:
        """Put the item into a field where nobody looks, or spread it over several."""
        rng = self.rng
        core, answer = item.core, item.answer
        filler = self.corpus.text(rng.randint(30, 150))
        kind = rng.choice(("metadata", "response", "spread", "list", "cut"))
        if kind == "metadata":
            return kind, {"text": filler, "meta": {"notes": {"raw": core, "extra": answer}}}
        if kind == "response":
            return kind, {"prompt": answer or filler, "response": core}
        if kind == "spread":
            parts = {f"field_{n}": text for n, (_, text) in enumerate(item.parts)}
            return kind, {**parts, "answer_text": answer, "text": filler}
        pieces = [part for part in core.split("\n") if part]
        if kind == "list":
            return kind, {"id": rng.randrange(9999), "paragraphs": [filler, *pieces, answer]}
        inside = core.split(" ")
        cut = rng.randint(len(inside) // 3, 2 * len(inside) // 3)
        head, tail = " ".join(inside[:cut]), " ".join(inside[cut:])
        return kind, {
            "messages": [
                {"role": "system", "content": filler},
                {"role": "user", "content": head},
                {"role": "assistant", "content": tail},
            ]
        }

    def negative(self, number: int, kind: str) -> Planted | None:
        """Return a look-alike of an item, or nothing where the item has none of that kind."""
        item, rng = self.items[number], self.rng
        variant, text = "", ""
        if kind == "template":
            variant, text = self.template(item)
        elif kind == "short share":
            text = self.short_share(item)
        elif kind == "boilerplate":
            if item.boilerplate:
                variant = (
                    "instruction" if item.boilerplate in INSTRUCTIONS[self.half] else "licence"
                )
                text = item.boilerplate
        elif kind == "shuffled words":
            inside = item.core.split()
            rng.shuffle(inside)
            text = " ".join(inside)
        elif item.family == "passage" and not item.boilerplate:
            passage = item.parts[0][1].split()
            third = len(passage) // 3
            start = rng.randint(0, len(passage) - third)
            whole = kind == "whole passage"
            text = " ".join(passage if whole else passage[start : start + third])
        if not text:
            return None
        return Planted(
            self.placed(self.between(text, 10, 150), kind), kind, variant, number, item.bucket
        )

    def template(self, item: Item) -> tuple[str, str]:
        """Return the item's stem and other content, or another problem of the same grammar.

        The stem is at most 30% of the mass of the item, and of its question, which would be a leak
        without the rest.
        """
        core = item.core
        if core.split()[0][0].isupper() and problem_like(item):
            for _ in range(5):
                text = problem(self.half, self.rng, self.rng.randint(2, 4))
                if self.masses.shared(core, text) <= SHARED_AT_MOST:
                    return "sister", text
            return "", ""
        whole = min((text for role, text in item.parts if role != "options"), key=self.masses.of)
        inside = item.parts[0][1].split(" ")
        goal = self.rng.uniform(0.1, SHARED_AT_MOST) * self.masses.of(whole)
        kept, mass = 0, 0.0
        while kept < len(inside) and mass + (more := self.masses.of(inside[kept])) <= goal:
            mass, kept = mass + more, kept + 1
        stem = " ".join(inside[:kept])
        if not words(stem):
            return "", ""
        if self.masses.of(stem) > SHARED_AT_MOST * min(map(self.masses.of, (core, whole))):
            raise AssertionError(f"the stem {stem!r} is more than a template of {core!r}")
        return "stem", f"{stem} {self.corpus.text(max(5, item.length - kept))}"

    def short_share(self, item: Item) -> str:
        """Return 4 to 9 words in a row: at most 30% of the item's mass, and no whole question."""
        inside = item.core.split()
        count = self.rng.randint(4, 9)
        if len(inside) <= count:
            return ""
        start = self.rng.randint(0, len(inside) - count)
        text = " ".join(inside[start : start + count])
        asked = (part for role, part in item.parts if role != "options")
        whole = any(" ".join(words(part)) in " ".join(words(text)) for part in asked)
        fits = self.masses.of(text) <= SHARED_AT_MOST * self.masses.of(item.core)
        return text if fits and not whole else ""


def problem_like(item: Item) -> bool:
    """Tell whether the grammar of word problems made the item."""
    return item.family == "qa" and item.answer.isdigit() and not item.boilerplate


@dataclass(frozen=True, slots=True)
class Plan:
    """The items, those of them that are planted, and the labelled rows in a shuffled order."""

    items: list[Item]
    unplanted: frozenset[int]
    rows: list[Planted]


def make_plan(source: Source, *, seed: int, long: int = 1_000, short: int = 300) -> Plan:
    """Plant `long` items of 30 words or more per kind, and `short` of each shorter length."""
    rng = random.Random(f"plan-{seed}")
    items = [*make_items(source, 4_000, seed), *make_foreign(source.half, 600, seed)]
    unplanted = frozenset(rng.sample(range(len(items)), len(items) // 5))
    masses = Masses(*document_frequency(source))
    planter = Planter(source, items, masses, seed)
    free = [n for n in range(len(items)) if n not in unplanted]
    latin = [n for n in free if items[n].family not in ("cyrillic", "han")]
    rows: list[Planted] = []
    for kind in (*KINDS, *OTHERS):
        numbers = [n for n in free if items[n].family == kind] or [
            n for n in latin if fits(items[n], kind)
        ]
        for bucket in sorted({items[n].bucket for n in numbers}):
            inside = [n for n in numbers if items[n].bucket == bucket]
            count = long if bucket == ">=30" and kind in KINDS else short
            rows.extend(planter.leak(n, kind) for n in rng.choices(inside, k=count))
    for kind in NEGATIVES:
        wanted = len(rows) + 2 * long
        while len(rows) < wanted:
            row = planter.negative(rng.choice(latin), kind)
            if row is not None:
                rows.append(row)
    rows.extend(common_boilerplate(planter, latin, rng))
    rng.shuffle(rows)
    return Plan(items, unplanted, rows)


def fits(item: Item, kind: str) -> bool:
    """Tell whether a kind of leak makes sense for an item."""
    if kind == "hyphenated":
        return item.family != "code"
    if kind == "question alone":
        return item.family == "passage"
    if kind == "other order":
        return len(item.parts) > 1
    return True


def common_boilerplate(planter: Planter, latin: list[int], rng: random.Random) -> list[Planted]:
    """Return rows in which the items' boilerplate stands, as it does in any corpus."""
    carriers = [n for n in latin if planter.items[n].boilerplate]
    made = (planter.negative(n, "boilerplate") for n in carriers for _ in range(rng.randint(2, 30)))
    return [row for row in made if row is not None]


def write_evals(plan: Plan, folder: Path) -> None:
    """Write one eval set for each family of items."""
    folder.mkdir(parents=True, exist_ok=True)
    for family in sorted({item.family for item in plan.items}):
        lines = (
            json.dumps(item.record, ensure_ascii=False) + "\n"
            for item in plan.items
            if item.family == family
        )
        (folder / f"eval-{family}.jsonl").write_text("".join(lines))


def write_plan(plan: Plan, source: Source, folder: Path, *, clean: int, seed: int) -> Path:
    """Write the eval sets and the training rows; return the training file."""
    write_evals(plan, folder)
    total = clean + len(plan.rows)
    places = sorted(random.Random(seed).sample(range(total), len(plan.rows)))
    planted = {place: row.record for place, row in zip(places, plan.rows, strict=True)}
    path = folder / "train.jsonl"
    write(path, Corpus(source, seed), rows=total, planted=planted)
    return path


def rows_by_place(plan: Plan, *, clean: int, seed: int) -> dict[int, Planted]:
    """Return the labelled rows by their numbers in the training file that `write_plan` writes."""
    places = random.Random(seed).sample(range(clean + len(plan.rows)), len(plan.rows))
    return dict(zip(sorted(places), plan.rows, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--half", choices=HALVES, default="tune")
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--show", type=int, default=1, help="examples of each kind")
    parser.add_argument("--work", type=Path, default=WORK)
    args = parser.parse_args()
    plan = make_plan(load(args.half, args.work), seed=args.seed, long=40, short=10)
    for kind in (*KINDS, *OTHERS, *NEGATIVES):
        for row in [row for row in plan.rows if row.kind == kind][: args.show]:
            print(f"== {kind} {row.variant} {row.bucket}")
            if row.item is not None:
                print(json.dumps(plan.items[row.item].record, ensure_ascii=False)[:700])
            print("->", json.dumps(row.record, ensure_ascii=False)[:900])


if __name__ == "__main__":
    main()
