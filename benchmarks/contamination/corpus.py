"""Make training rows as JSONL: Markov text over a source, 0.5 to 6 kB a row, at about 40 MB/s.

The next word follows the last two as in the source, or (three times in ten) the last one: phrases
recur as they do in real text, whole sentences do not. Made-up names and numbers with Zipfian
frequencies give the long tail of a real vocabulary. A quarter of the documents has typographic
punctuation, one in a hundred is Cyrillic or Chinese, one in twenty escapes what is not ASCII.

    python benchmarks/contamination/corpus.py rows.jsonl --half report --megabytes 150
"""

from __future__ import annotations

import argparse
import json
import math
import re
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sources import HALVES, Source, load, words

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

WORK = Path(tempfile.gettempdir()) / "provenir-contamination"
INVENTED = 150_000
"""Names and numbers beside the words of the source."""
CHAINS = 4_096
STEPS = 512
SMART = {'"': "”", "'": "’", "--": "—", "...": "…"}
CYRILLIC = "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэф"
SYLLABLES = re.findall(r"\w+", "ba co de fi lo mu na pe ri so ta vi zu kan mer lin dor tes bri glo")


class Corpus:
    """An endless stream of documents made of a source; the same seed gives the same documents."""

    def __init__(self, source: Source, seed: int) -> None:
        self.rng = np.random.default_rng([seed, HALVES.index(source.half)])
        text = " ".join(source.training).split()
        vocabulary = {word: number for number, word in enumerate(dict.fromkeys(text))}
        self.ids = np.array([vocabulary[word] for word in text], np.int32)
        self.plain = [*vocabulary, *invented(INVENTED)]
        self.size = len(vocabulary)
        self.zipf = np.cumsum(1.0 / np.arange(2, INVENTED + 2))
        pairs = self.ids[:-1].astype(np.int64) * len(vocabulary) + self.ids[1:]
        self.order_two, self.place_two = grouped(np.concatenate([[-1], pairs]))
        self.order_one, self.place_one = grouped(self.ids)
        self.tables = self._tables()
        self.stream = self._numbers()
        self.rest = np.empty(0, np.int64)

    def _tables(self) -> tuple[list[str], list[str]]:
        """Every token as it stands inside a JSON string: plain, then with typographic marks."""
        plain, smart = [], []
        for word in self.plain:
            plain.append(json.dumps(word, ensure_ascii=False)[1:-1])
            if word.startswith(('"', "'")):
                word = ("“" if word[0] == '"' else "‘") + word[1:]
            for old, new in SMART.items():
                word = word.replace(old, new)
            smart.append(json.dumps(word, ensure_ascii=False)[1:-1])
        return plain, smart

    def _numbers(self) -> Iterator[np.ndarray]:
        """Walk all chains side by side: a state is a place in the source."""
        last = len(self.ids) - 2
        state = self.rng.integers(1, last, CHAINS)
        while True:
            walked = np.empty((STEPS, CHAINS), np.int64)
            for step in range(STEPS):
                two = self.rng.random(CHAINS) < 0.7
                order = np.where(two, 0, 1)
                for which, (twins, place) in enumerate(
                    ((self.order_two, self.place_two), (self.order_one, self.place_one))
                ):
                    mask = order == which
                    first, count = place[0][state[mask]], place[1][state[mask]]
                    drawn = first + (self.rng.random(len(first)) * count).astype(np.int64)
                    state[mask] = np.minimum(twins[drawn], last) + 1
                walked[step] = self.ids[state]
            odd = self.rng.random(walked.shape) < 0.02
            rank = np.searchsorted(self.zipf, self.rng.random(int(odd.sum())) * self.zipf[-1])
            walked[odd] = self.size + rank
            yield walked.T.ravel()

    def take(self, count: int) -> np.ndarray:
        """Return the next so many tokens of the stream, as numbers."""
        while len(self.rest) < count:
            self.rest = np.concatenate([self.rest, next(self.stream)])
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def text(self, count: int) -> str:
        """Return a text of so many words."""
        return " ".join(map(self.plain.__getitem__, self.take(count).tolist()))

    def escaped(self) -> str:
        """Return the text of a document as it stands inside a JSON string."""
        kind = self.rng.random()
        if kind < 0.01:
            return foreign(self.rng)
        length = int(np.clip(self.rng.lognormal(5.3, 0.6), 80, 900))
        table = self.tables[kind < 0.25]
        parts = []
        numbers = self.take(length).tolist()
        while numbers:
            cut = int(self.rng.integers(30, 140))
            parts.append(" ".join(map(table.__getitem__, numbers[:cut])))
            numbers = numbers[cut:]
        return "\\n".join(parts)

    def line(self, number: int) -> bytes:
        """Return one training row of no eval item, with its line break."""
        text = self.escaped()
        kind = self.rng.random()
        cut = text.find(" ", len(text) // 3)
        if cut < 0:
            cut = len(text)
        head, tail = text[:cut], text[cut + 1 :]
        if kind < 0.6:
            line = (
                f'{{"id": {number}, "text": "{text}", "url": "https://example.org/{number % 977}"}}'
            )
        elif kind < 0.75:
            line = f'{{"prompt": "{head}", "response": "{tail}", "score": {kind:.3f}}}'
        elif kind < 0.9:
            line = (
                f'{{"messages": [{{"role": "user", "content": "{head}"}}, '
                f'{{"role": "assistant", "content": "{tail}"}}], "id": "row-{number}"}}'
            )
        else:
            line = (
                f'{{"instruction": "{head}", "input": "", "output": "{tail}", '
                f'"meta": {{"licence": "cc-by-4.0", "tags": ["web", "made"], "kept": true}}}}'
            )
        if self.rng.random() < 0.05:
            line = json.dumps(json.loads(line))
        return line.encode() + b"\n"


def grouped(keys: np.ndarray) -> tuple[np.ndarray, tuple[np.ndarray, np.ndarray]]:
    """Return the places ordered by key; for each place, its group's start and size."""
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    sizes = np.diff(np.concatenate([starts, [len(keys)]]))
    first, count = np.empty(len(keys), np.int64), np.empty(len(keys), np.int64)
    first[order] = np.repeat(starts, sizes)
    count[order] = np.repeat(sizes, sizes)
    return order, (first, count)


def invented(count: int) -> list[str]:
    """Return names and numbers, the commonest first."""
    rng = np.random.default_rng(17)
    made = []
    for number in range(count):
        if number % 3 == 0:
            made.append(str(int(10 ** rng.uniform(0, 6))))
        else:
            word = "".join(rng.choice(SYLLABLES, int(rng.integers(2, 5))))
            made.append(word.capitalize() if number % 3 == 1 else word)
    return made


def foreign(rng: np.random.Generator, length: int | None = None) -> str:
    """Return Cyrillic words or Chinese characters, with Zipfian frequencies, or a mixture.

    As in real text the commonest word is about one in twenty (Mandelbrot 1953: the frequency of a
    rank falls with 1 / (rank + 2.7)).
    """
    length = length or int(rng.integers(80, 500))
    if rng.random() < 0.5:
        ranks = zipfian(rng, length * 2, 4_000)
        marks = rng.random(length * 2) < 0.08
        return "".join(
            chr(0x4E00 + int(rank) * 7 % 20_000) + ("，" if mark else "")
            for rank, mark in zip(ranks, marks, strict=True)
        )
    return " ".join(cyrillic(int(rank)) for rank in zipfian(rng, length, 50_000))


def zipfian(rng: np.random.Generator, count: int, ranks: int) -> np.ndarray:
    """Draw ranks from 1 to `ranks`."""
    shares = np.cumsum(1.0 / (np.arange(1, ranks + 1) + 2.7))
    return np.searchsorted(shares, rng.random(count) * shares[-1]) + 1


def cyrillic(rank: int) -> str:
    """Return the Cyrillic word of a rank: rarer words are longer."""
    letters = []
    state = rank * 2_654_435_761 % 2**32
    for _ in range(2 + int(math.log2(rank + 1)) // 2):
        state = (state * 1_103_515_245 + 12_345) % 2**31
        letters.append(CYRILLIC[(state >> 8) % len(CYRILLIC)])
    return "".join(letters)


def document_frequency(source: Source, documents: int = 10_000) -> tuple[Counter[str], int]:
    """Return in how many of the corpus's first documents each word stands, and their number."""
    corpus = Corpus(source, seed=1)
    found: Counter[str] = Counter()
    for _ in range(documents):
        found.update(set(words(json.loads(f'"{corpus.escaped()}"'))))
    return found, documents


def write(
    path: Path,
    corpus: Corpus,
    *,
    megabytes: float | None = None,
    rows: int | None = None,
    planted: Mapping[int, Mapping[str, Any]] | None = None,
) -> int:
    """Write rows until the size or the number is reached; a planted row stands at its number."""
    planted = planted or {}
    number = size = 0
    with path.open("wb") as file:
        while number < rows if rows is not None else size < (megabytes or 150) * 1e6:
            record = planted.get(number)
            line = corpus.line(number) if record is None else encoded(record, number)
            size += file.write(line)
            number += 1
    return number


def encoded(record: Mapping[str, Any], number: int) -> bytes:
    """Return a planted row; every third escapes what is not ASCII."""
    return json.dumps(record, ensure_ascii=number % 3 == 0).encode() + b"\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("path", type=Path, nargs="?")
    parser.add_argument("--half", choices=HALVES, default="tune")
    parser.add_argument("--megabytes", type=float, default=150)
    parser.add_argument("--seed", type=int, default=2)
    parser.add_argument("--work", type=Path, default=WORK, help="where sources are kept")
    args = parser.parse_args()
    source = load(args.half, args.work)
    path = args.path or args.work / f"{args.half}-{args.megabytes:.0f}.jsonl"
    count = write(path, Corpus(source, args.seed), megabytes=args.megabytes)
    print(f"{path}: {count:,} rows, {path.stat().st_size / 1e6:.0f} MB, source {source.digest}")


if __name__ == "__main__":
    main()
