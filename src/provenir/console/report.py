"""Write the report page of a run folder."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from provenir.console.folder import read_folder
from provenir.console.html import write
from provenir.console.page import build
from provenir.core.clock import SystemClock
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
        MissingExtraError: The extra ``report`` is not installed and there is something to draw.
        OSError: The page cannot be written.
    """
    folder = Path(run_dir)
    target = folder / NAME if out is None else Path(out)
    page = build(read_folder(folder), now=(clock or SystemClock()).now())
    atomic_write(target, write(page).encode("utf-8", "replace"))
    return Written(path=target, failures=page.alarm.headlines)


__all__ = ["NAME", "Written", "render", "write_page"]
