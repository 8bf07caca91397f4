"""The special methods that cross, and what each does on the side that holds the object.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

import copy
import math
import operator
import os
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

__all__ = [
    "ARITHMETIC",
    "COMPARISONS",
    "NUMBERS",
    "OPERATIONS",
    "ORDERINGS",
    "forwardable",
    "special_names",
]

_BINARY: Final = [
    "add",
    "sub",
    "mul",
    "matmul",
    "truediv",
    "floordiv",
    "mod",
    "lshift",
    "rshift",
    "and",
    "or",
    "xor",
]
_OPERATOR_NAME: Final = {"and": "and_", "or": "or_"}


def _reflected(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda a, b: function(b, a)


def _arithmetic() -> dict[str, Callable[..., Any]]:
    found: dict[str, Callable[..., Any]] = {"__pow__": pow, "__rpow__": _reflected(pow)}
    found |= {"__divmod__": divmod, "__rdivmod__": _reflected(divmod), "__ipow__": operator.ipow}
    for name in _BINARY:
        function = getattr(operator, _OPERATOR_NAME.get(name, name))
        found[f"__{name}__"] = function
        found[f"__r{name}__"] = _reflected(function)
        found[f"__i{name}__"] = getattr(operator, f"i{name}")
    return found


ARITHMETIC: Final = _arithmetic()
"""Operations with a second operand that may be a plain value of the test."""

ORDERINGS: Final[dict[str, Callable[..., Any]]] = {
    "__lt__": operator.lt,
    "__le__": operator.le,
    "__gt__": operator.gt,
    "__ge__": operator.ge,
}
COMPARISONS: Final = ("__eq__", "__ne__", *ORDERINGS)

NUMBERS: Final[dict[str, Callable[..., Any]]] = {
    "__abs__": abs,
    "__round__": round,
    "__float__": float,
    "__int__": int,
    "__index__": operator.index,
    "__complex__": complex,
    "__trunc__": math.trunc,
    "__floor__": math.floor,
    "__ceil__": math.ceil,
}
"""Operations that turn an object into a number."""


async def _enter(value: Any) -> Any:
    return await value.__aenter__()


def _get_item(value: Any, key: Any) -> Any:
    return value[key]


def _set_item(value: Any, key: Any, item: Any) -> None:
    value[key] = item


def _del_item(value: Any, key: Any) -> None:
    del value[key]


def _contains(value: Any, item: Any) -> bool:
    return item in value


OPERATIONS: Final[dict[str, Callable[..., Any]]] = {
    **ARITHMETIC,
    **ORDERINGS,
    **NUMBERS,
    "__eq__": operator.eq,
    "__ne__": operator.ne,
    "__neg__": operator.neg,
    "__pos__": operator.pos,
    "__invert__": operator.invert,
    "__hash__": hash,
    "__bool__": bool,
    "__len__": len,
    "__length_hint__": operator.length_hint,
    "__iter__": iter,
    "__next__": next,
    "__reversed__": reversed,
    "__contains__": _contains,
    "__getitem__": _get_item,
    "__setitem__": _set_item,
    "__delitem__": _del_item,
    "__missing__": lambda value, key: type(value).__missing__(value, key),
    "__enter__": lambda value: type(value).__enter__(value),
    "__exit__": lambda value, *args: type(value).__exit__(value, *args),
    "__aenter__": lambda value: type(value).__aenter__(value),
    "__aexit__": lambda value, *args: type(value).__aexit__(value, *args),
    "__aiter__": lambda value: type(value).__aiter__(value),
    "__anext__": lambda value: type(value).__anext__(value),
    "__await__": lambda value: type(value).__await__(value),
    "__call__": lambda value, /, *args, **kwargs: value(*args, **kwargs),
    "__str__": str,
    "__repr__": repr,
    "__format__": format,
    "__bytes__": bytes,
    "__dir__": dir,
    "__fspath__": os.fspath,
    "__copy__": copy.copy,
    "__deepcopy__": lambda value, _memo=None: copy.deepcopy(value),
    "__get__": lambda value, *args: type(value).__get__(value, *args),
    "__set__": lambda value, *args: type(value).__set__(value, *args),
    "__set_name__": lambda value, *args: type(value).__set_name__(value, *args),
}
"""Name of a special method → what performs it, where the object lives."""

_ALWAYS: Final = frozenset({"__str__", "__repr__", "__format__", "__copy__", "__deepcopy__"})
# A value of a class that derives from a plain type is compared, measured and read as what it is
# underneath, so that no method of its class decides.
_NOT_OF_VALUES: Final = frozenset(
    {*COMPARISONS, *NUMBERS}
    | {
        "__hash__",
        "__bool__",
        "__len__",
        "__iter__",
        "__contains__",
        "__getitem__",
        "__reversed__",
    }
    | {"__bytes__", "__neg__", "__pos__", "__invert__", "__dir__", "__length_hint__"}
)
_NOT_OF_CONTAINERS: Final = frozenset({*COMPARISONS, "__contains__", "__hash__", "__bool__"})


def forwardable(names: Iterable[Any], base: type | None, *, container: bool) -> list[str]:
    """Those of some names that a mirrored class may ask the other side about.

    Args:
        names: Names, of whatever origin.
        base: The plain type that the class derives from, if any.
        container: Whether that type is a mutable container.
    """
    known = {name for name in names if isinstance(name, str) and name in OPERATIONS}
    if base is None:
        return sorted(known | _ALWAYS)
    refused = _NOT_OF_CONTAINERS if container else _NOT_OF_VALUES
    return sorted(known - refused | {"__copy__", "__deepcopy__"})


def special_names(cls: type, base: type | None) -> list[str]:
    """The special methods that a class has beside what it inherits from a plain type."""
    mro = type.__dict__["__mro__"].__get__(cls)
    inherited = set() if base is None else set(type.__dict__["__mro__"].__get__(base))
    own = [c for c in mro if c is not object and c not in inherited]
    return sorted({name for c in own for name in c.__dict__ if name in OPERATIONS})
