"""Functions, generators and coroutines of the other side, as real ones of this side.

Code asks a call-back for its signature, counts its parameters, wraps it, awaits it: so what stands
in for a function of the test is a function with the same parameters.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

import inspect
import keyword
import types
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from typing import TYPE_CHECKING, Any, Final

from provenir.environments.judging.known import known_class, known_name

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["OMITTED", "about", "async_generator", "coroutine", "function", "generator"]

Ask = Callable[..., Any]


class _Omitted:
    """The default of every parameter that has one: the real one stays where the function is."""

    def __repr__(self) -> str:
        return "..."


OMITTED: Final = _Omitted()


def about(value: Any) -> dict[str, Any] | None:
    """What is said of a function beside its number: name, parameters, whether it is async."""
    function = value.__func__ if isinstance(value, types.MethodType) else value
    if not isinstance(function, types.FunctionType):
        name = getattr(value, "__name__", None)
        return {"n": name} if isinstance(name, str) and callable(value) else None
    code = function.__code__
    skip = 1 if isinstance(value, types.MethodType) else 0
    positional = list(code.co_varnames[: code.co_argcount])
    keywords = list(code.co_varnames[code.co_argcount :][: code.co_kwonlyargcount])
    more = list(code.co_varnames[code.co_argcount + code.co_kwonlyargcount :])
    return {
        "n": function.__name__,
        "q": function.__qualname__,
        "doc": function.__doc__,
        "a": positional[skip:],
        "p": max(0, code.co_posonlyargcount - skip),
        "o": len(function.__defaults__ or ()),
        "k": [[name, name in (function.__kwdefaults__ or {})] for name in keywords],
        "*": more.pop(0) if code.co_flags & inspect.CO_VARARGS else None,
        "**": more.pop(0) if code.co_flags & inspect.CO_VARKEYWORDS else None,
        "async": inspect.iscoroutinefunction(function),
        "ann": _annotations(function),
    }


def _annotations(function: types.FunctionType) -> dict[str, str]:
    """Annotations that are plain types, by the names that both sides know them under."""
    kinds = {name: kind for name, kind in function.__annotations__.items() if type(kind) is type}
    named = {name: known_name(kind) for name, kind in kinds.items()}
    return {name: known for name, known in named.items() if known is not None}


def _is_name(text: Any) -> bool:
    return isinstance(text, str) and text.isidentifier() and not keyword.iskeyword(text)


def _parameters(told: Mapping[str, Any]) -> tuple[str, str]:
    """The parameter list of a definition, and the arguments that hand them on."""
    optional = len(told["a"]) - told["o"]
    listed, handed = [], []
    for place, name in enumerate(told["a"]):
        listed.append(f"{name}=_omitted" if place >= optional else name)
        handed.append(f"*_given({name})" if place >= optional else name)
        if place + 1 == told["p"]:
            listed.append("/")
    if told["*"]:
        listed.append(f"*{told['*']}")
        handed.append(f"*{told['*']}")
    elif told["k"]:
        listed.append("*")
    for name, has_default in told["k"]:
        listed.append(f"{name}=_omitted" if has_default else name)
        handed.append(f"**_named({name!r}, {name})")
    if told["**"]:
        listed.append(f"**{told['**']}")
        handed.append(f"**{told['**']}")
    return ", ".join(listed), ", ".join(handed)


def function(told: Mapping[str, Any] | None, call: Ask) -> Any:
    """A function with the told name and parameters, that hands its arguments to `call`."""
    told = told or {}
    names = [*told.get("a", ()), *(k[0] for k in told.get("k", ()))]
    names += [told[star] for star in ("*", "**") if told.get(star)]
    if "a" not in told or not all(map(_is_name, names)):
        listed, handed = "*args, **kwargs", "*args, **kwargs"
    else:
        listed, handed = _parameters(told)
    prefix = "async " if told.get("async") else ""
    wait = "await " if told.get("async") else ""
    source = f"{prefix}def made({listed}):\n    return {wait}_call({handed})\n"
    scope: dict[str, Any] = {
        "_call": call,
        "_omitted": OMITTED,
        "_given": lambda value: () if value is OMITTED else (value,),
        "_named": lambda name, value: {} if value is OMITTED else {name: value},
    }
    exec(source, scope)  # noqa: S102 - identifiers alone are filled in
    made = scope["made"]
    kinds = {name: known_class(kind) for name, kind in dict(told.get("ann", {})).items()}
    made.__annotations__ = {name: kind for name, kind in kinds.items() if kind is not None}
    for attribute, key in (("__name__", "n"), ("__qualname__", "q"), ("__doc__", "doc")):
        if isinstance(told.get(key), str):
            setattr(made, attribute, told[key])
    return made


def generator(step: Ask) -> Generator[Any, Any, Any]:
    """A generator whose every step is one of the other side's.

    Args:
        step: ``step(name, *args)`` with ``__next__``, ``send``, ``throw`` or ``close``.
    """
    sent: Any = None
    raised: BaseException | None = None
    try:
        while True:
            try:
                if raised is not None:
                    item = step("throw", raised)
                else:
                    item = step("__next__") if sent is None else step("send", sent)
            except StopIteration as end:
                return end.value
            raised = None
            try:
                sent = yield item
            except GeneratorExit:
                step("close")
                raise
            except BaseException as error:  # noqa: BLE001
                raised = error
    finally:
        sent = raised = None


async def async_generator(step: Callable[..., Coroutine[Any, Any, Any]]) -> AsyncGenerator[Any]:
    """An asynchronous generator, stepped on the other side."""
    while True:
        try:
            item = await step("__anext__")
        except StopAsyncIteration:
            return
        yield item


async def coroutine(finish: Ask) -> Any:
    """A coroutine that the other side runs to its end when it is awaited."""
    return finish()
