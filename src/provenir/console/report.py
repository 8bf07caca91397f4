"""Write the report page of a run folder."""

from __future__ import annotations

import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from provenir.console.folder import read_folder
from provenir.console.html import write
from provenir.console.page import build
from provenir.core.clock import SystemClock
from provenir.core.errors import UsageError
from provenir.core.files import atomic_write

if TYPE_CHECKING:
    from provenir.core.clock import Clock

NAME: Final = "report.html"
"""The page's name inside the run folder."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A page that was written.

    Attributes:
        path: Where it lies.
        failures: One clause for each check that failed, which the page says first of all.
    """

    path: Path
    failures: tuple[str, ...]


def render(
    run_dir: str | Path, out: str | Path | None = None, *, clock: Clock | None = None
) -> Path:
    """Write one self-contained page about a run and return its path; see :func:`write_page`."""
    return write_page(run_dir, out, clock=clock).path


def write_page(
    run_dir: str | Path, out: str | Path | None = None, *, clock: Clock | None = None
) -> Written:
    """Write one self-contained page about a run: no script, no address, no network.

    The folder is only read. A run that is alive, died, failed or was never signed gives a page
    too, which says so; so does one whose files were changed.

    Args:
        run_dir: The run folder.
        out: The page; by default ``report.html`` in the run folder.
        clock: Tells when the page is written.

    Returns:
        The page and what failed while it was made.

    Raises:
        InputError: The path is no folder, or the folder holds no run.
        UsageError: The page's place is taken by something other than a file, or has no folder.
        MissingExtraError: The extra ``report`` is not installed and there is something to draw.
        OSError: The page cannot be written.
    """
    folder = Path(run_dir)
    source = read_folder(folder)
    target = _writable(folder / NAME if out is None else Path(out))
    page = build(source, now=(clock or SystemClock()).now())
    atomic_write(target, write(page).encode("utf-8", "replace"))
    return Written(path=target, failures=page.alarm.headlines)


def _writable(target: Path) -> Path:
    """Refuse a place where writing would replace something that is no file.

    Raises:
        UsageError: It is a folder, a link, a pipe, a device or a socket, or its folder is missing.
    """
    try:
        mode = target.lstat().st_mode
    except (FileNotFoundError, NotADirectoryError):
        if target.parent.is_dir():
            return target
        missing = str(target.parent)
        mend = f"make the folder {missing} first, or name another place with --out"
        raise UsageError("no folder to write the page to", where=str(target), mend=mend) from None
    if stat.S_ISREG(mode):
        return target
    if stat.S_ISDIR(mode):
        mend = f"name a file in it: --out {target / NAME}"
        raise UsageError("a folder, not a file to write the page to", where=str(target), mend=mend)
    what = "a symbolic link" if stat.S_ISLNK(mode) else "a pipe, a device or a socket"
    raise UsageError(
        f"{what}, which the page would replace",
        where=str(target),
        mend="name a file with --out, one that exists or a new one",
    )


__all__ = ["NAME", "Written", "render", "write_page"]
