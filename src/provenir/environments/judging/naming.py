"""What the names in a test's source mean: Python's, the test's own, or the candidate's.

A name that is neither a builtin nor bound by the test is looked up in the candidate's program, each
time that it is used. A builtin stays a builtin, whatever the candidate calls its functions, unless
the test is about it. A module that does not exist here is the candidate's.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

import ast
import builtins
import importlib.util
import sys
import types
from collections.abc import Callable, Sized
from typing import TYPE_CHECKING, Any, Final

from provenir.environments.judging.mirror import note_name
from provenir.environments.judging.rules import RefusedError
from provenir.environments.judging.tools import FOREIGN

if TYPE_CHECKING:
    from provenir.environments.judging.peer import Peer

__all__ = ["CandidateModule", "Importer", "Names", "subject_builtin"]

_PROGRAM: Final = frozenset(
    [
        "solution",
        "candidate",
        "submission",
        "main",
        "program",
        "answer",
        "module",
        "my_module",
        "your_module",
        "my_solution",
        "code",
        "student",
        "student_code",
        "solve",
        "impl",
        "implementation",
        "src",
        "app",
        "script",
        "task",
        "exercise",
    ]
)
_UNSAFE: Final = frozenset(
    ["pickle", "cPickle", "marshal", "shelve", "ctypes", "dill", "cloudpickle", "code"]
)
_HARMLESS: Final = (
    ast.Expression, ast.Constant, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare, ast.List,
    ast.Tuple, ast.Dict, ast.Set, ast.IfExp, ast.operator, ast.unaryop, ast.boolop, ast.cmpop,
    ast.expr_context,
)  # fmt: skip


def _unsupported(detail: str) -> RefusedError:
    return RefusedError("unsupported_test", detail)


class Names(dict[str, Any]):
    """The builtins of the test's module, with the candidate's names behind them.

    Attributes:
        empty_zips: Times that a loop over two sequences did not run because one was empty.
    """

    def __init__(self, peer: Peer, import_module: Callable[..., Any]) -> None:
        super().__init__(vars(builtins))
        self._peer = peer
        self.empty_zips = 0
        self["__import__"] = import_module
        self["eval"] = _evaluate
        self["exec"] = self["compile"] = _execute
        self["zip"] = self._zip

    def __missing__(self, name: str) -> Any:
        try:
            return self.lookup(name)
        except AttributeError:
            raise KeyError(name) from None

    def lookup(self, name: str) -> Any:
        """The candidate's value of a name.

        Raises:
            AttributeError: It has none.
        """
        value = self._peer.ask("ask", None, "lookup", name)
        note_name(value, name)
        if callable(value):
            self[name] = value
        return value

    def _zip(self, *iterables: Any, **options: Any) -> Any:
        sizes = [len(i) for i in iterables if isinstance(i, Sized)]
        if sizes and min(sizes) == 0 and max(sizes) > 1:
            self.empty_zips += 1
        return zip(*iterables, **options)  # noqa: B905 - as the test says


def _evaluate(text: Any, *_scopes: Any) -> Any:
    """`eval` of what is arithmetic; anything else would run the candidate's text in the judge."""
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (AttributeError, TypeError):
        raise _unsupported("the test evaluates what is no text") from None
    if not all(isinstance(node, _HARMLESS) for node in ast.walk(tree)):
        raise _unsupported("the test evaluates text with names or calls in it")
    return eval(compile(tree, "<expression>", "eval"), {"__builtins__": {}})  # noqa: S307


def _execute(*_args: Any, **_kwargs: Any) -> Any:
    raise _unsupported("the test executes text")


def subject_builtin(tree: ast.Module) -> str:
    """The builtin that every assertion of a test calls first: then the test is about that name."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Assert):
            test = node.test
            if isinstance(test, ast.UnaryOp):
                test = test.operand
            if isinstance(test, ast.Compare):
                test = test.left
            if not (isinstance(test, ast.Call) and isinstance(test.func, ast.Name)):
                return ""
            found.add(test.func.id)
    return found.pop() if len(found) == 1 else ""


class CandidateModule(types.ModuleType):
    """The candidate's program, under whatever name a test imports it."""

    def __init__(self, name: str, names: Names, peer: Peer) -> None:
        super().__init__(name)
        self.__dict__["_provenir"] = (names, peer)
        self.__dict__["__path__"] = []

    def __getattr__(self, name: str) -> Any:
        names, _ = self.__dict__["_provenir"]
        if name.startswith("__") and name != "__all__":
            raise AttributeError(name)
        return names.lookup(name)

    def __setattr__(self, name: str, value: Any) -> None:
        names, peer = self.__dict__["_provenir"]
        names.pop(name, None)
        if name.startswith("__"):
            self.__dict__[name] = value
        else:
            peer.ask("set", peer.ask("ask", None, "module"), name, value)

    def __delattr__(self, name: str) -> None:
        names, peer = self.__dict__["_provenir"]
        names.pop(name, None)
        peer.ask("del", peer.ask("ask", None, "module"), name)


class Importer:
    """`__import__` of a test.

    Args:
        peer: The channel to the candidate.
        shims: Modules of ours that stand in for modules which are not here, such as ``pytest``.

    Attributes:
        names: The names of the test's module that it does not define.
        subject_known: Whether the test has named what it is about, so that a further module which
            does not exist is not the program.
    """

    def __init__(self, peer: Peer, shims: dict[str, types.ModuleType]) -> None:
        self._peer = peer
        self.shims = shims
        self.subject_known = False
        self.names = Names(peer, self.import_module)

    def adopt(self, name: str) -> CandidateModule:
        """Register the candidate's program under a module name."""
        module: Any = None
        parts = name.split(".")
        for end in range(len(parts), 0, -1):
            full = ".".join(parts[:end])
            inner, module = module, CandidateModule(full, self.names, self._peer)
            if inner is not None:
                module.__dict__[parts[end]] = inner
            sys.modules[full] = module
        return module  # type: ignore[no-any-return]

    def import_module(
        self, name: str, scope: Any = None, local: Any = None, wanted: Any = (), level: int = 0
    ) -> Any:
        """Import as the test means it.

        Raises:
            RefusedError: A module that the test needs is not in the sandbox, or not to be used.
        """
        if level:
            return self.adopt("solution")
        root = name.partition(".")[0]
        if root in self.shims:
            return self.shims[root]
        if root in _UNSAFE or root == "provenir":
            raise _unsupported(f"a test may not use {root} on what the candidate returns")
        if isinstance(sys.modules.get(root), CandidateModule):
            pass
        elif importlib.util.find_spec(root) is not None:
            return __import__(name, scope, local, wanted or ())
        elif root in FOREIGN or (self.subject_known and root not in _PROGRAM):
            raise _unsupported(f"the test needs {root}, which is not in the sandbox")
        self.subject_known = True
        if not isinstance(sys.modules.get(name), CandidateModule):
            self.adopt(name)
        return sys.modules[name] if wanted else sys.modules[root]
