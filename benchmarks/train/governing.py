"""Which share of a step a governed training spends on governing, beside the routed passes.

A LoRA on a small Llama is trained by `GovernedLoop`. Timed inside of it: drawing and admitting the
batch, hashing the parameters before and after, judging and clipping, writing the step down. The
peer is the step itself, forward, backward and the optimizer, in the same process: what is printed
is own time over the time of the rest. What routing and norms cost within the passes is measured by
`benchmarks/train/routing.py`.

    OMP_NUM_THREADS=1 python benchmarks/train/governing.py --steps 20

With `--full` all parameters are trained, and `--hash-every K` hashes them every K steps; the share
is then of all steps together, since most of them hash nothing.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from peft import LoraConfig, get_peft_model
from transformers import LlamaConfig, LlamaForCausalLM

from provenir.attest.keys import Ed25519Signer
from provenir.core.canonical import example_digest
from provenir.core.digest import format_digest
from provenir.governance.admission import AdmissionPolicy
from provenir.governance.depth import DepthTable
from provenir.governance.metadata import ExampleMetadata, Metadata
from provenir.train.governed import Governance, GovernedLoop
from provenir.train.governing.governor import Governor

LAYERS, HIDDEN, VOCABULARY, RANK = 12, 512, 8_000, 64
BATCH, LENGTH = 8, 128


def governance(rows: list[dict[str, Any]], folder: Path, hash_every: int) -> Governance:
    """Every row is open, and moves every block."""
    blocks = ("embedding", *(f"layer.{i}" for i in range(LAYERS)), "final_norm", "head")
    profile = {"id": "all", "weights": dict.fromkeys(blocks, 1000)}
    table = DepthTable.made_of(name="benchmark", blocks=blocks, profiles=[profile])
    rule = {"name": "open", "effect": "allow", "reasons": ["open"]}
    rule["when"] = ["==", {"field": "rights"}, "open"]
    policy = AdmissionPolicy.made_of(name="benchmark", profiles=table.digest(), rules=[rule])
    contents = [format_digest(example_digest(row)) for row in rows]
    return Governance(
        policy=policy,
        table=table,
        signers=[Ed25519Signer.generate()],
        metadata=Metadata(ExampleMetadata(content=content, rights="open") for content in contents),
        folder=folder,
        hash_every=hash_every,
        memorization=None,
    )


def main() -> None:
    """Train, and print the shares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--full", action="store_true", help="train all parameters")
    parser.add_argument("--hash-every", type=int, default=1)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = LlamaForCausalLM(
        LlamaConfig(
            hidden_size=HIDDEN,
            intermediate_size=HIDDEN * 3,
            num_hidden_layers=LAYERS,
            num_attention_heads=8,
            num_key_value_heads=8,
            vocab_size=VOCABULARY,
        )
    )
    if not asked.full:
        model = get_peft_model(model, LoraConfig(r=RANK, target_modules=["q_proj", "v_proj"]))
    trained = [p for p in model.parameters() if p.requires_grad]
    tokens = torch.randint(0, VOCABULARY, (asked.steps * BATCH, LENGTH)).tolist()
    rows = [{"input_ids": row, "labels": row} for row in tokens]
    spent: dict[str, list[float]] = {name: [] for name in ("begin", "_look", "judge", "record")}
    for name, times in spent.items():
        setattr(Governor, name, timed(getattr(Governor, name), times))
    whole = []
    with tempfile.TemporaryDirectory() as place:
        loop = GovernedLoop(
            model,
            torch.optim.AdamW(trained, lr=1e-4),
            rows,
            governance(rows, Path(place) / "run", asked.hash_every),
            collate=lambda part: {key: torch.tensor([r[key] for r in part]) for key in part[0]},
            batch=BATCH,
        )
        with loop:
            started = time.perf_counter()
            for _ in loop:
                whole.append(time.perf_counter() - started)
                started = time.perf_counter()
    own = [sum(parts) for parts in zip(*spent.values(), strict=True)]
    shares = [mine / (all_ - mine) for mine, all_ in zip(own, whole, strict=True)][2:]
    size = sum(p.numel() for p in trained)
    step = statistics.median(whole)
    kind = "parameters" if asked.full else "LoRA parameters"
    print(f"{size:,} {kind}, {BATCH * LENGTH} tokens a step, {1000 * step:.0f} ms a step")
    for name, times in spent.items():
        print(f"  {name.strip('_'):7s} {1000 * statistics.median(times):6.2f} ms")
    low, high = sorted(shares)[len(shares) // 10], sorted(shares)[-1 - len(shares) // 10]
    median = statistics.median(shares)
    between = f"{100 * low:.2f} to {100 * high:.2f}"
    print(f"own time {100 * median:.2f}% of the rest of the step ({between})")
    together = 100 * sum(own) / (sum(whole) - sum(own))
    print(f"all steps together, parameters hashed every {asked.hash_every}: {together:.2f}%")


def timed(method: Any, times: list[float]) -> Any:
    """The method, with the wall time of each call appended."""

    def call(*args: Any, **kwargs: Any) -> Any:
        started = time.perf_counter()
        try:
            return method(*args, **kwargs)
        finally:
            times.append(time.perf_counter() - started)

    return call


if __name__ == "__main__":
    main()
