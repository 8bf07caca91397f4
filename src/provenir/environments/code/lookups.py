"""Where a function recognises its input and what it gives for it: tables, chains, loops."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from provenir.environments.code.bodies import UNKNOWN
from provenir.environments.code.values import Const
from provenir.environments.code.words import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from provenir.environments.code.program import Scope
    from provenir.environments.code.reading import Reading

__all__ = ["Pair", "may_recognise", "mentions", "pairs_in"]

_INPUTS: Final = words("argv stdin")
_LOOKUPS: Final = words("get __getitem__ pop setdefault")
_PARTS: Final = words(
    "builtins.len builtins.type builtins.sum builtins.max builtins.min builtins.abs builtins.ord"
)
_HIDING: Final = words("pickle.loads marshal.loads pickle.load zlib.decompress dill.loads")
_SAME: Final = frozenset({ast.Eq, ast.In})
_ASKED: Final = frozenset({ast.Name, ast.Call, ast.Tuple, ast.JoinedStr, ast.Subscript})
_TABLES: Final = frozenset({ast.Name, ast.Dict, ast.Call, ast.List, ast.Tuple, ast.DictComp})
_MAX_ENTRIES: Final = 2000
_DEEPEST: Final = 6


@dataclass(frozen=True, slots=True)
class Pair:
    """An input that is recognised and the answer that is given for it, if it is a constant.

    Attributes:
        key: The input.
        answer: What is given for it.
        node: Where.
        table: The expression of the table that it stands in, None for a comparison.
        loop: The loop or comprehension that looks for it.
    """

    key: Any
    answer: Any
    node: ast.AST
    table: ast.expr | None = None
    loop: ast.AST | None = None


def mentions(node: ast.AST, names: set[str]) -> bool:
    """Whether an expression uses one of these names, or what a program was given."""
    return any(
        (isinstance(item, ast.Name) and (item.id in names or item.id == "input"))
        or (isinstance(item, ast.Attribute) and item.attr in _INPUTS)
        for item in ast.walk(node)
    )


def pairs_in(
    reading: Reading, nodes: Iterable[ast.AST], scope: Scope, names: set[str]
) -> list[Pair]:
    """Return what the nodes of a function recognise, by the names that hold its input."""
    pairs: list[Pair] = []
    for node in nodes:
        read = _READERS.get(type(node))
        if read is not None:
            pairs += read(reading, node, scope, names)
    return pairs


def may_recognise(node: ast.AST) -> bool:
    """Whether a node can be part of recognising an input: most functions have none that can."""
    kind = type(node)
    if kind is ast.Compare:
        return type(node.ops[0]) in _SAME and len(node.ops) == 1  # type: ignore[attr-defined]
    if kind is ast.Call:
        return getattr(node.func, "attr", "") in _LOOKUPS  # type: ignore[attr-defined]
    if kind is ast.Subscript:
        inside = type(node.slice)  # type: ignore[attr-defined]
        table = type(node.value)  # type: ignore[attr-defined]
        return inside in _ASKED and table in _TABLES
    return kind is ast.Match


def _of_if(reading: Reading, node: ast.If | ast.IfExp, scope: Scope, names: set[str]) -> list[Pair]:
    if not isinstance(node.test, ast.Compare | ast.BoolOp):
        return []
    answer = (
        reading.names.constant(node.body, scope, UNKNOWN)
        if isinstance(node, ast.IfExp)
        else _answer(reading, node.body, scope)
    )
    if answer is UNKNOWN:
        return []
    if isinstance(node.test, ast.Compare) and isinstance(node.test.ops[0], ast.In):
        return [Pair(key, answer, node) for key in _members(reading, node.test, scope, names)]
    key = _compared(reading, node.test, scope, names)
    return [] if key is UNKNOWN else [Pair(key, answer, node)]


def _members(reading: Reading, test: ast.Compare, scope: Scope, names: set[str]) -> list[Any]:
    """The constants that an input is looked for among."""
    if len(test.ops) != 1 or not isinstance(test.ops[0], ast.In) or not _is_whole(test.left):
        return []
    found = reading.names.constant(test.comparators[0], scope)
    if not mentions(test.left, names) or not isinstance(found, list | tuple | set):
        return []
    return list(found)[:_MAX_ENTRIES]


def _answer(reading: Reading, body: list[ast.stmt], scope: Scope) -> Any:
    """The constant that statements give back or print, and nothing else."""
    answers: list[Any] = []
    for node in body:
        value: ast.expr | None = None
        if isinstance(node, ast.Return):
            value = node.value
            if value is None and answers:
                continue
        elif (
            isinstance(node, ast.Expr)
            and isinstance(node.value, ast.Call)
            and node.value.args
            and reading.names.name(node.value.func, scope)
            in {"builtins.print", "sys.stdout.write", "sys.exit"}
        ):
            value = node.value.args[0]
        found = UNKNOWN if value is None else reading.names.constant(value, scope, UNKNOWN)
        if found is UNKNOWN:
            return UNKNOWN
        answers.append(found)
    return answers[0] if answers else UNKNOWN


def _compared(reading: Reading, test: ast.expr, scope: Scope, names: set[str]) -> Any:
    """What the inputs are compared with: a constant, or a tuple of them for several inputs."""
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        parts = [_compared(reading, part, scope, names) for part in test.values]
        return UNKNOWN if any(part is UNKNOWN for part in parts) else tuple(parts)
    if not isinstance(test, ast.Compare) or len(test.ops) != 1:
        return UNKNOWN
    if not isinstance(test.ops[0], ast.Eq):
        return UNKNOWN
    left, right = test.left, test.comparators[0]
    for side, other in ((left, right), (right, left)):
        if not mentions(side, names) or not _is_whole(side):
            continue
        if isinstance(side, ast.Call) and reading.names.name(side.func, scope) in _PARTS:
            continue
        value = reading.names.constant(other, scope, UNKNOWN)
        if value is not UNKNOWN:
            return value
    return UNKNOWN


def _is_whole(node: ast.expr) -> bool:
    """Whether an expression is a whole input, perhaps written as text, and not a part of one."""
    if isinstance(node, ast.Name):
        return True
    if isinstance(node, ast.Attribute):
        return node.attr in _INPUTS
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Slice) and _is_whole(node.value)
    if isinstance(node, ast.Tuple | ast.List):
        return all(isinstance(item, ast.Name | ast.Constant) for item in node.elts)
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr not in {"get", "items", "keys"}:
            joined = node.func.attr == "join" and len(node.args) == 1 and _is_whole(node.args[0])
            return joined or _is_whole(node.func.value)
        return isinstance(node.func, ast.Name) and len(node.args) == 1 and _is_whole(node.args[0])
    return False


def _of_match(reading: Reading, node: ast.Match, scope: Scope, names: set[str]) -> Iterator[Pair]:
    if not mentions(node.subject, names):
        return
    for case in node.cases:
        pattern = case.pattern
        parts = pattern.patterns if isinstance(pattern, ast.MatchSequence) else [pattern]
        items = [
            reading.names.constant(part.value, scope, UNKNOWN)
            for part in parts
            if isinstance(part, ast.MatchValue)
        ]
        answer = _answer(reading, case.body, scope)
        if len(items) < len(parts) or any(item is UNKNOWN for item in [*items, answer]):
            continue
        yield Pair(items if isinstance(pattern, ast.MatchSequence) else items[0], answer, pattern)


def _of_return(reading: Reading, node: ast.Return, scope: Scope, names: set[str]) -> list[Pair]:
    if not isinstance(node.value, ast.Compare):
        return []
    return [Pair(key, True, node) for key in _members(reading, node.value, scope, names)]


def _of_lookup(
    reading: Reading, node: ast.Subscript | ast.Call, scope: Scope, names: set[str]
) -> list[Pair]:
    if not may_recognise(node):
        return []
    table: ast.expr | None = None
    if isinstance(node, ast.Subscript):
        if not mentions(node.slice, names):
            return []
        table = node.value
        asked = node.slice
        if (
            isinstance(asked, ast.Call)
            and isinstance(asked.func, ast.Attribute)
            and asked.func.attr == "index"
        ):
            keys = reading.names.constant(asked.func.value, scope)
            values = reading.names.constant(table, scope)
            if isinstance(keys, list | tuple) and isinstance(values, list | tuple):
                return [Pair(k, v, node, table) for k, v in zip(keys, values, strict=False)]
            return []
    elif (
        isinstance(node.func, ast.Attribute)
        and node.args
        and node.func.attr in _LOOKUPS
        and mentions(node.args[0], names)
    ):
        table = node.func.value
    if table is None:
        return []
    entries = _entries(reading, table, scope)
    return [Pair(key, answer, node, table) for key, answer in entries]


def _of_loop(
    reading: Reading, node: ast.For | ast.GeneratorExp | ast.ListComp, scope: Scope, names: set[str]
) -> list[Pair]:
    """The pairs that a loop compares the input with, one after the other."""
    if isinstance(node, ast.For):
        target, table, tests = (
            node.target,
            node.iter,
            [item.test for item in node.body if isinstance(item, ast.If)],
        )
    else:
        loop = node.generators[0]
        target, table, tests = loop.target, loop.iter, loop.ifs
    if not isinstance(target, ast.Tuple) or len(target.elts) != 2 or len(tests) != 1:
        return []
    key, test = target.elts[0], tests[0]
    if not (isinstance(key, ast.Name) and isinstance(test, ast.Compare) and len(test.ops) == 1):
        return []
    if not isinstance(test.ops[0], ast.Eq) or not mentions(test, names):
        return []
    if not any(isinstance(s, ast.Name) and s.id == key.id for s in (test.left, *test.comparators)):
        return []
    entries = _entries(reading, table, scope)
    return [Pair(known, answer, node, table, node) for known, answer in entries]


def _entries(
    reading: Reading, node: ast.expr, scope: Scope, depth: int = 0
) -> list[tuple[Any, Any]]:
    """The entries of a table that stands in the program, however it is written down."""
    if depth > _DEEPEST:
        return []
    if isinstance(node, ast.Name):
        found = scope.lookup(node.id)
        if not found or len(found[0]) != 1 or not isinstance(found[0][0], ast.expr):
            return []
        return _entries(reading, found[0][0], found[1], depth + 1)
    if isinstance(node, ast.Dict):
        constant = reading.names.constant
        keys = [UNKNOWN if key is None else constant(key, scope, UNKNOWN) for key in node.keys]
        values = [constant(value, scope, UNKNOWN) for value in node.values]
        pairs = zip(keys, values, strict=True)
        return [pair for pair in pairs if UNKNOWN not in map(_marked, pair)][:_MAX_ENTRIES]
    if isinstance(node, ast.DictComp) and len(node.generators) == 1:
        loop = node.generators[0]
        named = ast.dump(ast.Tuple(elts=[node.key, node.value]))
        plain = isinstance(loop.target, ast.Tuple) and not loop.ifs
        if plain and named.replace("Load()", "Store()") == ast.dump(
            ast.Tuple(elts=loop.target.elts)  # type: ignore[attr-defined]
        ).replace("Load()", "Store()"):
            return _entries(reading, loop.iter, scope, depth + 1)
        return []
    if isinstance(node, ast.Call):
        return _entries_of_call(reading, node, scope, depth)
    return _as_entries(reading.names.constant(node, scope))


def _marked(value: Any) -> Any:
    return UNKNOWN if value is UNKNOWN else None


def _entries_of_call(
    reading: Reading, node: ast.Call, scope: Scope, depth: int
) -> list[tuple[Any, Any]]:
    name = reading.names.name(node.func, scope)
    if name == "builtins.zip" and len(node.args) == 2:
        sides = [reading.names.constant(arg, scope) for arg in node.args]
        if all(isinstance(side, list | tuple | str) for side in sides):
            return list(zip(*sides, strict=False))[:_MAX_ENTRIES]
        return []
    if name in {"builtins.dict", "builtins.list", "builtins.tuple"} and node.args:
        return _entries(reading, node.args[0], scope, depth + 1)
    if isinstance(node.func, ast.Attribute) and node.func.attr == "items" and not name:
        return _entries(reading, node.func.value, scope, depth + 1)
    found = reading.names.value(node, scope)
    if isinstance(found, Const):
        return _as_entries(found.value)
    if name in _HIDING and node.args and _is_written(reading, node.args[0], scope):
        return [(name, None)]
    return []


def _is_written(reading: Reading, node: ast.expr, scope: Scope) -> bool:
    """Whether data stands in the program, perhaps encoded."""
    while isinstance(node, ast.Call) and node.args:
        node = node.args[0]
    return isinstance(reading.names.value(node, scope), Const)


def _as_entries(value: Any) -> list[tuple[Any, Any]]:
    if isinstance(value, dict):
        return list(value.items())[:_MAX_ENTRIES]
    if isinstance(value, list | tuple) and all(
        isinstance(item, list | tuple) and len(item) == 2 for item in value
    ):
        return [(item[0], item[1]) for item in value[:_MAX_ENTRIES]]
    return []


_READERS: Final[dict[type, Any]] = {
    ast.Call: _of_lookup,
    ast.For: _of_loop,
    ast.GeneratorExp: _of_loop,
    ast.If: _of_if,
    ast.IfExp: _of_if,
    ast.ListComp: _of_loop,
    ast.Match: _of_match,
    ast.Return: _of_return,
    ast.Subscript: _of_lookup,
}
