"""The learning rate: every usual schedule is silent, and what no schedule does is not."""

from __future__ import annotations

import math

import pytest

from provenir.observability import FlightRecorder


def judged(rates):
    recorder = FlightRecorder()
    for step, rate in enumerate(rates):
        recorder.log_step({"step": step, "learning_rate": rate})
    assert not recorder.faults
    return [(a.kind, a.severity, a.step) for a in recorder.anomalies]


def warmup(step, steps=10):
    return min(1.0, step / steps)


SCHEDULES = {
    "constant": [1e-5] * 100,
    "linear with warm-up": [1e-5 * min(warmup(s), (100 - s) / 90) for s in range(101)],
    "cosine": [5e-6 * (1 + math.cos(math.pi * s / 100)) for s in range(101)],
    "cosine with restarts": [5e-6 * (1 + math.cos(math.pi * (s % 25) / 25)) for s in range(100)],
    "restarts with warm-up": [1e-5 * min(warmup(s % 30, 5), 1 - (s % 30) / 30) for s in range(120)],
    "exponential decay": [1e-5 * 0.9**s for s in range(100)],
    "step decay": [1e-5 * 0.1 ** (s // 30) for s in range(100)],
    "inverse root": [1e-5 / math.sqrt(1 + s) for s in range(100)],
    "exponential warm-up": [1e-9 * min(1e4, 1.5**s) for s in range(60)],
    "repeated values": [1e-6 * min(10, s // 4) for s in range(80)],
    "delayed warm-up": [0.0] * 10 + [1e-6 * min(10, s) for s in range(60)],
    "short and linear": [1e-5 * (5 - s) / 5 for s in range(6)],
    "warm-up, stable, decay": [1e-5 * min(warmup(s), (100 - s) / 20) for s in range(101)],
    "logged once in ten": [1e-5 * min(warmup(s, 30), (300 - s) / 270) for s in range(0, 301, 10)],
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_are_silent(name):
    assert judged(SCHEDULES[name]) == []


@pytest.mark.parametrize(
    ("rates", "severity", "step"),
    [
        ([1e-5] * 20 + [0.0] * 5, "warning", 20),
        ([1e-5] * 20 + [0.0] * 30, "critical", 20),
        ([1e-5, -1e-5, -1e-5], "critical", 1),
        ([-1e-5], "critical", 0),
        ([1e-5] * 20 + [1e-4], "critical", 20),
        ([1e-5] * 20 + [2e-5], "warning", 20),
        ([1e-5 * (1 - s / 100) for s in range(60)] + [1e-5], "warning", 60),
    ],
)
def test_what_no_schedule_does_is_reported(rates, severity, step):
    assert judged(rates) == [("lr_anomaly", severity, step)]


def test_a_rate_that_stays_zero_goes_on():
    recorder = FlightRecorder()
    for rate in [1e-5] * 5 + [0.0] * 12:
        recorder.log_step({"learning_rate": rate})
    assert recorder.anomalies[0].ongoing
    for _ in range(6):
        recorder.log_step({"learning_rate": 1e-5})
    assert not recorder.anomalies[0].ongoing
