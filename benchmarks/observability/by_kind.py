"""False alarms and power of each kind by itself.

False alarms: all fourteen channels of `false_alarms.py` at a scatter of a tenth of their levels,
every onset of any severity, by kind, per 1,000 steps. Power: in an otherwise healthy run a fault is
planted at step 200 in the one channel that the kind is about, and the kind has to be named within
ten steps. That fault is a shift of three standard deviations where the kind is found by its level,
and the kind's own disaster where it is found by a rule.

Run from the checkout: python benchmarks/observability/by_kind.py [--runs 20] [--power-runs 60]
"""

from __future__ import annotations

import argparse
import collections
import math
import random
from typing import TYPE_CHECKING

from false_alarms import GATED, KIND_OF, LEVELS, interval, steps, wilson

from provenir.observability import FlightRecorder
from provenir.observability.kinds import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Step = dict[str, float]
    Fault = Callable[[Step, Step], None]

SCATTER, PLANTED, WITHIN = 0.1, 200, 10


def shifted(channel: str, sign: int) -> Fault:
    def plant(now: Step, _last: Step) -> None:
        now[channel] += sign * 3.0 * SCATTER * LEVELS[channel]

    return plant


def becomes(channel: str, value: float) -> Fault:
    def plant(now: Step, _last: Step) -> None:
        now[channel] = value

    return plant


def repeated(now: Step, last: Step) -> None:
    now.update({name: value for name, value in last.items() if name != "step"})


FAULTS: dict[str, tuple[str, str, Fault]] = {}
"""What is planted → its kind, the noises' channel, and how."""

for (_channel, _sign), _kind in KIND_OF.items():
    _what = f"{_channel} {'+' if _sign > 0 else '-'} 3 sd"
    FAULTS[_what] = (_kind, _channel, shifted(_channel, _sign))
for _what, _kind, _channel, _value in (
    ("KL of 10", "kl_blowup", "kl", 10.0),
    ("KL of 0", "kl_collapse", "kl", 0.0),
    ("mismatch x 5", "kl_mismatch", "kl_mismatch", 0.01),
    ("entropy of 0", "entropy_collapse", "entropy", 0.0),
    ("entropy x 2.5", "entropy_explosion", "entropy", 3.0),
    ("length x 2.5", "length_explosion", "response_length_mean", 750.0),
    ("95% cut off", "truncation", "truncated_fraction", 0.95),
    ("advantages of 0", "advantage_collapse", "advantage_std", 0.0),
    ("all groups equal", "zero_advantage_groups", "zero_advantage_fraction", 1.0),
    ("all rewards equal", "reward_std_collapse", "reward_std", 0.0),
    ("reward of 1", "reward_spike", "reward_mean", 1.0),
    ("norm x 10", "grad_explosion", "grad_norm", 8.0),
    ("90% clipped", "clip_saturation", "clip_fraction", 0.9),
    ("gradient of 0", "stall", "grad_norm", 0.0),
    ("step time x 10", "stall", "step_time", 240.0),
    ("rate x 10", "lr_anomaly", "learning_rate", 1e-4),
    ("rate of 0", "lr_anomaly", "learning_rate", 0.0),
    ("a NaN", "nonfinite", "loss", math.nan),
    ("a counted NaN", "nonfinite", "nan_count", 1.0),
):
    FAULTS[_what] = (_kind, _channel, becomes(_channel, _value))
FAULTS["steps repeated"] = ("stall", "", repeated)


def false_alarms(runs: int, count: int) -> dict[str, dict[str, int]]:
    """Alarms by noise and kind."""
    raised: dict[str, dict[str, int]] = {}
    for noise in GATED:
        kinds: collections.Counter[str] = collections.Counter()
        for seed in range(runs):
            recorder = FlightRecorder()
            for metrics in steps(noise, count, SCATTER, random.Random(f"by kind/{noise}/{seed}")):
                kinds.update(anomaly.kind for anomaly in recorder.log_step(metrics))
            assert not recorder.faults
        raised[noise] = kinds
    return raised


def found(what: str, noise: str, runs: int) -> int:
    """In how many runs the planted fault is named within ten steps."""
    kind, channel, plant = FAULTS[what]
    hits = 0
    for seed in range(runs):
        recorder = FlightRecorder()
        rng = random.Random(f"{what}/{noise}/{seed}")
        last: Step = {}
        for step, metrics in enumerate(_course(noise, channel, rng)):
            if step >= PLANTED:
                plant(metrics, last)
            begun = {anomaly.kind for anomaly in recorder.log_step(metrics)}
            if step >= PLANTED and kind in begun:
                hits += 1
                break
            last = metrics
    return hits


def _course(noise: str, channel: str, rng: random.Random) -> Iterator[Step]:
    for metrics in steps(noise, PLANTED + WITHIN, SCATTER, rng):
        if channel:
            kept = {"step", "learning_rate", channel}
            yield {name: value for name, value in metrics.items() if name in kept}
        else:
            yield metrics


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--power-runs", type=int, default=60)
    args = parser.parse_args()
    raised = false_alarms(args.runs, args.steps)
    thousands = args.runs * args.steps / 1000
    print(f"false alarms per 1,000 steps, {thousands:g} thousand steps of each noise")
    print(f"| kind | {' | '.join(GATED)} | all four |\n|{'---|' * (len(GATED) + 2)}")
    for kind in KINDS:
        counts = [raised[noise][kind] for noise in GATED]
        low, high = interval(sum(counts), thousands * len(GATED))
        cells = [f"{count / thousands:.2f}" for count in counts]
        pooled = f"{sum(counts) / thousands / len(GATED):.3f} [{low:.3f}, {high:.3f}]"
        print(f"| `{kind}` | {' | '.join(cells)} | {pooled} |")
    print(f"\nfound within {WITHIN} steps, {args.power_runs} runs each")
    print("| kind | planted | white | t4 |\n|---|---|---|---|")
    for what, (kind, _, _) in sorted(FAULTS.items(), key=lambda item: KINDS.index(item[1][0])):
        cells = []
        for noise in ("white", "t4"):
            hits = found(what, noise, args.power_runs)
            low, high = wilson(hits, args.power_runs)
            cells.append(f"{hits / args.power_runs:.2f} [{low:.2f}, {min(1.0, high):.2f}]")
        print(f"| `{kind}` | {what} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
