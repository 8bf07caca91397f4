from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

import provenir
from provenir.core.errors import InputError, UsageError
from provenir.flows.watch import watch
from provenir.flows.watch_screens import JsonLines


class Impatient(JsonLines):
    """JSON lines on which something happens at every pause."""

    def __init__(self, *happens) -> None:
        self.stream = io.StringIO()
        super().__init__(self.stream)
        self.pauses: list[float] = []
        self._happens = list(happens)

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self._happens.pop(0)()

    @property
    def told(self) -> list[dict]:
        return [json.loads(line) for line in self.stream.getvalue().splitlines()]


def interrupt() -> None:
    raise KeyboardInterrupt


def nothing() -> None:
    pass


def finished(folder: Path, steps: int = 5) -> Path:
    with provenir.track("done", output_dir=folder) as run:
        for step in range(steps):
            run.log_step({"step": step, "kl": 0.1})
    return folder


def test_a_finished_run_is_told_once(tmp_path: Path) -> None:
    screen = Impatient()
    watch(finished(tmp_path / "run"), screen)
    (told,) = screen.told
    assert (told["state"], told["steps"], told["metrics"]) == ("completed", 5, {"kl": 0.1})
    assert screen.pauses == []


def test_a_run_is_followed_to_its_end(tmp_path: Path) -> None:
    run = provenir.track("live", output_dir=tmp_path / "run").start()
    run.log_step({"step": 0, "kl": 0.1})

    def step() -> None:
        run.log_step({"step": 1, "kl": 50.0})

    screen = Impatient(nothing, step, run.finish)
    watch(tmp_path / "run", screen)
    told = screen.told
    assert [one["steps"] for one in told] == [1, 2, 2]
    assert [one["state"] for one in told] == ["running", "running", "completed"]
    assert [len(one["began"]) for one in told] == [0, 1, 0]
    assert told[1]["verdict"] == "CRITICAL"


def test_ctrl_c_ends_the_watch_in_good_order(tmp_path: Path) -> None:
    run = provenir.track("live", output_dir=tmp_path / "run").start()
    assert watch(tmp_path / "run", Impatient(interrupt)).standing.state == "running"
    run.finish()


def test_a_run_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        watch(tmp_path / "run", Impatient())
    screen = Impatient(nothing, lambda: finished(tmp_path / "run"))
    watch(tmp_path / "run", screen, wait=True)
    assert [one["state"] for one in screen.told] == ["completed"]


def test_waiting_outlasts_a_run_that_did_not_end_well(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), provenir.track("bad", output_dir=tmp_path / "run"):
        raise RuntimeError
    watch(tmp_path / "run", Impatient())
    screen = Impatient(interrupt)
    watch(tmp_path / "run", screen, wait=True)
    assert [one["state"] for one in screen.told] == ["failed"]


def test_a_quiet_run_is_looked_at_less_often(tmp_path: Path) -> None:
    run = provenir.track("quiet", output_dir=tmp_path / "run").start()
    screen = Impatient(*[nothing] * 5, interrupt)
    watch(tmp_path / "run", screen, interval_s=10.0)
    assert screen.pauses == [10.0, 20.0, 40.0, 40.0, 40.0, 40.0]
    run.finish()


def test_a_reader_that_left_ends_the_watch(tmp_path: Path) -> None:
    run = provenir.track("live", output_dir=tmp_path / "run").start()
    left = iter([False, False, True])
    watch(tmp_path / "run", Impatient(nothing, nothing), is_gone=lambda: next(left))
    run.finish()


@pytest.mark.parametrize("interval", [0.0, -1.0, float("nan"), 1e9])
def test_an_interval_out_of_bounds_is_refused(tmp_path: Path, interval: float) -> None:
    with pytest.raises(UsageError):
        watch(finished(tmp_path / "run"), Impatient(), interval_s=interval)
