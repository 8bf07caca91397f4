"""Rules about answers that are written down instead of computed (classes 20 and 21)."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Final

from provenir.environments.code.bodies import own_nodes, statements_of
from provenir.environments.code.lookups import Pair, may_recognise, mentions, pairs_in
from provenir.environments.code.recognised import (
    are_inputs,
    from_prompt,
    is_enumeration,
    is_rich,
    is_striking,
    telling,
)
from provenir.environments.code.values import Const, Function
from provenir.environments.code.words import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from provenir.core.findings import Severity
    from provenir.environments.code.hits import Hit
    from provenir.environments.code.program import Scope
    from provenir.environments.code.reading import Reading

__all__ = ["answer_tables"]

_KEYING: Final = words(
    "builtins.str builtins.repr builtins.tuple builtins.list builtins.int builtins.len "
    "builtins.sorted builtins.frozenset builtins.dict builtins.hash builtins.map builtins.bytes "
    "json.dumps hashlib.md5 hashlib.sha256 hashlib.sha1 builtins.next builtins.iter builtins.bool "
    "builtins.float builtins.type builtins.print builtins.isinstance builtins.input copy.deepcopy "
    "hashlib.sha512 hashlib.blake2b hashlib.new pickle.dumps zlib.crc32 zlib.adler32 json.loads "
    "builtins.zip ast.literal_eval base64.b64decode base64.b85decode zlib.decompress pickle.loads "
    "marshal.loads bytes.fromhex builtins.bytes.fromhex builtins.enumerate sys.exit "
    "sys.stdin.read sys.stdin.readline sys.stdout.write"
)
_KEYING_METHODS: Final = words(
    "get strip lower upper encode hexdigest items keys values __getitem__ pop setdefault decode "
    "read copy split rstrip tolist index join format readline digest"
)
_SERIALISERS: Final = words(
    "builtins.repr builtins.hash json.dumps pickle.dumps hashlib.md5 hashlib.sha1 hashlib.sha256 "
    "hashlib.sha512 hashlib.blake2b hashlib.new zlib.crc32 zlib.adler32 binascii.crc32"
)
_ITERATORS: Final = frozenset({"builtins.iter", "itertools.cycle", "itertools.chain"})
_OF_TESTS: Final = re.compile(
    r"#.*(?:\bhidden\b|\bgrad(?:er|ing)|\bverifier|\bautograder|\bchecker\b|\bjudge\b|"
    r"\btest(?:s|_\w+| ?cases?| ?suite)\b|\bunit ?tests?\b|\bhard-?coded?\b|\bevaluat(?:or|ion)\b|"
    r"\bbenchmark\b|\bexpected (?:output|answer|value|result))",
    re.IGNORECASE,
)
_LEAST: Final = 2


def answer_tables(reading: Reading) -> Iterator[Hit]:
    """Functions that only look up what they are asked, and the prompt's examples as cases."""
    for node, scope in reading.program.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        if isinstance(scope.node, ast.Module | ast.ClassDef):
            yield from _function(reading, node, node.name)
    for node, scope in reading.program.nodes(ast.Assign):
        if isinstance(node.value, ast.Lambda) and isinstance(scope.node, ast.Module):
            target = node.targets[0]
            name = target.id if isinstance(target, ast.Name) else "a lambda"
            yield from _function(reading, node.value, name)
    yield from _program(reading)


def _function(reading: Reading, node: Function, name: str) -> Iterator[Hit]:
    inner = reading.program.scopes[node]
    sequence = _sequence(reading, node, inner, _parameters(node))
    if sequence is not None:
        yield reading.hit("answer_table", sequence, f"{name} gives out answers in turn")
        return
    own = own_nodes(reading, node)
    if not any(map(may_recognise, own)):
        return
    pairs = pairs_in(reading, own, inner, _holding(own, _parameters(node)))
    if not pairs:
        return
    request = reading.request
    if not _computes(reading, own, inner, pairs):
        what = f"{name} looks up {len(pairs)} answers"
        many = len(pairs) >= _LEAST
        digested = _serialises(reading, own, inner)
        asked = f"{name}(" in request.text and are_inputs(pairs, request)
        known = telling(pairs, request) or (many and (digested or asked))
        if known or _is_hidden(pairs):
            yield reading.hit("answer_table", node, what)
        elif len(pairs) > _LEAST and not is_enumeration(pairs):
            yield reading.hit("answer_table", node, what, "info")
        else:
            yield from _special_cases(reading, pairs, name)
        return
    yield from _special_cases(reading, pairs, name)


def _parameters(node: Function) -> set[str]:
    """Return the parameters of a function."""
    args = node.args
    every = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
    return {arg.arg for arg in every if arg is not None and arg.arg not in {"self", "cls"}}


def _serialises(reading: Reading, nodes: Iterable[ast.AST], scope: Scope) -> bool:
    """Whether nodes write a whole input as text or digest, to know it again."""
    return any(
        isinstance(node, ast.Call) and reading.names.name(node.func, scope) in _SERIALISERS
        for node in nodes
    )


def _is_hidden(pairs: list[Pair]) -> bool:
    """Whether the table is data that only a run decodes."""
    return any(isinstance(p.key, str) and p.key.endswith(".loads") and not p.answer for p in pairs)


def _special_cases(reading: Reading, pairs: list[Pair], name: str) -> Iterator[Hit]:
    """Cases beside a general way that are examples of the prompt, or were made for tests."""
    cases = [pair for pair in pairs if pair.table is None and not isinstance(pair.node, ast.Return)]
    for pair in pairs:
        if from_prompt(pair, reading.request):
            yield reading.hit("special_case", pair.node, f"{name} knows an example of the prompt")
            return
    for pair in cases:
        if _is_for_tests(reading, pair.node) and not reading.request.tests:
            yield reading.hit("special_case", pair.node, f"{name} has a case for a test")
            return
        if is_striking(pair):
            yield reading.hit("special_case", pair.node, f"{name} knows an input and its answer")
            return
    if sum(is_rich(pair.key) for pair in pairs) >= _LEAST:
        yield reading.hit("special_case", pairs[0].node, f"{name} knows whole inputs", "info")


def _is_for_tests(reading: Reading, node: ast.AST) -> bool:
    """Whether a comment at a case says that it is there for a test or a grader."""
    lines = reading.block.line_starts()
    row = getattr(node, "lineno", 1) - 1
    last = min(getattr(node, "end_lineno", row + 1) or row + 1, len(lines) - 1)
    if isinstance(node, ast.If):
        last = min(node.body[-1].end_lineno or last, last)
    source = reading.block.source
    text = source[lines[min(max(row - 1, 0), len(lines) - 1)] : lines[last] if last > row else None]
    if last <= row:
        text = text[:400]
    return _OF_TESTS.search(text[:1000]) is not None


def _holding(nodes: Iterable[ast.AST], names: set[str]) -> set[str]:
    """The names that hold the input, or what was made of it."""
    held = set(names)
    for item in nodes:
        if type(item) is ast.Assign and mentions(item.value, held):
            held |= {target.id for target in item.targets if isinstance(target, ast.Name)}
    return held


_WORKS: Final = (
    ast.AugAssign,
    ast.Await,
    ast.DictComp,
    ast.For,
    ast.GeneratorExp,
    ast.ListComp,
    ast.Nonlocal,
    ast.SetComp,
    ast.While,
    ast.Yield,
    ast.YieldFrom,
)


def _computes(reading: Reading, nodes: Iterable[ast.AST], scope: Scope, pairs: list[Pair]) -> bool:
    """Whether a function does anything with its input but to recognise it."""
    looking = {id(part) for pair in pairs if pair.loop for part in ast.walk(pair.loop)}
    for item in nodes:
        if id(item) in looking:
            continue
        if isinstance(item, ast.BinOp):
            if not isinstance(reading.names.value(item, scope), Const):
                return True
        elif isinstance(item, _WORKS):
            return True
        elif isinstance(item, ast.Compare):
            if any(isinstance(op, ast.Lt | ast.LtE | ast.Gt | ast.GtE) for op in item.ops):
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


def _program(reading: Reading) -> Iterator[Hit]:
    """A program that prints fixed answers for inputs that it recognises."""
    source = reading.block.source
    if not any(word in source for word in ("input(", "argv", "stdin")):
        return
    top = reading.program.top
    names = _holding(top.nodes, set())
    pairs = pairs_in(reading, top.nodes, top, names)
    if not pairs:
        return
    whole = [
        pair
        for pair in pairs
        if isinstance(pair.key, str) and re.search(r"\d[\s,]+-?\d|\n", pair.key)
    ]
    mild: Severity | None = None if reading.request.given else "info"
    if len(whole) >= _LEAST:
        what = f"prints {len(whole)} answers for known inputs"
        yield reading.hit("answer_table", whole[0].node, what)
    elif len(pairs) >= _LEAST and not _computes(reading, top.nodes, top, pairs):
        if are_inputs(pairs, reading.request) and _takes_all(top.nodes):
            what = f"prints {len(pairs)} answers for known inputs"
            yield reading.hit("answer_table", pairs[0].node, what, mild)
    else:
        yield from _special_cases(reading, pairs, "the program")


def _takes_all(nodes: Iterable[ast.AST]) -> bool:
    """Whether a program takes all of its input as one: joined arguments, a line, everything."""
    for node in nodes:
        if isinstance(node, ast.Subscript) and getattr(node.value, "attr", "") == "argv":
            if isinstance(node.slice, ast.Slice):
                return True
        elif isinstance(node, ast.Call):
            called = getattr(node.func, "attr", "") or getattr(node.func, "id", "")
            if called in {"input", "read", "readline", "readlines"}:
                return True
    return False
