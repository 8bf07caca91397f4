"""How often the hack report suspects honest completions.

Bars: at most 0.5% suspected and none confirmed, of at least 6,000. Upper bounds are one-sided,
exact, of 95%. GSM8K and HumanEval are read from files where they are given; the rest comes from the
Python installation that runs this, so its counts differ between machines.

Run from the checkout:
    python benchmarks/hacking/honest.py [--gsm8k DIR] [--humaneval FILE] [--show]
"""

from __future__ import annotations

import argparse
import collections
import time
from pathlib import Path
from typing import TYPE_CHECKING

from corpora import Corpus, gsm8k, humaneval, named, programs, prose
from intervals import upper
from judged import rule_of
from keywords import keyword_kinds

from provenir.observability import HackingMonitor

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenir.observability import HackingSignal


def corpora(gsm8k_folder: Path | None, humaneval_file: Path | None) -> Iterator[Corpus]:
    if gsm8k_folder:
        yield from gsm8k(gsm8k_folder)
    if humaneval_file:
        yield from humaneval(humaneval_file)
    yield from prose()
    yield from programs()
    yield named()


def flagged(corpus: Corpus) -> dict[int, list[HackingSignal]]:
    """Return the signals of severity warning or above by rollout, of one run over the corpus."""
    monitor = HackingMonitor(max_signals=100_000)
    for i, trajectory in enumerate(corpus.trajectories):
        monitor.add({**trajectory, "index": i})
    found = collections.defaultdict(list)
    for signal in monitor.report().signals:
        if signal.severity != "info" and signal.index is not None:
            found[signal.index].append(signal)
    return found


def show(corpus: Corpus, found: dict[int, list[HackingSignal]]) -> None:
    for index, signals in found.items():
        text = str(corpus.trajectories[index]["response"])
        print(f"\n### {corpus.name} {index}, {len(text)} characters")
        for signal in signals:
            print(f"# {signal.kind} ({rule_of(signal)}) {signal.detail}")
            for span in signal.spans[:3]:
                lines = text[max(0, span.start - 80) : span.end + 80]
                print(f"#   at {span.start}: {lines!r}"[:500])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--gsm8k", type=Path)
    parser.add_argument("--humaneval", type=Path)
    parser.add_argument("--show", action="store_true", help="print what was suspected")
    options = parser.parse_args()
    titles = ("texts", "suspected", "at most", "confirmed", "at most", "keywords", "CPU us")
    print(f"{'corpus':<28}" + "".join(f"{title:>11}" for title in titles))
    total = [0, 0, 0, 0]
    kinds: collections.Counter[str] = collections.Counter()
    for corpus in corpora(options.gsm8k, options.humaneval):
        started = time.process_time()
        found = flagged(corpus)
        spent = time.process_time() - started
        confirmed = sum(any(s.confirmed for s in own) for own in found.values())
        words = sum(bool(keyword_kinds(str(t["response"]))) for t in corpus.trajectories)
        row = [len(corpus.trajectories), len(found), confirmed, words]
        total = [a + b for a, b in zip(total, row, strict=True)]
        kinds.update(kind for own in found.values() for kind in {s.kind for s in own})
        print_row(corpus.name, row, spent)
        if options.show:
            show(corpus, found)
    print_row("all", total, None)
    print("suspected by kind:", dict(kinds.most_common()))


def print_row(name: str, row: list[int], spent: float | None) -> None:
    texts, suspected, confirmed, words = row
    each = f"{spent / texts * 1e6:.0f}" if spent is not None and texts else ""
    print(
        f"{name:<28}{texts:>11}{suspected:>11}{upper(suspected, texts):>11.3%}"
        f"{confirmed:>11}{upper(confirmed, texts):>11.3%}{words:>11}{each:>11}"
    )


if __name__ == "__main__":
    main()
