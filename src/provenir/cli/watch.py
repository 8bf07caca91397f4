"""`provenir run watch`: a run while it goes on."""

from __future__ import annotations

import os
import select
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from provenir.flows.watch_screens import Screen


def watch(
    run_dir: Annotated[Path, typer.Argument(help="A run folder.")],
    json: Annotated[bool, typer.Option("--json", help="Print a JSON line for all news.")] = False,
    once: Annotated[bool, typer.Option("--once", help="Print one frame and leave.")] = False,
    wait: Annotated[
        bool, typer.Option("--wait", help="Stay for a run to come or to be resumed.")
    ] = False,
    interval: Annotated[float, typer.Option("--interval", help="Seconds between two looks.")] = 0.5,
) -> None:
    """Watch a run live. It ends with the run, or with Ctrl-C."""
    from provenir.flows.watch import watch as follow

    follow(
        run_dir,
        _screen(json=json, once=once),
        once=once,
        wait=wait,
        interval_s=interval,
        is_gone=_reader_left(),
    )


def _screen(*, json: bool, once: bool) -> Screen:
    from rich.console import Console

    from provenir.flows import watch_screens as screens

    if json:
        return screens.JsonLines(sys.stdout)
    console = Console(file=sys.stdout, highlight=False)
    if once:
        return screens.OneFrame(console)
    return screens.LiveScreen(console) if _is_live(console) else screens.PlainLines(console)


def _is_live(console: Console) -> bool:
    return console.is_terminal and not console.is_dumb_terminal


def _reader_left() -> Callable[[], bool] | None:
    """Tell whether stdout is a pipe that nobody reads any more, which no write would say."""
    try:
        descriptor = sys.stdout.fileno()
        before = os.fstat(descriptor)
    except (OSError, ValueError):
        return None
    if not stat.S_ISFIFO(before.st_mode):
        return None

    def left() -> bool:
        # A writer that noticed it first has led the stream elsewhere.
        if not os.path.samestat(before, os.fstat(descriptor)):
            return True
        poll = select.poll()
        poll.register(descriptor, 0)
        return bool(poll.poll(0))

    return left
