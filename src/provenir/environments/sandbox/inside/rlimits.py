"""Limits of one process (getrlimit(2)); they hold at every layer."""

from __future__ import annotations

import math
import os
import resource

__all__ = ["apply", "tasks_of"]


def apply(
    *,
    cpu_s: float,
    memory: int,
    file_size: int,
    stack: int,
    processes: int,
    open_files: int,
) -> None:
    """Limit the calling process and what it will start; bytes and seconds.

    A limit that is lower already stays: only a privileged process may raise one.
    """
    seconds = max(1, math.ceil(cpu_s))
    # SIGXCPU at the first limit, which Python does not handle; SIGKILL a second later.
    _lower(resource.RLIMIT_CPU, seconds, seconds + 1)
    _lower(resource.RLIMIT_AS, memory)
    _lower(resource.RLIMIT_FSIZE, file_size)
    _lower(resource.RLIMIT_STACK, stack)
    _lower(resource.RLIMIT_NPROC, processes)
    _lower(resource.RLIMIT_NOFILE, open_files)
    _lower(resource.RLIMIT_CORE, 0)


def _lower(kind: int, soft: int, hard: int | None = None) -> None:
    present = resource.getrlimit(kind)[1]
    wanted = soft if hard is None else hard
    ceiling = wanted if present == resource.RLIM_INFINITY else min(wanted, present)
    resource.setrlimit(kind, (min(soft, ceiling), ceiling))


def tasks_of(user: int) -> int:
    """How many processes and threads a user has: RLIMIT_NPROC counts them all, not a run's own."""
    count = 0
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if os.stat(f"/proc/{name}").st_uid == user:
                    count += len(os.listdir(f"/proc/{name}/task"))
            except OSError:
                # It ended, or it is another's and hidden.
                continue
    return count
