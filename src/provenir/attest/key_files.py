"""Writing key pairs: the private file is readable by its owner alone and replaces nothing."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NoReturn

from provenir.core.errors import InputError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["write_key_pair"]

_PRIVATE_MODE = 0o600
_PUBLIC_MODE = 0o644
_ELSEWHERE = "choose another folder, or make this one writable"


def write_key_pair(name: Path, private_pem: bytes, public_pem: bytes) -> tuple[Path, Path]:
    """Write NAME.pem and NAME.pub.pem, both or neither.

    The files are made with `O_EXCL`, so that an existing file, a link or a race is an error and
    never an overwritten key, and with their final mode from the first byte on.

    Args:
        name: Path without suffix; a trailing `.pem` is taken off.
        private_pem: Content of the private file.
        public_pem: Content of the public file.

    Returns:
        The private and the public path.

    Raises:
        UsageError: The name is no file name, or one of the files exists.
        InputError: The folder is missing or cannot be written.
    """
    stem = name.name.removesuffix(".pem")
    if stem in {"", ".", ".."} or "\x00" in str(name):
        raise UsageError(
            f"no name for a key pair: {str(name)!r}", mend="give a path like keys/team"
        )
    private, public = name.with_name(f"{stem}.pem"), name.with_name(f"{stem}.pub.pem")
    _create(private, private_pem, _PRIVATE_MODE)
    try:
        _create(public, public_pem, _PUBLIC_MODE)
    except BaseException:
        private.unlink()  # made a moment ago by us; a half pair would block the next try
        raise
    return private, public


def _create(path: Path, data: bytes, mode: int) -> None:
    """Create one file that was not there, and have it on disk before returning."""
    try:
        fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    except OSError as fault:
        _explain(fault, path)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as fault:
        path.unlink(missing_ok=True)
        raise InputError(
            f"cannot write the key ({fault.strerror})", where=str(path), mend=_ELSEWHERE
        ) from fault


def _explain(fault: OSError, path: Path) -> NoReturn:
    """Turn the failure to create a key file into a sentence with its mend."""
    where = str(path)
    if isinstance(fault, FileExistsError):
        raise UsageError(
            "a key file is never overwritten, and this one exists",
            where=where,
            mend="choose another name",
        ) from fault
    if isinstance(fault, FileNotFoundError | NotADirectoryError):
        raise InputError("no such folder", where=str(path.parent), mend="make it first") from fault
    raise InputError(
        f"cannot make the key file ({fault.strerror})", where=where, mend=_ELSEWHERE
    ) from fault
