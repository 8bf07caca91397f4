"""What the processes of a run use together, which no limit of one process bounds (getrlimit(2)).

A program may start others, and each may fill what one process may. Where control groups are not
ours to make, somebody has to look: the warden sums what the processes of a run hold beyond what
they were forked with.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["children", "held", "resident", "spent"]

_PAGE = os.sysconf("SC_PAGE_SIZE")
_TICKS = os.sysconf("SC_CLK_TCK")
# What a socket can make the kernel hold (net.core.wmem_default and a message beyond it); every
# descriptor might be one. The first few of a process are streams and a handful of files.
_OF_A_SOCKET = 256 * 1024
_FREE_DESCRIPTORS = 16


def resident(proc: int, process: str = "self") -> int:
    """Resident bytes of a process; 0 where it has gone.

    Args:
        proc: A descriptor of a /proc.
        process: Its pid there.
    """
    pages = _read(proc, f"{process}/statm").split()[1:2]
    return int(pages[0]) * _PAGE if pages else 0


def children(proc: int) -> dict[int, str]:
    """Our own children: by the pid that we know them by, the pid that /proc knows them by."""
    found = {}
    for process in _read(proc, "thread-self/children").split():
        for line in _read(proc, f"{process}/status").splitlines():
            # From the namespace of this /proc inwards; a run's first process is 1 in its own.
            if line.startswith("NSpid:"):
                numbers = line.split()[1:]
                ours = numbers[-2] if len(numbers) > 1 and numbers[-1] == "1" else numbers[-1]
                found[int(ours)] = process
    return found


def held(proc: int, process: str, base: int) -> int:
    """Bytes that a process and all below it hold, each beyond `base`, and what sockets may hold."""
    return sum(
        max(0, resident(proc, one) - base)
        + _OF_A_SOCKET * max(0, _descriptors(proc, one) - _FREE_DESCRIPTORS)
        for one in _with_descendants(proc, process)
    )


def _descriptors(proc: int, process: str) -> int:
    """How many descriptors a process has open; 0 where the kernel does not say (before 6.2)."""
    try:
        return os.stat(f"{process}/fd", dir_fd=proc).st_size
    except OSError:
        return 0


def spent(proc: int, process: str) -> float:
    """Processor seconds of a process and all below it, and of what these waited for."""
    ticks = 0
    for one in _with_descendants(proc, process):
        # The name in parentheses may hold anything; utime to cstime are fields 14 to 17 (proc(5)).
        ticks += sum(map(int, _read(proc, f"{one}/stat").rpartition(")")[2].split()[11:15]))
    return ticks / _TICKS


def _with_descendants(proc: int, process: str) -> Iterator[str]:
    waiting = [process]
    while waiting:
        one = waiting.pop()
        for task in _list(proc, f"{one}/task"):
            waiting += _read(proc, f"{one}/task/{task}/children").split()
        yield one


def _read(proc: int, path: str) -> str:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC, dir_fd=proc)
    except OSError:
        return ""
    try:
        return os.read(descriptor, 1 << 16).decode("ascii", "replace")
    except OSError:
        # It ended while it was looked at.
        return ""
    finally:
        os.close(descriptor)


def _list(proc: int, path: str) -> list[str]:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=proc)
    except OSError:
        return []
    try:
        return os.listdir(descriptor)
    except OSError:
        return []
    finally:
        os.close(descriptor)
