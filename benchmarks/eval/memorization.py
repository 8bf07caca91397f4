"""Are duplicated contents found while a model is fine-tuned, at which false alarms and which cost?

A small Llama learns a language (a Markov chain), then is fine-tuned on 300 new texts of it, some of
them duplicated ×2 to ×16, while `MemorizationMonitor` sees the losses of each step. Recall is the
share of the ×8 and ×16 contents that are flagged by the end, a false flag any flag on a content
that stands once in the data. Probes are planted ×1 and ×8 and ranked among references.

With `--foreign N` the data holds N more texts of a language that the base never saw, as code in a
corpus of prose: flags on them are false, and are told with and without comparing kinds apart.

The peer is a detector that costs a forward pass over all texts after the training: the same
statistic over the final losses. The cost is that of the pass under the frozen base, and of the
monitor, each as a share of the training's own time.

    python benchmarks/eval/memorization.py --seeds 5 --epochs 3
"""

from __future__ import annotations

import argparse
import copy
import statistics
import time
from typing import Any

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from provenir.eval.entropy import base_losses, mean_losses
from provenir.eval.memorization import MemorizationMonitor, exposure

VOCABULARY, LENGTH, TEXTS, BATCH = 256, 32, 300, 16
DUPLICATES = {2: 10, 4: 10, 8: 10, 16: 10}
PROBES = (1, 1, 8, 8)
REFERENCES = 511


def language(draw: torch.Generator) -> torch.Tensor:
    """A Markov chain's transition probabilities."""
    return torch.softmax(torch.randn(VOCABULARY, VOCABULARY, generator=draw) * 2.2, -1)


def texts_of(chain: torch.Tensor, n: int, draw: torch.Generator) -> torch.Tensor:
    """`n` texts of the language."""
    last = torch.randint(0, VOCABULARY, (n, 1), generator=draw)
    parts = [last]
    for _ in range(LENGTH - 1):
        last = torch.multinomial(chain[last.squeeze(1)], 1, generator=draw)
        parts.append(last)
    return torch.cat(parts, 1)


def base_model(chain: torch.Tensor, draw: torch.Generator, steps: int) -> Any:
    """A model that has learnt the language."""
    model = LlamaForCausalLM(
        LlamaConfig(
            hidden_size=128,
            intermediate_size=344,
            num_hidden_layers=3,
            num_attention_heads=4,
            num_key_value_heads=4,
            vocab_size=VOCABULARY,
            tie_word_embeddings=True,
            use_cache=False,
        )
    )
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(steps):
        train_step(model, optimizer, texts_of(chain, 32, draw))
    return model


def train_step(model: Any, optimizer: Any, texts: torch.Tensor) -> list[float]:
    """One update; the losses that it was made from."""
    optimizer.zero_grad()
    logits = model(input_ids=texts).logits
    kept = torch.nn.functional.cross_entropy(
        logits[:, :-1].transpose(1, 2), texts[:, 1:], reduction="none"
    ).mean(1)
    kept.mean().backward()
    optimizer.step()
    return kept.detach().tolist()


def losses_of(model: Any, texts: torch.Tensor) -> list[float]:
    """Mean losses of many texts."""
    model.eval()
    with torch.no_grad():
        parts = [mean_losses(model(input_ids=part).logits, part) for part in texts.split(64)]
    model.train()
    return torch.cat(parts).tolist()


def run(seed: int, epochs: int, base_steps: int, rate: float, foreign: int) -> dict[str, Any]:
    """One seed: what was flagged, and what it cost."""
    torch.manual_seed(seed)
    draw = torch.Generator().manual_seed(seed)
    chain = language(draw)
    model = base_model(chain, draw, base_steps)
    plain = texts_of(chain, TEXTS, draw)
    secrets = torch.randint(0, VOCABULARY, (len(PROBES) + REFERENCES, LENGTH), generator=draw)
    planted, references = secrets[: len(PROBES)], secrets[len(PROBES) :]
    others = texts_of(language(draw), foreign, draw)
    data = torch.cat([plain, planted, others])
    copies = [k for k, n in DUPLICATES.items() for _ in range(n)]
    times = [*copies, *[1] * (TEXTS - len(copies)), *PROBES, *[1] * foreign]
    news = [str(TEXTS + len(PROBES) + i) for i in range(foreign)]
    rows = torch.tensor([i for i, k in enumerate(times) for _ in range(k)])

    start = time.perf_counter()
    before = [{"input_ids": part, "labels": part} for part in data.split(64)]
    reference = {str(i): loss for i, loss in enumerate(base_losses(copy.deepcopy(model), before))}
    base_seconds = time.perf_counter() - start
    monitor = MemorizationMonitor(reference, kinds=dict.fromkeys(news, "foreign"))
    pooled = MemorizationMonitor(reference)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate)
    train_seconds = monitor_seconds = 0.0
    step = 0
    for _ in range(epochs):
        for batch in rows[torch.randperm(len(rows), generator=draw)].split(BATCH):
            started = time.perf_counter()
            kept = train_step(model, optimizer, data[batch])
            trained = time.perf_counter()
            step += 1
            told = dict(zip(map(str, batch.tolist()), kept, strict=True))
            monitor.visit(step, told)
            train_seconds += trained - started
            monitor_seconds += time.perf_counter() - trained
            pooled.visit(step, told)

    after = losses_of(model, data)
    final = MemorizationMonitor(reference, kinds=monitor.kinds)
    told = {str(i): loss for i, loss in enumerate(after)}
    for visit in range(3):  # the first is never judged, the others confirm each other
        final.visit(visit + 1, told)
    among = losses_of(model, references)
    return {
        "steps": step,
        "base": base_seconds / train_seconds,
        "monitor": monitor_seconds / train_seconds,
        "flags": [str(i) in monitor.flags for i in range(TEXTS)],
        "final": [str(i) in final.flags for i in range(TEXTS)],
        "times": times[:TEXTS],
        "exposure": {
            k: [exposure(after[TEXTS + i], among) for i, n in enumerate(PROBES) if n == k]
            for k in sorted(set(PROBES))
        },
        "foreign": [[one in m.flags for one in news] for m in (monitor, pooled)],
        "flagged_probes": [str(TEXTS + i) in monitor.flags for i in range(len(PROBES))],
    }


def rates(results: list[dict[str, Any]], kind: str) -> str:
    """Share of flagged contents by how often they stand in the data, over all seeds."""
    parts = []
    for k in (1, *DUPLICATES):
        told = [f for r in results for f, t in zip(r[kind], r["times"], strict=True) if t == k]
        parts.append(f"x{k} {sum(told)}/{len(told)} ({100 * sum(told) / len(told):.1f}%)")
    return ", ".join(parts)


def main() -> None:
    """Run the seeds and print the rates."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--base-steps", type=int, default=300)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--foreign", type=int, default=0)
    asked = parser.parse_args()
    torch.set_num_threads(1)
    given = (asked.epochs, asked.base_steps, asked.rate, asked.foreign)
    results = [run(seed, *given) for seed in range(asked.seeds)]
    print(f"{asked.seeds} seeds, {results[0]['steps']} steps of {BATCH} in {asked.epochs} epochs")
    print(f"flagged online, losses of the steps   {rates(results, 'flags')}")
    print(f"peer: a pass over all texts at the end {rates(results, 'final')}")
    for k in sorted(set(PROBES)):
        bits = [value for r in results for value in r["exposure"][k]]
        print(f"probes x{k}: median exposure {statistics.median(bits):.1f} bits of 9.0")
    for at, how in enumerate(("kinds apart", "all together")):
        flags = [flag for r in results for flag in r["foreign"][at]]
        if flags:
            print(f"foreign texts falsely flagged, {how}: {sum(flags)}/{len(flags)}")
    base = statistics.median(r["base"] for r in results)
    monitor = statistics.median(r["monitor"] for r in results)
    print(f"cost: pass under the base {100 * base:.1f}%, monitor {100 * monitor:.2f}% of training")


if __name__ == "__main__":
    main()
