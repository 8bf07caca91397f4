"""Does the demo learn? Every seed twice: with its learning rate, and with learning rate 0.

For each seed one model is made and warmed up; GRPO then runs from it with the demo's learning rate
and, as the control, with 0: the peer in the same run. Printed as Markdown: mean reward of the first
and last 20 steps, their difference with a 95% t interval over the seeds, accuracy on the held-out
problems before and after, whether the parameters' digest changed; last, what the learning rate
gained over the control.

    python benchmarks/demo/learning.py [--seeds 5] [--steps 120] [--json FILE]
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
import statistics
import sys
import tempfile
import time
from pathlib import Path

from provenir.flows.checkout import shipped
from provenir.flows.demo_phases import read_problems
from provenir.flows.demo_settings import DemoSettings
from provenir.flows.grpo import train_grpo
from provenir.flows.quiet import quiet_libraries, stay_offline
from provenir.flows.tiny_model import build, warm_up
from provenir.provenance.artifact import identify_artifact
from provenir.provenance.flags import kernel_determinism_flags
from provenir.train.determinism import apply_determinism

COMPARED = 20
HEAD = (
    "| seed | reward, first 20 | last 20 | difference | held-out answer probability, before "
    "| after | held-out accuracy (greedy), before | after | parameters |"
)
# Student's t, two-sided 95%, by degrees of freedom.
T_95 = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}


def one_seed(settings: DemoSettings) -> list[dict]:
    train = read_problems(shipped("data/train.jsonl"))
    evaluation = read_problems(shipped("data/eval.jsonl"))
    apply_determinism(settings.seed, kernel_determinism_flags(threads=1), fill_memory=False)
    rows = []
    with quiet_libraries(), tempfile.TemporaryDirectory() as scratch:
        base = Path(scratch) / "base"
        tiny = build(train, settings)
        batches = warm_up(tiny, train, settings, lambda _batch, _right: None)
        tiny.save(base)
        before = identify_artifact(base).tensor_root
        for rate in (settings.learning_rate, 0.0):
            began = time.process_time()
            chosen = dataclasses.replace(settings, learning_rate=rate)
            trained, outcome = train_grpo(base, tiny, train, evaluation, chosen)
            after_folder = Path(scratch) / f"after-{rate}"
            trained.save(after_folder)
            after = identify_artifact(after_folder).tensor_root
            first = statistics.fmean(outcome.rewards[:COMPARED])
            last = statistics.fmean(outcome.rewards[-COMPARED:])
            rows.append(
                {
                    "seed": settings.seed,
                    "learning_rate": rate,
                    "warm_up_batches": batches,
                    "first": first,
                    "last": last,
                    "difference": last - first,
                    "eval_before": outcome.eval_before,
                    "eval_after": outcome.eval_after,
                    "probability_before": outcome.probability_before,
                    "probability_after": outcome.probability_after,
                    "parameters_before": before,
                    "parameters_after": after,
                    "cpu_s": time.process_time() - began,
                }
            )
            print(json.dumps(rows[-1]), file=sys.stderr, flush=True)
    return rows


def interval(values: list[float]) -> tuple[float, float]:
    """Mean and half-width of its 95% t interval."""
    half = T_95[len(values) - 1] * statistics.stdev(values) / math.sqrt(len(values))
    return statistics.fmean(values), half


def stated(what: str, values: list[float]) -> str:
    mean, half = interval(values)
    return f"{what}: {mean:+.3f}, 95% interval [{mean - half:+.3f}, {mean + half:+.3f}]."


def table(title: str, rows: list[dict]) -> str:
    lines = [
        f"### {title}",
        "",
        HEAD,
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        same = row["parameters_before"] == row["parameters_after"]
        lines.append(
            f"| {row['seed']} | {row['first']:.3f} | {row['last']:.3f} | {row['difference']:+.3f} "
            f"| {row['probability_before']:.3f} | {row['probability_after']:.3f} "
            f"| {row['eval_before']:.3f} | {row['eval_after']:.3f} "
            f"| {'the same' if same else 'changed'} |"
        )
    lifts = [row["eval_after"] - row["eval_before"] for row in rows]
    lines += ["", stated("Difference in reward", [row["difference"] for row in rows])]
    surer = [row["probability_after"] - row["probability_before"] for row in rows]
    lines += ["", stated("Difference in held-out answer probability", surer)]
    lines += ["", stated("Difference in held-out greedy accuracy", lifts)]
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description="Show that the demo learns, and its control not.")
    parser.add_argument("--seeds", type=int, default=3, choices=range(2, 11))
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=DemoSettings().steps)
    parser.add_argument("--json", type=Path, default=None)
    options = parser.parse_args()
    stay_offline()
    rows = []
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        rows += one_seed(DemoSettings(seed=seed, steps=options.steps))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")
    learning = [row for row in rows if row["learning_rate"] > 0]
    control = [row for row in rows if row["learning_rate"] == 0]
    print(table(f"Learning rate {learning[0]['learning_rate']:g}", learning))
    print()
    print(table("Learning rate 0", control))
    low = interval([r["difference"] for r in learning])
    flat = interval([r["difference"] for r in control])
    against = [a["difference"] - b["difference"] for a, b in zip(learning, control, strict=True)]
    print()
    print(stated("Difference in reward against the control, seed by seed", against))
    holds = low[0] - low[1] > 0 and flat[0] - flat[1] <= 0
    holds &= all(r["parameters_before"] == r["parameters_after"] for r in control)
    holds &= all(r["parameters_before"] != r["parameters_after"] for r in learning)
    print(f"\n{'It learns, and the control does not.' if holds else 'The claim does not hold.'}")
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
