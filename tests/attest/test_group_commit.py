"""Threads that ask at the same time share a commit, and each gets its own answers."""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from provenir.attest.event import LogEvent
from provenir.attest.group_commit import GroupCommit
from provenir.attest.log import EventLog

if TYPE_CHECKING:
    from pathlib import Path


class Recorder:
    """Commits by remembering; the first commit waits until it is let go."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []
        self.entered, self.let_go = threading.Event(), threading.Event()
        self.fault: BaseException | None = None

    def __call__(self, items: list[int]) -> list[int]:
        self.groups.append(items)
        if len(self.groups) == 1:
            self.entered.set()
            assert self.let_go.wait(10)
        elif self.fault is not None:
            raise self.fault
        return [item * 10 for item in items]


def _while_one_commits(recorder: Recorder) -> list[object]:
    """What eight threads get whose requests come while a commit is under way."""
    commits = GroupCommit(recorder)

    def ask(number: int) -> object:
        try:
            return commits.submit([number, number + 1])
        except BaseException as fault:
            return type(fault)

    with ThreadPoolExecutor(9) as pool:
        first = pool.submit(ask, 0)
        assert recorder.entered.wait(10)
        others = [pool.submit(ask, 10 * number) for number in range(1, 9)]
        while len(commits._queue) < 8:
            os.sched_yield()
        recorder.let_go.set()
        assert first.result() == [0, 10]
        return [each.result() for each in others]


def test_those_that_wait_are_committed_together() -> None:
    recorder = Recorder()
    answers = _while_one_commits(recorder)
    assert answers == [[100 * n, 100 * n + 10] for n in range(1, 9)]
    assert len(recorder.groups) == 2


def test_a_fault_reaches_everybody_of_the_group() -> None:
    recorder = Recorder()
    recorder.fault = OSError("full")
    assert _while_one_commits(recorder) == [OSError] * 8


def test_an_interrupt_stops_one_thread_and_is_a_fault_to_the_others() -> None:
    recorder = Recorder()
    recorder.fault = KeyboardInterrupt()
    answers = _while_one_commits(recorder)
    assert answers.count(KeyboardInterrupt) == 1
    assert answers.count(InterruptedError) == 7


def test_nothing_stays_behind_after_a_fault() -> None:
    recorder = Recorder()
    recorder.let_go.set()
    commits = GroupCommit(recorder)
    assert commits.submit([1]) == [10]
    recorder.fault = OSError("full")
    with pytest.raises(OSError, match="full"):
        commits.submit([2])
    recorder.fault = None
    assert commits.submit([3]) == [30]
    assert recorder.groups == [[1], [2], [3]]


def test_threads_append_to_one_log(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")

    def write(writer: int) -> list[tuple[int, str]]:
        made = []
        for number in range(40):
            event = LogEvent(type="evaluation", name=f"{writer} {number}")
            made.append((log.append(event).index, event.id))
        return made

    with ThreadPoolExecutor(8) as pool:
        acknowledged = [pair for made in pool.map(write, range(8)) for pair in made]
    ids = [entry.id for entry in log.entries()]
    assert len(ids) == 320
    assert all(ids[index] == event_id for index, event_id in acknowledged)
    assert sorted(index for index, _ in acknowledged) == list(range(320))
    assert log.check(log.state()) == []


def test_a_forked_child_appends_while_a_thread_of_its_parent_does(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            log.append(LogEvent(type="evaluation", name="parent"))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        for _ in range(10):
            child = os.fork()
            if child == 0:
                log.append(LogEvent(type="evaluation", name="child"))
                os._exit(0)
            assert os.waitpid(child, 0)[1] == 0
    finally:
        stop.set()
        thread.join()
    assert sum(entry.name == "child" for entry in log.entries()) == 10
    assert log.check(log.state()) == []


def test_a_group_is_written_whole_or_refused_whole(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    events = [LogEvent(type="evaluation", name=f"{number}") for number in range(300)]
    receipts = log.append_many(events)
    assert [receipt.index for receipt in receipts] == list(range(300))
    assert {(receipt.size, receipt.root) for receipt in receipts} == {(300, log.root())}
    assert [entry.id for entry in log.entries()] == [event.id for event in events]
    assert log.append_many([]) == ()
    with pytest.raises(ValueError, match="LogEvent"):
        log.append_many([events[0], "x"])  # type: ignore[list-item]
    assert log.size == 300
