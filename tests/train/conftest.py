"""Runs that remember, and runs that fail, for the tests of this room."""

from __future__ import annotations

import pytest


class MemoryRun:
    """Keeps what it is told in lists."""

    def __init__(self):
        self.steps, self.trajectories, self.configs, self.evals = [], [], [], []

    def log_step(self, metrics):
        self.steps.append(dict(metrics))

    def log_trajectory(self, trajectory):
        self.trajectories.append(dict(trajectory))

    def log_config(self, values):
        self.configs.append(dict(values))

    def record_eval(self, name, score, contaminated=None, n=None, **meta):
        self.evals.append((name, score, meta))


class FailingRun:
    """Every call fails, and is counted."""

    def __init__(self):
        self.calls = 0

    def _fail(self, *_args):
        self.calls += 1
        raise OSError("the disk is full")

    log_step = log_trajectory = log_config = record_eval = _fail


@pytest.fixture
def memory_run():
    return MemoryRun()


@pytest.fixture
def failing_run():
    return FailingRun()
