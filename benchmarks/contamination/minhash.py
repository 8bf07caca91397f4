"""MinHash near-duplicates beside rensa, datatrove and datasketch: speed from raw text, and recall.

Speed: MB of text per CPU-second from the text to 128 numbers, shingling included, each peer as its
users call it; words and runs of five words are what every one of them gets. Recall: pairs planted
over a range of similarities, whose Jaccard similarity is counted; a pair at or above the threshold
is found when it is in one cluster (ours) or among the candidates of the index (datasketch's).
The third table says why the signature is what it is: 128 permutations, one permutation with
optimal densification (Shrivastava 2017) and ours, from the same shingles.

    python benchmarks/contamination/minhash.py [--megabytes 30] [--pairs 4000] [--peers PYTHON]

The peers run in an environment of their own: that of `--peers`, else one that is made in the
folder for temporary files, which needs a package index.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any

ROUNDS = 3
SIZE = 128
SHARE = {"provenir": 1.0, "rensa": 0.3, "datasketch": 0.08, "datatrove": 0.04}
"""How much of the text each gets, so that all of it takes about as long."""
BARS = {"rensa": 10, "datatrove": 100}
THRESHOLDS = (0.7, 0.8, 0.9)
BINS = (0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 1.01)
WORD = re.compile(r"[^\W_]+")


def runs_of(text: str) -> list[str]:
    words = WORD.findall(text.lower())
    return [" ".join(words[k : k + 5]) for k in range(max(1, len(words) - 4))]


# In the environment of the peers -----------------------------------------------------------------


def peer_rensa(texts: list[str]) -> Any:
    from rensa import RMinHash

    shingles = [runs_of(text) for text in texts]
    return RMinHash.digest_matrix_from_token_sets(shingles, num_perm=SIZE, seed=42)


def peer_datasketch(texts: list[str]) -> Any:
    from datasketch import MinHash

    made = []
    for text in texts:
        sketch = MinHash(SIZE)
        sketch.update_batch([run.encode() for run in runs_of(text)])
        made.append(sketch)
    return made


def peer_datatrove(texts: list[str]) -> Any:
    from datatrove.pipeline.dedup.minhash import MinhashConfig, MinhashDedupSignature

    config = MinhashConfig(n_grams=5, num_buckets=16, hashes_per_bucket=8)
    step = MinhashDedupSignature(tempfile.gettempdir(), config=config)
    return [step.get_signature(step.get_shingles(text)) for text in texts]


def ours(texts: list[str]) -> Any:
    from provenir.data.minhash import signatures

    return signatures(texts)


SIGNERS = {
    "provenir": ours,
    "rensa": peer_rensa,
    "datasketch": peer_datasketch,
    "datatrove": peer_datatrove,
}


def measure(name: str, file: Path) -> dict[str, float]:
    texts = json.loads(file.read_text())
    wanted = sum(map(len, texts)) * SHARE[name]
    count = size = 0
    while count < len(texts) and size < wanted:
        size += len(texts[count].encode())
        count += 1
    SIGNERS[name](texts[:20])
    begun = time.process_time()
    SIGNERS[name](texts[:count])
    return {"rate": size / 1e6 / (time.process_time() - begun)}


def datasketch_candidates(file: Path) -> dict[str, list[int]]:
    """Per threshold, which pairs of neighbours meet in the index."""
    from datasketch import MinHashLSH

    sketches = peer_datasketch(json.loads(file.read_text()))
    found = {}
    for threshold in THRESHOLDS:
        index = MinHashLSH(threshold=threshold, num_perm=SIZE)
        for number, sketch in enumerate(sketches):
            index.insert(number, sketch)
        met = [k for k in range(0, len(sketches), 2) if k + 1 in index.query(sketches[k])]
        found[str(threshold)] = met
    return found


# Recall ------------------------------------------------------------------------------------------


def planted(corpus: Any, rng: Any, pairs: int) -> tuple[list[str], list[float]]:
    """Texts two by two, and the similarity of each two, spread from 0.65 to 1."""
    texts, similarities = [], []
    while len(similarities) < pairs:
        words = WORD.findall(
            corpus.text(int(rng.integers(40, 400))).encode("ascii", "ignore").decode()
        )
        if len(words) < 40:
            continue
        goal = rng.uniform(0.65, 1.0)
        edits = max(round((1 - goal) / (1 + goal) * (len(words) - 4) / 5), 0)
        other = list(words)
        for at in rng.choice(len(words), min(edits, len(words)), replace=False).tolist():
            other[at] = f"zq{int(rng.integers(1 << 40))}"
        both = set(runs_of(" ".join(words))), set(runs_of(" ".join(other)))
        texts += [" ".join(words), " ".join(other)]
        similarities.append(len(both[0] & both[1]) / len(both[0] | both[1]))
    return texts, similarities


def our_pairs(texts: list[str], threshold: float) -> set[int]:
    from provenir.data.minhash import find_near_duplicates

    found = find_near_duplicates([{"text": text} for text in texts], threshold=threshold)
    together = {
        row: number for number, one in enumerate(found.clusters) for row in one.rows.tolist()
    }
    return {
        k for k in range(0, len(texts), 2) if k in together and together[k] == together.get(k + 1)
    }


def wilson(hits: int, of: int) -> str:
    if not of:
        return "–"
    share, z = hits / of, 1.96
    scale = 1 + z * z / of
    middle = (share + z * z / (2 * of)) / scale
    reach = z * math.sqrt(share * (1 - share) / of + z * z / (4 * of * of)) / scale
    return f"{share:.3f} ({max(middle - reach, 0):.3f}–{middle + reach:.3f})"


def show_recall(texts: list[str], similarities: list[float], theirs: dict[str, list[int]]) -> bool:
    good = bool(theirs)
    print("\nrecall of pairs at or above the threshold, by similarity, with 95% intervals (Wilson)")
    for threshold in THRESHOLDS:
        mine, other = our_pairs(texts, threshold), set(theirs.get(str(threshold), []))
        true = {2 * k for k, one in enumerate(similarities) if one >= threshold}
        shares = len(mine & true) / len(true), len(other & true) / len(true)
        print(f"threshold {threshold}: {len(true)} pairs")
        print(f"  all          ours {wilson(len(mine & true), len(true))}", end="")
        print(f"   datasketch {wilson(len(other & true), len(true))}" if theirs else "")
        for low, high in pairwise(BINS):
            part = {2 * k for k in range(len(similarities)) if low <= similarities[k] < high} & true
            if part:
                print(
                    f"  {low:.2f} to {min(high, 1):.2f} ours {wilson(len(mine & part), len(part))}",
                    end="",
                )
                print(f"   datasketch {wilson(len(other & part), len(part))}" if theirs else "")
        below = len(similarities) - len(true)
        print(f"  below the threshold and found: ours {wilson(len(mine - true), below)}", end="")
        print(f"   datasketch {wilson(len(other - true), below)}" if theirs else "")
        good &= not theirs or shares[0] >= shares[1] - 0.01
    return good


# Three signatures --------------------------------------------------------------------------------


def permutations(shingles: Any, np: Any) -> Any:
    rng = np.random.default_rng(5)
    a = rng.integers(0, 1 << 63, SIZE, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    b = rng.integers(0, 1 << 63, SIZE, dtype=np.uint64)
    mixed = (shingles ^ (shingles >> np.uint64(31))) * np.uint64(0xBF58476D1CE4E5B9)
    return ((mixed[:, None] * a + b) >> np.uint64(32)).min(axis=0)


def one_permutation(shingles: Any, np: Any) -> Any:
    from provenir.data.minhash.kernels import thrown

    x = thrown(shingles, np.zeros(1, np.uint64))
    bins = np.full(SIZE, 1 << 62, np.int64)
    np.minimum.at(
        bins,
        (x >> np.uint64(57)).astype(int),
        ((x >> np.uint64(33)) & np.uint64(0xFFFFFF)).astype(np.int64),
    )
    full = bins < 1 << 62
    dense = bins.copy()
    for empty in np.flatnonzero(~full).tolist():
        turn = 1
        while True:  # every empty bin asks others in an order of its own until one holds something
            other = (empty * 0x9E3779B1 + turn * 0x85EBCA77 ^ turn * turn * 0xC2B2AE3D) >> 7 & 127
            if full[other]:
                dense[empty] = bins[other]
                break
            turn += 1
    return dense


def show_signatures() -> None:
    import numpy as np

    from provenir.data.minhash.kernels import LETTERS
    from provenir.data.minhash.plain import part_shingles
    from provenir.data.minhash.signing import Block

    print("\nerror of the estimate (root mean square) over 600 pairs of similarity 0.8")
    print("shingles  permutations  one permutation  ours   (binomial)")
    rng = np.random.default_rng(6)
    for common in (8, 40, 160, 800):
        own = common // 8
        truth = common / (common + 2 * own)
        errors: dict[str, list[float]] = {"permutations": [], "one": [], "ours": []}
        block = Block()
        for _ in range(600):
            names = [rng.bytes(8).hex().encode() for _ in range(common + 2 * own)]
            sets = names[: common + own], names[:common] + names[common + own :]
            for each in sets:
                block.add(list(each))
        data, lo, hi, first = block.arrays()
        shingles, parts = part_shingles(data, lo, hi, LETTERS)
        bounds = np.searchsorted(parts, first)
        texts = [shingles[bounds[k] : bounds[k + 1]] for k in range(len(first) - 1)]
        signed = block.sign().sketches
        for k in range(0, len(texts), 2):
            for name, make in (("permutations", permutations), ("one", one_permutation)):
                equal = (make(texts[k], np) == make(texts[k + 1], np)).mean()
                errors[name].append(equal - truth)
            errors["ours"].append((signed[k] == signed[k + 1]).mean() - truth)
        rms = [math.sqrt(np.mean(np.square(each))) for each in errors.values()]
        plain = math.sqrt(truth * (1 - truth) / SIZE)
        print(f"{common + own:8}  {rms[0]:12.4f}  {rms[1]:15.4f}  {rms[2]:.4f} ({plain:.4f})")


# Running -----------------------------------------------------------------------------------------


def peers_python(given: Path | None) -> Path | None:
    """An interpreter that has the peers, or None, with the reason on the screen."""
    if given is not None:
        return given
    folder = Path(tempfile.gettempdir()) / "provenir-minhash-peers"
    python = folder / "bin" / "python"
    # What datatrove's MinHash imports beside itself; xxhash 4 no longer takes its texts.
    modules = ["spacy", "regex", "nltk", "tokenizers", "xxhash<4"]
    wanted = ["rensa", "datasketch", "datatrove", *modules, "numpy"]
    for command in (
        [sys.executable, "-m", "venv", folder],
        [python, "-m", "pip", "install", "-q", *wanted],
    ):
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"without peers: {done.stderr.strip().splitlines()[-1:]}; give --peers PYTHON")
            return None
    return python


def child(python: Path, *words: object) -> Any:
    env = {**os.environ, "OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"}
    command = [str(python), __file__, *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    if done.returncode:
        print(f"{words[1]} did not run: {done.stderr.strip().splitlines()[-1:]}")
        return None
    return json.loads(done.stdout.splitlines()[-1])


def show_speed(file: Path, peers: Path | None) -> bool:
    rates: dict[str, list[float]] = {name: [] for name in SIGNERS}
    for _ in range(ROUNDS):
        for name in SIGNERS:
            python = Path(sys.executable) if name == "provenir" else peers
            told = child(python, "--child", name, file) if python else None
            if told:
                rates[name].append(told["rate"])
    mine, good = median(rates["provenir"]), True
    print(
        f"MB of text per CPU-second, median of {ROUNDS} rounds in turns (each round's in brackets)"
    )
    for name, each in rates.items():
        if not each:
            good &= name not in BARS
            continue
        ratio = mine / median(each)
        bar = f", bar {BARS[name]}" if name in BARS else ""
        told = " ".join(f"{one:.3g}" for one in each)
        print(f"  {name:10} {median(each):8.3g}  [{told}]  ours is {ratio:.4g} times as fast{bar}")
        good &= ratio >= BARS.get(name, 0)
    return good


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--megabytes", type=float, default=30)
    parser.add_argument("--pairs", type=int, default=4000)
    parser.add_argument("--peers", type=Path, help="an interpreter that has the peers")
    parser.add_argument("--child", nargs=2, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.child:
        name, file = args.child
        told = (
            datasketch_candidates(Path(file)) if name == "candidates" else measure(name, Path(file))
        )
        print(json.dumps(told))
        return 0
    import numpy as np
    from corpus import WORK, Corpus
    from sources import load

    peers = peers_python(args.peers)
    corpus, rng = Corpus(load("report", WORK), seed=3), np.random.default_rng(4)
    with tempfile.TemporaryDirectory() as name:
        file, texts, size = Path(name, "texts.json"), [], 0
        while size < args.megabytes * 1e6:
            texts.append(json.loads(f'"{corpus.escaped()}"'))
            size += len(texts[-1])
        file.write_text(json.dumps(texts))
        good = show_speed(file, peers)
        texts, similarities = planted(corpus, rng, args.pairs)
        file.write_text(json.dumps(texts))
        theirs = child(peers, "--child", "candidates", file) if peers else None
        good &= show_recall(texts, similarities, theirs or {})
    show_signatures()
    print("\nevery bar holds" if good and peers else "\nNOT every bar was shown to hold")
    return 0 if good and peers else 1


if __name__ == "__main__":
    sys.exit(main())
