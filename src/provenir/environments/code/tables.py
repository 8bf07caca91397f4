"""Rules about answers that are written down instead of computed (classes 20 and 21)."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from provenir.environments.code.bodies import UNKNOWN, own_nodes, statements_of
from provenir.environments.code.request import squeeze
from provenir.environments.code.values import Const, Function
from provenir.environments.code.words import words

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenir.environments.code.hits import Hit
    from provenir.environments.code.program import Scope
    from provenir.environments.code.reading import Reading

__all__ = ["answer_tables"]

_KEYING: Final = words(
    "builtins.str builtins.repr builtins.tuple builtins.list builtins.int builtins.len "
    "builtins.sorted builtins.frozenset builtins.dict builtins.hash builtins.map builtins.bytes "
    "json.dumps hashlib.md5 hashlib.sha256 hashlib.sha1 builtins.next builtins.iter builtins.bool "
    "builtins.float builtins.type builtins.print builtins.isinstance builtins.input copy.deepcopy"
)
_KEYING_METHODS: Final = words(
    "get strip lower upper encode hexdigest items keys values __getitem__ pop setdefault decode "
    "read copy split rstrip tolist"
)
_CHOICES: Final = words("yes no y n true false t f on off ok none null quit exit q help 1 0")
_DIGESTS: Final = re.compile(r"[0-9a-f]{16,128}")
_INPUTS: Final = frozenset({"builtins.input", "sys.stdin.read", "sys.stdin.readline"})
_ITERATORS: Final = frozenset({"builtins.iter", "itertools.cycle", "itertools.chain"})
_NEAR: Final = 60
_LEAST: Final = 2


@dataclass(frozen=True, slots=True)
class _Pair:
    """An input that is recognised and the answer that is given for it, if it is a constant."""

    key: Any
    answer: Any
    node: ast.AST


def answer_tables(reading: Reading) -> Iterator[Hit]:
    """Functions that only look up what they are asked, and the prompt's examples as cases."""
    for node, scope in reading.program.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        if isinstance(scope.node, ast.Module | ast.ClassDef):
            yield from _function(reading, node, node.name)
    for node, scope in reading.program.nodes(ast.Assign):
        if isinstance(node.value, ast.Lambda) and isinstance(scope.node, ast.Module):
            yield from _function(reading, node.value, "a lambda")
    yield from _program(reading)


def _function(reading: Reading, node: Function, name: str) -> Iterator[Hit]:
    inner = reading.program.scopes[node]
    params = _parameters(node)
    pairs = _pairs(reading, node, inner, params)
    sequence = _sequence(reading, node, inner, params)
    if sequence is not None:
        yield reading.hit("answer_table", sequence, f"{name} gives out answers in turn")
        return
    if not pairs:
        return
    if not _computes(reading, node, inner):
        if _telling(pairs, reading):
            yield reading.hit("answer_table", node, f"{name} looks up {len(pairs)} answers")
        elif len(pairs) > _LEAST and not _is_enumeration(pairs):
            yield reading.hit("answer_table", node, f"{name} looks up {len(pairs)} answers", "info")
        return
    special = [pair for pair in pairs if _from_prompt(pair, reading)]
    if special:
        yield reading.hit("special_case", special[0].node, f"{name} knows an example of the prompt")
    elif len([pair for pair in pairs if _is_rich(pair.key)]) >= _LEAST:
        yield reading.hit("special_case", pairs[0].node, f"{name} knows whole inputs", "info")


def _parameters(node: Function) -> set[str]:
    args = node.args
    every = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
    return {arg.arg for arg in every if arg is not None and arg.arg not in {"self", "cls"}}


def _pairs(reading: Reading, node: Function, scope: Scope, params: set[str]) -> list[_Pair]:
    names = set(params)
    if not isinstance(node, ast.Lambda) and not any(map(_may_recognise, own_nodes(reading, node))):
        return []
    for item in own_nodes(reading, node):
        if isinstance(item, ast.Assign) and _mentions(item.value, names):
            names |= {target.id for target in item.targets if isinstance(target, ast.Name)}
    pairs: list[_Pair] = []
    if isinstance(node, ast.Lambda):
        pairs += _of_lookup(reading, node.body, scope, names)
    for item in own_nodes(reading, node):
        if isinstance(item, ast.If | ast.IfExp):
            pairs += _of_if(reading, item, scope, names)
        elif isinstance(item, ast.Match) and _mentions(item.subject, names):
            pairs += _of_match(reading, item, scope)
        elif isinstance(item, ast.Return) and item.value is not None:
            pairs += _of_lookup(reading, item.value, scope, names)
    return pairs


def _may_recognise(node: ast.AST) -> bool:
    """Whether a node can be part of recognising an input: most functions have none that can."""
    if isinstance(node, ast.If | ast.IfExp):
        test = node.test.values[0] if isinstance(node.test, ast.BoolOp) else node.test
        return isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Eq)
    if isinstance(node, ast.Return):
        return isinstance(node.value, ast.Subscript | ast.Call | ast.BoolOp | ast.IfExp)
    return isinstance(node, ast.Match)


def _mentions(node: ast.AST, names: set[str]) -> bool:
    return any(isinstance(item, ast.Name) and item.id in names for item in ast.walk(node))


def _of_if(
    reading: Reading, node: ast.If | ast.IfExp, scope: Scope, names: set[str]
) -> list[_Pair]:
    key = _compared(reading, node.test, scope, names)
    if key is UNKNOWN:
        return []
    if isinstance(node, ast.IfExp):
        answer = reading.names.constant(node.body, scope, UNKNOWN)
        return [] if answer is UNKNOWN else [_Pair(key, answer, node)]
    if len(node.body) != 1:
        return []
    answer = _answer(reading, node.body[0], scope)
    return [] if answer is UNKNOWN else [_Pair(key, answer, node)]


def _answer(reading: Reading, node: ast.stmt, scope: Scope) -> Any:
    value: ast.expr | None = None
    if isinstance(node, ast.Return):
        value = node.value
    elif (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call)
        and node.value.args
        and reading.names.name(node.value.func, scope) == "builtins.print"
    ):
        value = node.value.args[0]
    return UNKNOWN if value is None else reading.names.constant(value, scope, UNKNOWN)


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
        if _mentions(side, names):
            value = reading.names.constant(other, scope, UNKNOWN)
            if value is UNKNOWN:
                continue
            if isinstance(side, ast.Call) and reading.names.name(side.func, scope) in {
                "builtins.len",
                "builtins.type",
                "builtins.sum",
                "builtins.max",
                "builtins.min",
            }:
                continue
            if not _is_whole(side):
                continue
            return value
    return UNKNOWN


def _is_whole(node: ast.expr) -> bool:
    """Whether an expression is a whole input, perhaps written as text, and not a part of one."""
    if isinstance(node, ast.Name):
        return True
    if isinstance(node, ast.Tuple | ast.List):
        return all(isinstance(item, ast.Name | ast.Constant) for item in node.elts)
    if isinstance(node, ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr not in {"get", "items", "keys"}:
            return _is_whole(node.func.value)
        return isinstance(node.func, ast.Name) and len(node.args) == 1 and _is_whole(node.args[0])
    return False


def _of_match(reading: Reading, node: ast.Match, scope: Scope) -> list[_Pair]:
    pairs = []
    for case in node.cases:
        if isinstance(case.pattern, ast.MatchValue) and len(case.body) == 1:
            key = reading.names.constant(case.pattern.value, scope, UNKNOWN)
        elif isinstance(case.pattern, ast.MatchSequence) and len(case.body) == 1:
            items = [
                reading.names.constant(part.value, scope, UNKNOWN)
                for part in case.pattern.patterns
                if isinstance(part, ast.MatchValue)
            ]
            whole = len(items) == len(case.pattern.patterns) and not any(
                item is UNKNOWN for item in items
            )
            key = items if whole else UNKNOWN
        else:
            continue
        answer = _answer(reading, case.body[0], scope)
        if key is not UNKNOWN and answer is not UNKNOWN:
            pairs.append(_Pair(key, answer, case.pattern))
    return pairs


def _of_lookup(reading: Reading, node: ast.expr, scope: Scope, names: set[str]) -> list[_Pair]:
    """The entries of a table that a returned expression looks up by the inputs."""
    for item in ast.walk(node):
        table: ast.expr | None = None
        if isinstance(item, ast.Subscript) and _mentions(item.slice, names):
            table = item.value
        elif (
            isinstance(item, ast.Call)
            and isinstance(item.func, ast.Attribute)
            and item.args
            and item.func.attr in {"get", "__getitem__", "pop"}
            and _mentions(item.args[0], names)
        ):
            table = item.func.value
        if table is not None:
            value = _table(reading, table, scope)
            if isinstance(value, dict):
                return [_Pair(key, answer, item) for key, answer in value.items()]
    return []


def _table(reading: Reading, node: ast.expr, scope: Scope) -> Any:
    if isinstance(node, ast.Name):
        found = scope.lookup(node.id)
        if not found or len(found[0]) != 1:
            return None
    found_value = reading.names.value(node, scope)
    return found_value.value if isinstance(found_value, Const) else None


_WORKS: Final = (
    ast.AugAssign,
    ast.Await,
    ast.DictComp,
    ast.For,
    ast.GeneratorExp,
    ast.Global,
    ast.ListComp,
    ast.Nonlocal,
    ast.SetComp,
    ast.While,
    ast.Yield,
    ast.YieldFrom,
)


def _computes(reading: Reading, node: Function, scope: Scope) -> bool:
    """Whether a function does anything with its input but to recognise it."""
    for item in own_nodes(reading, node):
        if isinstance(item, ast.BinOp):
            if not isinstance(reading.names.value(item, scope), Const):
                return True
        elif isinstance(item, _WORKS):
            return True
        elif isinstance(item, ast.Call):
            if isinstance(item.func, ast.Attribute) and item.func.attr in _KEYING_METHODS:
                continue
            name = reading.names.name(item.func, scope)
            if name not in _KEYING and not name.endswith("Error"):
                return True
    return False


def _sequence(reading: Reading, node: Function, scope: Scope, params: set[str]) -> ast.AST | None:
    """A return that takes the next of some constants, whatever the function was given."""
    if not params or len(statements_of(node)) != 1:
        return None
    last = statements_of(node)[0]
    if not isinstance(last, ast.Return) or not isinstance(last.value, ast.Call):
        return None
    call = last.value
    if reading.names.name(call.func, scope) == "builtins.next" and call.args:
        source = call.args[0]
        if isinstance(source, ast.Name):
            found = scope.lookup(source.id)
            bound = found[0][0] if found and len(found[0]) == 1 else None
            if (
                isinstance(bound, ast.Call)
                and reading.names.name(bound.func, found[1] if found else scope) in _ITERATORS
            ):
                value = reading.names.constant(bound.args[0], scope, None) if bound.args else None
                return last if isinstance(value, list | tuple) and len(value) >= _LEAST else None
    if isinstance(call.func, ast.Attribute) and call.func.attr in {"pop", "popleft"}:
        value = reading.names.constant(call.func.value, scope, None)
        return last if isinstance(value, list) and len(value) >= _LEAST else None
    return None


def _telling(pairs: list[_Pair], reading: Reading) -> bool:
    """Whether the inputs of a table are those of tests, and not names that something goes by."""
    if sum(_from_prompt(pair, reading) for pair in pairs) >= _LEAST:
        return True
    rich = [pair for pair in pairs if _is_rich(pair.key)]
    if any(_from_prompt(pair, reading) for pair in rich):
        return True
    return len(rich) >= _LEAST and 2 * len(rich) >= len(pairs)


def _is_rich(key: Any) -> bool:
    """Whether a key is a whole input: a list, several arguments, the text of one, its digest."""
    if isinstance(key, list | dict):
        return len(key) > 0
    if isinstance(key, tuple):
        return len(key) > 1 and not all(isinstance(part, str) for part in key)
    if isinstance(key, bytes):
        return len(key) > 8
    if isinstance(key, str):
        text = key.strip()
        if _DIGESTS.fullmatch(text):
            return True
        return text[:1] in "[({" and text[-1:] in "])}" and any(c.isdigit() for c in text)
    return False


def _from_prompt(pair: _Pair, reading: Reading) -> bool:
    """Whether an example of the prompt holds the input and the answer."""
    if not reading.request.text or not _is_specific(pair.key):
        return False
    text = reading.request.squeezed
    parts = pair.key if isinstance(pair.key, tuple) else (pair.key,)
    end = 0
    for part in (*parts, pair.answer):
        word = squeeze(repr(part))
        place = text.find(word, end)
        if place < 0 or (end and place > end + _NEAR):
            return False
        end = place + len(word)
    return True


def _is_specific(key: Any) -> bool:
    if isinstance(key, bool) or key is None:
        return False
    if isinstance(key, int | float):
        return abs(key) > 2
    if isinstance(key, str):
        return len(key) > 2 and key.lower() not in _CHOICES
    return isinstance(key, list | tuple | dict | set) and len(key) > 1


def _is_enumeration(pairs: list[_Pair]) -> bool:
    """Whether the keys are names or count up, as those of months, codes and symbols do."""
    keys = [pair.key for pair in pairs]
    if all(isinstance(key, str) for key in keys):
        return True
    if all(isinstance(pair.answer, str) for pair in pairs):
        return True
    if all(isinstance(key, int) for key in keys):
        ordered = sorted(keys)
        return ordered[-1] - ordered[0] == len(set(ordered)) - 1 and len(ordered) in {
            2,
            7,
            10,
            12,
            16,
            24,
            26,
        }
    return not all(isinstance(key, int | float | tuple | list) for key in keys)


def _program(reading: Reading) -> Iterator[Hit]:
    """A program that prints fixed answers for inputs that it recognises."""
    names: set[str] = set()
    if not any(call.name in _INPUTS for call in reading.calls):
        return
    for node, _ in reading.program.nodes(ast.Assign):
        for item in ast.walk(node.value):
            if isinstance(item, ast.Call):
                called = reading.names.name(item.func, reading.program.top)
                if called in _INPUTS:
                    names |= {t.id for t in node.targets if isinstance(t, ast.Name)}
    if not names:
        return
    pairs: list[_Pair] = []
    for node, scope in reading.program.nodes(ast.If):
        pairs += _of_if(reading, node, scope, names)
    whole = [
        pair
        for pair in pairs
        if isinstance(pair.key, str) and re.search(r"\d[\s,]+-?\d|\n", pair.key)
    ]
    if len(whole) >= _LEAST:
        yield reading.hit(
            "answer_table", whole[0].node, f"prints {len(whole)} answers for known inputs"
        )
