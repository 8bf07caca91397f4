"""A run, seen from the client that started it."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import threading
from typing import TYPE_CHECKING, Final

from provenir.environments.sandbox.inside import wire
from provenir.environments.sandbox.process import receive
from provenir.environments.sandbox.values import Ended, Isolation

if TYPE_CHECKING:
    import socket

    from provenir.environments.sandbox.process import WardenProcess

__all__ = ["Run"]

_ANSWER_S: Final = 10.0


class Run:
    """A run: wait for it, or kill it; killed too when nobody holds this object any more.

    Args:
        channel: Its channel to the warden.
        process: The warden.
        isolation: What is known to hold where it runs.
        alone: Whether the warden is there for this run only, and ends with it.
    """

    def __init__(
        self,
        channel: socket.socket,
        process: WardenProcess,
        isolation: Isolation,
        *,
        alone: bool = False,
    ) -> None:
        self._channel = channel
        self._process = process
        self._isolation = isolation
        self._alone = alone
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
                self._close()
            return self._ended

    def _close(self) -> None:
        self._channel.close()
        if self._alone:
            self._process.close()

    def __del__(self) -> None:
        self._close()

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
        message = receive(self._channel)
        if not message:
            detail = "killed at its time limit" if timed_out else self._process.why()
            return Ended(
                exit_code=None, timed_out=timed_out, detail=detail, isolation=self._isolation
            )
        kind, status, cpu_s, peak, text = wire.read_ending(message)
        # It may have ended by itself in the moment in which it was to be killed.
        timed_out = timed_out and kind == wire.LOST
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
    if kind == wire.SWOLLEN:
        return "killed, for its processes together held more memory than a run may"
    if kind == wire.LOST:
        return "killed"
    if number == signal.SIGXCPU:
        return "killed at its limit of processor time"
    if number is not None:
        return f"killed by {_name(number)}"
    return ""


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
