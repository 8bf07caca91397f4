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

from provenir.environments.sandbox.inside import (
    linux,
    namespaces,
    rootfs,
    run,
    trees,
    wire,
    workspace,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["main"]

_PR_SET_DUMPABLE = 4
_PR_SET_CHILD_SUBREAPER = 36
_MAX_DESCRIPTORS = 250
_INT = struct.Struct("i")


class _Alive:
    """A run that has not ended: its first process, its client's channel, report and folder."""

    __slots__ = ("channel", "folder", "process", "report")

    def __init__(self, process: int, channel: _socket.socket, report: int, folder: str) -> None:
        self.folder = folder
        self.process = process
        self.channel = channel
        self.report = report


class Warden:
    """Starts and ends runs as its client asks.

    Args:
        control: The socket on which orders come.
        client: A descriptor that becomes readable when the client has ended (pidfd_open(2)).
        walls: The walls that stand around this process.
        fork: How a run's first process is made.
    """

    def __init__(
        self,
        control: _socket.socket,
        client: int,
        walls: run.Walls,
        fork: Callable[[], int],
    ) -> None:
        self._control = control
        self._walls = walls
        self._fork = fork
        self._by_channel: dict[int, _Alive] = {}
        self._by_report: dict[int, _Alive] = {}
        self._poll = select.poll()
        self._poll.register(control.fileno(), select.POLLIN)
        self._poll.register(client, select.POLLIN)
        self._client = client

    def serve(self) -> run.Job | None:
        """Serve until the client has ended: None; in a run's first process, return its job."""
        while True:
            for descriptor, _ in self._poll.poll():
                if descriptor == self._control.fileno():
                    job = self._receive()
                    if job is not None:
                        return job
                elif descriptor == self._client:
                    self._leave()
                elif descriptor in self._by_report:
                    self._end(self._by_report[descriptor])
                elif descriptor in self._by_channel:
                    self._kill(self._by_channel[descriptor])

    def _leave(self) -> None:
        if self._walls.layer != "S2":
            trees.kill_below(os.getpid())
        os._exit(0)

    def _receive(self) -> run.Job | None:
        room = _socket.CMSG_SPACE(_MAX_DESCRIPTORS * _INT.size)
        message, extra, _, _ = self._control.recvmsg(
            wire.MAX_MESSAGE, room, _socket.MSG_CMSG_CLOEXEC
        )
        if not message:
            self._leave()
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
        alive = _Alive(process, _socket.socket(fileno=channel), mine, folder)
        self._by_channel[channel] = alive
        self._by_report[mine] = alive
        self._poll.register(channel, select.POLLIN)
        self._poll.register(mine, select.POLLIN)
        return None

    def _end(self, alive: _Alive) -> None:
        message = os.read(alive.report, wire.MAX_MESSAGE)
        self._bury(alive)
        _answer(alive.channel, message or wire.ending(wire.LOST))

    def _kill(self, alive: _Alive) -> None:
        self._bury(alive)
        _answer(alive.channel, wire.ending(wire.LOST))

    def _bury(self, alive: _Alive) -> None:
        """Kill all that a run started and forget the run."""
        channel = alive.channel.fileno()
        self._poll.unregister(channel)
        self._poll.unregister(alive.report)
        del self._by_channel[channel], self._by_report[alive.report]
        os.close(alive.report)
        if self._walls.layer != "S2":
            trees.kill_below(alive.process)
        trees.kill(alive.process)
        os.waitpid(alive.process, 0)
        if self._walls.layer != "S2":
            # What outlived a first process that was killed is a child of ours now.
            others = frozenset(other.process for other in self._by_report.values())
            trees.kill_below(os.getpid(), spare=others)
            workspace.remove(alive.folder)


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
            any number of ``entry=module``, ``preload=module`` and ``read=path``.
        load: Imports modules by name and then ends all imports from this package.
    """
    control = _socket.socket(fileno=int(arguments[0]))
    client = int(arguments[1])
    options = [argument.partition("=")[::2] for argument in arguments[3:]]
    try:
        load([value for key, value in options if key in ("entry", "preload")])
        paths = [value for key, value in options if key == "read"]
        warden = _raise_walls(control, client, arguments[2], paths)
    except BaseException as error:  # noqa: BLE001 - the client has to hear of it
        control.send(f"{type(error).__name__}: {error}".encode()[: wire.MAX_MESSAGE])
        os._exit(1)
    # What a program writes beside its own modules is its own affair, and at no layer ours.
    sys.dont_write_bytecode = True
    # A collection in a run would copy every page that it shares with this process.
    gc.freeze()
    gc.disable()
    control.send(wire.RUNNING)
    job = warden.serve()
    del warden, control
    if job is not None:
        run.perform(job)


def _raise_walls(control: _socket.socket, client: int, layer: str, paths: list[str]) -> Warden:
    spare = namespaces.spare_id()
    if layer == "S2":
        namespaces.enter(spare)
        proc = os.open("/proc", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        numbered = namespaces.PidNamespaces()
        rootfs.build(paths)
        fork = numbered.fork
    else:
        linux.prctl(_PR_SET_CHILD_SUBREAPER, 1)
        proc, fork = -1, os.fork
        if spare is not None and not _readable_by_all(sys.executable):
            spare = None
    linux.prctl(_PR_SET_DUMPABLE, 0)
    return Warden(control, client, run.Walls(layer, proc, spare, paths), fork)


def _readable_by_all(path: str) -> bool:
    """Whether an unprivileged user can reach a file: every folder above it lets others pass."""
    while True:
        if not os.stat(path).st_mode & 0o001:
            return False
        if path == "/":
            return True
        path = os.path.dirname(path)
