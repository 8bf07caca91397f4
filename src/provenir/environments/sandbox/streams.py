"""Reading what a run writes, while it runs: all of it, and no more than a limit is kept."""

from __future__ import annotations

import os
import select
import time
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provenir.environments.sandbox.runs import Run
    from provenir.environments.sandbox.values import Ended

__all__ = ["Written", "collect"]

_CHUNK: Final = 1 << 16


class Written:
    """What came out of one descriptor.

    Args:
        descriptor: The read end of a pipe; it is read without blocking from now on.
        max_bytes: How much is kept; what is beyond is read and dropped, so that a program that
            writes without end is not held up and costs no memory here.

    Attributes:
        cut: Whether something was dropped.
    """

    def __init__(self, descriptor: int, max_bytes: int) -> None:
        os.set_blocking(descriptor, False)
        self.descriptor = descriptor
        self.cut = False
        self._room = max_bytes
        self._parts: list[bytes] = []

    def read(self) -> bool:
        """Read what is there; False at the end of the stream."""
        try:
            part = os.read(self.descriptor, _CHUNK)
        except BlockingIOError:
            return True
        if not part:
            return False
        kept = part[: self._room]
        self.cut = self.cut or len(kept) < len(part)
        self._room -= len(kept)
        if kept:
            self._parts.append(kept)
        return True

    @property
    def data(self) -> bytes:
        """What was kept."""
        return b"".join(self._parts)


def collect(run: Run, streams: Sequence[Written], *, timeout_s: float) -> Ended:
    """Wait for a run while reading what it writes.

    Args:
        run: The run.
        streams: What it writes to; the write ends must be closed on this side.
        timeout_s: The run is killed after so many wall-clock seconds.
    """
    deadline = time.monotonic() + timeout_s
    poll = select.poll()
    by_descriptor = {stream.descriptor: stream for stream in streams}
    for descriptor in by_descriptor:
        poll.register(descriptor, select.POLLIN)
    channel = run.fileno()
    poll.register(channel, select.POLLIN)
    ended = False
    while not ended:
        rest = deadline - time.monotonic()
        # A warden that died does not show here, so it is looked for at least every second.
        found = poll.poll(min(max(0.0, rest), 1.0) * 1e3)
        for descriptor, _ in found:
            if descriptor == channel:
                ended = True
            elif not by_descriptor[descriptor].read():
                poll.unregister(descriptor)
        ended = ended or rest <= 0 or run.lost()
    result = run.wait(max(0.0, deadline - time.monotonic()))
    # Everything that could write is dead; what is still in the pipes is what a pipe holds.
    for stream in streams:
        _drain(stream)
    return result


def _drain(stream: Written) -> None:
    poll = select.poll()
    poll.register(stream.descriptor, select.POLLIN)
    while poll.poll(0) and stream.read():
        continue
