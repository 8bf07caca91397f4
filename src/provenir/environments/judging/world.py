"""What a test changes around the program: patched functions, arguments, variables, seeds.

A test that patches ``time.sleep``, sets ``sys.argv`` or seeds `random` does so in its own process
and means the program's. So before each request what differs here from how it was found is done on
the other side too. A replacement crosses like anything else that a test hands over.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

import importlib
import os
import random
import re
import sys
import types
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from provenir.environments.judging.mirror import Asks

__all__ = ["Around", "World", "changes_the_world"]

_WORDS: Final = ("patch", "argv", "environ", "seed(", "setenv", "builtins")
_MODULES: Final = (
    "builtins", "time", "random", "datetime", "uuid", "secrets", "getpass", "shutil", "platform",
    "socket", "subprocess", "urllib.request", "os", "os.path", "math", "smtplib", "webbrowser",
)  # fmt: skip
# The judge's own `input` is where a program's input comes from, whoever replaced it.
_KEPT: Final = ("input", "__import__")
_SEEDS: Final = (int, float, str, bytes, bytearray, types.NoneType)


def changes_the_world(tests: list[str]) -> bool:
    """Whether tests may change anything around the program."""
    return any(word in test for test in tests for word in _WORDS)


class World:
    """The judge's side.

    Args:
        asks: The channel to the program.
        tests: Sources of the tests.
    """

    def __init__(self, asks: Asks, tests: list[str]) -> None:
        self._asks = asks
        self._seed = random.seed
        random.seed = self._seeded
        words = set(re.findall(r"\w+", "\n".join(tests)))
        named = [module for module in _MODULES if words >= set(module.split("."))]
        self._found = {name: _public(importlib.import_module(name), words) for name in named}
        self._told: dict[tuple[str, str], Any] = {}
        sys.argv = ["<solution>"]
        self._arguments = list(sys.argv)
        self._variables = dict(os.environ)
        self._environ = not words.isdisjoint({"environ", "setenv", "delenv", "putenv"})
        self._seeds: list[tuple[Any, ...]] = []
        self._busy = False

    def _seeded(self, *args: Any, **kwargs: Any) -> None:
        self._seed(*args, **kwargs)
        seed = (*args, *kwargs.values())[:1]
        if all(type(value) in _SEEDS for value in seed):
            self._seeds.append(seed)

    def tell(self) -> None:
        """Do on the other side what was done here since the last time."""
        if self._busy:
            return
        self._busy = True
        try:
            self._tell()
        finally:
            self._busy = False

    def _tell(self) -> None:
        for name, found in self._found.items():
            now = vars(sys.modules[name])
            for key, was in found.items():
                value = now.get(key, was)
                if value is not self._told.get((name, key), was):
                    self._told[name, key] = value
                    known = value is was
                    self._ask(
                        "unpatch" if known else "patch", name, key, *(() if known else (value,))
                    )
        if sys.argv != self._arguments:
            self._arguments = list(sys.argv)
            self._ask("arguments", list(self._arguments))
        if self._environ and os.environ != self._variables:
            self._variables = dict(os.environ)
            self._ask("variables", dict(self._variables))
        seeds, self._seeds = self._seeds, []
        for seed in seeds[-1:]:
            self._ask("seed", *seed)

    def _ask(self, question: str, *args: Any) -> None:
        self._asks.ask("ask", None, question, *args)


def _public(module: types.ModuleType, words: set[str]) -> dict[str, Any]:
    """What a module offers and a test speaks of, which is what it may replace."""
    return {
        name: value
        for name, value in vars(module).items()
        if name in words and callable(value) and not name.startswith("_") and name not in _KEPT
    }


class Around:
    """The program's side."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], Any] = {}

    def question(self, name: str, args: tuple[Any, ...]) -> bool:
        """Do what the judge says; whether it is for this to do."""
        if name == "patch":
            module, key, value = args
            target = importlib.import_module(module)
            self._found.setdefault((module, key), getattr(target, key))
            setattr(target, key, value)
        elif name == "unpatch":
            module, key = args
            setattr(importlib.import_module(module), key, self._found[module, key])
        elif name == "arguments":
            sys.argv = args[0]
        elif name == "variables":
            os.environ.clear()
            os.environ.update(args[0])
        elif name == "seed":
            random.seed(*args)
        else:
            return False
        return True
