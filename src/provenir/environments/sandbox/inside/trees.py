"""Killing everything that a process started, also what left its group and its session."""

from __future__ import annotations

import os

__all__ = ["bury", "kill", "kill_below", "reap"]

# A tree that forks while it is read needs another look; each look kills what it finds.
_MAX_LOOKS = 1_000
_SIGKILL = 9  # `signal` is an import that every cold start would pay for


def kill(process: int) -> None:
    """Send SIGKILL to a process, which may be gone."""
    try:
        os.kill(process, _SIGKILL)
    except ProcessLookupError:
        return


def kill_below(root: int, *, spare: frozenset[int] = frozenset()) -> bool:
    """Kill all descendants of a process.

    Args:
        root: The process, which stays; it has to be a subreaper (prctl(2)), or a child whose parent
            ended would be nobody's descendant.
        spare: Children of `root` that stay with all that they started.

    Returns:
        Whether none is left.
    """
    for _ in range(_MAX_LOOKS):
        found = _below(root, spare)
        if not found:
            return True
        for process in found:
            kill(process)
        if root == os.getpid():
            bury(found)
    return False


def _below(root: int, spare: frozenset[int]) -> list[int]:
    parents = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            parent = _parent(name)
            if parent is not None:
                parents[int(name)] = parent
    family = {root}
    grown = True
    while grown:
        more = {p for p, parent in parents.items() if parent in family and p not in family} - spare
        grown = bool(more)
        family |= more
    return [process for process in family if process != root]


def _parent(name: str) -> int | None:
    """The parent of a living process; None where it is gone or a zombie, which is harmless."""
    try:
        with open(f"/proc/{name}/stat", "rb") as file:
            # The name in parentheses may hold anything, parentheses too (proc(5)).
            state, parent = file.read().rpartition(b")")[2].split()[:2]
    except OSError:
        return None
    return None if state in (b"Z", b"X") else int(parent)


def reap() -> None:
    """Wait for every child of ours that has ended: a zombie counts for RLIMIT_NPROC."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            continue
    except ChildProcessError:
        return


def bury(children: list[int]) -> None:
    """Wait for processes that are dying; what is no child of ours, or was waited for, is left."""
    for child in children:
        try:
            os.waitpid(child, 0)
        except ChildProcessError:
            continue
