"""The lock: one holder, and death lets go."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from provenir.core.errors import InputError, LockedError, UsageError
from provenir.core.files import FileLock

_HOLD = """
import sys, time
from provenir.core.lock import FileLock
lock = FileLock(sys.argv[1])
assert lock.acquire(blocking=False)
print("held", flush=True)
time.sleep(60)
"""


def hold_elsewhere(path: Path) -> subprocess.Popen[bytes]:
    source = str(Path(__file__).parents[2] / "src")
    process = subprocess.Popen(
        [sys.executable, "-c", _HOLD, str(path)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": source},
    )
    assert process.stdout is not None
    assert process.stdout.readline() == b"held\n"
    return process


def test_another_process_holds_it_until_it_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    process = hold_elsewhere(path)
    try:
        lock = FileLock(path)
        assert lock.acquire(blocking=False) is False
        assert lock.acquire(timeout_s=0.05) is False
        assert lock.holder() == str(process.pid)
        with pytest.raises(LockedError, match=f"process {process.pid}"):
            FileLock(path, timeout_s=0.01).__enter__()
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert lock.acquire(timeout_s=10) is True
        assert lock.holder() == str(os.getpid())
        lock.release()
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def test_two_objects_of_one_process_exclude_each_other(tmp_path: Path) -> None:
    first, second = FileLock(tmp_path / "lock"), FileLock(tmp_path / "lock")
    with first:
        assert first.held
        assert second.acquire(blocking=False) is False
        assert not second.held
    assert not first.held
    assert second.acquire(blocking=False) is True
    second.release()


def test_threads_take_turns(tmp_path: Path) -> None:
    counter = tmp_path / "counter"
    counter.write_text("0")

    def count() -> None:
        for _ in range(25):
            with FileLock(tmp_path / "lock"):
                counter.write_text(str(int(counter.read_text()) + 1))

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counter.read_text() == "100"


def test_a_released_lock_names_nobody(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    assert lock.holder() is None
    with lock:
        assert lock.holder() == str(os.getpid())
    assert lock.holder() is None
    lock.release()
    assert (tmp_path / "lock").exists()


def test_holder_of_a_file_with_other_content(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("\x1b]0;hello\x07")
    assert FileLock(tmp_path / "lock").holder() is None


def test_taking_it_twice_is_misuse(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    with lock, pytest.raises(UsageError, match="held already"):
        lock.acquire()


def test_a_lock_file_that_was_removed_does_not_give_two_holders(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    first = FileLock(path)
    with first:
        path.unlink()
        second = FileLock(path)
        assert second.acquire(blocking=False) is True  # a new file: the name is free
        third = FileLock(path)
        assert third.acquire(blocking=False) is False
        second.release()


@pytest.mark.skipif(not Path("/proc/locks").exists(), reason="the kernel lists no locks")
def test_a_waiter_on_a_removed_file_does_not_become_a_second_holder(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    first, waiter, newer = FileLock(path), FileLock(path), FileLock(path)
    assert first.acquire()
    inode = path.stat().st_ino
    thread = threading.Thread(target=waiter.acquire)
    thread.start()
    _wait_until(lambda: _has_waiter(inode))
    path.unlink()
    assert newer.acquire(blocking=False)
    first.release()
    thread.join(timeout=0.2)
    assert not waiter.held
    newer.release()
    thread.join(timeout=10)
    assert waiter.held
    waiter.release()


def _has_waiter(inode: int) -> bool:
    """Whether somebody waits for a lock on the file, as the kernel lists it."""
    lines = Path("/proc/locks").read_text().splitlines()
    return any("->" in line and f":{inode} " in line for line in lines)


def _wait_until(happened: Callable[[], bool]) -> None:
    for _ in range(1_000):
        if happened():
            return
        time.sleep(0.01)
    raise AssertionError("it did not happen within ten seconds")


def test_a_forked_child_does_not_keep_the_lock(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    lock = FileLock(path)
    assert lock.acquire()
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(write_end)
        held = lock.held
        lock.release()
        os.read(read_end, 1)  # lives on until the parent closes its end
        os._exit(1 if held else 0)
    os.close(read_end)
    try:
        assert FileLock(path).acquire(blocking=False) is False  # the child released nothing
        descriptor = lock._descriptor
        assert descriptor is not None
        # As the kernel does when the parent is killed: the descriptor goes without an unlock.
        os.close(descriptor)
        lock._descriptor = None
        other = FileLock(path)
        assert other.acquire(timeout_s=5) is True
        other.release()
    finally:
        os.close(write_end)
        status = os.waitpid(child, 0)[1]
    assert os.waitstatus_to_exitcode(status) == 0


def test_it_is_let_go_when_the_body_raises(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    with pytest.raises(RuntimeError), lock:
        raise RuntimeError
    assert not lock.held


def test_it_is_let_go_when_nobody_holds_the_object(tmp_path: Path) -> None:
    lock = FileLock(tmp_path / "lock")
    assert lock.acquire()
    del lock
    gc.collect()
    other = FileLock(tmp_path / "lock")
    assert other.acquire(blocking=False)
    other.release()


def test_a_folder_that_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"cannot lock.*you can write in"):
        FileLock(tmp_path / "no" / "lock").__enter__()


def test_a_fifo_is_no_lock_and_nobody_waits_for_its_writer(tmp_path: Path) -> None:
    path = tmp_path / "run.lock"
    os.mkfifo(path)
    assert FileLock(path).holder() is None
    with pytest.raises(InputError, match="not a regular file"):
        FileLock(path).__enter__()


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("keep")
    (tmp_path / "lock").symlink_to("precious")
    with pytest.raises(InputError, match="cannot lock"):
        FileLock(tmp_path / "lock").__enter__()
    assert (tmp_path / "precious").read_text() == "keep"


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_lock_is_not_copied(tmp_path, duplicate):
    lock = FileLock(tmp_path / "lock")
    assert lock.acquire()
    with pytest.raises(TypeError, match="copied"):
        duplicate(lock)
    assert not FileLock(tmp_path / "lock").acquire(blocking=False)
    lock.release()
