"""Standard streams on which writing does not fail for reasons of the reader.

A reader that goes away (`| head`), a stream that was closed before the start (`>&-`) and an
encoding that lacks a character say nothing about what was checked, so they must not change an exit
code. A full disk does fail: what was asked for could not be written.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TextIO, cast

__all__ = ["Outlet", "patient_streams"]


class Outlet:
    """A text stream as it is, but for readers that left and characters that it cannot spell."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        """Write text; what the encoding lacks becomes a visible escape."""
        with _reader_may_leave(self._stream):
            try:
                self._stream.write(text)
            except UnicodeEncodeError as fault:
                spelled = text.encode(fault.encoding, "backslashreplace")
                self._stream.write(spelled.decode(fault.encoding))
        return len(text)

    def flush(self) -> None:
        """Hand over what is buffered."""
        with _reader_may_leave(self._stream):
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def _reader_may_leave(stream: TextIO) -> Iterator[None]:
    """Point a stream to nowhere when its reader is gone, so that the exit is quiet too."""
    try:
        yield
    except BrokenPipeError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


@contextlib.contextmanager
def patient_streams() -> Iterator[None]:
    """Put an `Outlet` before stdout and stderr; a stream that is closed leads nowhere."""
    with contextlib.ExitStack() as stack:
        for stream, redirect in (
            (sys.stdout, contextlib.redirect_stdout),
            (sys.stderr, contextlib.redirect_stderr),
        ):
            usable = stream or stack.enter_context(Path(os.devnull).open("w", encoding="utf-8"))
            stack.enter_context(redirect(cast("TextIO", Outlet(usable))))
        yield
