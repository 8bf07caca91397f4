"""The engine `ray` beside the same scan on Ray Data: seconds, CPU seconds, memory, what is left.

Both cut the corpus into the same pieces and put the scanner into the object store once. The one of
the package makes tasks of them; the other here makes Ray Data sets of them, `map_batches` in order.
Ray Data takes what it reads from files or from a list that is whole, so pieces that the driver
makes are handed over in segments. Each run is a process with a local cluster of its own: its first
check starts the cluster and the workers, the best of the later ones finds them ready. The runs of
both take turns; printed are the medians, and the ratios of Ray Data to tasks. Needs `ray[data]`.

    python benchmarks/contamination/ray_data.py [--megabytes 60] [--rounds 3]
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import pickle
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from itertools import islice
from pathlib import Path
from typing import Any

PIECES_A_TASK, SEGMENT, CHECKS, CPUS = 4, 64, 4, 2
_held: dict[str, Any] = {}


def examine_all(batch: Any, held: Any, piece_bytes: int, fields: Any, floor: Any) -> Any:
    import ray

    from provenir.data.overlap.blocks import Buffers
    from provenir.eval.contamination.examining import examine
    from provenir.eval.contamination.scan import SLACK_BYTES

    key = held[0].hex()
    if key not in _held:
        _held.clear()
        _held[key] = ray.get(held[0]), Buffers(piece_bytes + SLACK_BYTES)
    scanner, buffers = _held[key]
    found = [
        [examine(one, scanner, buffers, fields=fields, floor=floor) for one in pickle.loads(pieces)]
        for pieces in batch["pieces"]
    ]
    return {"found": [pickle.dumps(one) for one in found]}


def scan_by_ray_data(corpus: Any, scanner: Any, gathering: Any, config: Any, _: Any) -> None:
    import ray.data

    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = context.print_on_execution_start = False
    context.execution_options.preserve_order = True
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    held = ray.put(scanner)
    for number in range(max(len(corpus.files), 1)):
        leaves: list[bytes] = []
        pieces = corpus.pieces(number, leaves)
        while segment := list(islice(pieces, SEGMENT)):
            rows = [
                {"pieces": pickle.dumps(segment[first : first + PIECES_A_TASK])}
                for first in range(0, len(segment), PIECES_A_TASK)
            ]
            data = ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
                examine_all,
                batch_size=None,
                batch_format="numpy",
                fn_args=([held], corpus.piece_bytes, config.fields, gathering.floor),
            )
            for batch in data.iter_batches(batch_size=None, batch_format="numpy"):
                for found in batch["found"]:
                    for examined in pickle.loads(found):
                        gathering.take(number, examined)
        if leaves:
            gathering.leaves[number] = leaves
    gathering.finish()


def cpu_seconds() -> float:
    import psutil

    total, me = 0.0, psutil.Process()
    for process in (me, *me.children(recursive=True)):
        try:
            total += sum(process.cpu_times()[:4])
        except psutil.Error:  # it ended meanwhile
            continue
    return total


def anonymous_bytes() -> int:
    import psutil

    memory = psutil.Process().memory_info()
    return int(memory.rss - memory.shared)


def one_run(way: str, train: str, path: str) -> dict[str, Any]:
    """Check some times on a cluster of this process; called in a process of its own."""
    import ray

    from provenir.eval.contamination import ContaminationConfig, ray_engine
    from provenir.eval.contamination.corpus import open_corpus
    from provenir.eval.contamination.gathering import Gathering
    from provenir.eval.contamination.scanners import make_scanner

    ray_engine.PIECES_A_TASK = PIECES_A_TASK  # type: ignore[misc]
    scan = {"tasks": ray_engine.scan_by_ray, "data": scan_by_ray_data}[way]
    rows = [json.loads(line) for line in Path(path).read_bytes().splitlines()]
    config = ContaminationConfig(engine="ray", workers=CPUS)
    scanner = make_scanner({"set": rows[::400]}, config)
    corpus = open_corpus(rows if train == "rows" else path)
    spent, peak, begun = [], [anonymous_bytes()], anonymous_bytes()
    watch = threading.Thread(
        target=lambda: [peak.append(anonymous_bytes()) or time.sleep(0.05) for _ in iter(int, 1)],
        daemon=True,
    )
    watch.start()
    for number in range(CHECKS):
        start, cpu = time.perf_counter(), cpu_seconds()
        if not number:
            quiet = {"log_to_driver": False, "logging_level": "ERROR", "include_dashboard": False}
            ray.init(num_cpus=CPUS, **quiet)
        gathering = Gathering(scanner, config, [one.file.name for one in corpus.files])
        scan(corpus, scanner, gathering, config, None)
        spent.append((time.perf_counter() - start, cpu_seconds() - cpu))
    left = sorted(one["name"] for one in ray.util.list_named_actors(all_namespaces=True))
    ready = spent[1:]
    return {
        "first s": spent[0][0],
        "first CPU s": spent[0][1],
        "ready s": min(wall for wall, _ in ready),
        "ready CPU s": min(cpu for _, cpu in ready),
        "driver MB": (max(peak) - begun) / 1e6,
        "hits": gathering.hits_total,
        "left": left,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=float, default=60)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--run", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.run:
        print(json.dumps(one_run(*given.run)))
        return
    here = Path(__file__)
    path = Path(tempfile.gettempdir()) / f"provenir-ray-{given.megabytes:g}.jsonl"
    if not path.exists():
        made = [sys.executable, here.with_name("corpus.py"), path, "--half", "report"]
        subprocess.run([*made, "--megabytes", str(given.megabytes)], check=True)
    quiet = os.environ | {"RAY_USAGE_STATS_ENABLED": "0", "PYTHONWARNINGS": "ignore"}
    for train in ("file", "rows"):
        found: dict[str, list[dict[str, Any]]] = {"tasks": [], "data": []}
        for _ in range(given.rounds):
            for way, runs in found.items():
                words = [sys.executable, here, "--run", way, train, path]
                told = subprocess.run(words, capture_output=True, check=True, env=quiet).stdout
                runs.append(json.loads(told.splitlines()[-1]))
        assert len({run["hits"] for runs in found.values() for run in runs}) == 1
        print(f"{train}, {given.megabytes:g} MB, {found['data'][0]['hits']} hits")
        for name in ("first s", "first CPU s", "ready s", "ready CPU s", "driver MB"):
            tasks, data = (statistics.median(run[name] for run in found[way]) for way in found)
            print(f"  {name:12} tasks {tasks:7.2f}  Ray Data {data:7.2f}  {data / tasks:5.2f} x")
        print("  named actors left:", {way: runs[0]["left"] for way, runs in found.items()})


if __name__ == "__main__":
    main()
