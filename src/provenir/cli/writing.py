"""Files that a command hands out: one that is there already is never lost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir.core.errors import UsageError
from provenir.core.files import atomic_write

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["write_new"]


def write_new(path: Path, data: bytes, *, mode: int = 0o644) -> None:
    """Write a file that was not there.

    Raises:
        UsageError: Something is there.
        OSError: It cannot be written.
    """
    try:
        atomic_write(path, data, mode=mode, replace=False)
    except FileExistsError as fault:
        raise UsageError(
            "this file exists already and is never overwritten",
            where=str(path),
            mend="choose another name, or move it away",
        ) from fault
