"""Finding, killing and counting what a process started."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from provenir.environments.sandbox.inside import trees, usage

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux")

FAMILY = r"""
import os, sys, time
held = bytearray(50 << 20)
for place in range(0, len(held), 4096):
    held[place] = 1
until = time.process_time() + 0.2
while time.process_time() < until:
    pass
for _ in range(2):
    if os.fork() == 0:
        os.setsid()
        os.fork()
        break
os.write(1, f"{os.getpid()}\n".encode())
time.sleep(300)
"""


@pytest.fixture
def family():
    process = subprocess.Popen([sys.executable, "-c", FAMILY], stdout=subprocess.PIPE, text=True)
    pids = {int(process.stdout.readline()) for _ in range(5)}
    yield process, pids
    process.kill()
    process.communicate()
    assert not any(alive(pid) for pid in pids)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_all_below_is_killed_and_the_root_stays(family):
    process, pids = family
    assert trees.kill_below(process.pid)
    deadline = time.monotonic() + 5
    while any(alive(pid) for pid in pids - {process.pid}) and time.monotonic() < deadline:
        time.sleep(0.01)
    assert {pid for pid in pids if alive(pid)} == {process.pid}


def test_what_is_spared_stays_with_all_below_it(family):
    process, pids = family
    trees.kill_below(os.getpid(), spare=frozenset({process.pid}))
    assert all(alive(pid) for pid in pids)
    trees.kill_below(process.pid)


def test_a_process_that_has_gone_is_no_fault():
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    trees.kill(process.pid)


def test_a_family_is_counted_together(family):
    process, _ = family
    proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY)
    try:
        one = usage.resident(proc, str(process.pid))
        assert one > 50 << 20
        # The children share its pages; each holds them all the same.
        assert 3.5 * one < usage.held(proc, str(process.pid), 0) < 6 * one
        assert usage.held(proc, str(process.pid), 1 << 40) == 0
        assert usage.spent(proc, str(process.pid)) >= 0.15
        assert usage.children(proc)[process.pid] == str(process.pid)
        assert usage.resident(proc, "999999999") == 0
    finally:
        os.close(proc)
    trees.kill_below(process.pid)
