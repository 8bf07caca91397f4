"""`Resolver`: what the names and expressions of a program stand for.

Import aliases, assignments, `getattr`, `__import__`, `vars`, `globals`, `operator.attrgetter` and
computed strings all lead to the same full name. A name that is bound several times stands for
whatever any binding gives that is something of a module: what may be called is called.
"""

from __future__ import annotations

import ast
import builtins
from typing import TYPE_CHECKING, Any, Final

from provenir.environments.code.folding import (
    Unknown,
    bounded,
    fold_call,
    fold_method,
    fold_operator,
    weight,
)
from provenir.environments.code.limits import MAX_FOLDED, MAX_WORK
from provenir.environments.code.values import Const, Local, Partial, Ref, Value
from provenir.environments.code.words import words

if TYPE_CHECKING:
    from collections.abc import Callable

    from provenir.environments.code.program import Program, Scope

__all__ = ["Resolver"]

_BUILTINS: Final = frozenset(dir(builtins))
_MODULES: Final = words(
    "atexit base64 binascii builtins codecs ctypes functools gc importlib inspect io json math "
    "numpy operator os pathlib pytest random re shutil signal site subprocess sys threading time "
    "torch traceback types unittest urllib requests zlib"
)
_SHORT: Final = {
    "np": "numpy",
    "th": "torch",
    "__builtins__": "builtins",
    "__builtin__": "builtins",
}
_ANYWHERE: Final = words("builtins gc inspect os posix sys subprocess")
_SAME: Final = {"posix": "os", "nt": "os", "six.moves.builtins": "builtins"}
_ENDLESS: Final = 60
_MOST_BINDINGS: Final = 6
_IMPORTERS: Final = frozenset(
    {
        "builtins.__import__",
        "importlib.import_module",
        "importlib.__import__",
        "pytest.importorskip",
    }
)
_LIBRARIES: Final = frozenset({"ctypes.CDLL", "ctypes.PyDLL", "ctypes.cdll.LoadLibrary"})
_ATTRGETTER: Final = Ref("operator.attrgetter")
_METHODCALLER: Final = Ref("operator.methodcaller")
_TABLES: Final = frozenset({"builtins.globals", "builtins.locals", "builtins.vars"})


class Resolver:
    """Resolves expressions of one program; results are kept, cycles end in None."""

    __slots__ = ("_depth", "_known", "_program", "_spent")

    def __init__(self, program: Program) -> None:
        self._program = program
        self._known: dict[ast.AST, Value | None] = {}
        self._depth = 0
        self._spent = 0

    def value(self, node: ast.AST, scope: Scope) -> Value | None:
        """Return what an expression is, None where that is not known."""
        if node in self._known:
            return self._known[node]
        resolve = _BY_TYPE.get(type(node))
        result: Value | None
        if resolve is None or self._depth > _ENDLESS or self._spent > MAX_WORK:
            return None
        self._known[node] = None
        self._depth += 1
        try:
            result = resolve(self, node, scope)
        except Unknown:
            result = None
        finally:
            self._depth -= 1
        if isinstance(result, Const):
            self._spent += weight(result.value)
        self._known[node] = result
        return result

    def name(self, node: ast.AST, scope: Scope) -> str:
        """Return the full name of what an expression is, empty if it is of no module."""
        found = self.value(node, scope)
        if isinstance(found, Partial):
            found = found.function
        return found.name if isinstance(found, Ref) else ""

    def constant(self, node: ast.AST, scope: Scope, default: Any = None) -> Any:
        """Return the value of a constant expression, else `default`."""
        found = self.value(node, scope)
        return found.value if isinstance(found, Const) else default

    def text(self, node: ast.AST, scope: Scope) -> str:
        """Return a constant text, empty where it is none; bytes are read as Latin-1."""
        found = self.constant(node, scope)
        if isinstance(found, bytes):
            return found.decode("latin-1")
        return found if isinstance(found, str) else ""

    def called(self, call: ast.Call, scope: Scope) -> tuple[Ref | Local | None, list[ast.expr]]:
        """Return what a call calls in the end, and with which positional arguments."""
        function, args = self.value(call.func, scope), list(call.args)
        if isinstance(function, Partial):
            if function.function == _METHODCALLER and args:
                member = self._path(args[0], function, scope)
                return (member if isinstance(member, Ref) else None), list(function.args[1:])
            args = [*function.args, *args]
            function = function.function
        return (function if isinstance(function, Ref | Local) else None), args

    # One function for each kind of expression ------------------------------------------------

    def _of_constant(self, node: ast.Constant, _scope: Scope) -> Value | None:
        return Const(node.value)

    def _of_name(self, node: ast.Name, scope: Scope) -> Value | None:
        return self._named(node.id, scope)

    def _named(self, name: str, scope: Scope) -> Value | None:
        found = scope.lookup(name)
        if found is None:
            if name in _BUILTINS and name not in _SHORT:
                return Ref(f"builtins.{name}")
            if name in _MODULES or name in _SHORT:
                return Ref(_SHORT.get(name, name))
            return None
        bindings, home = found
        only = len(bindings) == 1
        for bound in bindings[:_MOST_BINDINGS]:
            value: Value | None
            if isinstance(bound, str):
                value = _canonical(bound)
            elif isinstance(bound, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                value = Local(bound, home)
            else:
                value = self.value(bound, home) if bound is not None else None
            if value is not None and (only or not isinstance(value, Const)):
                return value
        return None

    def _of_attribute(self, node: ast.Attribute, scope: Scope) -> Value | None:
        return self._member(self.value(node.value, scope), node.attr)

    def _member(self, base: Value | None, attribute: str) -> Value | None:
        if isinstance(base, Ref):
            if attribute in _ANYWHERE:
                return _canonical(attribute)
            if base.name == "builtins" and attribute == "__dict__":
                return base
            return _canonical(f"{base.name}.{attribute}")
        return None

    def _of_subscript(self, node: ast.Subscript, scope: Scope) -> Value | None:
        if isinstance(node.slice, ast.Slice):
            return self._slice(node, node.slice, scope)
        key = self.constant(node.slice, scope, Unknown)
        if key is Unknown:
            return None
        return self._item(node.value, key, scope)

    def _item(self, table: ast.expr, key: Any, scope: Scope) -> Value | None:
        base = self.value(table, scope)
        if isinstance(base, Const):
            try:
                return Const(base.value[key])
            except Exception as fault:
                raise Unknown from fault
        if isinstance(base, Ref) and isinstance(key, str):
            if base.name == "sys.modules":
                return _canonical(key)
            if base.name == "globals()":
                return self._named(key, scope.module())
            if base.name == "builtins":
                return Ref(f"builtins.{key}")
            if base.name.endswith(".__dict__"):
                return self._member(Ref(base.name.removesuffix(".__dict__")), key)
        source = self._display(table, scope)
        if isinstance(source, ast.Dict):
            for position, name in enumerate(source.keys):
                if name is not None and self.constant(name, scope) == key:
                    return self.value(source.values[position], scope)
        if not isinstance(source, ast.List | ast.Tuple) or not isinstance(key, int):
            return None
        inside = -len(source.elts) <= key < len(source.elts)
        return self.value(source.elts[key], scope) if inside else None

    def _display(self, node: ast.expr, scope: Scope) -> ast.AST | None:
        """The list, tuple or dict that an expression or the name of one is written as."""
        if isinstance(node, ast.Name):
            found = scope.lookup(node.id)
            if found and len(found[0]) == 1 and isinstance(found[0][0], ast.AST):
                return found[0][0]
        return node

    def _slice(self, node: ast.Subscript, cut: ast.Slice, scope: Scope) -> Value | None:
        base = self.constant(node.value, scope)
        if not isinstance(base, str | bytes | list | tuple):
            return None
        parts = [
            None if part is None else self.constant(part, scope, Unknown)
            for part in (cut.lower, cut.upper, cut.step)
        ]
        if any(part is not None and not isinstance(part, int) for part in parts) or parts[2] == 0:
            return None
        return Const(base[slice(*parts)])

    def _of_sequence(self, node: ast.Tuple | ast.List | ast.Set, scope: Scope) -> Value | None:
        values = [self._known_constant(item, scope) for item in node.elts]
        return Const(bounded(tuple(values) if isinstance(node, ast.Tuple) else values))

    def _of_dict(self, node: ast.Dict, scope: Scope) -> Value | None:
        pairs = zip(node.keys, node.values, strict=True)
        try:
            return Const(
                {
                    self._known_constant(key, scope): self._known_constant(value, scope)
                    for key, value in pairs
                    if key is not None
                }
            )
        except TypeError as fault:
            raise Unknown from fault

    def _known_constant(self, node: ast.AST, scope: Scope) -> Any:
        found = self.value(node, scope)
        if not isinstance(found, Const):
            raise Unknown
        return found.value

    def _of_operation(self, node: ast.BinOp, scope: Scope) -> Value | None:
        left = self._known_constant(node.left, scope)
        right = self._known_constant(node.right, scope)
        return Const(fold_operator(type(node.op).__name__, left, right))

    def _of_unary(self, node: ast.UnaryOp, scope: Scope) -> Value | None:
        operand = self._known_constant(node.operand, scope)
        if isinstance(node.op, ast.Not):
            return Const(not operand)
        if isinstance(operand, int | float):
            if isinstance(node.op, ast.USub):
                return Const(-operand)
            if isinstance(node.op, ast.Invert) and isinstance(operand, int):
                return Const(~operand)
        return None

    def _of_joined(self, node: ast.JoinedStr, scope: Scope) -> Value | None:
        parts = []
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                if part.format_spec is not None or part.conversion not in (-1, ord("s")):
                    raise Unknown
                part = part.value
            parts.append(str(self._known_constant(part, scope)))
        return Const("".join(parts)[:MAX_FOLDED])

    def _of_choice(self, node: ast.IfExp, scope: Scope) -> Value | None:
        test = self.value(node.test, scope)
        if isinstance(test, Const):
            return self.value(node.body if test.value else node.orelse, scope)
        return self._first_ref([node.body, node.orelse], scope)

    def _of_boolean(self, node: ast.BoolOp, scope: Scope) -> Value | None:
        return self._first_ref(node.values, scope)

    def _first_ref(self, nodes: list[ast.expr], scope: Scope) -> Value | None:
        for node in nodes:
            found = self.value(node, scope)
            if isinstance(found, Ref | Partial):
                return found
        return None

    def _of_walrus(self, node: ast.NamedExpr, scope: Scope) -> Value | None:
        return self.value(node.value, scope)

    def _of_lambda(self, node: ast.Lambda, scope: Scope) -> Value | None:
        return Local(node, scope)

    def _of_comprehension(self, node: Any, scope: Scope) -> Value | None:
        """A comprehension with one loop over constants, such as ``chr(c ^ 1) for c in (...)``."""
        if len(node.generators) != 1:
            return None
        loop = node.generators[0]
        items = self._known_constant(loop.iter, scope)
        if loop.ifs or not isinstance(loop.target, ast.Name) or not hasattr(items, "__len__"):
            return None
        if len(items) > 4096:
            return None
        name = loop.target.id
        return Const(
            self._each(lambda item: _Bound(self, name, item).constant(node.elt, scope), items)
        )

    def _of_call(self, node: ast.Call, scope: Scope) -> Value | None:
        function, args = self.value(node.func, scope), list(node.args)
        if isinstance(function, Partial):
            if function.function == _ATTRGETTER:
                return self._path(args[0], function, scope) if args else None
            args, function = [*function.args, *args], function.function
        if isinstance(function, Ref):
            return self._call_of_ref(function.name, args, node, scope)
        if isinstance(function, Local):
            return self._returned(function)
        if isinstance(node.func, ast.Attribute) and not node.keywords:
            base = self._known_constant(node.func.value, scope)
            return Const(fold_method(base, node.func.attr, self._constants(args, scope)))
        return None

    def _path(self, base: ast.expr, getter: Partial, scope: Scope) -> Value | None:
        """What `operator.attrgetter` or `methodcaller` reaches from a base."""
        found = self.value(base, scope)
        for attribute in self.text(getter.args[0], getter.scope).split("."):
            found = self._member(found, attribute or "?")
        return found

    def _call_of_ref(
        self, name: str, args: list[ast.expr], node: ast.Call, scope: Scope
    ) -> Value | None:
        if name in _IMPORTERS and args:
            return _canonical(self.text(args[0], scope))
        if name in {"builtins.getattr", "inspect.getattr_static"} and len(args) >= 2:
            return self._member(self.value(args[0], scope), self.text(args[1], scope) or "?")
        if name in _LIBRARIES:
            return Ref("ctypes.libc")
        if name in _TABLES:
            if not args:
                return Ref("globals()")
            base = self.value(args[0], scope)
            return Ref(f"{base.name}.__dict__") if isinstance(base, Ref) else None
        if name in {"functools.partial", "operator.attrgetter", "operator.methodcaller"} and args:
            return self._partial(name, args, scope)
        if name in {"globals().get", "sys.modules.get", "globals().__getitem__"} or (
            name.endswith((".__dict__.get", ".__dict__.__getitem__", "sys.modules.__getitem__"))
        ):
            table = node.func.value if isinstance(node.func, ast.Attribute) else None
            return self._item(table, self.text(args[0], scope), scope) if table and args else None
        if name == "builtins.map" and len(args) == 2 and self.name(args[0], scope):
            items = self._known_constant(args[1], scope)
            called = self.name(args[0], scope)
            return Const(self._each(lambda item: fold_call(called, [item]), items))
        if name == "codecs.decode" or not node.keywords:
            return Const(fold_call(name, self._constants(args, scope)))
        return None

    def _each(self, compute: Callable[[Any], Any], items: Any) -> list[Any]:
        """What each item becomes, as long as that stays within the bounds."""
        made: list[Any] = []
        for item in items:
            made.append(compute(item))
            self._spent += weight(made[-1])
            if self._spent > MAX_WORK:
                raise Unknown
        bounded(made)
        return made

    def _partial(self, name: str, args: list[ast.expr], scope: Scope) -> Value | None:
        if name != "functools.partial":
            return Partial(Ref(name), tuple(args), scope)
        function = self.value(args[0], scope)
        if isinstance(function, Partial):
            return Partial(function.function, (*function.args, *args[1:]), scope)
        if isinstance(function, Ref | Local):
            return Partial(function, tuple(args[1:]), scope)
        return None

    def _constants(self, args: list[ast.expr], scope: Scope) -> list[Any]:
        return [self._known_constant(arg, scope) for arg in args]

    def _returned(self, function: Local) -> Value | None:
        """What a function of one expression gives, such as ``lambda: os._exit``."""
        node = function.node
        inner = self._program.scopes.get(node)
        if inner is None or isinstance(node, ast.ClassDef):
            return None
        if isinstance(node, ast.Lambda):
            return self.value(node.body, inner)
        last = node.body[-1]
        if isinstance(last, ast.Return) and last.value is not None:
            found = self.value(last.value, inner)
            return found if not isinstance(found, Const) or len(node.body) == 1 else None
        return None


class _Bound:
    """Computes an expression with one name standing for a constant, item by item."""

    __slots__ = ("_item", "_name", "_outer")

    def __init__(self, outer: Resolver, name: str, item: Any) -> None:
        self._outer, self._name, self._item = outer, name, item

    def constant(self, node: ast.AST, scope: Scope) -> Any:
        if isinstance(node, ast.Name) and node.id == self._name:
            return self._item
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.BinOp):
            left, right = self.constant(node.left, scope), self.constant(node.right, scope)
            return fold_operator(type(node.op).__name__, left, right)
        if isinstance(node, ast.Call) and not node.keywords:
            args = [self.constant(arg, scope) for arg in node.args]
            name = self._outer.name(node.func, scope)
            if name:
                return fold_call(name, args)
            if isinstance(node.func, ast.Attribute):
                base = self.constant(node.func.value, scope)
                return fold_method(base, node.func.attr, args)
        raise Unknown


def _canonical(name: str) -> Ref:
    head, _, rest = name.partition(".")
    head = _SAME.get(head, head)
    if head == "_io" or name == "io.open":
        return Ref(f"builtins.{rest}") if rest == "open" else Ref(name)
    tail = rest.partition(".")[0]
    if tail in _ANYWHERE and head not in {"tests"}:
        return _canonical(rest)
    return Ref(f"{head}.{rest}" if rest else head)


_BY_TYPE: Final[dict[type, Any]] = {
    ast.Attribute: Resolver._of_attribute,
    ast.BinOp: Resolver._of_operation,
    ast.BoolOp: Resolver._of_boolean,
    ast.Call: Resolver._of_call,
    ast.Constant: Resolver._of_constant,
    ast.Dict: Resolver._of_dict,
    ast.GeneratorExp: Resolver._of_comprehension,
    ast.IfExp: Resolver._of_choice,
    ast.JoinedStr: Resolver._of_joined,
    ast.Lambda: Resolver._of_lambda,
    ast.List: Resolver._of_sequence,
    ast.ListComp: Resolver._of_comprehension,
    ast.Name: Resolver._of_name,
    ast.NamedExpr: Resolver._of_walrus,
    ast.Set: Resolver._of_sequence,
    ast.Subscript: Resolver._of_subscript,
    ast.Tuple: Resolver._of_sequence,
    ast.UnaryOp: Resolver._of_unary,
}
