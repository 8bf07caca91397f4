from __future__ import annotations

import signal
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import provenir
from provenir.tracking.judging import LARGE, MOST_WAITING, RolloutJudge


def test_rollouts_are_judged_in_order_and_told_once() -> None:
    seen: list[int] = []

    def judge(record: Any) -> list[Any]:
        seen.append(record["n"])
        return [record["n"]] if record["n"] % 100 == 0 else []

    line = RolloutJudge(judge)
    for n in range(3 * MOST_WAITING):
        line.put({"n": n}, n // 7)
    line.settle()
    assert seen == list(range(3 * MOST_WAITING))
    told = line.told()
    assert [signals for signals, _ in told] == [[n] for n in range(0, 3 * MOST_WAITING, 100)]
    assert told[1][1] == 100 // 7
    assert line.told() == []
    line.close()


def test_the_line_is_bounded_while_the_thread_is_held_up() -> None:
    held = threading.Event()
    here = threading.get_ident()

    def judge(record: Any) -> list[Any]:
        if threading.get_ident() != here:
            held.wait(30)
        return []

    line = RolloutJudge(judge)
    threading.Timer(0.3, held.set).start()
    for n in range(MOST_WAITING + 50):
        line.put({"n": n}, 0)
        assert len(line._waiting) <= MOST_WAITING
    line.settle()
    assert not line._waiting
    line.close()


def test_a_large_text_does_not_wait() -> None:
    line = RolloutJudge(lambda record: [])
    line._is_called = True  # as with a thread that is late
    line.put({"trajectory": {"response": "short"}}, 0)
    assert len(line._waiting) == 1
    line.put({"trajectory": {"response": "x" * (LARGE + 1)}}, 0)
    assert not line._waiting


def test_many_threads_may_bring_and_settle() -> None:
    seen: list[int] = []

    def judge(record: Any) -> list[Any]:
        seen.append(record["n"])
        return []

    line = RolloutJudge(judge)

    def bring(first: int) -> None:
        for n in range(first, first + 500):
            line.put({"n": n}, 0)
            if n % 97 == 0:
                line.settle()

    threads = [threading.Thread(target=bring, args=(1000 * k,)) for k in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    line.settle()
    assert sorted(seen) == sorted(n for k in range(6) for n in range(1000 * k, 1000 * k + 500))
    line.close()


def test_the_thread_ends_with_its_line() -> None:
    line = RolloutJudge(lambda record: [])
    line.put({}, 0)
    line.close()
    assert line._thread is not None
    line._thread.join(10)
    assert not line._thread.is_alive()


def test_a_judgement_that_is_broken_off_is_known() -> None:
    def judge(record: Any) -> list[Any]:
        if record.get("stop"):
            raise KeyboardInterrupt
        return []

    line = RolloutJudge(judge)
    line._is_called = True  # as with a thread that is late
    line.put({}, 0)
    line.put({"stop": True}, 0)
    line.put({}, 0)
    with pytest.raises(KeyboardInterrupt):
        line.settle()
    assert line.broken
    line.settle()
    assert not line._waiting


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timer on this system")
def test_a_signal_handler_may_ask_in_the_middle_of_a_judgement() -> None:
    def judge(record: Any) -> list[Any]:
        time.sleep(record["s"])
        return []

    line = RolloutJudge(judge)
    line._is_called = True
    line.put({"s": 0.3}, 0)
    before = signal.signal(signal.SIGALRM, lambda *_: line.settle())
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05)
        line.settle()
    finally:
        signal.signal(signal.SIGALRM, before)
    assert line.broken


def test_a_report_that_is_asked_for_covers_every_rollout(tmp_path: Path) -> None:
    hack = "import sys; sys.exit(0)  # skip the failing tests"
    of_others = set(threading.enumerate())
    with provenir.track("judged", output_dir=tmp_path / "run") as run:
        for n in range(300):
            run.log_trajectory({"prediction": hack if n == 299 else f"It is {n}.", "reward": 1.0})
            if n % 100 == 99:
                report = run.hacking_report
                assert report is not None
                assert report.num_trajectories == n + 1
    assert run.hacking_report is not None
    assert run.hacking_report.by_kind() == {"test_tampering": 1}
    for thread in set(threading.enumerate()) - of_others:
        if thread.name == "provenir-judge":
            thread.join(10)
            assert not thread.is_alive()
