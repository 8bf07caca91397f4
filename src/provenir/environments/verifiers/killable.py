"""Questions that may never be answered, asked of a process that can be killed.

A regular expression that backtracks, or a schema that branches at every level, runs in C and holds
the interpreter: no thread, signal or asyncio time-out ends it. So it runs in a warm process of its
own (`killable_worker`), one at a time in each, and that process is ended when its time is over. The
limit is CPU time, so that the same question has the same answer on a busy machine.

What is asked is the work of engines that we trust with their input; this is no sandbox for code.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections import deque
from pathlib import Path
from typing import Any, Final

from provenir.core.errors import ProvenirError

__all__ = ["DEFAULT_CPU_S", "EndedError", "ask_killable"]

DEFAULT_CPU_S: Final = 1.0
"""CPU seconds that one question may take when not told otherwise."""

_WORKER: Final = Path(__file__).with_name("killable_worker.py")
_LENGTH: Final = struct.Struct("!I")
_START_S: Final = 60.0
_MOST_IDLE: Final = 16
_WALL_FACTOR, _WALL_EXTRA_S = 20.0, 30.0
"""Wall-clock guard for a process that does not even get CPU time."""


class EndedError(Exception):
    """The process ended before it answered; `reason` is ``timeout`` or ``engine_died``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class _Worker:
    """One process and the socket to it."""

    def __init__(self) -> None:
        self.line, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                [sys.executable, "-P", str(_WORKER), str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        try:
            self._receive(time.monotonic() + _START_S)
        except BaseException:
            self.end()
            raise

    def ask(self, question: dict[str, Any], cpu_s: float) -> dict[str, Any]:
        """The answer; any exception leaves the process ended."""
        until = time.monotonic() + _WALL_FACTOR * cpu_s + _WALL_EXTRA_S
        asked = json.dumps({**question, "cpu_s": cpu_s}).encode()
        self.line.settimeout(until - time.monotonic())
        self.line.sendall(_LENGTH.pack(len(asked)) + asked)
        return self._receive(until)

    def _receive(self, until: float) -> dict[str, Any]:
        (length,) = _LENGTH.unpack(self._exactly(_LENGTH.size, until))
        answer: dict[str, Any] = json.loads(self._exactly(length, until))
        return answer

    def _exactly(self, count: int, until: float) -> bytes:
        data = b""
        while len(data) < count:
            self.line.settimeout(max(0.001, until - time.monotonic()))
            more = self.line.recv(count - len(data))
            if not more:
                raise ConnectionError
            data += more
        return data

    def end(self) -> int:
        """End the process and return how it ended: a signal's number, negative, or its status."""
        self.line.close()
        died_of = self.process.poll()
        self.process.kill()
        status = self.process.wait()
        return status if died_of is None else died_of


_idle: deque[tuple[int, _Worker]] = deque()
"""Workers that wait, with the process that started them: a fork must not share a socket."""


def ask_killable(question: dict[str, Any], *, cpu_s: float = DEFAULT_CPU_S) -> dict[str, Any]:
    """Ask a worker, from any thread.

    Args:
        question: For one of the functions in `killable_worker.ANSWERS`, named by ``ask``.
        cpu_s: CPU seconds after which the question is given up.

    Raises:
        EndedError: It took too long, or the engine brought its process down.
        ProvenirError: No worker could be started.
    """
    worker = _idle_worker()
    if worker is not None:
        try:
            return _asked(worker, question, cpu_s)
        except EndedError as ended:
            # One that waited may have been ended by anybody; the question gets another chance.
            if ended.reason == "timeout":
                raise
    return _asked(_started(), question, cpu_s)


def _asked(worker: _Worker, question: dict[str, Any], cpu_s: float) -> dict[str, Any]:
    """Ask this worker, and let it wait for the next question or end it.

    Raises:
        EndedError: As above.
    """
    try:
        answer = worker.ask(question, cpu_s)
    except TimeoutError:
        worker.end()
        raise EndedError("timeout") from None
    except OSError:
        # Reading the end of the line can come before the process is gone.
        _wait_briefly(worker.process)
        timed_out = worker.end() == -signal.SIGPROF
        raise EndedError("timeout" if timed_out else "engine_died") from None
    except BaseException:
        worker.end()
        raise
    if len(_idle) < _MOST_IDLE:
        _idle.append((os.getpid(), worker))
    else:
        worker.end()
    return answer


def _idle_worker() -> _Worker | None:
    while _idle:
        try:
            owner, worker = _idle.pop()
        except IndexError:  # another thread was quicker
            return None
        if owner == os.getpid() and worker.process.poll() is None:
            return worker
        if owner == os.getpid():
            worker.end()
    return None


def _started() -> _Worker:
    try:
        return _Worker()
    except OSError as fault:
        raise ProvenirError(
            f"no process could be started to match or validate in ({fault})",
            mend="check that Python can be started from here",
        ) from fault


def _wait_briefly(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()


@atexit.register
def _end_all() -> None:
    while (worker := _idle_worker()) is not None:
        worker.end()
