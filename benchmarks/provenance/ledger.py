"""What the training ledger costs: beside a LoRA step, beside hashlib, and when it is asked.

- `step`: the ledger's own time of a step (hash the trained tensors, derive and append the three
  lines) beside a real LoRA step of 1,024 tokens on the CPU, the two in turns.
- `hash`: CPU time of the tensors' leaves and root, beside `hashlib.sha256` over the same bytes.
- `query`: both questions with their proofs on a ledger of 10,000 steps and 100,000 examples, beside
  reading the same files with `json.loads`, and the sizes of the proofs.

    OMP_NUM_THREADS=1 python benchmarks/provenance/ledger.py [step|hash|query ...]
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from provenir.core.digest import format_digest
from provenir.provenance.ledger.commitments import Salts
from provenir.provenance.ledger.entries import BlockOutcome, RowOutcome, StepOutcome
from provenir.provenance.ledger.lines import line_bytes
from provenir.provenance.ledger.plan import Plan, RowDecision
from provenir.provenance.ledger.query import LedgerQuery
from provenir.provenance.ledger.records import Clip, Root, SamplerSettings
from provenir.provenance.ledger.sampler import Sampler, micro_sizes, seed_commit
from provenir.provenance.ledger.tensors import tensor_root
from provenir.provenance.ledger.writer import LedgerWriter

BLOCKS = [f"layer.{i}" for i in range(14)]
ROUTES = [[1000] * 14, [100] * 7 + [500] * 7]
TIME = "2026-01-01T00:00:00.000Z"


def plan_of(rows: int, batch: int, initial: Root) -> Plan:
    parameters = [
        {"name": f"layers.{i}", "block": block, "dtype": "F32", "shape": [1],
         "trainable": True, "released": True}
        for i, block in enumerate(BLOCKS)
    ]  # fmt: skip
    said = {"rule": "all", "reasons": ["open"], "profile": "all"}
    decisions = [
        RowDecision(effect="allow", route=row % 2, entropy=None, **said) for row in range(rows)
    ]
    return Plan(
        run_id="bench-20260101T000000Z-00000000",
        time=TIME,
        base=initial,
        frozen=initial,
        initial=initial,
        examples=[hashlib.sha256(b"%d" % row).digest() for row in range(rows)],
        decisions=decisions,
        metadata=[],
        policy=b"{}",
        profiles=b"{}",
        routes=line_bytes({"blocks": BLOCKS, "routes": ROUTES}),
        blocks=line_bytes({"blocks": BLOCKS, "parameters": parameters}),
        sampler=SamplerSettings(
            seed_commit=seed_commit(bytes(32)), epochs=1, batch=batch, micro=batch, drop_last=False
        ),
        total_steps=rows // batch,
        optimizer={"name": "adamw"},
        clip=Clip(mode="per-block", max_norm="1.0"),
        env={},
    )


def outcome_of(step: int, rows: list[int], pre: str, post: str) -> StepOutcome:
    norms = [0.1 + step % 7 / 3 + i / 17 for i in range(14)]
    return StepOutcome(
        step=step,
        time=TIME,
        epoch=0,
        micro=micro_sizes(len(rows), len(rows)),
        dropped=0,
        batch=[
            RowOutcome(row=row, route=row % 2, loss=2.0 + row / 7e5, norms=norms) for row in rows
        ],
        blocks={block: BlockOutcome(delta_norm=0.1 / step, clip=1.0) for block in BLOCKS},
        lr=1e-4,
        rng_digest=pre,
        param_pre=pre,
        param_post=post,
    )


def step_cost(rounds: int) -> None:
    """The ledger's share of a LoRA step."""
    import peft
    import torch
    import transformers

    torch.manual_seed(0)
    torch.set_num_threads(1)
    config = transformers.LlamaConfig(
        hidden_size=256, intermediate_size=704, num_hidden_layers=14, num_attention_heads=8,
        num_key_value_heads=8, vocab_size=4096, tie_word_embeddings=True, use_cache=False,
    )  # fmt: skip
    lora = peft.LoraConfig(r=32, target_modules="all-linear", task_type="CAUSAL_LM")
    model = peft.get_peft_model(transformers.LlamaForCausalLM(config), lora)
    trained = [(name, p) for name, p in model.named_parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW([p for _, p in trained], lr=1e-4)
    ids = torch.randint(0, 4096, (16, 64))

    def train() -> None:
        optimizer.zero_grad()
        model(input_ids=ids, labels=ids).loss.backward()
        optimizer.step()

    def hashed() -> str:
        named = (
            (name, "F32", tuple(p.shape), memoryview(p.detach().numpy()).cast("B"))
            for name, p in trained
        )
        return str(tensor_root(named).root)

    with tempfile.TemporaryDirectory() as place:
        initial = Root(n=len(trained), root=hashed())
        salts, folder = Salts(bytes(32)), Path(place, "run", "governed")
        writer = LedgerWriter.create(folder, plan_of(1_600, 16, initial), salts, salts_path="x")
        train()
        pre = initial.root
        train_s, own_s = [], []
        for step in range(1, rounds + 1):
            began = time.perf_counter()
            train()
            between = time.perf_counter()
            post = hashed()
            writer.step(outcome_of(step, list(range(16)), pre, post))
            own_s.append(time.perf_counter() - between)
            train_s.append(between - began)
            pre = post
        writer.release()
    shares = [own / spent for own, spent in zip(own_s, train_s, strict=True)]
    count = sum(p.numel() for _, p in trained)
    print(
        f"step: {count:,} LoRA parameters, 16 x 64 tokens, 16 entries x 14 blocks, {rounds} steps"
    )
    print(f"  LoRA step {1e3 * statistics.median(train_s):.0f} ms (median), one thread")
    print(f"  ledger    {1e3 * statistics.median(own_s):.2f} ms (max {1e3 * max(own_s):.2f})")
    print(f"  share     {statistics.median(shares):.2%} (max {max(shares):.2%})", flush=True)


def hash_cost(rounds: int, mebibytes: int) -> None:
    """CPU time of leaves and root beside hashlib alone."""
    sizes = [1 << 22, 1 << 16, 1 << 20, 1 << 14] * (mebibytes * (1 << 20) // 5_324_800 + 1)
    tensors: list[tuple[str, str, tuple[int], Any]] = [
        (f"layers.{i}.weight", "F32", (size // 4,), os.urandom(size))
        for i, size in enumerate(sizes)
    ]

    def peer() -> None:
        for *_, buffer in tensors:
            hashlib.sha256(buffer).digest()

    ratios = []
    for _ in range(rounds):
        spent = []
        for work in (peer, lambda: tensor_root(tensors), lambda: tensor_root(tensors, threads=2)):
            began = time.process_time()
            work()
            spent.append(time.process_time() - began)
        ratios.append((spent[1] / spent[0], spent[2] / spent[0]))
    total = sum(sizes) / (1 << 20)
    print(f"hash: {len(tensors)} tensors, {total:.0f} MiB, {rounds} rounds in turns, CPU time")
    for name, found in zip(("one thread", "two threads"), zip(*ratios, strict=True), strict=True):
        print(f"  {name:11} {statistics.median(found):.3f} x hashlib (max {max(found):.3f})")


def make(folder: Path, steps: int, batch: int) -> None:
    """A ledger of so many steps, every row once."""
    roots = [format_digest(hashlib.sha256(b"%d" % step).digest()) for step in range(steps + 1)]
    plan = plan_of(steps * batch, batch, Root(n=14, root=roots[0]))
    writer = LedgerWriter.create(folder, plan, Salts(bytes(32)), salts_path="x")
    sampler = Sampler(bytes(32), range(steps * batch), batch, 1)
    for step in range(1, steps + 1):
        _, rows = sampler.drawn(step)
        writer.step(outcome_of(step, rows, roots[step - 1], roots[step]))
    writer.close(time=TIME, status="completed", tensors=[], sampler_seed=bytes(32))


def timed(name: str, works: list[Any]) -> None:
    spent = []
    for work in works:
        began = time.perf_counter()
        work()
        spent.append(1e3 * (time.perf_counter() - began))
    print(
        f"  {name:42} {statistics.median(spent):7.1f} ms (max {max(spent):.1f}, {len(spent)} times)"
    )


def query_cost(steps: int) -> None:
    """Both questions, with proofs."""
    with tempfile.TemporaryDirectory() as place:
        folder, cache = Path(place, "run", "governed"), Path(place, "index")
        began = time.perf_counter()
        make(folder, steps, 10)
        spent = time.perf_counter() - began
        print(
            f"query: {steps:,} steps, {10 * steps:,} examples, 14 blocks, written in {spent:.0f} s"
        )
        began = time.perf_counter()
        names = ("ledger.jsonl", "details.jsonl", "private/facts.jsonl", "admission.jsonl")
        for name in names:
            for line in (folder / name).open("rb"):
                json.loads(line)
        peer = time.perf_counter() - began
        began = time.perf_counter()
        LedgerQuery(folder, cache=cache).close()
        build = time.perf_counter() - began
        print(
            f"  json.loads over the same files {peer:.1f} s; index made and checked {build:.1f} s"
        )
        print(f"  ({build / peer:.2f} x), {cache.stat().st_size / 2**20:.0f} MiB")
        ask(folder, cache, steps)


def ask(folder: Path, cache: Path, steps: int) -> None:
    examples = [format_digest(hashlib.sha256(b"%d" % row).digest()) for row in range(0, 400, 7)]
    sizes = []

    def example(digest: str) -> None:
        with LedgerQuery(folder, cache=cache) as asked:
            for row in asked.rows_of(digest):
                steps = [visit.step for visit in asked.visits(row)]
                sizes.extend(len(asked.prover.entry(step, row)[0]) for step in steps)

    def block(first: int, last: int, limit: int) -> None:
        with LedgerQuery(folder, cache=cache) as asked:
            rows = asked.ranking("layer.9", first, last, limit=limit).rows
            sizes.extend(len(asked.prover.entry(row.step, row.row)[0]) for row in rows)

    timed("example -> steps and blocks, with proofs", [lambda d=d: example(d) for d in examples])
    ranges = [(first, first + 99) for first in range(1, steps - 99, max(1, steps // 40))]
    timed(
        "block x 100 steps -> 20 examples, with proofs",
        [lambda r=r: block(*r, 20) for r in ranges],
    )
    timed(
        f"block x {steps:,} steps -> 1 example, with proof",
        [lambda: block(1, steps, 1) for _ in range(9)],
    )
    print(f"  proofs: {min(sizes)} to {max(sizes)} bytes")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("parts", nargs="*", default=["step", "hash", "query"])
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--mebibytes", type=int, default=512)
    parser.add_argument("--steps", type=int, default=10_000)
    args = parser.parse_args()
    if "step" in args.parts:
        step_cost(args.rounds)
    if "hash" in args.parts:
        hash_cost(max(3, args.rounds // 2), args.mebibytes)
    if "query" in args.parts:
        query_cost(args.steps)


if __name__ == "__main__":
    main()
