"""The worker processes: time-outs anywhere, no code from a model, nothing left behind."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from provenir.core.extras import available
from provenir.environments.verifiers.math import MathVerifier, pool

pytestmark = pytest.mark.skipif(
    not available("math_verify", "latex2sympy2_extended"), reason="needs the extra math"
)

SLOW = r"\boxed{" + "+".join(rf"\sqrt{{x+{n}}}" for n in range(2, 160)) + "}"
HASTY = MathVerifier(timeout_s=0.05)
SIGNALS = (signal.SIGALRM, signal.SIGPROF, signal.SIGCHLD)


def workers() -> set[int]:
    return pool.POOL.processes()


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def test_a_slow_comparison_is_a_timeout_and_the_next_one_works():
    result = HASTY.verify(SLOW, "x")
    assert result.metadata["reason"] == "timeout"
    assert not result.passed
    assert MathVerifier().verify(r"\boxed{\sqrt{8}}", r"2\sqrt{2}").passed


def test_time_outs_hold_in_threads():
    with ThreadPoolExecutor(8) as threads:
        slow = [threads.submit(HASTY.verify, SLOW, "x") for _ in range(4)]
        quick = [
            threads.submit(MathVerifier().verify, rf"\boxed{{\sqrt{{{4 * n}}}}}", rf"2\sqrt{{{n}}}")
            for n in range(2, 30)
        ]
        assert {f.result().metadata["reason"] for f in slow} == {"timeout"}
        assert all(f.result().passed for f in quick)
    assert len(workers()) <= pool._MOST_WORKERS


def test_time_outs_hold_inside_asyncio():
    async def both():
        slow = asyncio.to_thread(HASTY.verify, SLOW, "x")
        quick = asyncio.to_thread(MathVerifier().verify, r"\boxed{\sqrt{8}}", r"2\sqrt{2}")
        in_the_loop = MathVerifier().verify(r"\boxed{\sqrt{12}}", r"2\sqrt{3}")
        return (*await asyncio.gather(slow, quick), in_the_loop)

    slow, quick, in_the_loop = asyncio.run(both())
    assert slow.metadata["reason"] == "timeout"
    assert quick.passed
    assert in_the_loop.passed


def test_no_signal_handler_of_the_user_is_touched():
    before = [signal.getsignal(number) for number in SIGNALS]
    HASTY.verify(SLOW, "x")
    assert before == [signal.getsignal(number) for number in SIGNALS]


def test_a_forked_process_has_workers_of_its_own():
    assert MathVerifier().verify(r"\boxed{\sqrt{8}}", r"2\sqrt{2}").passed
    mine = workers()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            passed = MathVerifier().verify(r"\boxed{\sqrt{12}}", r"2\sqrt{3}").passed
            os.write(writing, b"1" if passed and not workers() & mine else b"0")
            pool.POOL.close()
        finally:
            os._exit(0)
    os.close(writing)
    os.waitpid(child, 0)
    assert os.read(reading, 1) == b"1"
    os.close(reading)
    assert MathVerifier().verify(r"\boxed{\sqrt{18}}", r"3\sqrt{2}").passed
    assert workers() >= mine


def test_workers_that_were_killed_are_replaced():
    for _ in range(3):
        assert MathVerifier().verify(r"\boxed{\sqrt{8}}", r"2\sqrt{2}").passed
        for pid in workers():
            os.kill(pid, signal.SIGKILL)
    assert MathVerifier().verify(r"\boxed{\sqrt{8}}", r"2\sqrt{2}").passed


def test_workers_end_with_the_process_that_started_them():
    program = (
        "import os, signal\n"
        "from provenir.environments.verifiers.math import MathVerifier, pool\n"
        "assert MathVerifier().verify(r'\\boxed{\\sqrt{8}}', r'2\\sqrt{2}').passed\n"
        "print(*pool.POOL.processes(), flush=True)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    pids = [int(pid) for pid in done.stdout.split()]
    assert pids
    until = time.monotonic() + 20
    while any(map(alive, pids)) and time.monotonic() < until:
        threading.Event().wait(0.02)
    assert not any(map(alive, pids))


@pytest.mark.parametrize(
    "payload",
    [
        "__import__('os').system('touch {mark}')",
        "open('{mark}','w')",
        r"\operatorname{exec}(open('{mark}','w'))",
        r"\text{__import__('os').mkdir('{mark}')}",
        "x.__class__.__base__.__subclasses__()",
        r"\mathrm{eval}(1)",
        r"\input{/etc/passwd}",
        "lambda: 1",
        "f'{1}'",
    ],
)
def test_no_text_of_a_model_is_code(payload, tmp_path):
    mark = tmp_path / "mark"
    text = payload.replace("{mark}", str(mark))
    for response in (rf"\boxed{{{text}}}", text, rf"\boxed{{\frac{{{text}}}{{2}}}}"):
        assert not MathVerifier().verify(response, "x^2").passed
        assert not MathVerifier().verify(r"\boxed{x^2}", text).passed
    assert not mark.exists()


def test_the_worker_is_confined_by_the_system():
    assert MathVerifier().verify(r"\boxed{\sqrt{8}}", r"2\sqrt{2}").passed
    limits = Path(f"/proc/{min(workers())}/limits").read_text()
    values = {line[:26].strip(): line[26:].split()[0] for line in limits.splitlines()}
    assert values["Max address space"] == str(1 << 30)
    assert values["Max file size"] == "0"
    assert values["Max core file size"] == "0"
