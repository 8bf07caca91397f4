"""Types that both sides have, and that therefore cross by name.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

import builtins
import importlib
import sys
import types
from typing import Any, Final

__all__ = ["EXCEPTIONS_OF", "known_class", "known_exception", "known_name", "stdlib_callable_name"]

_BUILTIN_VALUES: Final = [
    "object",
    "int",
    "float",
    "str",
    "bytes",
    "bool",
    "complex",
    "list",
    "dict",
    "set",
    "frozenset",
    "tuple",
    "bytearray",
    "range",
    "slice",
    "type",
    "property",
    "staticmethod",
    "classmethod",
    "memoryview",
    "enumerate",
    "zip",
    "map",
    "filter",
    "reversed",
]
_VALUES: Final = {
    "builtins": frozenset(_BUILTIN_VALUES),
    "collections": frozenset(["Counter", "OrderedDict", "defaultdict", "deque", "ChainMap"]),
    "datetime": frozenset(["date", "datetime", "time", "timedelta", "timezone"]),
    "decimal": frozenset({"Decimal"}),
    "fractions": frozenset({"Fraction"}),
    "uuid": frozenset({"UUID"}),
    "types": frozenset({"NoneType", "SimpleNamespace"}),
}
EXCEPTIONS_OF: Final = frozenset(
    [
        "builtins",
        "asyncio.exceptions",
        "binascii",
        "collections",
        "concurrent.futures._base",
        "configparser",
        "copy",
        "csv",
        "_csv",
        "dataclasses",
        "decimal",
        "email.errors",
        "enum",
        "getopt",
        "json.decoder",
        "locale",
        "queue",
        "_queue",
        "re",
        "sre_constants",
        "re._constants",
        "shutil",
        "socket",
        "sqlite3",
        "ssl",
        "statistics",
        "string",
        "struct",
        "subprocess",
        "_struct",
        "tarfile",
        "threading",
        "tokenize",
        "urllib.error",
        "uuid",
        "xml.etree.ElementTree",
        "xml.parsers.expat",
        "zipfile",
        "zlib",
        "zoneinfo._common",
    ]
)
"""Modules whose exceptions cross as themselves; an exception of any other is a mirror."""


def _resolve(name: str) -> Any:
    module, _, qualname = name.rpartition(":")
    if module not in _VALUES and module not in EXCEPTIONS_OF:
        return None
    try:
        found = sys.modules.get(module) or importlib.import_module(module)
    except ImportError:
        return None
    return getattr(found, qualname, None)


def _name(cls: type) -> str:
    # As `type` reads them: a class written in C keeps its module elsewhere than in its namespace.
    read = type.__dict__
    try:
        module = read["__module__"].__get__(cls)
    except AttributeError:
        return ""
    qualname = read["__qualname__"].__get__(cls)
    return f"{module}:{qualname}" if isinstance(module, str) else ""


def known_name(cls: type) -> str | None:
    """The name under which a class crosses, or None where the other side has no such class."""
    if cls is types.NoneType:
        return "types:NoneType"
    name = _name(cls)
    return name if name and known_class(name) is cls else None


def known_class(name: str) -> type | None:
    """The class that a name stands for; None for every other name."""
    found = _resolve(name)
    if not isinstance(found, type):
        return None
    module, _, qualname = name.rpartition(":")
    if qualname in _VALUES.get(module, ()):
        return found
    return found if module in EXCEPTIONS_OF and issubclass(found, BaseException) else None


def known_exception(cls: type) -> str | None:
    """The name of an exception class that both sides have, or None."""
    return known_name(cls) if issubclass(cls, BaseException) else None


def stdlib_callable_name(value: Any) -> str | None:
    """The name of a function or class of the standard library, such as ``operator:add``."""
    module = getattr(value, "__module__", None) or "builtins"
    qualname = getattr(value, "__qualname__", None)
    if isinstance(value, types.MethodDescriptorType):
        module, qualname = value.__objclass__.__module__, value.__qualname__
    if not isinstance(module, str) or not isinstance(qualname, str):
        return None
    if module.partition(".")[0] not in sys.stdlib_module_names and module != "builtins":
        return None
    found: Any = sys.modules.get(module, builtins)
    for part in qualname.split("."):
        found = getattr(found, part, None)
    return f"{module}:{qualname}" if found is value else None
