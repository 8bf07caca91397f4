"""Logs that training frameworks and trackers leave on disk, read row by row in bounded memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from provenir._lazy import lazy_exports

if TYPE_CHECKING:
    from provenir.observability.logs.row import LogRow, RowFaults
    from provenir.observability.logs.sources import SOURCES, LogFiles, find_log, read_log

__all__ = ["SOURCES", "LogFiles", "LogRow", "RowFaults", "find_log", "read_log"]

_EXPORTS: Final = {
    "SOURCES": "provenir.observability.logs.sources",
    "LogFiles": "provenir.observability.logs.sources",
    "LogRow": "provenir.observability.logs.row",
    "RowFaults": "provenir.observability.logs.row",
    "find_log": "provenir.observability.logs.sources",
    "read_log": "provenir.observability.logs.sources",
}

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
