"""Writers that are killed at any instant, and a disk that is full: nothing acknowledged is lost."""

from __future__ import annotations

import os
import random
import select
import signal
import subprocess
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from provenir.attest.event import LogEvent
from provenir.attest.log import EventLog, LogState, inclusion_holds
from provenir.attest.segments import Segments
from provenir.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator

WRITERS = 4


def _write_on(folder: Path, pipe: int, seed: int) -> None:
    """What a writer does until it is killed: append, and acknowledge what `append` answered."""
    rng = random.Random(seed)
    log = EventLog(folder, lock_timeout_s=60)
    while True:
        count = rng.choice([1, 1, 3, 300])
        events = [LogEvent(type="evaluation", name=f"writer {seed}") for _ in range(count)]
        receipts = log.append_many(events)
        said = "".join(
            f"{receipt.index} {event.id} {receipt.size} {receipt.root}\n"
            for receipt, event in zip(receipts, events, strict=True)
        )
        rest = memoryview(said.encode())
        while rest:
            rest = rest[os.write(pipe, rest) :]


class Writer:
    """A forked writer and what it acknowledged."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._out, pipe = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._out)
            with suppress(BaseException):
                _write_on(folder, pipe, seed)
            os._exit(1)
        os.close(pipe)
        self._said = b""

    def listen(self) -> None:
        """Take what was said so far, so that the writer never waits for a full pipe."""
        while select.select([self._out], [], [], 0)[0]:
            data = os.read(self._out, 1 << 20)
            if not data:
                return
            self._said += data

    def kill(self) -> list[list[str]]:
        """Kill it and return the words of every whole line that it said."""
        self.listen()
        os.kill(self.pid, signal.SIGKILL)
        _, status = os.waitpid(self.pid, 0)
        assert os.WIFSIGNALED(status), "a writer ended by itself"
        self.listen()
        os.close(self._out)
        return [line.split() for line in self._said.decode().split("\n")[:-1]]


def _kill_writers(folder: Path, kills: int) -> list[list[str]]:
    """Keep four writers at work and kill one after another; return what was acknowledged."""
    rng = random.Random(kills)
    acknowledged = []
    writers = [Writer(folder, seed) for seed in range(WRITERS)]
    for number in range(kills):
        until = time.monotonic() + rng.random() * 0.15
        while time.monotonic() < until:
            for writer in writers:
                writer.listen()
            time.sleep(0.002)
        at = rng.randrange(WRITERS)
        acknowledged += writers[at].kill()
        writers[at] = Writer(folder, WRITERS + number)
        if number % 20 == 19:
            _is_consistent(folder, [])
    for writer in writers:
        acknowledged += writer.kill()
    return acknowledged


def _is_consistent(folder: Path, acknowledged: list[list[str]]) -> None:
    """The lines are what the index says, nothing is malformed, and every receipt still holds."""
    log = EventLog(folder, lock_timeout_s=60)
    sizes = {int(size): root for _, _, size, root in acknowledged}
    seen = log.examine(sizes=sizes)
    assert [finding.kind for finding in seen.findings if finding.kind != "torn_tail"] == []
    for size, root in sizes.items():
        assert seen.against(LogState(size=size, root=root), "x") == []
    grown = log.consistency(seen.state.size)
    assert grown["old_root"] == seen.state.root


@pytest.mark.parametrize("kills", [8, pytest.param(300, marks=pytest.mark.slow)])
def test_nothing_acknowledged_is_lost_when_writers_are_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kills: int
) -> None:
    monkeypatch.setattr("provenir.attest.log_writer.SEGMENT_ENTRIES", 1_500)
    folder = tmp_path / "log"
    acknowledged = _kill_writers(folder, kills)
    log = EventLog(folder)
    receipt = log.append(LogEvent(type="incident", name="after"))
    assert {finding.kind for finding in receipt.findings} <= {"torn_tail_cut"}
    assert log.check(log.state()) == []
    ids = [entry.id for entry in log.entries()]
    assert len(acknowledged) > kills
    assert all(ids[int(index)] == event_id for index, event_id, _, _ in acknowledged)
    assert len({int(index) for index, _, _, _ in acknowledged}) == len(acknowledged)
    assert receipt.index == len(ids) - 1 >= len(acknowledged)
    _is_consistent(folder, acknowledged)
    if kills > 100:
        assert len(Segments.of(folder).ordinals) > 1


@contextmanager
def _small_disk(place: Path, size: str) -> Iterator[None]:
    command = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    try:
        mounted = subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        mounted = False
    if not mounted:
        pytest.skip("a small disk cannot be mounted here")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_full_disk_is_told_and_the_log_goes_on_when_there_is_room(tmp_path: Path) -> None:
    place = tmp_path / "disk"
    place.mkdir()
    with _small_disk(place, "400k"):
        log = EventLog(place / "log")
        acknowledged: list[str] = []
        refused = 0
        while refused < 20:
            events = [LogEvent(type="evaluation", name="e") for _ in range(1 + refused % 40)]
            try:
                receipts = log.append_many(events)
            except (OSError, InputError):
                refused += 1
                continue
            assert receipts[0].index == len(acknowledged)
            acknowledged += [event.id for event in events]
        assert [entry.id for entry in log.entries()] == acknowledged
        state = log.state()
        assert log.check(state) == []
        subprocess.run(["mount", "-o", "remount,size=4m", str(place)], check=True)
        for number in range(600):
            event = LogEvent(type="evaluation", name="room")
            assert log.append(event).index == len(acknowledged) + number
        assert log.check(state) == []
        assert inclusion_holds(EventLog(log.folder).inclusion(3), log.state())
