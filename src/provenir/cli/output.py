"""How the command line speaks: data on stdout, notes on stderr, one line per error.

All text that came from a file passes through `core.text.printable`, so nothing in it can act on the
terminal.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from provenir.core.progress import BAR_FROM, progress_bar
from provenir.core.text import printable

MAX_LINE_CHARS = 10_000
MIN_COLUMNS = 60
PIPE_COLUMNS = 240
MIN_CELL = 8
WHOLE_COLUMNS = frozenset(
    (
        *("status", "health", "check", "result", "reason", "step", "severity", "kind", "item"),
        *("index", "time", "type"),
    )
)
STATUS_STYLES = {
    "pass": "green",
    "fail": "bold red",
    "undecided": "yellow",
    "not-checked": "dim",
    "warning": "yellow",
    "critical": "bold red",
    "info": "cyan",
}


def stdout() -> Console:
    """The console for data; it follows `NO_COLOR` and plain pipes by itself."""
    console = Console(file=sys.stdout, highlight=False, soft_wrap=not sys.stdout.isatty())
    # A narrower table would leave out columns; a terminal wraps its lines, a pipe has no width.
    console.width = max(console.width, MIN_COLUMNS) if sys.stdout.isatty() else PIPE_COLUMNS
    return console


def stderr() -> Console:
    """The console for notes and errors."""
    return Console(file=sys.stderr, highlight=False, soft_wrap=True)


def print_json(value: Any) -> None:
    """One JSON document on stdout; what JSON cannot say has been made null before."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False) + "\n")


def warn(message: str) -> None:
    """One line on stderr that does not change the exit code."""
    stderr().print(Text("warning: ", "yellow") + Text(printable(message)))


def note(message: str) -> None:
    """One line on stderr."""
    stderr().print(Text(printable(message)))


def say(message: str, style: str = "") -> None:
    """One line on stdout; see `show_line`."""
    show_line(Text(printable(message), style))


def show_line(*parts: Text) -> None:
    """Parts in one line: a terminal gets it wrapped between words, and a path is never cut."""
    console = stdout()
    line = Text(" ").join(parts)
    breaks = _breaks(line.plain, console.width) if console.is_terminal else ()
    for piece in line.divide(breaks):
        piece.rstrip()
        console.print(piece, soft_wrap=True)


def say_lines(text: str, *, prose: bool = False) -> None:
    """Several lines on stdout, each made inert on its own.

    Args:
        text: The lines.
        prose: Wrap sentences between words on a terminal; tables and indented lines stay whole.
    """
    for line in text.splitlines():
        shown = printable(line, max_chars=MAX_LINE_CHARS)
        if prose and shown and shown[0] not in "| ":
            show_line(Text(shown))
        else:
            sys.stdout.write(shown + "\n")


@contextmanager
def reading_bar(
    paths: Sequence[Path], *, from_bytes: int = BAR_FROM["bytes"]
) -> Iterator[Callable[[int], None]]:
    """A progress bar over the bytes of files and folders; on a terminal, from so many on."""
    from provenir.provenance.tree_scan import listing

    total = sum(size for path in paths for _, size in listing(path))
    with progress_bar(total, least=from_bytes) as advance:
        yield advance


def table(title: str | None, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> Table:
    """A table in which every cell is inert text and known words carry their colour."""
    drawn = Table(
        title=None if title is None else Text(printable(title)),
        title_justify="left",
        title_style="bold",
        header_style="dim",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
    )
    for column in columns:
        whole = column in WHOLE_COLUMNS
        least = None if whole else MIN_CELL
        drawn.add_column(column, overflow="fold", no_wrap=whole, min_width=least)
    for row in rows:
        drawn.add_row(*(_cell(value) for value in row))
    return drawn


def _breaks(text: str, columns: int) -> Iterator[int]:
    """Where a new line begins, so that only a word longer than a line goes beyond the columns."""
    used = 0
    for word in re.finditer(r"\s*\S+\s*", text):
        if used and used + cell_len(word[0].rstrip()) > columns:
            yield word.start()
            used = 0
        used += cell_len(word[0])


def _cell(value: object) -> Text:
    text = "–" if value is None else printable(str(value))
    return Text(text, STATUS_STYLES.get(text, ""))
