"""What routing costs: a routed training step against a plain one, in time and in peak memory.

The peer is the step that everybody makes: the model's own loss, one norm over all gradients for
clipping, AdamW. The routed step takes each row's mean loss, random weights of which a quarter are
zero, clips block by block. Both run on one model in one process, alternating in drawn order; the
ratio of each pair counts, with an interval of the median by bootstrap. Time is the CPU time of the
process, which other work on the machine does not reach, at one thread; wall time at more.

Peak memory is that of a process by itself, from before the model is made; each step's process
makes only its own kind of step.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import peft
import torch
import transformers

from provenir.train.routing import Router, clip_blocks, per_example_mean_loss, still_blocks

if TYPE_CHECKING:
    from collections.abc import Callable

KINDS = ("plain", "routed", "norms")


def build(kind: str, told: argparse.Namespace) -> torch.nn.Module:
    transformers.logging.set_verbosity_error()
    torch.manual_seed(0)
    config = transformers.LlamaConfig(
        vocab_size=told.vocabulary,
        hidden_size=told.hidden,
        intermediate_size=told.hidden * 8 // 3 // 8 * 8,
        num_hidden_layers=told.layers,
        num_attention_heads=told.hidden // 64,
        num_key_value_heads=told.hidden // 64,
        max_position_embeddings=told.tokens,
        use_cache=False,
    )
    model = transformers.LlamaForCausalLM(config)
    if kind == "lora":
        adapter = peft.LoraConfig(r=8, target_modules="all-linear", task_type="CAUSAL_LM")
        model = peft.get_peft_model(model, adapter)
    return model.train()


class Bench:
    """A model, a batch, an optimizer, and a step of each kind."""

    def __init__(self, kind: str, told: argparse.Namespace) -> None:
        self.model = build(kind, told)
        self.trained = [p for p in self.model.parameters() if p.requires_grad]
        self.optimizer = torch.optim.AdamW(self.trained, lr=1e-5)
        self.ids = torch.randint(0, told.vocabulary, (told.rows, told.tokens))
        self.zeros = told.zeros
        self.router: Router | None = None

    def step(self, kind: str) -> None:
        self.optimizer.zero_grad()
        if kind == "plain":
            self.model(input_ids=self.ids, labels=self.ids).loss.backward()
            torch.nn.utils.clip_grad_norm_(self.trained, 1.0)
        else:
            self.routed(kind == "norms")
        self.optimizer.step()

    def routed(self, norms: bool) -> None:
        router = self.router
        assert router is not None
        weights = torch.rand(len(self.ids), len(router.blocks))
        weights[torch.rand(weights.shape) < self.zeros] = 0
        with router.routed(weights, norms=norms) as microbatch:
            # Logits that a variable holds would outlive the loss, which needs them no more.
            losses = per_example_mean_loss(self.model(input_ids=self.ids).logits, self.ids)
            losses.mean().backward()
        if norms:
            microbatch.norms()
        clip_blocks(router, 1.0)
        still_blocks(router, weights)

    def timed(self, kind: str, clock: Callable[[], float]) -> float:
        if kind != "plain":
            self.router = Router(self.model)
        self.step(kind)
        start = clock()
        self.step(kind)
        seconds = clock() - start
        if self.router is not None:
            self.router.close()
            self.router = None
        return seconds


def interval(ratios: list[float], draws: int = 2_000) -> tuple[float, float]:
    rng = random.Random(0)
    medians = sorted(statistics.median(rng.choices(ratios, k=len(ratios))) for _ in range(draws))
    return medians[int(0.025 * draws)], medians[int(0.975 * draws)]


def compare(kind: str, told: argparse.Namespace) -> None:
    bench = Bench(kind, told)
    clock = time.process_time if told.threads == 1 else time.perf_counter
    seconds: dict[str, list[float]] = {step: [] for step in KINDS}
    for pair in range(told.pairs + 1):
        for step in random.Random(pair).sample(KINDS, len(KINDS)):
            seconds[step].append(bench.timed(step, clock))
    plain = statistics.median(seconds["plain"][1:])
    for step, base in (("routed", "plain"), ("norms", "routed")):
        ratios = [a / b for a, b in zip(seconds[step][1:], seconds[base][1:], strict=True)]
        low, high = interval(ratios)
        print(
            f"{kind}, {told.threads} thread(s), plain {plain * 1e3:.0f} ms: {step} / {base}"
            f" {statistics.median(ratios):.3f} (95% interval {low:.3f} to {high:.3f})",
            flush=True,
        )


def resident(field: str) -> float:
    """A field of /proc/self/status, in MiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    raise SystemExit(f"no {field} in /proc/self/status")


def peak(kind: str, step: str, told: argparse.Namespace) -> None:
    """Print how far the peak of a few steps lies above the start, in MiB."""
    before = resident("VmRSS")
    bench = Bench(kind, told)
    if step != "plain":
        bench.router = Router(bench.model)
    for _ in range(3):
        bench.step(step)
    print(resident("VmHWM") - before)


def compare_peaks(kind: str, arguments: list[str]) -> None:
    found = {}
    for step in KINDS:
        command = [sys.executable, __file__, *arguments, "--peak", kind, step]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found[step] = float(done.stdout)
    routed, norms = found["routed"] / found["plain"], found["norms"] / found["plain"]
    print(
        f"{kind}, peak above the start: plain {found['plain']:.0f} MiB,"
        f" routed / plain {routed:.3f}, with norms {norms:.3f}",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name, default in (("rows", 16), ("tokens", 128), ("hidden", 256), ("layers", 6)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--vocabulary", type=int, default=4096)
    parser.add_argument("--zeros", type=float, default=0.25, help="share of zero weights")
    parser.add_argument("--pairs", type=int, default=12)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--kinds", nargs="*", default=["lora", "full"])
    parser.add_argument("--peak", nargs=2, metavar=("KIND", "STEP"), help=argparse.SUPPRESS)
    told = parser.parse_args()
    torch.set_num_threads(told.threads)
    if told.peak:
        peak(*told.peak, told)
        return
    for kind in told.kinds:
        compare(kind, told)
        compare_peaks(kind, sys.argv[1:])


if __name__ == "__main__":
    main()
