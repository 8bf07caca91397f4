"""What a warden and its client say to each other, in fixed records of the host's byte order.

Client and warden are one version of this package on one machine, so nothing is negotiated. A record
is one message of a `SOCK_SEQPACKET` socket: it arrives whole or not at all, and a text behind the
fixed fields ends with the message.
"""

from __future__ import annotations

import struct

__all__ = [
    "ENDED",
    "FAILED",
    "KILL",
    "LOST",
    "MAX_MESSAGE",
    "RUNNING",
    "START",
    "SWOLLEN",
    "ending",
    "order",
    "read_ending",
    "read_order",
]

# Kinds of the answer on a run's channel.
ENDED = 0  # the program ended by itself or by a signal
FAILED = 1  # a wall could not be raised, or the entry could not be called: nothing was run
LOST = 2  # the process that watched over the program is gone
SWOLLEN = 3  # its processes together held more memory than a run may

RUNNING = b"running"  # a warden's first word; any other is why it could not start
KILL = b"kill"  # a client's only word on a run's channel

MAX_MESSAGE = 16_384

# seed, CPU seconds, memory, file size, temporary bytes, stack bytes; processes, open files.
START = struct.Struct("=qdQQQQQQ")
# kind, wait status, CPU seconds, peak bytes.
_ENDING = struct.Struct("=Bidq")


def order(
    entry: str,
    *,
    seed: int,
    limits: tuple[float, int, int, int, int, int, int],
) -> bytes:
    """Return the message that starts a run.

    Args:
        entry: ``package.module:function``.
        seed: What the run's `random` starts from.
        limits: CPU seconds, memory, file size, temporary folder and stack in bytes, processes and
            open files.
    """
    return START.pack(seed, *limits) + entry.encode()


def read_order(message: bytes) -> tuple[str, int, tuple[float, int, int, int, int, int, int]]:
    """Return entry, seed and limits of a message made by `order`."""
    seed, *limits = START.unpack_from(message)
    return message[START.size :].decode(), seed, tuple(limits)


def ending(kind: int, status: int = 0, cpu_s: float = 0.0, peak: int = 0, text: str = "") -> bytes:
    """Return the message that says how a run ended; `status` as wait(2) gives it."""
    return _ENDING.pack(kind, status, cpu_s, peak) + text.encode("utf-8", "replace")[:4_000]


def read_ending(message: bytes) -> tuple[int, int, float, int, str]:
    """Return kind, wait status, CPU seconds, peak bytes and text of a message made by `ending`."""
    kind, status, cpu_s, peak = _ENDING.unpack_from(message)
    return kind, status, cpu_s, peak, message[_ENDING.size :].decode("utf-8", "replace")
