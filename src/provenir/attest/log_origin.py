"""The origin: the one name by which a log is told from every other log.

It stands in `log/origin`, is made with the first entry or checkpoint, and never changes: it is the
first line of every checkpoint.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Final

from provenir.attest.note import check_key_name
from provenir.core.errors import InputError, UsageError
from provenir.core.files import atomic_write, read_bounded

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["ORIGIN_FILE", "read_origin", "record_origin"]

ORIGIN_FILE: Final = "origin"

_PREFIX: Final = "provenir.log/"
_MAX_BYTES: Final = 1_024


def read_origin(folder: Path) -> str | None:
    """The origin of the log in a folder, None where none is recorded yet.

    Raises:
        InputError: What is recorded is no origin.
    """
    path = folder / ORIGIN_FILE
    if not path.is_symlink() and not path.exists():
        return None
    data = read_bounded(path, max_bytes=_MAX_BYTES, follow_symlinks=False)
    try:
        return check_key_name(data.decode("utf-8").removesuffix("\n"))
    except (UnicodeDecodeError, InputError) as fault:
        raise InputError(
            "no origin of a log", where=str(path), mend="put it back from a copy of this log"
        ) from fault


def record_origin(folder: Path, wanted: str | None) -> str:
    """The origin of the log, recorded now where it was not; the log's lock is held.

    Args:
        folder: The log's folder.
        wanted: The origin that the user chose, if so.

    Raises:
        UsageError: Another origin is recorded than the wanted one.
        InputError: The wanted or the recorded one is no origin.
        OSError: It cannot be written.
    """
    recorded = read_origin(folder)
    if recorded is None:
        name = _PREFIX + secrets.token_hex(8) if wanted is None else check_key_name(wanted)
        atomic_write(folder / ORIGIN_FILE, name.encode() + b"\n")
        return name
    if wanted is not None and wanted != recorded:
        raise UsageError(
            f"this log's origin is {recorded}, not {wanted[:80]}",
            where=str(folder),
            mend="leave the origin out, or use the log that was meant",
        )
    return recorded
