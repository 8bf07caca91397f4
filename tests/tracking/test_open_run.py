"""What is worth saying is said once, and whoever listens cannot hurt the loop."""

from __future__ import annotations

import logging

import pytest

import provenir
from provenir.tracking.evidence import MAX_FINDINGS

NAN = float("nan")


@pytest.fixture
def listening():
    handlers = []

    def add(handler):
        logging.getLogger("provenir").addHandler(handler)
        handlers.append(handler)
        return handler

    yield add
    for handler in handlers:
        logging.getLogger("provenir").removeHandler(handler)


def test_a_nan_that_wanders_through_a_list_is_one_line(caplog):
    with provenir.track("run", output_dir="out") as run:
        for place in range(50):
            run.log_trajectory({"logprobs": [0.0] * place + [NAN]})
    assert [record.levelname for record in caplog.records] == ["WARNING"]


def test_a_fault_is_one_line_and_one_line_only(caplog):
    with provenir.track("run", output_dir="out") as run:
        for _ in range(5):
            run.attach(object())
        assert len(caplog.records) == 1
    assert all("\n" not in record.getMessage() for record in caplog.records)


def test_the_findings_are_bounded_and_do_not_flood(caplog):
    with provenir.track("run", output_dir="out") as run:
        for number in range(MAX_FINDINGS + 500):
            run.log_step({f"layer{number}": object()})
        kinds = [finding.kind for finding in run.findings]
        assert kinds.count("more_findings") == 1
        lines = len((run.output_dir / "journal.jsonl").read_bytes().splitlines())
        run.log_step({"another": object()})
        assert len((run.output_dir / "journal.jsonl").read_bytes().splitlines()) == lines
        assert len(caplog.records) <= MAX_FINDINGS
        run.log_artifact("nowhere")
    assert len(run.findings) == MAX_FINDINGS


def test_a_handler_that_logs_a_step_does_not_go_round_in_circles(listening):
    class Logs(logging.Handler):
        calls = 0

        def emit(self, record):
            Logs.calls += 1
            run.log_trajectory({"logprobs": [NAN]})

    listening(Logs())
    with provenir.track("run", output_dir="out") as run:
        run.log_trajectory({"logprobs": [NAN]})
    assert Logs.calls == 1
    assert len((run.output_dir / "trajectories.jsonl").read_bytes().splitlines()) == 2


def test_a_handler_that_raises_does_not_reach_the_loop(listening):
    class Raises(logging.Handler):
        def emit(self, record):
            raise ValueError("no")

    listening(Raises())
    with provenir.track("run", output_dir="out") as run:
        run.log_trajectory({"logprobs": [NAN]})
        run.log_artifact("nowhere")
        run.log_step("no dict")
    run.log_step({"kl": 0.1})
    run.finish()
    assert run.manifest.status == "completed"
    assert "log_handler_fault" in {finding.kind for finding in run.findings}
