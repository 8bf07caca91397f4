"""Warm worker processes: started when needed, bounded in number, killed when they take too long.

Nothing here uses signals or forks the user's process, so that it works from any thread and inside
asyncio. A process that was forked off (a data loader's worker) starts with an empty pool.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import subprocess
import sys
import threading
import time
from typing import Any, Final

from provenir.environments.verifiers.math.limits import Undecided

__all__ = ["ask", "close"]

_MOST_WORKERS: Final = 4
_START_S: Final = 120.0
_REQUESTS_EACH: Final = 5_000  # sympy's caches grow; a fresh process starts without them
_PROGRAM: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]);"
    "from provenir.environments.verifiers.math.worker import main; main()"
)


class _Gone(Exception):  # noqa: N818 - handled at once
    """The worker ended by itself."""


class _Worker:
    """One process and the two pipes to it."""

    def __init__(self) -> None:
        folders = [folder for folder in sys.path if folder and os.path.exists(folder)]  # noqa: PTH110
        self.requests = 0
        self._buffer = b""
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", _PROGRAM, json.dumps(folders)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={"PATH": os.defpath},
            start_new_session=True,
            bufsize=0,
        )
        try:
            self._read(_START_S)
        except (_Gone, TimeoutError):
            self.kill()
            raise

    def ask(self, request: dict[str, Any], wall_s: float) -> dict[str, Any]:
        """Return the reply; TimeoutError after `wall_s` seconds, _Gone where the process ended."""
        self.requests += 1
        assert self._process.stdin is not None  # noqa: S101 - it was opened as a pipe
        try:
            line = json.dumps(request).encode() + b"\n"
            while line:
                line = line[self._process.stdin.write(line) :]
        except OSError as error:
            raise _Gone from error
        reply: dict[str, Any] = json.loads(self._read(wall_s))
        return reply

    def _read(self, wall_s: float) -> bytes:
        assert self._process.stdout is not None  # noqa: S101 - the same
        descriptor = self._process.stdout.fileno()
        poll = select.poll()
        poll.register(descriptor, select.POLLIN | select.POLLHUP)
        deadline = time.monotonic() + wall_s
        while b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not poll.poll(left * 1000):
                raise TimeoutError
            piece = os.read(descriptor, 65_536)
            if not piece:
                raise _Gone
            self._buffer += piece
        line, _, self._buffer = self._buffer.partition(b"\n")
        return line

    def kill(self) -> None:
        """End the process and wait for it."""
        self._process.kill()
        self.let_go()
        self._process.wait()

    def forget(self) -> None:
        """Leave the process to the one that started it."""
        self.let_go()
        self._process.returncode = 0  # or its end would be waited for here

    def let_go(self) -> None:
        """Close this process's ends of the pipes."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()


class _Pool:
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.idle: list[_Worker] = []
        self.all: set[_Worker] = set()
        self.places = threading.BoundedSemaphore(min(_MOST_WORKERS, os.cpu_count() or 1))

    def take(self) -> _Worker:
        with self.lock:
            if self.idle:
                return self.idle.pop()
        worker = _Worker()
        with self.lock:
            self.all.add(worker)
        return worker

    def drop(self, worker: _Worker) -> None:
        with self.lock:
            self.all.discard(worker)
        worker.kill()


_pool = _Pool()


def _after_fork() -> None:
    """Forget the parent's workers: two processes must not talk over one pipe."""
    global _pool
    for worker in _pool.all:
        worker.forget()
    _pool = _Pool()


os.register_at_fork(after_in_child=_after_fork)


def ask(request: dict[str, Any], *, budget_s: float) -> tuple[bool, float]:
    """Have one comparison made; return its outcome and the CPU seconds that it took.

    Args:
        request: What `worker` understands, without its budget.
        budget_s: CPU seconds that it may take; it is killed after twice that and one wall-clock
            second.

    Raises:
        Undecided: It was not decided: timeout, too large, not comparable.
    """
    pool = _pool
    with pool.places:
        for attempt in range(_MOST_WORKERS + 1):
            try:
                worker = pool.take()
            except (_Gone, TimeoutError, OSError) as error:
                raise Undecided("engine_failed", "the worker process does not start") from error
            began = time.monotonic()
            try:
                reply = worker.ask({**request, "budget_s": budget_s}, 2 * budget_s + 1)
            except TimeoutError as error:
                pool.drop(worker)
                raise Undecided("timeout", "the comparison took too long") from error
            except _Gone as error:
                pool.drop(worker)
                # A worker that was killed from outside is replaced; one that ran into the
                # system's limits would do so again.
                if attempt == _MOST_WORKERS or time.monotonic() - began > budget_s / 2:
                    raise Undecided("timeout", "the comparison took too much") from error
                continue
            except BaseException:
                pool.drop(worker)
                raise
            _give_back(pool, worker)
            return _outcome(reply)
    raise AssertionError  # the last attempt returns or raises


def _give_back(pool: _Pool, worker: _Worker) -> None:
    if worker.requests >= _REQUESTS_EACH:
        pool.drop(worker)
        return
    with pool.lock:
        pool.idle.append(worker)


def _outcome(reply: dict[str, Any]) -> tuple[bool, float]:
    if "equal" in reply:
        return bool(reply["equal"]), float(reply["spent_s"])
    raise Undecided(str(reply["reason"]), str(reply["detail"]))


def close() -> None:
    """End all idle workers of this process."""
    with _pool.lock:
        workers, _pool.idle = _pool.idle, []
    for worker in workers:
        _pool.drop(worker)


atexit.register(close)
