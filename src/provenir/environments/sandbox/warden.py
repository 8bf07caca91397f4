"""A warden's client: starts programs behind walls from any thread of any process.

The warden is a program of its own (`inside.warden`), started anew rather than forked, so that a
caller with threads, locks and gigabytes is safe. Every run has a channel of its own to the warden;
nothing is shared between two runs but the socket on which orders are sent.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Final

from provenir.core.errors import UsageError
from provenir.environments.sandbox.inside import wire
from provenir.environments.sandbox.values import Ended, Isolation, Limits, Plan

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

__all__ = ["PRELOAD", "Run", "Warden", "memory_file"]

# What programs import most; a run finds it loaded.
PRELOAD: Final = (
    *("abc", "bisect", "collections", "contextlib", "copy", "dataclasses", "datetime", "decimal"),
    *("enum", "fractions", "functools", "heapq", "io", "itertools", "json", "math", "operator"),
    *("random", "re", "statistics", "string", "traceback", "typing"),
)
_ROOM: Final = "provenir.environments.sandbox.inside"
_SOURCE: Final = str(Path(__file__).parents[3])
# Bare packages stand in for ours, so that none of their `__init__` runs there; emptying their paths
# ends all imports from here once the entries are loaded.
_BOOT: Final = f"""
import sys
from importlib import import_module
bare = type(sys)
def package(name):
    module = sys.modules[name] = bare(name)
    module.__path__ = [sys.argv[1] + "/" + name.replace(".", "/")]
    return module
def load(names):
    for name in names:
        import_module(name)
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] == "provenir":
            module.__path__ = []
parts = {_ROOM!r}.split(".")
for end in range(1, len(parts) + 1):
    package(".".join(parts[:end]))
import_module({_ROOM + ".warden"!r}).main(sys.argv[2:], load)
"""
# Hashes of strings have to be the same in each run, or two runs would print a set differently; that
# rules out `-I`, which ignores the variable. `-s -P -S` are what else `-I` and `-S` mean here.
_FLAGS: Final = ("-s", "-P", "-S", "-X", "utf8")
_ENVIRONMENT: Final = {
    "PYTHONHASHSEED": "0",
    "HOME": "/tmp",  # noqa: S108 - its own
    "TMPDIR": "/tmp",  # noqa: S108
    "PATH": "/usr/bin:/bin",
    "LANG": "C.UTF-8",
}
_ANSWER_S: Final = 10.0
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
        if not sys.platform.startswith("linux"):
            raise UsageError(
                "the sandbox needs Linux", mend="run the verifier in a Linux container"
            )
        self.plan = plan
        self._arguments = [
            plan.layer,
            *(f"entry={name}" for name in entries),
            *(f"preload={name}" for name in preload),
            *(f"read={path}" for path in plan.read_only_paths),
        ]
        self._lock = threading.Lock()
        self._process: _Process | None = None
        self._closed = False
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
            seed: What the run's `random` starts from.

        Raises:
            UsageError: This warden was closed.
        """
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
        return Run(mine, process, self.plan.isolation)

    def _send(self, order: bytes, descriptors: list[int]) -> _Process:
        with self._lock:
            if self._closed:
                raise UsageError("this warden is closed")
            if self._process is None or self._process.ended():
                self._replace()
            assert self._process is not None  # noqa: S101 - for the type checker
            try:
                socket.send_fds(self._process.control, [order], descriptors)
            except OSError:
                # It died since; the next one is asked once, and its death is the run's ending.
                self._replace()
                with contextlib.suppress(OSError):
                    socket.send_fds(self._process.control, [order], descriptors)
            return self._process

    def _replace(self) -> None:
        if self._process is not None:
            self._process.close()
        self._process = _Process(self._arguments)

    def close(self) -> None:
        """End the warden and every run that it holds."""
        with self._lock:
            self._closed = True
            if self._process is not None:
                self._process.close()
                self._process = None

    def _forget(self) -> None:
        """In a forked child: the warden is the parent's."""
        self._lock = threading.Lock()
        if self._process is not None:
            self._process.abandon()
            self._process = None

    def __enter__(self) -> Warden:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __del__(self) -> None:
        if self._process is not None:
            self._process.close()


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
    import fcntl

    descriptor = os.memfd_create("payload", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
    os.lseek(descriptor, 0, os.SEEK_SET)
    seals = fcntl.F_SEAL_SEAL | fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_WRITE
    fcntl.fcntl(descriptor, fcntl.F_ADD_SEALS, seals)
    return descriptor


class _Process:
    """The warden's process, its control socket, and a descriptor that tells its end."""

    def __init__(self, arguments: list[str]) -> None:
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        client = os.pidfd_open(os.getpid())
        try:
            self._popen = subprocess.Popen(
                [
                    os.path.realpath(sys.executable),
                    *_FLAGS,
                    *("-c", _BOOT, _SOURCE, str(theirs.fileno()), str(client)),
                    *arguments,
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=_ENVIRONMENT,
                cwd="/",
                pass_fds=(theirs.fileno(), client),
                start_new_session=True,
            )
        finally:
            theirs.close()
            os.close(client)
        self.descriptor = os.pidfd_open(self._popen.pid)
        self._why: str | None = None

    def ended(self) -> bool:
        """Whether it ended, or never started to serve."""
        return self._popen.poll() is not None

    def why(self) -> str:
        """What it said before it ended."""
        if self._why is None:
            self._why = "the warden ended"
            self.control.setblocking(False)
            while word := self._word():
                if word != wire.RUNNING:
                    self._why = f"the walls did not stand: {word.decode('utf-8', 'replace')}"
        return self._why

    def _word(self) -> bytes:
        # An order that it left unread shows as one ECONNRESET before what it had said.
        for _ in range(2):
            with contextlib.suppress(OSError):
                return self.control.recv(wire.MAX_MESSAGE)
        return b""

    def close(self) -> None:
        """Kill it, and with it all that it started."""
        if self.control.fileno() < 0:
            return
        self.why()
        self.control.close()
        poll = select.poll()
        poll.register(self.descriptor, select.POLLIN)
        if not poll.poll(_ANSWER_S * 1e3):
            self._popen.kill()
        self._popen.wait()
        os.close(self.descriptor)

    def abandon(self) -> None:
        """Close our copies of what belongs to the parent process."""
        self.control.close()
        os.close(self.descriptor)
        # Or the destructor would wait for a process that is no child of ours.
        self._popen.returncode = 0


class Run:
    """A run: wait for it, or kill it; killed too when nobody holds this object any more."""

    def __init__(self, channel: socket.socket, process: _Process, isolation: Isolation) -> None:
        self._channel = channel
        self._process = process
        self._isolation = isolation
        self._lock = threading.Lock()
        self._ended: Ended | None = None

    def fileno(self) -> int:
        """A descriptor that becomes readable when the run has ended, for `select`."""
        return self._channel.fileno()

    def lost(self) -> bool:
        """Whether the warden has ended, and the run with it."""
        return self._process.ended()

    def wait(self, timeout_s: float | None) -> Ended:
        """Wait for the end, and kill the run at the time limit; never raises.

        Args:
            timeout_s: Longest wait in wall-clock seconds; None waits without end.
        """
        with self._lock:
            if self._ended is None:
                timed_out = not self._readable(timeout_s)
                if timed_out:
                    self.kill()
                    self._readable(_ANSWER_S)
                self._ended = self._read(timed_out)
                self._channel.close()
            return self._ended

    def kill(self) -> None:
        """Kill the run and everything that it started; a no-op once it has ended."""
        with contextlib.suppress(OSError):
            self._channel.send(wire.KILL)

    def _readable(self, timeout_s: float | None) -> bool:
        """Whether the run or the warden ended in time."""
        poll = select.poll()
        poll.register(self._channel, select.POLLIN)
        with contextlib.suppress(ValueError, OSError):
            poll.register(self._process.descriptor, select.POLLIN)
        wait_ms = None if timeout_s is None else max(0.0, timeout_s) * 1e3
        return bool(poll.poll(wait_ms))

    def _read(self, timed_out: bool) -> Ended:
        self._channel.setblocking(False)
        try:
            message = self._channel.recv(wire.MAX_MESSAGE)
        except OSError:
            message = b""
        if not message:
            detail = "killed at its time limit" if timed_out else self._process.why()
            return Ended(
                exit_code=None, timed_out=timed_out, detail=detail, isolation=self._isolation
            )
        kind, status, cpu_s, peak, text = wire.read_ending(message)
        code = os.waitstatus_to_exitcode(status) if kind == wire.ENDED else None
        number = -code if code is not None and code < 0 else None
        return Ended(
            exit_code=code if number is None else None,
            signal=number,
            timed_out=timed_out,
            cpu_s=cpu_s,
            peak_bytes=peak,
            detail=_detail(kind, number, text, timed_out),
            isolation=self._isolation,
        )


def _detail(kind: int, number: int | None, text: str, timed_out: bool) -> str:
    if timed_out:
        return "killed at its time limit"
    if kind == wire.FAILED:
        return f"not run: {text}"
    if kind == wire.LOST:
        return "killed"
    if number == signal.SIGXCPU:
        return "killed at its limit of processor time"
    if number is not None:
        return f"killed by {signal.Signals(number).name}"
    return ""
