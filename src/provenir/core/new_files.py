"""Files that are handed out: one that is there already is never lost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from provenir.core.errors import UsageError
from provenir.core.files import atomic_write

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["check_new", "taken", "write_new"]


def write_new(path: str | Path, data: bytes | Iterable[bytes], *, mode: int = 0o644) -> None:
    """Write a file that was not there; see `core.files.atomic_write`.

    Raises:
        UsageError: Something is there.
        OSError: It cannot be written.
    """
    try:
        atomic_write(path, data, mode=mode, replace=False)
    except FileExistsError as fault:
        raise taken(path) from fault


def check_new(path: str | Path) -> None:
    """Refuse, before any work is done, a place where `write_new` could not write.

    Raises:
        UsageError: Something is there, or no folder is.
    """
    place = Path(path)
    if place.exists() or place.is_symlink():
        raise taken(path)
    if not place.parent.is_dir():
        raise UsageError("its folder is not there", where=str(path), mend="make the folder first")


def taken(path: str | Path) -> UsageError:
    """The refusal to write where something is."""
    return UsageError(
        "this file exists already and is never overwritten",
        where=str(path),
        mend="choose another name, or move it away",
    )
