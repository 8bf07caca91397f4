"""The candidate's process: it runs the code that is tested and answers the judge's requests.

Everything here is in the candidate's hands once its code runs, so nothing here is relied on: no
test, no expected value and no verdict ever is in this process.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

import builtins
import contextlib
import importlib
import io
import json
import linecache
import sys
import types
from typing import TYPE_CHECKING, Any

from provenir.environments.judging.notices import forward_notices
from provenir.environments.judging.peer import Peer
from provenir.environments.judging.prose import without_words
from provenir.environments.judging.wire import ChannelClosedError, ProtocolFaultError, Wire
from provenir.environments.judging.world import Around

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from provenir.environments.judging.mirror import Asks

__all__ = ["MODULE", "SOURCE_FILE", "main"]

MODULE = "solution"
SOURCE_FILE = "<solution>"
_MAX_TEXT = 1_000_000
# The frames of this runner that lie under a call, so that a program has the depth it counts on.
_OWN_FRAMES = 60


class _Stream(io.TextIOBase):
    """What the program writes, until the next message takes it along."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._room = _MAX_TEXT

    def writable(self) -> bool:
        return True

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return "utf-8"

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        if self._room > 0 and text:
            self._pieces.append(text[: self._room])
            self._room -= len(text)
        return len(text)

    def take(self) -> str:
        """The text since the last time."""
        pieces, self._pieces = self._pieces, []
        self._room = _MAX_TEXT
        return "".join(pieces)


class _Input(io.TextIOBase):
    """Standard input, line by line from the test."""

    def __init__(self, ask: Callable[..., str]) -> None:
        self._ask = ask

    def readable(self) -> bool:
        return True

    def readline(self, _size: int | None = -1, /) -> str:  # type: ignore[override]
        return self._ask("readline")

    def read(self, _size: int | None = -1, /) -> str:
        return "".join(iter(self.readline, ""))

    def __next__(self) -> str:  # type: ignore[override]
        line = self.readline()
        if not line:
            raise StopIteration
        return line


class CandidateRules:
    """Everything may be done to the candidate's objects, and theirs is the last word on them."""

    real_functions = True
    by_name = False

    def __init__(self) -> None:
        self.out = _Stream()
        self.err = _Stream()
        self.module = types.ModuleType(MODULE)
        self.loaded = ""
        self.loose = False
        self._around = Around()

    def export(self, value: Any) -> None:
        """Anything may cross."""

    def serve(self, op: str, target: Any, name: str) -> None:
        """Anything may be done."""

    def watches(self, target: Any, name: str) -> bool:
        """Nothing is looked at first."""
        return False

    def look(self, target: Any, name: str, args: tuple[Any, ...]) -> None:
        """Anything may be asked for."""

    def decide(self, peer: Asks, name: str, target: Any, args: tuple[Any, ...]) -> Any:
        """Ask the test's side."""
        return peer.ask("op", target, name, *args)

    def question(self, name: str, args: tuple[Any, ...]) -> Any:
        """Answer about the program as a whole."""
        if name == "load":
            return self._load()
        if name == "module":
            return self.module
        if name == "lookup":
            return getattr(self.module, args[0])
        if name == "equals_nothing":
            return args[0] == object()
        if name == "holds_nothing":
            return object() in args[0]
        if self._around.question(name, args):
            return None
        raise ProtocolFaultError(f"an unknown question {name!r}")

    def _load(self) -> Any:
        """Run the program; its names, or what went wrong as (type, text)."""
        try:
            code = _compiled(self.loaded, loose=self.loose)
            exec(code, self.module.__dict__)  # noqa: S102 - what this process is for
        except BaseException as error:  # noqa: BLE001
            return type(error).__name__, str(error)[:500]
        return dir(self.module)

    def library(self, name: str) -> Any:
        """A function of the standard library that the test hands over."""
        module, _, qualname = name.partition(":")
        found: Any = importlib.import_module(module)
        for part in qualname.split("."):
            found = getattr(found, part)
        return found

    def outgoing(self) -> tuple[str, str]:
        """What the program wrote."""
        return self.out.take(), self.err.take()

    def incoming(self, out: str, err: str) -> None:
        """The judge writes nothing."""


def _compiled(source: str, *, loose: bool) -> types.CodeType:
    """Compile a program; from one in running text the words around it are left off."""
    try:
        return compile(source, SOURCE_FILE, "exec", dont_inherit=True)
    except SyntaxError:
        inner = without_words(source) if loose else source
        if inner == source:
            raise
        return compile(inner, SOURCE_FILE, "exec", dont_inherit=True)


def main(payload: bytes, fds: Sequence[int]) -> None:
    """Serve the judge on the first descriptor; `payload` is JSON with the program's `source`."""
    request = json.loads(payload)
    rules = CandidateRules()
    rules.loaded, rules.loose = request["source"], request["loose"]
    peer = Peer(Wire(fds[0]), rules, first=1, follows=True)
    module = rules.module
    module.__file__ = SOURCE_FILE
    sys.modules[MODULE] = module
    lines = request["source"].splitlines(keepends=True)
    linecache.cache[SOURCE_FILE] = (len(request["source"]), None, lines, SOURCE_FILE)
    sys.argv = [SOURCE_FILE]
    sys.stdout, sys.stderr = rules.out, rules.err
    sys.stdin = _Input(lambda name: peer.ask("ask", None, name))
    builtins.input = lambda prompt="", /: _input(peer, rules, prompt)
    forward_notices(lambda name, *args: peer.ask("ask", None, name, *args), lambda: peer.busy)
    sys.setrecursionlimit(sys.getrecursionlimit() + _OWN_FRAMES)
    with contextlib.suppress(ChannelClosedError, ProtocolFaultError):
        peer.serve()


def _input(peer: Peer, _rules: CandidateRules, prompt: object) -> str:
    line = peer.ask("ask", None, "input", str(prompt))
    if line is None:
        raise EOFError("EOF when reading a line")
    return str(line)
