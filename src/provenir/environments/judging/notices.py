"""Warnings and log records of the program, which tests look for in their own process.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["forward_notices", "take_notice"]

_MOST: Final = 1_000


def forward_notices(ask: Callable[..., Any], is_busy: Callable[[], bool]) -> None:
    """Tell the judge what the program warns of and logs; runs in the program's process.

    Args:
        ask: ``ask(question, *args)`` of the judge.
        is_busy: Whether a message is under way, as when an object is finalised amid one.
    """
    left = [_MOST]

    def tell(question: str, *args: Any) -> None:
        if left[0] > 0 and not is_busy():
            left[0] -= 1
            ask(question, *args)

    def show(message: Any, category: Any, _file: str, line: int, *_: Any, **__: Any) -> None:
        tell("warning", message, category, line)

    warnings.simplefilter("always")
    warnings.simplefilter("ignore", ResourceWarning)
    warnings.showwarning = show  # type: ignore[assignment]
    enabled, handlers = logging.Logger.isEnabledFor, logging.Logger.callHandlers

    def call_handlers(self: logging.Logger, record: logging.LogRecord) -> None:
        tell("log", record.name, record.levelno, record.getMessage(), _own_level(self))
        if enabled(self, record.levelno):
            handlers(self, record)

    logging.Logger.isEnabledFor = lambda _, __: True  # type: ignore[method-assign,assignment]
    logging.Logger.callHandlers = call_handlers  # type: ignore[method-assign]
    logging.lastResort = None


def _own_level(logger: Any) -> int:
    """The level that a logger was given, itself or through others than the root."""
    while logger is not None and logger.parent is not None:
        if logger.level:
            return int(logger.level)
        logger = logger.parent
    return 0


def take_notice(name: str, args: tuple[Any, ...]) -> bool:
    """Warn or log here what the program did there; whether it was either.

    Raises:
        Warning: The test turned warnings into errors.
    """
    if name == "warning":
        message, category, line = args
        if isinstance(message, Warning) and isinstance(category, type):
            warnings.warn_explicit(message, category, "<solution>", int(line), "solution", {})
        return True
    if name == "log":
        logger_name, level, text, own = args
        logger = logging.getLogger(str(logger_name))
        if logger.isEnabledFor(int(level)) and (logger.level or int(level) >= int(own)):
            logger.handle(
                logger.makeRecord(logger.name, int(level), "<solution>", 0, str(text), (), None)
            )
        return True
    return False
