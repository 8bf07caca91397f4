"""Random dicts of metrics into one flight recorder: nothing raises, nothing grows, all stays JSON.

Names are those of the frameworks, their prefixes, and ever new ones; values are numbers of every
size and kind, text, containers, and objects whose own methods raise. The peer in the same run is
the recorder under healthy steps alone.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import random
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from provenir.observability.metric_names import EXACT, SEEN
from provenir.observability.metrics import CHANNELS, map_metrics
from provenir.observability.recorder import FlightRecorder
from provenir.tracking.records import step_record

NAMES = tuple(EXACT)
PREFIXES = ("", "", "train/", "eval_", "x/", "train/all/")
NUMBERS = (
    *(0, 1, -1, 0.5, 1e-9, 300.0, 2**53, -(2**63), 10**400, -(10**400), 1e308, 5e-324, -0.0),
    *(math.nan, math.inf, -math.inf, True, False, None),
)
TEXTS = ("", "0.5", "nan", "NaN", "-inf", "1e999", "x" * 2_000, "\ud800", "\0", "‮", "{}", "١٢")


class Refuses:
    """Everything that one can ask of it raises."""

    def _refuse(self, *_: object) -> Any:
        raise RuntimeError("no")

    __float__ = __int__ = __index__ = __str__ = __repr__ = __bool__ = __len__ = _refuse
    __iter__ = __getitem__ = __eq__ = item = tolist = _refuse
    __hash__ = object.__hash__

    @property
    def shape(self) -> Any:
        raise RuntimeError("no")


class Broken(Mapping[str, Any]):
    """A mapping that breaks off in the middle."""

    def __getitem__(self, key: str) -> Any:
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        yield "kl"
        raise RuntimeError("no")

    def __len__(self) -> int:
        return 3


def arrays() -> tuple[object, ...]:
    """Scalars and arrays of what is installed."""
    made: list[object] = []
    try:
        import numpy as np

        made += [np.float32(0.5), np.float16("nan"), np.int64(7), np.bool_(True), np.array([1.0])]
        made += [np.array(0.5), np.zeros((2, 2)), np.array([]), np.array(["a"]), np.complex64(1j)]
        made += [np.datetime64("2026-01-01"), np.longdouble("1e4000"), np.array([None])]
    except ImportError:
        pass
    try:
        import torch

        made += [torch.tensor(0.5), torch.tensor([2.0]), torch.tensor(float("inf")), torch.ones(3)]
        made += [torch.tensor(1.0, dtype=torch.bfloat16), torch.tensor(0.1, requires_grad=True)]
        made += [torch.empty(2, device="meta"), torch.tensor(True)]
    except ImportError:
        pass
    return tuple(made)


def odd_values() -> tuple[object, ...]:
    loop: list[object] = []
    loop.append(loop)
    deep: object = 1.0
    for _ in range(500):
        deep = [deep]
    return (
        *(b"1.0", bytearray(b"x"), 1j, object(), Refuses(), Refuses, [], {}, [1.0], {"a": 1}, loop),
        *(deep, (1, 2), {1, 2}, range(3), lambda: 1.0, Ellipsis, Exception("x"), float, iter(())),
        *arrays(),
    )


def name(rng: random.Random) -> object:
    draw = rng.random()
    if draw < 0.7:
        return rng.choice(PREFIXES) + rng.choice(NAMES)
    if draw < 0.8:
        return f"custom/{rng.getrandbits(40)}"
    if draw < 0.9:
        return rng.choice(CHANNELS)
    return rng.choice(
        (*TEXTS, "y" * rng.randrange(3_000), 7, None, 2.5, ("a", 1), b"kl", Refuses())
    )


def value(rng: random.Random, odd: tuple[object, ...]) -> object:
    draw = rng.random()
    if draw < 0.5:
        return rng.choice(NUMBERS)
    if draw < 0.7:
        return rng.gauss(0, 1) * 10.0 ** rng.randrange(-12, 13)
    if draw < 0.8:
        return rng.choice(TEXTS)
    return rng.choice(odd)


def dicts(count: int, seed: int, odd: tuple[object, ...]) -> Iterator[object]:
    rng = random.Random(seed)
    for _ in range(count):
        if rng.random() < 0.01:
            yield rng.choice((None, 7, "text", [], Broken(), Refuses(), object()))
        else:
            yield {name(rng): value(rng, odd) for _ in range(rng.randrange(9))}


def healthy(count: int, seed: int) -> Iterator[object]:
    rng = random.Random(seed)
    for step in range(count):
        yield {"step": step, "kl": 0.1 + rng.gauss(0, 0.01), "reward_mean": rng.gauss(0.5, 0.1)}


def feed(recorder: FlightRecorder, steps: Iterator[object], *, every: int = 1) -> float:
    """Log every step; of one in `every`, also map it and make its record. Seconds in the recorder.

    Raises:
        AssertionError: A record is no strict JSON.
    """
    spent = 0.0
    for number, step in enumerate(steps):
        started = time.perf_counter()
        recorder.log_step(step)  # type: ignore[arg-type]
        spent += time.perf_counter() - started
        if number % every == 0:
            map_metrics(step)  # type: ignore[arg-type]
            record, seen, _ = step_record(step, next_step=number, time="t")
            assert strict(record), step
            recorder.log_step(seen)
    return spent


def strict(value: object) -> bool:
    """Whether a value is JSON without NaN, and text without lone surrogates."""
    return bool(json.dumps(value, allow_nan=False, ensure_ascii=False).encode())


def held_kib() -> float:
    """Resident memory of this process."""
    gc.collect()
    status = Path("/proc/self/status").read_text()
    return float(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1])


def fuzz(count: int, seed: int) -> dict[str, float]:
    """Feed `count` dicts to one recorder and look at what it then holds.

    Returns:
        Seconds in the recorder, and KiB of the process after a tenth of the dicts and at the end.

    Raises:
        AssertionError: It fails a step, or holds anything unbounded or that is no JSON.
    """
    recorder, odd = FlightRecorder(), odd_values()
    spent = feed(recorder, dicts(count // 10, seed, odd), every=10)
    early = held_kib()
    spent += feed(recorder, dicts(count - count // 10, seed + 1, odd), every=10)
    late = held_kib()
    told = recorder.to_dict()
    assert recorder.faults == {}, recorder.faults
    assert strict(told)
    assert set(told["series"]) <= set(CHANNELS)
    assert all(len(buckets) <= 2_000 for buckets in told["series"].values())
    assert len(SEEN) <= len(EXACT) + 4_096
    assert recorder.health_report()
    return {"seconds": spent, "early_kib": early, "late_kib": late}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=0)
    told = parser.parse_args()
    started = time.perf_counter()
    found = fuzz(told.count, told.seed)
    peer = feed(FlightRecorder(), healthy(20_000, told.seed), every=10**9) / 20_000
    print(
        f"{told.count:,} dicts, seed {told.seed}: no exception, strict JSON;"
        f" held {found['early_kib'] / 1024:.1f} MiB after a tenth,"
        f" {found['late_kib'] / 1024:.1f} MiB at the end;"
        f" {found['seconds'] / told.count * 1e6:.1f} us a dict,"
        f" a healthy step {peer * 1e6:.1f} us; {time.perf_counter() - started:.0f} s in all"
    )


if __name__ == "__main__":
    main()
