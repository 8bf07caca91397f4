"""The same rows and eval items through other programs: megabytes per CPU second, and recall.

- The foreign package `provenir` 0.8.0, which owns the name on the public index: 13-grams of every
  training row against those of every item.
- datatrove's n-gram decontamination (12-grams, of questions too), as its index and filter steps do
  it; its indexing step needs lighteval, so the index file is written with the step's own hashes.

Each gets all text of a row as one string. The CPU seconds are those of the check alone, without
starting Python; of ours the second check in the process, from the file to the hits. Peers run in
environments of their own: give their interpreters, or they are installed under --work, or left out
with the reason.

    python benchmarks/contamination/peers.py [--foreign PYTHON] [--datatrove PYTHON]
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus import WORK
from leaks import KINDS, NEGATIVES, Planted, make_plan, rows_by_place, write_plan
from sources import HALVES, load

if TYPE_CHECKING:
    from collections.abc import Iterator

FOREIGN = """
import json, sys, time
from provenir.data.dataset import JsonlDataset
from provenir.eval.contamination import ContaminationChecker
slice = json.load(open(sys.argv[1]))
start = time.process_time()
train = JsonlDataset.from_records([{"prompt": text} for text in slice["rows"]])
hits = ContaminationChecker().check(train, slice["items"]).hits
spent = time.process_time() - start
print(json.dumps({"cpu": spent, "pairs": [[hit.train_index, hit.eval_index] for hit in hits]}))
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
for number, text in enumerate(slice["items"]):
    tokens = step.tokenizer.word_tokenize(simplify_text(text, config.norm_config))
    hashes = [step.hash_func(" ".join(gram)) for gram in ngrams(tokens, config.n_grams)]
    np.array(hashes, dtype=config.hash_config.np_descr).tofile(f"{folder}/{number}.index.hashes")
step.load_index_hashes()
pairs = []
start = time.process_time()
for row, text in enumerate(slice["rows"]):
    document = Document(text=text, id=str(row))
    if step.filter(document) is not True:
        pairs.append([row, int(document.metadata["contaminated_task"])])
print(json.dumps({"cpu": time.process_time() - start, "pairs": pairs}))
"""
NEEDED = {"foreign": ("provenir==0.8.0",), "datatrove": ("datatrove==0.10.1", "spacy", "nltk")}


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


def ours(train: Path, folder: Path) -> tuple[float, list[list[int]]]:
    """Return the CPU seconds of the second check in this process, and the pairs found."""
    from provenir.eval.contamination import ContaminationChecker, ContaminationConfig

    evals = {path.stem[5:]: path for path in sorted(folder.glob("eval-*.jsonl"))}
    checker = ContaminationChecker(ContaminationConfig(workers=1, max_hits=1_000_000))
    checker.check_datasets(train, evals)
    start = time.process_time()
    report = checker.check_datasets(train, evals)
    spent = time.process_time() - start
    found = [[hit.train_index, hit.eval_index] for hit in report.hits if hit.severity != "info"]
    return spent, found


def theirs(code: str, python: str, path: Path) -> dict[str, Any]:
    done = subprocess.run([python, "-c", code, str(path)], capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1])
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def shares(rows: list[Planted | None], pairs: list[list[int]]) -> dict[str, tuple[int, int]]:
    """Return flagged rows by kind, whichever item was named; of leaks, those of >= 30 words."""
    flagged = {row for row, _ in pairs}
    counted: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for place, row in enumerate(rows):
        kind = "clean" if row is None else row.kind
        if row is None or kind in NEGATIVES or row.bucket == ">=30":
            counted[kind][0] += place in flagged
            counted[kind][1] += 1
    return {kind: (found, of) for kind, (found, of) in counted.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--half", choices=HALVES, default="report")
    parser.add_argument("--foreign", help="a Python that has provenir 0.8.0")
    parser.add_argument("--datatrove", help="a Python that has datatrove and spacy")
    parser.add_argument("--rows", type=int, default=1_000, help="clean rows, beside the leaks")
    parser.add_argument("--per-kind", type=int, default=100)
    parser.add_argument("--work", type=Path, default=WORK)
    args = parser.parse_args()
    source = load(args.half, args.work)
    plan = make_plan(source, seed=31, long=args.per_kind, short=max(1, args.per_kind // 10))
    folder = args.work / f"peers-{args.half}-{source.digest}"
    train = write_plan(plan, source, folder, clean=args.rows, seed=9)
    places = rows_by_place(plan, clean=args.rows, seed=9)
    lines = train.read_bytes().splitlines()
    rows = [places.get(number) for number in range(len(lines))]
    slice_path = folder / "slice.json"
    flat = ["\n".join(texts(json.loads(line))) for line in lines]
    slice_path.write_text(
        json.dumps({"rows": flat, "items": ["\n".join(texts(item.record)) for item in plan.items]})
    )
    size = train.stat().st_size / 1e6
    print(f"{len(rows):,} rows, {size:.1f} MB, {len(plan.items):,} items, source {source.digest}")
    report(rows, size, train, folder, slice_path, vars(args))


def report(
    rows: list[Planted | None],
    size: float,
    train: Path,
    folder: Path,
    slice_path: Path,
    options: dict[str, Any],
) -> None:
    """Run everything on the slice and print rates, ratios and shares."""
    spent, found = ours(train, folder)
    tables = {"ours": shares(rows, found)}
    print(f"  ours       {spent:8.2f} s of CPU, {size / spent:10.3f} MB per CPU second")
    for name, code in (("foreign", FOREIGN), ("datatrove", DATATROVE)):
        try:
            python = interpreter(name, options[name], options["work"])
            answer = theirs(code, python, slice_path)
        except (RuntimeError, OSError) as missing:
            print(f"  {name:10} left out: {missing}")
            continue
        cpu = answer["cpu"]
        print(
            f"  {name:10} {cpu:8.2f} s of CPU, {size / cpu:10.3f} MB per CPU second, "
            f"ours is {cpu / spent:,.0f} times as fast"
        )
        tables[name] = shares(rows, answer["pairs"])
    print("  " + " " * 16 + "".join(f"{name:>12}" for name in tables) + "           n")
    for kind in (*KINDS, "clean", *NEGATIVES):
        cells = [table.get(kind, (0, 0)) for table in tables.values()]
        line = "".join(f"{found / max(1, of):12.3f}" for found, of in cells)
        print(f"  {kind:16}{line}{cells[0][1]:12}")


if __name__ == "__main__":
    main()
