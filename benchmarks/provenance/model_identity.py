"""What the identities of a model cost, beside `hashlib.file_digest` over the same files.

Tensor root alone, directory hash alone, and both from one reading; CPU time of one thread, peer and
identity in turns, each in a process of its own, its start not counted. Printed are the median and
the largest ratio of the rounds, and the peak memory of the process.

    python benchmarks/provenance/model_identity.py [--mebibytes 1024] [--rounds 5]
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

CODE = """
import hashlib, resource, sys, time
from pathlib import Path
from provenir.provenance import identify_artifact, identify_files, identify_tensors

def peer(folder):
    for path in sorted(Path(folder).iterdir()):
        with path.open("rb", buffering=0) as stream:
            hashlib.file_digest(stream, "sha256")

ways = {"tensors": identify_tensors, "files": identify_files, "both": identify_artifact}
way = ways.get(sys.argv[2], peer)
started = time.process_time()
way(sys.argv[1])
print(time.process_time() - started, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""
WAYS = ("tensors", "files", "both")


def write(path: Path, shapes: dict[str, tuple[int, int]]) -> None:
    """A safetensors file of 16-bit tensors with random content, written piece by piece."""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    end = 0
    for name, shape in shapes.items():
        begin, end = end, end + 2 * shape[0] * shape[1]
        header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        while end:
            end -= file.write(os.urandom(min(end, 1 << 22)))


def layers(count: int, width: int, *, first: int = 0) -> dict[str, tuple[int, int]]:
    """Names and shapes as a transformer has them: large matrices and small norms."""
    shapes: dict[str, tuple[int, int]] = {}
    for layer in range(first, first + count):
        for part in ("q_proj", "k_proj", "v_proj", "o_proj"):
            shapes[f"model.layers.{layer}.self_attn.{part}.weight"] = (width, width)
        for part in ("gate_proj", "up_proj", "down_proj"):
            shapes[f"model.layers.{layer}.mlp.{part}.weight"] = (4 * width, width)
        shapes[f"model.layers.{layer}.input_layernorm.weight"] = (width, 1)
    return shapes


def adapter(mebibytes: int) -> dict[str, tuple[int, int]]:
    """The many small matrices of an adapter of rank 16 on a width of 4096: 128 KiB each."""
    return {f"base_model.model.layers.{n}.lora_A.weight": (16, 4096) for n in range(8 * mebibytes)}


def make(folder: Path, kind: str, mebibytes: int) -> None:
    folder.mkdir()
    (folder / "config.json").write_text('{"hidden_size": 1024}\n')
    each = 32 + 1 / 512  # MiB of a layer of width 1024
    count = int(mebibytes / each) + 1
    if kind == "one file":
        write(folder / "model.safetensors", layers(count, 1024))
    elif kind == "4 shards":
        part = -(-count // 4)
        for shard in range(4):
            name = f"model-{shard + 1:05}-of-00004.safetensors"
            write(folder / name, layers(part, 1024, first=shard * part))
    else:
        write(folder / "adapter_model.safetensors", adapter(mebibytes))


def measured(folder: Path, way: str) -> tuple[float, float]:
    """CPU seconds and peak MiB of a process that reads the folder in one way."""
    command = [sys.executable, "-c", CODE, str(folder), way]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds, peak = done.stdout.split()
    return float(seconds), float(peak)


def compare(folder: Path, rounds: int) -> None:
    ratios: dict[str, list[float]] = {way: [] for way in WAYS}
    peaks: dict[str, float] = {}
    peers = []
    for _ in range(rounds):
        for way in WAYS:
            seconds, peaks["peer"] = measured(folder, "peer")
            spent, peaks[way] = measured(folder, way)
            peers.append(seconds)
            ratios[way].append(spent / seconds)
    peer = statistics.median(peers)
    print(f"  hashlib.file_digest  {peer:.2f} s, peak {peaks['peer']:.0f} MiB")
    for way, found in ratios.items():
        middle = statistics.median(found)
        print(f"  {way:19}  ratio {middle:.3f} (max {max(found):.3f}), peak {peaks[way]:.0f} MiB")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--mebibytes", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--kinds", nargs="*", default=["one file", "4 shards", "adapter"])
    args = parser.parse_args()
    for kind in args.kinds:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name, "model")
            make(folder, kind, args.mebibytes)
            size = sum(path.stat().st_size for path in folder.iterdir())
            print(f"{kind}: {size / (1 << 30):.2f} GiB", flush=True)
            compare(folder, args.rounds)


if __name__ == "__main__":
    main()
