"""How many checks a test began and how many held.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

import functools
import unittest
from typing import TYPE_CHECKING, Any

from provenir.environments.judging.expectations import reachable
from provenir.environments.judging.peer import is_foreign

if TYPE_CHECKING:
    from collections.abc import Callable

    from provenir.environments.judging.instrument import Site

__all__ = ["Count", "count_unittest"]


class Count:
    """Checks that began and checks that held.

    Attributes:
        started: Those that began, assert statements and assertion methods alike.
        completed: Those that held.
        failed: The last assert statement that began and was not completed yet.
        moved: Where an expectation was computed from a container that the candidate had put
            elements in or out of.

    Args:
        altered: Ids of the test's containers and objects that the candidate altered.
        own_module: Module of the test's classes.
    """

    def __init__(self, altered: set[int], own_module: str) -> None:
        self._own_module = own_module
        self._altered = altered
        self.moved = ""
        self.started = 0
        self.completed = 0
        self._sites: list[Site] = []
        self.open: list[Site] = []

    def watch(self, sites: list[Site]) -> None:
        """Count the assert statements of another source."""
        self._sites = sites
        self.open = []

    def start(self, number: int | None = None) -> None:
        """A check begins."""
        self.started += 1
        if number is not None:
            site = self._sites[number]
            site.started += 1
            self.open.append(site)

    def complete(self, number: int | None = None) -> None:
        """It held."""
        self.completed += 1
        if number is not None:
            site = self._sites[number]
            site.completed += 1
            if site in self.open:
                self.open.remove(site)

    def reading(self, value: Any, read: tuple[Any, ...], line: int) -> Any:
        """An expectation, just computed from values that were handed to the program."""
        if self._altered and any(self._was_altered(part) for part in read):
            self.moved = f"line {line}"
        return value

    def begun(self) -> int:
        """How many assert statements are under way."""
        return len(self.open)

    def give_up(self, error: BaseException | None, begun: int = 0, first: int = 0) -> None:
        """Take back assert statements that an error of the program cut short, as the test expects.

        Args:
            error: The error; of the test's own nothing is taken back.
            begun: How many statements were under way before.
            first: The first statement that is concerned, by its number.
        """
        if error is None or not is_foreign(error):
            return
        for site in self.open[begun:]:
            if site.number >= first:
                self.open.remove(site)
                self.started -= 1
                site.started -= 1

    def _was_altered(self, value: Any) -> bool:
        return not self._altered.isdisjoint(reachable(value, self._own_module))

    @property
    def failed(self) -> Site | None:
        """The assert statement that is under way."""
        return self.open[-1] if self.open else None


class _Counted:
    """A context such as that of ``assertRaises``: it holds when its block was left well."""

    def __init__(self, inner: Any, count: Count) -> None:
        self._inner = inner
        self._count = count
        self._begun = 0

    def __enter__(self) -> Any:
        self._begun = self._count.begun()
        return self._inner.__enter__()

    def __exit__(self, *error: Any) -> Any:
        handled = self._inner.__exit__(*error)
        if error[0] is None or handled:
            self._count.give_up(error[1], self._begun)
            self._count.complete()
        return handled


def _counted(method: Callable[..., Any], count: Count) -> Callable[..., Any]:
    @functools.wraps(method)
    def counted(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        count.start()
        result = method(self, *args, **kwargs)
        if hasattr(result, "__exit__"):
            return _Counted(result, count)
        count.complete()
        return result

    return counted


def count_unittest(count: Count) -> None:
    """Count the assertion methods of `unittest.TestCase` in this process."""
    for name in dir(unittest.TestCase):
        if name.startswith("assert") or name == "fail":
            setattr(unittest.TestCase, name, _counted(getattr(unittest.TestCase, name), count))
