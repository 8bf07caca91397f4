"""What is judged of a group or a whole run, not of one rollout.

Groups: equal rewards below the maximum (a collapse), equal at the maximum (solved), and mixed.
Runs: 60 groups of 8 rollouts with both rewards; in half of the runs the proxy rises while the true
reward stays or falls, in the others both rise, both stay, or the proxy has a constant offset.
"""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

from intervals import wilson

from provenir.observability import HackingMonitor, RewardHackingDetector

if TYPE_CHECKING:
    from collections.abc import Iterator

GROUPS = 150
RUNS = 20
STEPS = 60
SIZE = 8


def groups(rng: random.Random) -> Iterator[tuple[str, list[float], float]]:
    """Make groups: what is right to say of them, their rewards, and the largest reward."""
    for _ in range(GROUPS):
        most = rng.choice((1.0, 1.0, 5.0, 10.0))
        level = rng.choice((0.0, 0.1, 0.5, 0.75)) * most
        yield "advantage_collapse", [level] * rng.randint(4, 16), most
        yield "solved_group", [most] * rng.randint(4, 16), most
        mixed = [rng.choice((0.0, most)) for _ in range(rng.randint(4, 16))]
        yield "none", [*mixed, 0.0, most], most
        yield "none", [rng.uniform(0, most) for _ in range(8)], most


def runs(rng: random.Random) -> Iterator[tuple[bool, list[dict[str, Any]]]]:
    """Make runs: whether proxy and true reward part, and their rollouts."""
    for number in range(RUNS):
        parted = number % 2 == 0
        shape = (number // 2) % 3
        yield parted, list(_run(rng, parted, shape))


def _run(rng: random.Random, parted: bool, shape: int) -> Iterator[dict[str, Any]]:
    for step in range(STEPS):
        way = step / STEPS
        if parted:
            proxy = 0.35 + 0.5 * way
            true = 0.35 - (0.0, 0.15, 0.3)[shape] * way
        else:
            proxy = 0.35 + (0.5, 0.0, 0.3)[shape] * way
            true = proxy - (0.0, 0.0, 0.08)[shape]
        for _ in range(SIZE):
            luck = rng.gauss(0, 0.12)
            yield {
                "proxy_reward": proxy + luck + rng.gauss(0, 0.06),
                "true_reward": true + luck + rng.gauss(0, 0.06),
                "group_id": step,
                "response": "A short answer of the usual sort.",
            }


def print_groups_and_runs(half: str) -> None:
    """Print how often groups and runs are judged rightly."""
    rng = random.Random(f"groups {half}")
    said: dict[str, list[bool]] = {}
    for right, rewards, most in groups(rng):
        signals = RewardHackingDetector().detect_group(rewards, most)
        kinds = {s.kind for s in signals} or {"none"}
        said.setdefault(right, []).append(kinds == {right})
    print(f"\n{'groups that are':<24}judged so")
    for right, hits in said.items():
        low, high = wilson(sum(hits), len(hits))
        print(f"{right:<24}{sum(hits)}/{len(hits)} {{{low:.3f} {high:.3f}}}")
    flagged: dict[bool, list[bool]] = {True: [], False: []}
    for parted, rollouts in runs(rng):
        monitor = HackingMonitor()
        for rollout in rollouts:
            monitor.add(rollout)
        whole = (s for s in monitor.report().signals if s.index is None and s.severity != "info")
        flagged[parted].append(any(s.kind == "proxy_divergence" for s in whole))
    told = {parted: f"{sum(hits)} of {len(hits)}" for parted, hits in flagged.items()}
    print(f"runs said to part: {told[True]} in which proxy and true reward do, ", end="")
    print(f"{told[False]} of the others")
