"""`provenir run watch` in a process of its own: pipes, terminals, signals."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import signal
import struct
import subprocess
import sys
import termios
import time

import pytest

import provenir

WATCH = [sys.executable, "-m", "provenir", "run", "watch"]
ALTERNATE, NORMAL = "\x1b[?1049h", "\x1b[?1049l"
HIDDEN, SHOWN = "\x1b[?25l", "\x1b[?25h"


@pytest.fixture
def alive(place):
    """The folder of a run that goes on."""
    run = provenir.track("going", output_dir=place / "run").start()
    run.log_step({"step": 0, "kl": 0.1})
    yield place / "run"
    run.finish()


def test_one_frame_in_a_pipe_is_plain_text(call, signed):
    code, out, err = call("run", "watch", signed, "--once")
    assert (code, err) == (0, "")
    assert out.startswith("signed  completed  not locked\nCRITICAL  step 29, 30 steps")
    assert "\x1b" not in out
    assert "grad_explosion" in out


def test_json_is_one_object_per_line(call, signed):
    code, out, _ = call("run", "watch", signed, "--json")
    (told,) = map(json.loads, out.splitlines())
    assert code == 0
    assert told["steps"] == 30
    assert told["rollouts"] == 1


def test_there_is_nothing_to_watch(call, place):
    code, out, err = call("run", "watch", place / "none")
    assert (code, out) == (2, "")
    assert err.startswith("error: no such run folder")


def test_a_reader_that_leaves_ends_it(alive):
    watching = subprocess.Popen([*WATCH, alive, "--json"], stdout=subprocess.PIPE)
    assert watching.stdout is not None
    watching.stdout.readline()
    watching.stdout.close()
    assert watching.wait(30) == 0


@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 128 + signal.SIGTERM)]
)
def test_a_signal_leaves_the_terminal_as_it_was(alive, number, code):
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 20, 40, 0, 0))
    before = termios.tcgetattr(theirs)
    env = {key: value for key, value in os.environ.items() if key not in ("COLUMNS", "LINES")}
    watching = subprocess.Popen(
        [*WATCH, alive],
        env={**env, "TERM": "xterm", "NO_COLOR": "1"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    )
    data = b""
    while b"UNKNOWN" not in data and b"HEALTHY" not in data:
        data += os.read(ours, 65536)
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    time.sleep(0.5)
    watching.send_signal(number)
    assert watching.wait(30) == code
    os.set_blocking(ours, False)
    with contextlib.suppress(BlockingIOError):
        while piece := os.read(ours, 65536):
            data += piece
    assert termios.tcgetattr(theirs) == before
    os.close(theirs)
    os.close(ours)
    text = data.decode()
    for begin, end in ((ALTERNATE, NORMAL), (HIDDEN, SHOWN)):
        assert text.count(begin) == text.count(end) == 1
        assert text.index(begin) < text.index(end)
    assert "\x1b[3" not in text  # NO_COLOR
    assert "going" in text.rpartition(NORMAL)[2]  # the last frame stays
