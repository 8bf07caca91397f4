"""The process of a warden, seen from its client."""

from __future__ import annotations

import atexit
import contextlib
import os
import select
import socket
import subprocess
import weakref
from typing import TYPE_CHECKING, Final

from provenir.environments.sandbox.inside import wire
from provenir.environments.sandbox.launch import ENVIRONMENT, command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provenir.environments.sandbox.values import Plan

__all__ = ["WardenProcess", "receive"]

_ANSWER_S: Final = 10.0
_alive: weakref.WeakSet[WardenProcess] = weakref.WeakSet()


def receive(channel: socket.socket) -> bytes:
    """Return what has come from a warden by now; empty where nothing has, or it is gone."""
    # What it left unread when it closed its end shows as one ECONNRESET before what it had said.
    for _ in range(2):
        with contextlib.suppress(OSError):
            return channel.recv(wire.MAX_MESSAGE, socket.MSG_DONTWAIT)
    return b""


class WardenProcess:
    """A warden's process, its control socket, and a descriptor that tells its end.

    Args:
        plan: The walls that it raises.
        arguments: What else it is told on its command line.

    Attributes:
        control: The socket that orders are sent on.
        descriptor: Becomes readable when the process has ended (pidfd_open(2)).
    """

    def __init__(self, plan: Plan, arguments: Sequence[str]) -> None:
        self._owner = os.getpid()
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        client = os.pidfd_open(os.getpid())
        try:
            self._popen = subprocess.Popen(
                command(plan, arguments, control=theirs.fileno(), client=client),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env=ENVIRONMENT,
                cwd="/",
                pass_fds=(theirs.fileno(), client),
                start_new_session=True,
            )
        finally:
            theirs.close()
            os.close(client)
        self.descriptor = os.pidfd_open(self._popen.pid)
        self._why: str | None = None
        _alive.add(self)

    def ended(self) -> bool:
        """Whether it ended, or never started to serve."""
        return self._popen.poll() is not None

    def why(self) -> str:
        """What it said before it ended."""
        if self._why is None:
            self._why = "the warden ended"
            while word := receive(self.control):
                if word != wire.RUNNING:
                    self._why = f"the walls did not stand: {word.decode('utf-8', 'replace')}"
        return self._why

    def close(self) -> None:
        """Kill it, and with it all that it started; in a forked child, only forget it."""
        if self.control.fileno() < 0:
            return
        if self._owner != os.getpid():
            self._abandon()
            return
        self.why()
        self.control.close()
        poll = select.poll()
        poll.register(self.descriptor, select.POLLIN)
        if not poll.poll(_ANSWER_S * 1e3):
            self._popen.kill()
        self._popen.wait()
        self._close_descriptor()

    def _close_descriptor(self) -> None:
        # Its number will stand for something else; a run that is still waited for must not see it.
        descriptor, self.descriptor = self.descriptor, -1
        os.close(descriptor)

    def _abandon(self) -> None:
        self.control.close()
        self._close_descriptor()
        # Or the destructor would wait for a process that is no child of ours.
        self._popen.returncode = 0


def _close_all() -> None:
    for process in list(_alive):
        process.close()


# While modules still work, which they do not when the last objects are collected.
atexit.register(_close_all)
