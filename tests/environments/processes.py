"""What is running that these tests started."""

from __future__ import annotations

import os
from pathlib import Path


def running() -> set[int]:
    """Our descendants, and what has a warden's environment but no longer a parent of ours."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, parent = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            except OSError:
                continue
            if state not in "ZX":
                parents[int(entry.name)] = int(parent)
    family = {os.getpid()}
    while more := {pid for pid, parent in parents.items() if parent in family} - family:
        family |= more
    return family | {pid for pid, parent in parents.items() if parent == 1 and is_marked(pid)}


def is_marked(pid: int) -> bool:
    try:
        return b"PYTHONHASHSEED=0\0HOME=/tmp" in Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return False
