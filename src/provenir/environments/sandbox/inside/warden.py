"""The warden: a warm interpreter behind walls that forks one process for each run.

It is started as a program of its own, never forked from its client, which may hold threads and
gigabytes. It reads no payload: what one run is told stays out of the memory that the next one
starts from. It ends when its client does, and everything that it started ends with it.
"""

from __future__ import annotations

import _socket
import gc
import os
import select
import struct
import sys
import time

from provenir.environments.sandbox.inside import (
    linux,
    namespaces,
    rootfs,
    run,
    trees,
    usage,
    wire,
    workspace,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import NoReturn

__all__ = ["main"]

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_SIGKILL = 9
_PR_SET_CHILD_SUBREAPER = 36
_MAX_DESCRIPTORS = 250
_LOOK_S = 0.05
# All processes of a run together may hold this many times what one of them may.
_SHARE = 2
_INT = struct.Struct("i")


class _Alive:
    """A run that has not ended.

    Attributes:
        process: Its first process.
        channel: The client's.
        report: Where its first process says how it ended.
        folder: Where it may write.
        most: Bytes that all its processes may hold.
    """

    __slots__ = ("channel", "folder", "most", "process", "report")

    def __init__(
        self, process: int, channel: _socket.socket, report: int, folder: str, most: int
    ) -> None:
        self.process = process
        self.channel = channel
        self.report = report
        self.folder = folder
        self.most = most


class Warden:
    """Starts and ends runs as its client asks.

    Args:
        control: The socket on which orders come.
        client: A descriptor that becomes readable when the client has ended (pidfd_open(2)).
        walls: The walls that stand around this process.
        fork: How a run's first process is made.
        once: Whether to end with the first run.
    """

    def __init__(
        self,
        control: _socket.socket,
        client: int,
        walls: run.Walls,
        fork: Callable[[], int],
        *,
        once: bool,
    ) -> None:
        self._once = once
        self._control = control
        self._walls = walls
        self._fork = fork
        self._by_channel: dict[int, _Alive] = {}
        self._by_report: dict[int, _Alive] = {}
        self._poll = select.poll()
        self._poll.register(control.fileno(), select.POLLIN)
        self._poll.register(client, select.POLLIN)
        self._client = client
        self._next_look = 0.0
        self._base = usage.resident(walls.proc) if walls.proc >= 0 else 0

    def serve(self) -> run.Job:
        """Serve until the client has ended; in a run's first process, return its job."""
        while True:
            watched = self._by_report and self._walls.proc >= 0
            events = self._poll.poll(_LOOK_S * 1e3 if watched else None)
            for descriptor, _ in events:
                if descriptor == self._control.fileno():
                    job = self._receive()
                    if job is not None:
                        return job
                elif descriptor == self._client:
                    self.leave()
                elif descriptor in self._by_report:
                    self._end(self._by_report[descriptor], os.read(descriptor, wire.MAX_MESSAGE))
                elif descriptor in self._by_channel:
                    self._end(self._by_channel[descriptor])
            # Behind the events: a run that ends here gives its descriptors' numbers to the next.
            if watched and time.monotonic() >= self._next_look:
                self._look()

    def _look(self) -> None:
        """End the runs that hold more memory than all of a run may."""
        self._next_look = time.monotonic() + _LOOK_S
        numbers = usage.children(self._walls.proc)
        for alive in list(self._by_report.values()):
            known = numbers.get(alive.process)
            held = usage.held(self._walls.proc, known, self._base) if known else 0
            if held > alive.most:
                self._end(alive, wire.ending(wire.SWOLLEN, peak=held))

    def leave(self) -> NoReturn:
        """End, and with us every run."""
        if self._walls.layer != "S2":
            trees.kill_below(os.getpid())
        os._exit(0)

    def _receive(self) -> run.Job | None:
        room = _socket.CMSG_SPACE(_MAX_DESCRIPTORS * _INT.size)
        try:
            message, extra, _, _ = self._control.recvmsg(
                wire.MAX_MESSAGE, room, _socket.MSG_CMSG_CLOEXEC
            )
        except ConnectionResetError:
            # It ended without having read that we are running.
            message, extra = b"", []
        if not message:
            self.leave()
        descriptors = [number for _, _, data in extra for (number,) in _INT.iter_unpack(data)]
        channel, *others = descriptors
        mine, report = os.pipe()
        try:
            folder = "/tmp" if self._walls.layer == "S2" else workspace.make(self._walls.spare)
            process = self._fork()
        except OSError as error:
            _answer(_socket.socket(fileno=channel), wire.ending(wire.FAILED, text=str(error)))
            for descriptor in (mine, report, *others):
                os.close(descriptor)
            return None
        if process == 0:
            return run.Job(message, others, report, self._walls, folder)
        for descriptor in (report, *others):
            os.close(descriptor)
        alive = _Alive(
            process,
            _socket.socket(fileno=channel),
            mine,
            folder,
            _SHARE * wire.read_order(message)[2][1],
        )
        self._by_channel[channel] = alive
        self._by_report[mine] = alive
        self._poll.register(channel, select.POLLIN)
        self._poll.register(mine, select.POLLIN)
        return None

    def _spent(self, alive: _Alive) -> float:
        if self._walls.proc < 0:
            return 0.0
        known = usage.children(self._walls.proc).get(alive.process)
        return usage.spent(self._walls.proc, known) if known else 0.0

    def _end(self, alive: _Alive, message: bytes = b"") -> None:
        """Kill all that a run started, forget the run, and say how it ended."""
        if not message:
            message = wire.ending(wire.LOST, cpu_s=self._spent(alive))
        channel = alive.channel.fileno()
        self._poll.unregister(channel)
        self._poll.unregister(alive.report)
        del self._by_channel[channel], self._by_report[alive.report]
        os.close(alive.report)
        if self._walls.layer != "S2":
            trees.kill_below(alive.process)
        trees.kill(alive.process)
        trees.bury([alive.process])
        if self._walls.layer != "S2":
            # What outlived a first process that was killed is a child of ours now.
            others = frozenset(other.process for other in self._by_report.values())
            trees.kill_below(os.getpid(), spare=others)
            trees.reap()
            workspace.remove(alive.folder)
        _answer(alive.channel, message)
        if self._once:
            self.leave()


def _answer(channel: _socket.socket, message: bytes) -> None:
    try:
        channel.send(message)
    except OSError:
        # The client no longer wants to know.
        return
    finally:
        channel.close()


def main(arguments: list[str], load: Callable[[list[str]], None]) -> None:
    """Be a warden.

    Args:
        arguments: Descriptor of the control socket, descriptor of the client's pidfd, layer; then
            ``by=namespaces`` or ``by=bubblewrap``, and any number of ``read=path``,
            ``entry=module`` and ``preload=module``.
        load: Imports modules by name and then ends all imports from this package.
    """
    control = _socket.socket(fileno=int(arguments[0]))
    client = int(arguments[1])
    options = [tuple(argument.partition("=")[::2]) for argument in arguments[3:]]
    try:
        load([value for key, value in options if key in ("entry", "preload")])
        paths = [value for key, value in options if key == "read"]
        bubblewrap = ("by", "bubblewrap") in options
        walls, fork = _raise_walls(arguments[2], paths, raised=bubblewrap)
        warden = Warden(control, client, walls, fork, once=bubblewrap)
    except BaseException as error:  # noqa: BLE001 - the client has to hear of it
        control.send(f"{type(error).__name__}: {error}".encode()[: wire.MAX_MESSAGE])
        os._exit(1)
    # What a program writes beside its own modules is its own affair, and at no layer ours.
    sys.dont_write_bytecode = True
    # A collection in a run would copy every page that it shares with this process.
    gc.freeze()
    gc.disable()
    control.send(wire.RUNNING)
    try:
        job = warden.serve()
    except BaseException:  # noqa: BLE001 - whatever it is, no run may outlive us
        warden.leave()
    del warden, control
    run.perform(job)


def _raise_walls(
    layer: str, paths: list[str], *, raised: bool
) -> tuple[run.Walls, Callable[[], int]]:
    """Raise the walls that stand around every run; `raised` where bubblewrap did it."""
    spare = namespaces.spare_id()
    proc, fork, apart, searching = -1, os.fork, False, False
    if not raised:
        proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    if layer != "S2":
        linux.prctl(_PR_SET_CHILD_SUBREAPER, 1)
        searching = spare is not None and not _readable_by_all(sys.executable)
    elif raised:
        # Set by bubblewrap, beside what our client set.
        os.environ.pop("PWD", None)
        # Or we would outlive bubblewrap, whose child we are.
        linux.prctl(_PR_SET_PDEATHSIG, _SIGKILL)
    else:
        namespaces.enter(spare)
        fork, apart = namespaces.PidNamespaces().fork, True
        rootfs.build(paths)
    linux.prctl(_PR_SET_DUMPABLE, 0)
    return run.Walls(layer, proc, spare, paths, apart=apart, searching=searching), fork


def _readable_by_all(path: str) -> bool:
    """Whether an unprivileged user can reach a file: every folder above it lets others pass."""
    while True:
        if not os.stat(path).st_mode & 0o001:
            return False
        if path == "/":
            return True
        path = os.path.dirname(path)
