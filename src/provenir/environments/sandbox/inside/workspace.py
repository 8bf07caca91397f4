"""A folder for each run where the layer has no /tmp of the run's own."""

from __future__ import annotations

import os
import stat

__all__ = ["make", "remove"]


def make(owner: int | None) -> str:
    """Make an empty folder that only the run, and we, can enter.

    Args:
        owner: The user and group id of the run; None where it keeps ours.
    """
    path = f"/tmp/provenir-run-{os.urandom(8).hex()}"
    os.mkdir(path, 0o700)
    if owner is not None:
        os.chown(path, owner, owner)
    return path


def remove(path: str) -> None:
    """Remove a folder and all that is in it, never following a link out of it.

    It walks by changing into folders, so that no depth that a program may have dug makes a path too
    long or a recursion too deep; nobody else may be at work there any more.
    """
    os.chdir(path)
    waiting = [_clear_files()]
    names: list[str] = []
    while True:
        if waiting[-1]:
            name = waiting[-1].pop()
            os.chmod(name, 0o700)
            os.chdir(name)
            names.append(name)
            waiting.append(_clear_files())
        elif names:
            os.chdir("..")
            os.rmdir(names.pop())
            waiting.pop()
        else:
            break
    os.chdir("/")
    os.rmdir(path)


def _clear_files() -> list[str]:
    """Remove what is no folder from the current one and return the folders in it."""
    folders = []
    for name in os.listdir("."):
        if stat.S_ISDIR(os.lstat(name).st_mode):
            folders.append(name)
        else:
            os.unlink(name)
    return folders
