"""How a long flow shows itself: a live bar on a terminal, sparse plain lines anywhere else."""

from __future__ import annotations

import textwrap
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Column
from rich.text import Text

from provenir.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType

__all__ = ["Display", "Phase"]

MAX_LINE_CHARS: Final = 4_000
PLAIN_LINES_PER_PHASE: Final = 5
BAR_CHARS: Final = 10
# There, a short bar and no clock leave room for the note.
NARROW_COLUMNS: Final = 80
NARROW_BAR_CHARS: Final = 6
# A long note gives way to the bar, not the bar to the note.
_LAST: Final = Column(ratio=1, no_wrap=True, overflow="ellipsis")


class Phase:
    """One phase of a flow, while it goes on."""

    def __init__(self, display: Display, title: str, total: int, task: TaskID | None) -> None:
        self._display = display
        self._title = title
        self._total = total
        self._task = task
        self._done = 0
        self._note = ""

    def advance(self, note: str = "", steps: int = 1) -> None:
        """Count finished steps; `note` is shown beside the bar."""
        self._done += steps
        self._note = note or self._note
        self._show()

    def note(self, note: str) -> None:
        """Change the note beside the bar."""
        self._note = note
        self._show(line=False)

    def _show(self, *, line: bool = True) -> None:
        if self._task is not None and self._display.bars is not None:
            self._display.bars.update(self._task, completed=self._done, note=printable(self._note))
        elif line and self._is_milestone():
            self._display.say(f"  {self._title}: {self._done} of {self._total}  {self._note}")

    def _is_milestone(self) -> bool:
        stride = max(1, self._total // PLAIN_LINES_PER_PHASE)
        return self._total > PLAIN_LINES_PER_PHASE and self._done % stride == 0

    def close(self) -> str:
        """Fill the bar; return the note for the closing line."""
        if self._task is not None and self._display.bars is not None:
            self._display.bars.update(self._task, total=self._done or 1, completed=self._done or 1)
        return self._note


class Display:
    """Shows the phases of a flow on a console.

    Args:
        console: Where to; by default a console on stdout.
    """

    def __init__(self, console: Console | None = None) -> None:
        self.console = console or Console(highlight=False)
        self.bars: Progress | None = None

    def __enter__(self) -> Self:
        if self.console.is_terminal:
            narrow = self.console.width < NARROW_COLUMNS
            self.bars = Progress(
                SpinnerColumn(finished_text="✓"),
                TextColumn("{task.description}", table_column=Column(no_wrap=True)),
                BarColumn(bar_width=NARROW_BAR_CHARS if narrow else BAR_CHARS),
                MofNCompleteColumn(),
                *(() if narrow else (TimeElapsedColumn(),)),
                TextColumn("{task.fields[note]}", style="dim", markup=False, table_column=_LAST),
                console=self.console,
                expand=True,
                # A library that writes to stdout would tear the bars; these go around them.
                redirect_stdout=True,
                redirect_stderr=True,
            )
            self.bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self.bars is not None:
            self.bars.stop()

    @contextmanager
    def phase(self, title: str, total: int = 1) -> Iterator[Phase]:
        """Show one phase of `total` steps; without a terminal, a line before and one after."""
        started = time.monotonic()
        if self.bars is not None:
            yield from self._phase_with_bar(title, total)
            return
        self.say(f"{title} …")
        phase = Phase(self, title, total, None)
        yield phase
        note = phase.close()
        tail = f": {note}" if note else ""
        self.say(f"{title}, {time.monotonic() - started:.1f} s{tail}")

    def _phase_with_bar(self, title: str, total: int) -> Iterator[Phase]:
        if self.bars is None:
            return
        phase = Phase(self, title, total, self.bars.add_task(title, total=total, note=""))
        yield phase
        phase.close()

    def say(self, line: str, style: str = "", *, whole: bool = False) -> None:
        """One line of text above the bars; nothing in it can act on the terminal.

        Args:
            line: The text; on a terminal that is too narrow, broken between words.
            style: A style of rich.
            whole: Not to be broken, since somebody may copy it: a path.
        """
        inert = printable(line, max_chars=MAX_LINE_CHARS)
        lines = [inert] if whole or not self.console.is_terminal else self._broken(inert)
        for part in lines:
            self.console.print(Text(part, style), soft_wrap=True)

    def say_command(self, indent: str, command: str) -> None:
        """A command that can be copied; where it is too long, its options are on a second line."""
        line = f"{indent}$ {command}"
        noun, _, options = line.partition(" --")
        if options and self.console.is_terminal and len(line) > self.console.width:
            self.say(f"{noun} \\", whole=True)
            self.say(f"{indent}    --{options}", whole=True)
        else:
            self.say(line, whole=True)

    def _broken(self, line: str) -> list[str]:
        indent = line[: len(line) - len(line.lstrip())]
        return textwrap.wrap(
            line,
            width=max(self.console.width, 2 * len(indent) + 1),
            subsequent_indent=indent + "  ",
            break_long_words=False,
            break_on_hyphens=False,
        ) or [""]
