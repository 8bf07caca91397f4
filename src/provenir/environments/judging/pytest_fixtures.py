"""The fixtures that pytest brings along, for a place where pytest is not.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import pathlib
import sys
import tempfile
import warnings
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

__all__ = ["BUILT_IN_FIXTURES", "Patches"]


class _Capture:
    def __init__(self) -> None:
        self._streams: list[io.StringIO] = []
        self._restart()

    def _restart(self) -> None:
        self._streams = [io.StringIO(), io.StringIO()]
        sys.stdout, sys.stderr = self._streams

    def readouterr(self) -> Any:
        """What was written since the last time, as ``(out, err)``."""
        read = _Captured(*(stream.getvalue() for stream in self._streams))
        self._restart()
        return read


class _Captured(NamedTuple):
    out: str
    err: str


@contextlib.contextmanager
def _capsys() -> Iterator[_Capture]:
    kept = sys.stdout, sys.stderr
    try:
        yield _Capture()
    finally:
        sys.stdout, sys.stderr = kept


class Patches:
    """The fixture `monkeypatch`."""

    def __init__(self) -> None:
        self._undo: list[Callable[[], Any]] = []

    def setattr(self, target: Any, name: Any, value: Any = ..., raising: bool = True) -> None:
        """Set an attribute until the test ends."""
        if value is ...:
            import pkgutil

            place, _, attribute = target.rpartition(".")
            target, name, value = pkgutil.resolve_name(place), attribute, name
        try:
            old = getattr(target, name)
        except AttributeError:
            if raising:
                raise
            self._undo.append(lambda: delattr(target, name))
        else:
            self._undo.append(lambda: setattr(target, name, old))
        setattr(target, name, value)

    def delattr(self, target: Any, name: str, raising: bool = True) -> None:
        """Delete an attribute until the test ends."""
        try:
            old = getattr(target, name)
        except AttributeError:
            if raising:
                raise
            return
        self._undo.append(lambda: setattr(target, name, old))
        delattr(target, name)

    def setitem(self, target: Any, key: Any, value: Any) -> None:
        """Set an item until the test ends."""
        self._keep(target)
        target[key] = value

    def delitem(self, target: Any, key: Any, raising: bool = True) -> None:
        """Delete an item until the test ends."""
        self._keep(target)
        if raising or key in target:
            del target[key]

    def _keep(self, target: Any) -> None:
        old = dict(target)
        self._undo.append(lambda: (target.clear(), target.update(old)))

    def setenv(self, name: str, value: Any, prepend: str | None = None) -> None:
        """Set an environment variable until the test ends."""
        if prepend and name in os.environ:
            value = f"{value}{prepend}{os.environ[name]}"
        self.setitem(os.environ, name, str(value))

    def delenv(self, name: str, raising: bool = True) -> None:
        """Delete an environment variable until the test ends."""
        self.delitem(os.environ, name, raising)

    def undo(self) -> None:
        """Take everything back."""
        while self._undo:
            self._undo.pop()()

    @classmethod
    @contextlib.contextmanager
    def context(cls) -> Iterator[Patches]:
        """Patches that end with a block."""
        patches = cls()
        try:
            yield patches
        finally:
            patches.undo()


@contextlib.contextmanager
def _tmp_path() -> Iterator[pathlib.Path]:
    with tempfile.TemporaryDirectory() as folder:
        yield pathlib.Path(folder)


class _Log(logging.Handler):
    """The fixture `caplog`."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []
        self._levels: list[tuple[logging.Logger, int]] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)

    @property
    def messages(self) -> list[str]:
        """The texts of the records."""
        return [record.getMessage() for record in self.records]

    @property
    def text(self) -> str:
        """The records as they are printed."""
        form = logging.Formatter("%(levelname)-8s %(name)s:%(filename)s:%(lineno)d %(message)s")
        return "".join(f"{form.format(record)}\n" for record in self.records)

    @property
    def record_tuples(self) -> list[tuple[str, int, str]]:
        """Name, level and text of each record."""
        return [(r.name, r.levelno, r.getMessage()) for r in self.records]

    def clear(self) -> None:
        """Forget the records."""
        self.records.clear()

    def set_level(self, level: int | str, logger: str | None = None) -> None:
        """Take records from this level on."""
        found = logging.getLogger(logger)
        self._levels.append((found, found.level))
        found.setLevel(level)

    @contextlib.contextmanager
    def at_level(self, level: int | str, logger: str | None = None) -> Iterator[None]:
        """Take records from this level on within a block."""
        self.set_level(level, logger)
        try:
            yield
        finally:
            found, old = self._levels.pop()
            found.setLevel(old)

    def restore(self) -> None:
        """Set levels back."""
        while self._levels:
            found, old = self._levels.pop()
            found.setLevel(old)


@contextlib.contextmanager
def _caplog() -> Iterator[_Log]:
    log = _Log()
    logging.getLogger().addHandler(log)
    try:
        yield log
    finally:
        log.restore()
        logging.getLogger().removeHandler(log)


@contextlib.contextmanager
def _recwarn() -> Iterator[Any]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        yield caught


BUILT_IN_FIXTURES: Final[dict[str, Callable[[], Any]]] = {
    "capsys": _capsys,
    "capfd": _capsys,
    "monkeypatch": Patches.context,
    "tmp_path": _tmp_path,
    "tmpdir": _tmp_path,
    "caplog": _caplog,
    "recwarn": _recwarn,
}
