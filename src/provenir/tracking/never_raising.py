"""What keeps a call of the user's loop from ever being broken by the recording of it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

__all__ = ["never_raises"]

F = TypeVar("F", bound=Callable[..., Any])


class _Run(Protocol):
    """What a guarded method needs of its run."""

    _lock: AbstractContextManager[Any]

    def _accepts(self, method: str) -> bool: ...
    def _fault(self, where: str, fault: BaseException, thing: object = None) -> None: ...
    def _interrupted(self, method: str) -> None: ...


def never_raises(default: Callable[[], Any], *, named: bool = False) -> Callable[[F], F]:
    """Make a logging method safe to call from a loop: a fault becomes a finding.

    The lock makes calls from several threads one after another. `named` says that the first
    argument names a thing, so that a fault with one is not taken for a fault with another.
    """

    def wrap(method: F) -> F:
        @functools.wraps(method)
        def call(self: _Run, /, *args: Any, **kwargs: Any) -> Any:
            if not self._accepts(method.__name__):
                return default()
            try:
                with self._lock:
                    return method(self, *args, **kwargs)
            except Exception as fault:  # noqa: BLE001 - whatever it is, it must not reach the loop
                self._fault(method.__name__, fault, args[0] if named and args else None)
                return default()
            except BaseException:
                self._interrupted(method.__name__)
                raise

        return cast("F", call)

    return wrap
