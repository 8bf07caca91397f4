"""A bar for what takes long: on a terminal only, and never in the way of what it shows."""

from __future__ import annotations

import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.progress import Progress

__all__ = ["BAR_FROM", "progress_bar"]

BAR_FROM: Final = {"bytes": 256_000_000, "rows": 1_000_000}
"""From how much on a bar is shown, by unit."""


@contextmanager
def progress_bar(
    total: int | None, *, unit: str = "bytes", label: str = "reading", least: int | None = None
) -> Iterator[Callable[[int], None]]:
    """Show on stderr how far a long piece of work is; gone when it is done.

    Nothing is shown where stderr is no terminal, where the work is small, or where another live
    display holds the terminal. Showing it never raises.

    Args:
        total: How much there is; None where nobody knows.
        unit: `bytes` or `rows`.
        label: What is being done.
        least: Show nothing below so much; `BAR_FROM` of the unit unless given.

    Yields:
        To be called with how much was done since the last call.
    """
    floor = BAR_FROM[unit] if least is None else least
    shown = None
    if total is not None and total >= floor:
        with suppress(Exception):  # a closed stderr, or a display of the user's own
            shown = _begun(unit)
    if shown is None:
        yield lambda _: None
        return
    task = shown.add_task(label, total=total)

    def advance(count: int) -> None:
        with suppress(Exception):
            shown.advance(task, count)

    try:
        yield advance
    finally:
        with suppress(Exception):
            shown.stop()


def _begun(unit: str) -> Progress | None:
    """A bar that is on the screen, or None where there is no screen."""
    if not sys.stderr.isatty():
        return None
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    amount = (
        (DownloadColumn(), TransferSpeedColumn()) if unit == "bytes" else (MofNCompleteColumn(),)
    )
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        *amount,
        TimeRemainingColumn(),
        console=Console(file=sys.stderr),
        transient=True,
    )
    bar.start()
    return bar
