"""One run: its first process, which watches, and the program's process, which calls the entry.

The first process raises what walls it can while it is still privileged, forks the program's process
and tells the warden how that ended. It is a process apart because the first one of a pid namespace
ignores the signals that it does not handle, and a program should not.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]
import atexit
import fcntl
import gc
import os
import random
import sys
import time

from provenir.environments.sandbox.inside import (
    landlock,
    linux,
    namespaces,
    rlimits,
    rootfs,
    seccomp,
    trees,
    wire,
    workspace,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

__all__ = ["Job", "Walls", "perform"]

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_KEEPCAPS = 8
_PR_SET_CHILD_SUBREAPER = 36
_CAP_DAC_READ_SEARCH = 1 << 2
_PR_SET_NO_NEW_PRIVS = 38
_SIGINT, _SIGKILL, _SIGTERM = 2, 9, 15  # `signal` is an import that every cold start would pay for
_FIRST_GIVEN = 3
# As an interpreter opens them in UTF-8 mode.
_STREAMS = (
    ("stdin", 0, "r", -1, "surrogateescape"),
    ("stdout", 1, "w", -1, "surrogateescape"),
    ("stderr", 2, "w", 1, "backslashreplace"),
)


class Walls:
    """What a warden has around itself, and what each run therefore gets.

    Attributes:
        layer: ``S0``, ``S1`` or ``S2``.
        proc: A descriptor of the host's /proc; negative where bubblewrap shows none.
        apart: Whether each run has namespaces of its own.
        searching: Whether runs may read what their id may not: the interpreter lies in a folder of
            root's, and to stay root only to read it would let them write there.
        spare: The unprivileged id that runs get; None where they keep ours.
        paths: What runs may read beside the interpreter and its libraries.
    """

    __slots__ = ("apart", "layer", "paths", "proc", "searching", "spare")

    def __init__(
        self,
        layer: str,
        proc: int,
        spare: int | None,
        paths: list[str],
        *,
        apart: bool,
        searching: bool,
    ) -> None:
        self.searching = searching
        self.layer = layer
        self.proc = proc
        self.apart = apart
        self.spare = spare
        self.paths = paths


class Job:
    """What a run's first process needs to know.

    Attributes:
        message: The order, as `wire.order` makes it.
        payload: Descriptor of the payload.
        streams: Descriptors of standard input, output and error.
        given: Descriptors that the program gets, from 3 on.
        report: Where the ending is written to.
        walls: The warden's walls.
        folder: Where the program may write; the layer's own /tmp where it has one.
    """

    __slots__ = ("folder", "given", "message", "payload", "report", "streams", "walls")

    def __init__(
        self, message: bytes, descriptors: list[int], report: int, walls: Walls, folder: str
    ) -> None:
        self.message = message
        self.payload, *streams = descriptors[:4]
        self.streams = streams
        self.given = descriptors[4:]
        self.report = report
        self.walls = walls
        self.folder = folder


def perform(job: Job) -> NoReturn:
    """Be the first process of a run; the program's process comes out of it."""
    try:
        entry, seed, limits = wire.read_order(job.message)
        _stand_apart(job, tmp_bytes=limits[3])
        payload = _read_all(job.payload)
        _arrange(job)
        others = _others(job.walls)
        program = os.fork()
    except BaseException as error:  # noqa: BLE001 - the warden has to hear of it
        _fail(job.report, error)
    if program:
        del payload
        _watch(job, program)
    try:
        linux.prctl(_PR_SET_PDEATHSIG, _SIGKILL)
        function = _resolve(entry)
        random.seed(seed)
        cpu_s, memory, file_size, _, stack, processes, open_files = limits
        rlimits.apply(
            cpu_s=cpu_s,
            memory=memory,
            file_size=file_size,
            stack=stack,
            processes=processes + others,
            open_files=open_files,
        )
        _confine(job)
    except BaseException as error:  # noqa: BLE001
        _fail(job.report, error)
    os.close(job.report)
    given = tuple(range(_FIRST_GIVEN, _FIRST_GIVEN + len(job.given)))
    del job
    _call(function, payload, given)


def _fail(report: int, error: BaseException) -> NoReturn:
    _report(report, wire.ending(wire.FAILED, text=f"{type(error).__name__}: {error}"))
    os._exit(1)


def _stand_apart(job: Job, *, tmp_bytes: int) -> None:
    linux.prctl(_PR_SET_PDEATHSIG, _SIGKILL)
    os.setsid()
    if job.walls.apart:
        become = job.walls.spare is not None
        namespaces.own_namespaces(job.walls.proc, become=become, tmp_bytes=tmp_bytes)
        rootfs.show_below_tmp(job.walls.paths)
    elif job.walls.layer != "S2":
        linux.prctl(_PR_SET_CHILD_SUBREAPER, 1)
        os.environ["HOME"] = os.environ["TMPDIR"] = job.folder
    os.chdir(job.folder)


def _others(walls: Walls) -> int:
    """Processes and threads that RLIMIT_NPROC counts beside those of the program."""
    if walls.layer == "S2" or walls.spare is not None:
        return 1 if walls.layer != "S2" or walls.apart else 2
    return rlimits.tasks_of(os.getuid())


def _read_all(descriptor: int) -> bytes:
    parts = []
    while part := os.read(descriptor, 1 << 20):
        parts.append(part)
    return b"".join(parts)


def _arrange(job: Job) -> None:
    """Put streams at 0 to 2, what is given from 3 on, the report behind; close all else."""
    wanted = [*job.streams, *job.given, job.report]
    above = 2 * len(wanted) + 8
    high = [fcntl.fcntl(descriptor, fcntl.F_DUPFD, above) for descriptor in wanted]
    for place, descriptor in enumerate(high):
        os.dup2(descriptor, place)
    job.report = len(wanted) - 1
    os.closerange(len(wanted), 1 << 20)
    os.set_inheritable(job.report, False)


def _confine(job: Job) -> None:
    walls = job.walls
    if walls.layer != "S2" and walls.spare is not None:
        linux.prctl(_PR_SET_KEEPCAPS, 1)
        os.setgroups([])
        os.setresgid(walls.spare, walls.spare, walls.spare)
        os.setresuid(walls.spare, walls.spare, walls.spare)
        # Changing ids cleared it.
        linux.prctl(_PR_SET_PDEATHSIG, _SIGKILL)
    linux.keep_capabilities(_CAP_DAC_READ_SEARCH if walls.searching else 0)
    linux.prctl(_PR_SET_NO_NEW_PRIVS, 1)
    linux.prctl(_PR_SET_DUMPABLE, 0)
    if walls.layer == "S1":
        landlock.confine(
            readable=[*rootfs.shown(), *walls.paths],
            writable=[job.folder],
            devices=list(rootfs.DEVICES),
        )
    if walls.layer != "S0":
        scoped = landlock.abi() >= landlock.SIGNALS
        seccomp.confine(pid_namespace=walls.layer == "S2", signals_scoped=scoped)


def _resolve(entry: str) -> Callable[[bytes, tuple[int, ...]], object]:
    module, _, name = entry.partition(":")
    loaded = sys.modules.get(module)
    if loaded is None:
        raise LookupError(f"{module} is no entry of this warden")
    function: Callable[[bytes, tuple[int, ...]], object] = getattr(loaded, name)
    return function


def _call(
    function: Callable[[bytes, tuple[int, ...]], object], payload: bytes, given: tuple[int, ...]
) -> NoReturn:
    """Call the entry as an interpreter calls a program, up to its exit status."""
    _open_streams()
    gc.enable()
    status = 0
    try:
        function(payload, given)
    except SystemExit as leaving:
        status = _exit_status(leaving.code)
    except BaseException:  # noqa: BLE001 - as an interpreter does
        sys.excepthook(*sys.exc_info())
        status = 1
    _finish(status)


def _open_streams() -> None:
    # Anew: the warden's know of other files, where they could seek.
    for name, descriptor, mode, buffering, errors in _STREAMS:
        stream = open(  # noqa: SIM115
            descriptor, mode, buffering, encoding="utf-8", errors=errors, closefd=False
        )
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _exit_status(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    print(code, file=sys.stderr)  # noqa: T201 - sys.exit(text) does so
    return 1


def _finish(status: int) -> NoReturn:
    # What Py_FinalizeEx does that a program can see; tearing down the modules is not.
    threading = sys.modules.get("threading")
    try:
        if threading is not None:
            threading._shutdown()
        atexit._run_exitfuncs()
    except BaseException:  # noqa: BLE001
        sys.excepthook(*sys.exc_info())
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except BaseException:  # noqa: BLE001 - a closed or replaced stream, or a reader that has gone
        status = status or 120
    os._exit(status)


def _watch(job: Job, program: int) -> NoReturn:
    """Wait for the program, reaping what it leaves behind, and report how it ended."""
    layer, report, folder = job.walls.layer, job.report, job.folder
    os.closerange(0, report)
    # The only signal that this process handles, and so the only one by which a program could end
    # it; our client's come to another session.
    _signal.signal(_SIGINT, _signal.SIG_IGN)
    if layer != "S2":
        # A warden that is killed can end nothing; the kernel would end us alone.
        _signal.signal(_SIGTERM, lambda number, frame: _end_all(folder))
        linux.prctl(_PR_SET_PDEATHSIG, _SIGTERM)
    while True:
        child, status, usage = os.wait4(-1, 0)
        if child == program:
            break
    cpu_s = usage.ru_utime + usage.ru_stime
    _report(report, wire.ending(wire.ENDED, status, cpu_s, usage.ru_maxrss * 1024))
    if layer != "S2":
        # The warden kills what is below us, which it finds only while we are here.
        while True:
            time.sleep(3600)
    os._exit(0)


def _end_all(folder: str) -> NoReturn:
    trees.kill_below(os.getpid())
    workspace.remove(folder)
    os._exit(1)


def _report(descriptor: int, message: bytes) -> None:
    try:
        os.write(descriptor, message)
    except OSError:
        os._exit(1)
