"""How many rephrasings the method `embedding` finds at 1% false positives, and what it costs.

The set (`paraphrases/README.md`) has two rephrasings and three hard negatives for each item; items
are split in halves. For each method two thresholds are taken on the *tune* half: the lowest that at
most 1% of the *hard* negatives reach, and the lowest that at most 1% of the *ordinary* ones reach,
which are all texts against the items that they were not written for. The figures are those of the
*test* half at these thresholds: recall of the rephrasings against their own item, and the share of
negatives that reach an item, with 95% intervals (Wilson). "Own 1%" is the recall where the
threshold is taken on the half that is shown, with an interval over whole items: no user has that
threshold. The control pairs each rephrasing with another item: what it finds is chance.

    python benchmarks/contamination/paraphrase.py [--model FOLDER_OR_NAME] [--half test]
        [--clean ROWS.jsonl --field question] [--misses]

Methods: ``hashed-features/1``; scikit-learn's TF-IDF of characters 3 to 5 without any rule
for numbers, where it is installed; with --model a sentence-transformers model, alone by cosine and
as the embedder of the method. One that is not installed is listed as not run.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "hacking"))
from intervals import wilson

from provenir.data.paraphrase import ParaphraseIndex
from provenir.data.paraphrase.embedders import (
    DEFAULT_EMBEDDER,
    THRESHOLDS,
    open_embedder,
)

HERE = Path(__file__).parent / "paraphrases"
FALSE_POSITIVES = 0.01
BOOTSTRAPS = 1000

Scorer = Callable[[list[str], list[str]], "np.ndarray[Any, Any]"]
"""Rows and items to a table of scores, a row for each row."""


@dataclass(frozen=True)
class Half:
    """The texts of one half of the set."""

    items: list[str]
    rephrasings: list[tuple[str, int]]
    negatives: list[tuple[str, int, str]]
    domains: list[str]


def load(half: str) -> Half:
    found = Half([], [], [], [])
    for path in sorted(HERE.glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            record = json.loads(line)
            if record["split"] != half:
                continue
            number = len(found.items)
            found.items.append(record["item"])
            found.domains.append(path.stem)
            found.rephrasings.extend((text, number) for text in record["rephrasings"])
            found.negatives.extend((t, number, kind) for kind, t in record["negatives"].items())
    return found


def by_method(embedder: Any) -> Scorer:
    def scores(rows: list[str], items: list[str]) -> Any:
        table = np.zeros((len(rows), len(items)))
        index = ParaphraseIndex(items, embedder=embedder, threshold=1e-9)
        for pair in index.scan(rows):
            table[pair.row, pair.item] = pair.score
        return table

    return scores


def by_cosine(embedder: Any) -> Scorer:
    def scores(rows: list[str], items: list[str]) -> Any:
        opened = open_embedder(embedder, items)
        return opened.unit_vectors(rows) @ opened.unit_vectors(items).T

    return scores


def by_tfidf(rows: list[str], items: list[str]) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), sublinear_tf=True)
    columns = vectorizer.fit_transform(items)
    return (vectorizer.transform(rows) @ columns.T).toarray()


@dataclass(frozen=True)
class Scored:
    """The scores of one half by one method."""

    own: Any  # of each rephrasing against its item
    other: Any  # of each rephrasing against another item
    false: Any  # of each hard negative against its best item
    far: Any  # of each text against the best of the items that it was not written for
    rate: float  # rows a CPU-second, the items' index included


def score(half: Half, scorer: Scorer) -> Scored:
    rows = [text for text, _ in half.rephrasings] + [text for text, _, _ in half.negatives]
    start = time.process_time()
    table = scorer(rows, half.items)
    spent = time.process_time() - start
    count = len(half.rephrasings)
    numbers = np.array([number for _, number in half.rephrasings])
    written_for = np.concatenate([numbers, [number for _, number, _ in half.negatives]])
    far = table.copy()
    far[np.arange(len(rows)), written_for] = 0.0
    others = (numbers + random.Random(0).randrange(1, len(half.items))) % len(half.items)
    return Scored(
        own=table[np.arange(count), numbers],
        other=table[np.arange(count), others],
        false=table[count:].max(axis=1),
        far=far.max(axis=1),
        rate=len(rows) / spent,
    )


def threshold_of(false: Any, share: float = FALSE_POSITIVES) -> float:
    """Return the least threshold that at most this share of the negatives reaches."""
    allowed = int(share * len(false))
    return float(np.nextafter(np.sort(false)[::-1][allowed], 2.0))


def own_recall(half: Half, scored: Scored) -> tuple[float, float, float]:
    """Return the recall at the half's own threshold, with a bootstrap interval over items."""
    of_rephrasing = np.array([number for _, number in half.rephrasings])
    of_negative = np.array([number for _, number, _ in half.negatives])
    own = [scored.own[of_rephrasing == number] for number in range(len(half.items))]
    false = [scored.false[of_negative == number] for number in range(len(half.items))]

    def recall(numbers: list[int]) -> float:
        least = threshold_of(np.concatenate([false[number] for number in numbers]))
        return float((np.concatenate([own[number] for number in numbers]) >= least).mean())

    rng = random.Random(1)
    everyone = range(len(half.items))
    drawn = sorted(recall(rng.choices(everyone, k=len(half.items))) for _ in range(BOOTSTRAPS))
    return recall(list(everyone)), drawn[BOOTSTRAPS // 40], drawn[-BOOTSTRAPS // 40]


def share(hits: Any) -> str:
    low, high = wilson(int(hits.sum()), len(hits))
    return f"{hits.mean():.3f} [{low:.3f}, {high:.3f}]"


def report(name: str, scorer: Scorer, tune: Half, shown: Half, arguments: Any) -> None:
    tuned = score(tune, scorer)
    scored = score(shown, scorer)
    own, low, high = own_recall(shown, scored)
    print(f"\n{name}: {scored.rate:.0f} rows a CPU-second")
    print(f"  recall at the half's own 1% of hard negatives: {own:.3f} [{low:.3f}, {high:.3f}]")
    at_threshold("1% of hard", threshold_of(tuned.false), shown, scored)
    least = threshold_of(tuned.far)
    at_threshold("1% of ordinary", least, shown, scored)
    if name == DEFAULT_EMBEDDER:
        least = THRESHOLDS[name]
        at_threshold("the default", least, shown, scored)
    if arguments.clean:
        clean_rows(arguments, scorer, shown, least)
    if arguments.misses:
        show_misses(shown, scored, least)


def at_threshold(name: str, least: float, shown: Half, scored: Scored) -> None:
    print(f"  threshold {least:.3f} ({name})")
    print(f"    recall               {share(scored.own >= least)}  of {len(scored.own)}")
    print(f"    hard negatives       {share(scored.false >= least)}  of {len(scored.false)}")
    print(f"    ordinary negatives   {share(scored.far >= least)}  of {len(scored.far)}")
    print(f"    control              {share(scored.other >= least)}  of {len(scored.other)}")
    domains = np.array([shown.domains[number] for _, number in shown.rephrasings])
    kinds = np.array([kind for _, _, kind in shown.negatives])
    for domain in sorted(set(shown.domains)):
        print(f"      recall, {domain:<14}{share(scored.own[domains == domain] >= least)}")
    for kind in sorted(set(kinds)):
        print(f"      hard, {kind:<16}{share(scored.false[kinds == kind] >= least)}")


def clean_rows(arguments: Any, scorer: Scorer, shown: Half, least: float) -> None:
    lines = arguments.clean.read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line)[arguments.field] for line in lines]
    start = time.process_time()
    table = scorer(rows, shown.items)
    rate = len(rows) / (time.process_time() - start)
    print(
        f"  {arguments.clean.name}: {share(table.max(axis=1) >= least)} of {len(rows)} rows reach"
    )
    print(f"    an item; {rate:.0f} rows/CPU-s")


def show_misses(half: Half, scored: Scored, least: float) -> None:
    for (text, number), value in zip(half.rephrasings, scored.own, strict=True):
        if value < least:
            print(f"  missed {value:.3f}\n    {half.items[number]}\n    {text}")
    for (text, number, kind), value in zip(half.negatives, scored.false, strict=True):
        if value >= least * 0.9:
            print(f"  {kind} {value:.3f}\n    {half.items[number]}\n    {text}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", help="folder or cached name of a sentence-transformers model")
    parser.add_argument("--half", choices=("tune", "test"), default="test")
    parser.add_argument("--clean", type=Path, help="JSONL of rows that rephrase no item of the set")
    parser.add_argument("--field", default="question", help="field of those rows to compare")
    parser.add_argument(
        "--misses", action="store_true", help="show what was missed and what nearly"
    )
    arguments = parser.parse_args()
    tune, shown = load("tune"), load(arguments.half)
    report(DEFAULT_EMBEDDER, by_method(DEFAULT_EMBEDDER), tune, shown, arguments)
    if importlib.util.find_spec("sklearn"):
        report("TF-IDF, characters 3-5", by_tfidf, tune, shown, arguments)
    else:
        print("\nTF-IDF, characters 3-5: not run (scikit-learn is not installed)")
    if arguments.model and importlib.util.find_spec("sentence_transformers"):
        name = f"sentence-transformers:{arguments.model}"
        report(f"{name}, cosine alone", by_cosine(name), tune, shown, arguments)
        report(name, by_method(name), tune, shown, arguments)
    else:
        print("\nsentence-transformers: not run (not installed, or no --model given)")


if __name__ == "__main__":
    main()
