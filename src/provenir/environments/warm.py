"""Warm worker processes, asked one question at a time and killed when they take too long.

A regular expression that backtracks, a schema that branches at every level or an expression that
grows as it is simplified runs in C and holds the interpreter: no thread, signal or asyncio time-out
ends it. So it runs in a process of its own. Workers are started, never forked from the caller, who
may hold threads and a `torch`; nothing here uses signals, so it works from any thread and inside
asyncio; a process that was forked off has workers of its own.

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
import threading
import time
import weakref
from collections import deque
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import ProvenirError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["WarmPool", "WorkerEndedError"]

_LENGTH: Final = struct.Struct("!I")
_START_S: Final = 120.0
_OUT_OF_TIME: Final = frozenset({signal.SIGPROF, signal.SIGXCPU})
"""Signals by which the kernel ends a process that used up its CPU time."""


class WorkerEndedError(Exception):
    """A worker ended before it answered.

    Attributes:
        out_of_time: Whether it had used up its time, rather than died of something else.
    """

    def __init__(self, *, out_of_time: bool) -> None:
        super().__init__("out of time" if out_of_time else "died")
        self.out_of_time = out_of_time


class _Worker:
    """One process and the socket to it."""

    def __init__(
        self, command: Callable[[int], list[str]], environment: Mapping[str, str] | None
    ) -> None:
        self.questions = 0
        self.line, theirs = socket.socketpair()
        with theirs:
            self.process = subprocess.Popen(
                command(theirs.fileno()),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=environment,
                start_new_session=True,  # Ctrl-C is the asking process's to handle
            )
        try:
            self._receive(time.monotonic() + _START_S)
        except BaseException:
            self.end()
            raise

    def ask(self, question: dict[str, Any], wall_s: float) -> dict[str, Any]:
        """The answer; any exception leaves the process of no more use."""
        self.questions += 1
        until = time.monotonic() + wall_s
        asked = json.dumps(question).encode()
        self.line.settimeout(wall_s)
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

    def forget(self) -> None:
        """Leave the process to the one that started it."""
        self.line.close()
        self.process.returncode = 0  # or its end would be waited for here


class WarmPool:
    """Workers of one kind; safe to use from many threads.

    Args:
        command: What starts a worker that serves the descriptor it is given; see `serve`'s callers.
        environment: Its environment; None for the caller's.
        at_once: The most that work at the same time; None for as many as there are threads.
        idle: The most that are kept for the next question.
        questions_each: After how many questions a worker is replaced; None for never.
    """

    def __init__(
        self,
        command: Callable[[int], list[str]],
        *,
        environment: Mapping[str, str] | None = None,
        at_once: int | None = None,
        idle: int = 16,
        questions_each: int | None = None,
    ) -> None:
        self._command = command
        self._environment = environment
        self._at_once = at_once
        self._most_idle = idle
        self._questions_each = questions_each
        self._begin()
        _pools.add(self)

    def _begin(self) -> None:
        self._idle: deque[_Worker] = deque()
        self._alive: set[_Worker] = set()
        self._places = threading.Semaphore(self._at_once or 1_000_000)

    def ask(self, question: dict[str, Any], *, wall_s: float) -> dict[str, Any]:
        """Ask a worker.

        Args:
            question: What it understands, as plain data.
            wall_s: Wall-clock seconds after which it is killed.

        Raises:
            WorkerEndedError: It took too long, or died over the question.
            ProvenirError: No worker could be started.
        """
        with self._places:
            worker = self._waiting()
            if worker is not None:
                try:
                    return self._asked(worker, question, wall_s)
                except WorkerEndedError as ended:
                    # One that waited may have been ended by anybody: another chance.
                    if ended.out_of_time:
                        raise
            return self._asked(self._started(), question, wall_s)

    def _asked(self, worker: _Worker, question: dict[str, Any], wall_s: float) -> dict[str, Any]:
        try:
            answer = worker.ask(question, wall_s)
        except TimeoutError:
            self._drop(worker)
            raise WorkerEndedError(out_of_time=True) from None
        except OSError:
            # Reading the end of the line can come before the process is gone.
            _wait_briefly(worker.process)
            raise WorkerEndedError(out_of_time=-self._drop(worker) in _OUT_OF_TIME) from None
        except BaseException:
            self._drop(worker)
            raise
        worn = self._questions_each is not None and worker.questions >= self._questions_each
        if worn or len(self._idle) >= self._most_idle:
            self._drop(worker)
        else:
            self._idle.append(worker)
        return answer

    def _waiting(self) -> _Worker | None:
        while True:
            try:
                worker = self._idle.pop()
            except IndexError:
                return None
            if worker.process.poll() is None:
                return worker
            self._drop(worker)

    def _started(self) -> _Worker:
        try:
            worker = _Worker(self._command, self._environment)
        except OSError as fault:
            raise ProvenirError(
                f"no worker process could be started ({type(fault).__name__}: {fault})",
                mend="check that Python can be started from here",
            ) from fault
        self._alive.add(worker)
        return worker

    def _drop(self, worker: _Worker) -> int:
        self._alive.discard(worker)
        return worker.end()

    def processes(self) -> set[int]:
        """Ids of the processes that are there now."""
        return {worker.process.pid for worker in set(self._alive)}

    def close(self) -> None:
        """End the workers that wait; new ones are started when they are needed."""
        while (worker := self._waiting()) is not None:
            self._drop(worker)

    def forget(self) -> None:
        """In a process that was forked off: leave all workers to the one that started them."""
        for worker in self._alive:
            worker.forget()
        self._begin()


_pools: weakref.WeakSet[WarmPool] = weakref.WeakSet()


def _wait_briefly(process: subprocess.Popen[bytes]) -> None:
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        process.kill()


def _forget_all() -> None:
    for pool in list(_pools):
        pool.forget()


@atexit.register
def _close_all() -> None:
    for pool in list(_pools):
        pool.close()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
