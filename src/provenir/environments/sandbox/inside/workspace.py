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

    A folder in it has its entries moved up before it is removed, so that no depth that a program
    may have dug makes a path too long or a recursion too deep.
    """
    moved = 0
    while entries := os.listdir(path):
        for name in entries:
            entry = f"{path}/{name}"
            if not stat.S_ISDIR(os.lstat(entry).st_mode):
                os.unlink(entry)
                continue
            os.chmod(entry, 0o700)
            for inner in os.listdir(entry):
                moved += 1
                os.rename(f"{entry}/{inner}", f"{path}/.moved-{moved}-{os.getpid()}")
            os.rmdir(entry)
    os.rmdir(path)
