"""A warden's client: starts programs behind walls from any thread of any process.

The warden is a program of its own (`inside.warden`), started anew rather than forked, so that a
caller with threads, locks and gigabytes is safe. Every run has a channel of its own to the warden;
nothing is shared between two runs but the socket on which orders are sent.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import socket
import sys
import threading
import weakref
from typing import TYPE_CHECKING, Final

from provenir.core.errors import UsageError
from provenir.environments.sandbox.inside import wire
from provenir.environments.sandbox.process import WardenProcess
from provenir.environments.sandbox.runs import Run

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from provenir.environments.sandbox.values import Limits, Plan

__all__ = ["PRELOAD", "Run", "Warden", "memory_file"]

# What programs import most; a run finds it loaded.
PRELOAD: Final = (
    *("abc", "bisect", "collections", "contextlib", "copy", "dataclasses", "datetime", "decimal"),
    *("enum", "fractions", "functools", "heapq", "io", "itertools", "json", "math", "operator"),
    *("random", "re", "statistics", "string", "traceback", "typing"),
)
# Enough that a run seldom waits for an interpreter to start, few enough to be started in vain.
_AHEAD: Final = 2
_MAX_FDS: Final = 100
_wardens: weakref.WeakSet[Warden] = weakref.WeakSet()


class Warden:
    """A warm interpreter behind walls, which starts one process for each run.

    Safe to use from many threads. In a forked child of the caller it starts a warden of the
    child's own at the next run. A warden that died is replaced at the next run.

    Args:
        plan: Where runs take place.
        entries: Modules that hold what `start` may call, imported once. They import the standard
            library and modules of this package by their full names, never what a package's
            `__init__` exports.
        preload: Further modules to import once; with none the warden itself starts sooner.
    """

    def __init__(
        self, plan: Plan, *, entries: Sequence[str], preload: Sequence[str] = PRELOAD
    ) -> None:
        self._supply = _Supply(
            plan,
            [*(f"entry={name}" for name in entries), *(f"preload={name}" for name in preload)],
        )
        if not sys.platform.startswith("linux"):
            raise UsageError(
                "the sandbox needs Linux", mend="run the verifier in a Linux container"
            )
        self.plan = plan
        self._lock = threading.Lock()
        self._closed = False
        # At the interpreter's end it closes while there are still modules to close it with.
        weakref.finalize(self, self._supply.close)
        _wardens.add(self)

    def start(
        self,
        entry: str,
        *,
        payload: bytes,
        limits: Limits,
        fds: Sequence[int] = (),
        stdin: int | None = None,
        stdout: int | None = None,
        stderr: int | None = None,
        seed: int = 0,
    ) -> Run:
        """Start a run.

        Args:
            entry: ``package.module:function``, called as `function(payload, fds)`.
            payload: What the function is told, of any size.
            limits: What the run may use.
            fds: Descriptors that the run inherits, as 3, 4, and so on.
            stdin: Descriptor of its standard input; None is empty.
            stdout: Descriptor of its standard output; None discards it.
            stderr: The same for errors.
            seed: What the run's `random` starts from; 64 bits with a sign.

        Raises:
            UsageError: This warden was closed, or the descriptors are too many.
        """
        if len(fds) > _MAX_FDS:
            raise UsageError(f"{len(fds)} descriptors", mend=f"a run inherits at most {_MAX_FDS}")
        order = wire.order(entry, seed=seed, limits=_packed(limits))
        with contextlib.ExitStack() as ours:
            null = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
            ours.callback(os.close, null)
            told = memory_file(payload)
            ours.callback(os.close, told)
            mine, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
            ours.callback(theirs.close)
            streams = [null if stream is None else stream for stream in (stdin, stdout, stderr)]
            passed = [theirs.fileno(), told, *streams, *fds]
            process = self._send(order, passed)
        return Run(mine, process, self.plan.isolation, alone=self._supply.alone)

    def _send(self, order: bytes, descriptors: list[int]) -> WardenProcess:
        with self._lock:
            if self._closed:
                raise UsageError("this warden is closed")
            process = self._supply.take()
            try:
                socket.send_fds(process.control, [order], descriptors)
            except OSError:
                # It died since; the next one is asked once, and its death is the run's ending.
                process = self._supply.take(instead_of=process)
                with contextlib.suppress(OSError):
                    socket.send_fds(process.control, [order], descriptors)
            return process

    def close(self) -> None:
        """End the warden and every run that it holds."""
        with self._lock:
            self._closed = True
            self._supply.close()

    def _forget(self) -> None:
        """In a forked child: the warden is the parent's."""
        self._lock = threading.Lock()
        self._supply.close()

    def __enter__(self) -> Warden:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class _Supply:
    """The processes that stand ready for the next runs.

    Attributes:
        alone: Whether each process serves one run. Behind bubblewrap nobody may make the
            namespaces that would keep two runs apart.
    """

    def __init__(self, plan: Plan, arguments: list[str]) -> None:
        self.alone = plan.by == "bubblewrap"
        self._plan = plan
        self._arguments = arguments
        self._ready: list[WardenProcess] = []

    def take(self, *, instead_of: WardenProcess | None = None) -> WardenProcess:
        """Return the process that the next run is to be asked of."""
        if instead_of is not None:
            instead_of.close()
        usable = [process for process in self._ready if process is not instead_of]
        for process in usable:
            if process.ended():
                process.close()
        self._ready = [process for process in usable if not process.ended()]
        wanted = _AHEAD + 1 if self.alone else 1
        while len(self._ready) < wanted:
            self._ready.append(WardenProcess(self._plan, self._arguments))
        return self._ready.pop(0) if self.alone else self._ready[0]

    def close(self) -> None:
        """End every process."""
        while self._ready:
            self._ready.pop().close()


def _forget_all() -> None:
    for warden in list(_wardens):
        warden._forget()


os.register_at_fork(after_in_child=_forget_all)


def _packed(limits: Limits) -> tuple[float, int, int, int, int, int, int]:
    return (
        float(limits.cpu_s),
        int(limits.memory_bytes),
        int(limits.max_file_bytes),
        int(limits.tmp_bytes),
        int(limits.stack_bytes),
        int(limits.max_processes),
        int(limits.max_open_files),
    )


def memory_file(data: bytes) -> int:
    """A descriptor of an unlinked file that holds `data` and can no longer be changed."""
    descriptor = os.memfd_create("payload", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
    seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    return descriptor
