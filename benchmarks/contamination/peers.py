"""The same rows and eval items through other programs: megabytes per CPU second, and recall.

- The foreign package `provenir` 0.8.0, which owns the name on the public index: 13-grams of every
  training row against those of every item.
- datatrove's n-gram decontamination (12-grams, of questions too), as its index and filter steps do
  it; its indexing step needs lighteval, so the index file is written with the step's own hashes.

Each gets all text of a row as one string. The CPU seconds are those of the check alone, without
starting Python, and without the index where there is one: of ours, the least of some checks of the
slice, from the file to the hits, less the least of some checks of one row. Peers run in
environments of their own: give their interpreters, or they are installed under --work, or left out
with the reason.

    python benchmarks/contamination/peers.py [--foreign PYTHON] [--datatrove PYTHON]
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus import WORK, Corpus, encoded, write
from leaks import KINDS, NEGATIVES, Planted, make_plan, write_evals
from sources import HALVES, load

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from items import Item

FOREIGN = """
import json, sys, time
from provenir.data.dataset import JsonlDataset
from provenir.eval.contamination import ContaminationChecker
slice = json.load(open(sys.argv[1]))
start = time.process_time()
train = JsonlDataset.from_records([{"prompt": text} for text in slice["rows"]])
hits = ContaminationChecker().check(train, slice["items"]).hits
spent = time.process_time() - start
print(json.dumps({"cpu": spent, "rows": [hit.train_index for hit in hits]}))
"""
DATATROVE = """
import json, sys, tempfile, time
from pathlib import Path
import numpy as np
from loguru import logger
from datatrove.data import Document
from datatrove.pipeline.decont.n_grams import NGramsDecontConfig, NGramsDecontFilter
from datatrove.utils.text import ngrams, simplify_text
logger.remove()
slice = json.load(open(sys.argv[1]))
config = NGramsDecontConfig(find_query_ngrams=True)
folder = tempfile.mkdtemp()
step = NGramsDecontFilter(folder, config=config)
hashes = set()
for text in slice["items"]:
    tokens = step.tokenizer.word_tokenize(simplify_text(text, config.norm_config))
    hashes.update(step.hash_func(" ".join(gram)) for gram in ngrams(tokens, config.n_grams))
packed = np.array(sorted(hashes), dtype=config.hash_config.np_descr)
packed.tofile(f"{folder}/items.index.hashes")
step.load_index_hashes()
found = []
start = time.process_time()
for row, text in enumerate(slice["rows"]):
    document = Document(text=text, id=str(row))
    if step.filter(document) is not True:
        found.append(row)
print(json.dumps({"cpu": time.process_time() - start, "rows": found}))
"""
NEEDED = {
    "foreign": ("provenir==0.8.0",),
    "datatrove": ("datatrove==0.10.1", "spacy", "nltk", "orjson", "xxhash<4"),
}


def interpreter(name: str, given: str | None, work: Path) -> str:
    """Return the Python that has a peer, installed on the first run.

    Raises:
        RuntimeError: It cannot be installed here.
    """
    if given is not None:
        return given
    home = work / f"peer-{name}"
    python = home / "bin" / "python"
    if not (home / "done").exists():
        commands = (
            [sys.executable, "-m", "venv", str(home)],
            [str(python), "-m", "pip", "install", "-q", *NEEDED[name]],
        )
        for command in commands:
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                raise RuntimeError(done.stderr.strip().splitlines()[-1])
        (home / "done").touch()
    return str(python)


def texts(value: Any) -> Iterator[str]:
    """Yield every string of a row."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts(each)


def ours(train: Path, folder: Path, runs: int = 9) -> tuple[float, list[int]]:
    """Return the CPU seconds of a check beyond those of a check of one row; and the rows found."""
    from provenir.eval.contamination import ContaminationChecker, ContaminationConfig
    from provenir.flows.contamination import write_index

    evals = {path.stem[5:]: path for path in sorted(folder.glob("eval-*.jsonl"))}
    index, one = folder / "evals.idx", folder / "one.jsonl"
    index.unlink(missing_ok=True)
    write_index([f"{name}={path}" for name, path in evals.items()], index)
    one.write_text('{"text": "one row of no item"}\n')
    checker = ContaminationChecker(ContaminationConfig(workers=1, max_hits=1_000_000))
    report = checker.check_datasets(train, index)

    def least(path: Path) -> float:
        spent = []
        for _ in range(runs):
            start = time.process_time()
            checker.check_datasets(path, index)
            spent.append(time.process_time() - start)
        return min(spent)

    found = [hit.train_index for hit in report.hits if hit.severity != "info"]
    return least(train) - least(one), found


def theirs(code: str, python: str, path: Path) -> dict[str, Any]:
    done = subprocess.run([python, "-I", "-c", code, str(path)], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def shares(rows: list[Planted], found: list[int]) -> dict[str, tuple[int, int]]:
    """Return flagged rows by kind, whichever item was named; of leaks, those of >= 30 words."""
    flagged = set(found)
    counted: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for place, row in enumerate(rows):
        if row.kind in NEGATIVES or row.bucket == ">=30":
            counted[row.kind][0] += place in flagged
            counted[row.kind][1] += 1
    return {kind: (found, of) for kind, (found, of) in counted.items()}


def flattened(train: Path, items: Sequence[Item], path: Path) -> Path:
    """Write what peers read: the text of every row and of every item."""
    rows = ["\n".join(texts(json.loads(line))) for line in train.read_bytes().splitlines()]
    asked = ["\n".join(texts(item.record)) for item in items]
    path.write_text(json.dumps({"rows": rows, "items": asked}))
    return path


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--half", choices=HALVES, default="report")
    parser.add_argument("--foreign", help="a Python that has provenir 0.8.0")
    parser.add_argument("--datatrove", help="a Python that has datatrove and spacy")
    parser.add_argument("--rows", type=int, default=2_000, help="rows whose rate is measured")
    parser.add_argument("--share", type=float, default=0.002, help="of them leaks")
    parser.add_argument("--per-kind", type=int, default=40, help="leaks whose recall is measured")
    parser.add_argument("--work", type=Path, default=WORK)
    args = parser.parse_args()
    source = load(args.half, args.work)
    plan = make_plan(source, seed=31, long=args.per_kind, short=1)
    folder = args.work / f"peers-{args.half}-{source.digest}"
    write_evals(plan, folder)
    leaks = [row.record for row in plan.rows if row.kind in KINDS]
    rng = random.Random(9)
    planted = {n: rng.choice(leaks) for n in range(args.rows) if rng.random() < args.share}
    rates, recall = folder / "rates.jsonl", folder / "recall.jsonl"
    write(rates, Corpus(source, 9), rows=args.rows, planted=planted)
    recall.write_bytes(b"".join(encoded(row.record, n) for n, row in enumerate(plan.rows)))
    size = rates.stat().st_size / 1e6
    print(f"{args.rows:,} rows, {size:.1f} MB, {len(plan.items):,} items, source {source.digest}")
    spent, _ = ours(rates, folder)
    print(f"  ours       {spent:8.3f} s of CPU, {size / spent:10.3f} MB per CPU second")
    tables = {"ours": shares(plan.rows, ours(recall, folder, runs=1)[1])}
    for name, code in (("foreign", FOREIGN), ("datatrove", DATATROVE)):
        try:
            python = interpreter(name, getattr(args, name), args.work)
            cpu = theirs(code, python, flattened(rates, plan.items, folder / "rates.json"))["cpu"]
            found = theirs(code, python, flattened(recall, plan.items, folder / "recall.json"))
        except (RuntimeError, OSError) as missing:
            print(f"  {name:10} left out: {missing}")
            continue
        print(
            f"  {name:10} {cpu:8.3f} s of CPU, {size / cpu:10.3f} MB per CPU second, "
            f"ours is {cpu / spent:,.0f} times as fast",
            flush=True,
        )
        tables[name] = shares(plan.rows, found["rows"])
    print_shares(tables)


def print_shares(tables: dict[str, dict[str, tuple[int, int]]]) -> None:
    print("  " + " " * 16 + "".join(f"{name:>12}" for name in tables) + "           n")
    for kind in (*KINDS, *NEGATIVES):
        cells = [table.get(kind, (0, 0)) for table in tables.values()]
        line = "".join(f"{found / max(1, of):12.3f}" for found, of in cells)
        print(f"  {kind:16}{line}{cells[0][1]:12}")


if __name__ == "__main__":
    main()
