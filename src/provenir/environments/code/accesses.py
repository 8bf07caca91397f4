"""Which files a Python program reads, writes and deletes, as far as their names are known."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from provenir.environments.code.words import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenir.environments.code.path_rules import Mode
    from provenir.environments.code.program import Scope
    from provenir.environments.code.reading import Call, Reading

__all__ = ["Access", "accesses", "path_of"]

_OPENERS: Final = words(
    "builtins.open io.open codecs.open os.open gzip.open pathlib.Path.open tokenize.open bz2.open"
)
_READERS: Final = words(
    "numpy.load numpy.loadtxt pandas.read_csv pandas.read_json pandas.read_pickle torch.load "
    "json.load linecache.getline linecache.getlines runpy.run_path pandas.read_parquet "
    "numpy.genfromtxt os.listdir os.scandir os.walk glob.glob glob.iglob"
)
_REMOVERS: Final = words("os.remove os.unlink os.rmdir shutil.rmtree os.removedirs os.truncate")
_MOVERS: Final = words("os.rename os.replace shutil.move os.renames")
_COPIERS: Final = words(
    "shutil.copy shutil.copy2 shutil.copyfile shutil.copytree os.symlink os.link"
)
_SAVERS: Final = words("numpy.save numpy.savetxt torch.save")
_PATH_READS: Final = words("read_text read_bytes")
_PATH_WRITES: Final = words("write_text write_bytes touch symlink_to hardlink_to")
_PATHS: Final = words("pathlib.Path pathlib.PurePath pathlib.PosixPath anyio.Path")
_DEEPEST: Final = 12


@dataclass(frozen=True, slots=True)
class Access:
    """One access: how, which path, and the call that makes it."""

    mode: Mode
    path: str
    call: Call


def accesses(reading: Reading) -> Iterator[Access]:
    """Yield the accesses of a program in the order of the text."""
    for call in reading.calls:
        name = call.name
        if name in _OPENERS:
            yield from _opened(reading, call)
        elif name in _REMOVERS:
            yield from _at(reading, call, 0, "delete", "path")
        elif name in _MOVERS:
            yield from _at(reading, call, 0, "delete", "src")
            yield from _at(reading, call, 1, "write", "dst")
        elif name in _COPIERS:
            yield from _at(reading, call, 0, "copy", "src")
            yield from _at(reading, call, 1, "write", "dst")
        elif name == "fileinput.input":
            changed = reading.argument(call, 1, "inplace")
            yield from _at(reading, call, 0, "write" if changed else "read", "files")
        elif name in _READERS:
            yield from _at(reading, call, 0, "read", "path")
        elif name in _SAVERS:
            yield from _at(reading, call, 0, "write", "file")
        elif isinstance(call.node.func, ast.Attribute):
            yield from _by_method(reading, call, call.node.func)


def _opened(reading: Reading, call: Call) -> Iterator[Access]:
    mode = reading.text_of(reading.argument(call, 1, "mode"), call.scope)
    how: Mode = "write" if set(mode) & set("wax+") else "read"
    yield from _at(reading, call, 0, how, "file")


def _at(reading: Reading, call: Call, position: int, mode: Mode, word: str) -> Iterator[Access]:
    node = reading.argument(call, position, word)
    path = path_of(reading, node, call.scope) if node is not None else ""
    if path:
        yield Access(mode, path, call)


def _by_method(reading: Reading, call: Call, function: ast.Attribute) -> Iterator[Access]:
    method = function.attr
    mode: Mode
    if method in _PATH_READS:
        mode = "read"
    elif method in _PATH_WRITES:
        mode = "write"
    elif method in {"unlink", "rmdir"}:
        mode = "delete"
    elif method in {"glob", "rglob"}:
        yield from _at(reading, call, 0, "read", "pattern")
        return
    elif method == "open":
        flags = reading.text_of(reading.argument(call, 0, "mode"), call.scope)
        mode = "write" if set(flags) & set("wax+") else "read"
    elif method in {"rename", "replace"} and len(call.args) == 1:
        mode = "delete"
        yield from _at(reading, call, 0, "write", "target")
    else:
        return
    path = path_of(reading, function.value, call.scope)
    if path:
        yield Access(mode, path, call)


def path_of(reading: Reading, node: ast.AST, scope: Scope, depth: int = 0) -> str:
    """Return a path as far as it is known, with ``?`` for a part that is not; empty for no path."""
    text = reading.text_of(node, scope) if isinstance(node, ast.expr) else ""
    if text or depth > _DEEPEST:
        return text
    if isinstance(node, ast.Name):
        found = scope.lookup(node.id)
        if found and len(found[0]) == 1 and isinstance(found[0][0], ast.expr):
            return path_of(reading, found[0][0], found[1], depth + 1)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div | ast.Add | ast.Mod):
        left = path_of(reading, node.left, scope, depth + 1)
        right = path_of(reading, node.right, scope, depth + 1)
        if isinstance(node.op, ast.Mod):
            return left.replace("%s", "?")
        between = "/" if isinstance(node.op, ast.Div) else ""
        return f"{left or '?'}{between}{right or '?'}" if left or right else ""
    if isinstance(node, ast.JoinedStr):
        parts = [path_of(reading, part, scope, depth + 1) or "?" for part in node.values]
        return "".join(parts) if any(part != "?" for part in parts) else ""
    if isinstance(node, ast.FormattedValue):
        return path_of(reading, node.value, scope, depth + 1)
    if isinstance(node, ast.Call):
        name = reading.names.name(node.func, scope)
        if name in _PATHS or name in {
            "os.path.join",
            "os.path.abspath",
            "builtins.str",
            "os.path.expanduser",
        }:
            parts = [path_of(reading, arg, scope, depth + 1) or "?" for arg in node.args]
            return "/".join(parts) if any(part != "?" for part in parts) else ""
        if isinstance(node.func, ast.Attribute) and node.func.attr in {
            "joinpath",
            "resolve",
            "absolute",
        }:
            parts = [
                path_of(reading, item, scope, depth + 1) or "?"
                for item in [node.func.value, *node.args]
            ]
            return "/".join(parts) if any(part != "?" for part in parts) else ""
    return ""
