"""What a test of a dataset cannot do to the process that asked for a verdict."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from environments.judging.verdicts import reason
from environments.processes import running
from provenir.environments import CodeVerifier
from provenir.environments.sandbox import SandboxConfig

PROGRAM = "def add(a, b):\n    return a + b\n"
HOLDS = "assert add(1, 2) == 3"
HOSTILE = {
    "floods its pipe": "import os\nwhile True: os.write(4, bytes(1 << 20))",
    "closes its pipe and stays": "import os, time\nos.closerange(0, 64)\ntime.sleep(1000)",
    "nests its verdict without end": "import os\nos.write(4, b'[' * 60_000)\nos._exit(0)",
    "stops itself": "import os\nos.kill(os.getpid(), 19)",
    "forks without end": "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass",
    "writes a verdict of its own": 'import os\nos.write(4, b\'{"reason": "ok", "detail": ""}\')\nos._exit(0)',
}


def settled(before: set[int]) -> bool:
    """Whether nothing runs that did not; what was killed takes a moment to be gone."""
    until = time.monotonic() + 5
    while (more := running() - before) and time.monotonic() < until:
        time.sleep(0.02)
    return not more


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_test_ends_in_time_and_passes_nothing(name):
    with_limit = CodeVerifier(SandboxConfig(timeout_s=2))
    assert with_limit.verify(PROGRAM, {"test_code": HOLDS}).passed
    before, began = running(), time.monotonic()
    found = with_limit.verify(PROGRAM, {"test_code": f"{HOSTILE[name]}\n{HOLDS}"})
    assert not found.passed
    assert time.monotonic() - began < 60
    assert settled(before)
    assert with_limit.verify(PROGRAM, {"test_code": HOLDS}).passed


def test_a_program_on_the_channel_of_the_judge_is_noticed():
    source = "import os\nfor n in range(3, 9):\n    try: os.write(n, bytes(64))\n    except OSError: pass\n"
    assert reason(source + PROGRAM, HOLDS) == "protocol_violation"


@pytest.mark.parametrize(
    "left",
    ["threading.Thread(target=time.sleep, args=(99,)).start()", "atexit.register(time.sleep, 99)"],
)
def test_a_verdict_does_not_wait_for_what_a_test_leaves_behind(left):
    assert reason(PROGRAM, f"import atexit, threading, time\n{left}\n{HOLDS}") == "ok"


def kill_wardens(argument: bytes) -> None:
    for pid in running() - {os.getpid()}:
        try:
            if argument in Path(f"/proc/{pid}/cmdline").read_bytes():
                os.kill(pid, signal.SIGKILL)
        except OSError:
            continue


def test_a_program_whose_warden_was_killed_is_accused_of_nothing():
    verifier = CodeVerifier(SandboxConfig(timeout_s=20))
    slow = "import time\ndef f():\n    time.sleep(20)\n    return 1\n"
    assert verifier.verify("def f(): return 1", "assert f() == 1").passed
    threading.Timer(0.5, kill_wardens, (b"entry=provenir.environments.judging.candidate",)).start()
    result = verifier.verify(slow, "assert f() == 1")
    assert (result.metadata["reason"], result.metadata["suspected_hacking"]) == (
        "judge_failed",
        False,
    )
    assert verifier.verify("def f(): return 1", "assert f() == 1").passed
