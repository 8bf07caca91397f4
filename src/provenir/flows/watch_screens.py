"""Where a watch shows itself: a live screen, plain lines, JSON lines, or one frame.

The live screen is the terminal's alternate one, so that whatever was on the terminal is there again
afterwards, also after Ctrl-C and SIGTERM; the last frame then stays below it.
"""

from __future__ import annotations

import json
import signal
import threading
import time
from typing import TYPE_CHECKING, Any, Final, Protocol, Self

from rich.live import Live
from rich.text import Text

from provenir.flows.watch_view import Frame, episode_line, one_line

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType
    from typing import TextIO

    from rich.console import Console

    from provenir.flows.watch_facts import Facts

__all__ = ["JsonLines", "LiveScreen", "OneFrame", "PlainLines", "Screen"]

_LOOK_AT_SIZE_S: Final = 0.25
_PAGE_COLUMNS: Final = 100


class Screen(Protocol):
    """Shows moments of a run."""

    def __enter__(self) -> Self:
        """Begin."""
        ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End; the terminal is as it was before."""
        ...

    def show(self, facts: Facts, *, changed: bool) -> None:
        """Show a moment; `changed` tells whether anything is new but the time."""
        ...

    def pause(self, seconds: float) -> None:
        """Wait before the next look."""
        ...


class _Lines:
    """What needs no beginning and no end."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None

    def pause(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)


class JsonLines(_Lines):
    """One JSON object per line and moment in which something is new.

    Args:
        stream: Where to.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def show(self, facts: Facts, *, changed: bool) -> None:
        """Write the moment."""
        if changed:
            written = json.dumps(facts.to_dict(), ensure_ascii=True, allow_nan=False)
            self._stream.write(written + "\n")
            self._stream.flush()


class PlainLines(_Lines):
    """A line for every episode that begins and for every moment in which something is new.

    Args:
        console: Where to.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._noted: set[str] = set()

    def show(self, facts: Facts, *, changed: bool) -> None:
        """Write what is new."""
        if not changed:
            return
        for found in facts.began:
            self._say(episode_line(found))
        self._say(one_line(facts))
        for note in facts.notes:
            if note not in self._noted:
                self._noted.add(note)
                self._say(note)

    def _say(self, line: str) -> None:
        self._console.print(Text(line), soft_wrap=True)
        self._console.file.flush()


class OneFrame(_Lines):
    """The whole frame, once.

    Args:
        console: Where to; where it is no terminal the frame is as long as it needs.
    """

    def __init__(self, console: Console) -> None:
        self._console = console

    def show(self, facts: Facts, *, changed: bool) -> None:
        """Print the frame."""
        _print(self._console, facts)


class LiveScreen:
    """A frame that is drawn again and again.

    Args:
        console: A terminal.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, screen=True, auto_refresh=False, transient=True)
        self._last: Facts | None = None
        self._restore: Callable[[], None] = _nothing

    def __enter__(self) -> Self:
        self._restore = _leave_on_signals()
        self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._live.stop()
        self._restore()
        if self._last is not None:
            _print(self._console, self._last)

    def show(self, facts: Facts, *, changed: bool) -> None:
        """Draw the moment."""
        self._last = facts
        self._live.update(Frame(facts, height=self._console.height), refresh=True)

    def pause(self, seconds: float) -> None:
        """Wait; a terminal that changes its size gets a new frame."""
        until = time.monotonic() + seconds
        size = self._console.size
        while (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _LOOK_AT_SIZE_S))
            if self._console.size != size and self._last is not None:
                size = self._console.size
                self.show(self._last, changed=False)


def _print(console: Console, facts: Facts) -> None:
    width = console.width if console.is_terminal else _PAGE_COLUMNS
    height = max(1, console.height - 1) if console.is_terminal else None
    console.print(Frame(facts, height=height), width=width)


def _leave_on_signals() -> Callable[[], None]:
    """Have SIGTERM and SIGHUP end the watch in good order; return what undoes it."""
    if threading.current_thread() is not threading.main_thread():
        return _nothing
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    for number in before:
        signal.signal(number, _leave)

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, signal.SIG_DFL if handler is None else handler)

    return restore


def _leave(number: int, _frame: FrameType | None) -> Any:
    raise SystemExit(128 + number)


def _nothing() -> None:
    return None
