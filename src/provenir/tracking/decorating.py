"""A tracked function: every call is a run of its own."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar

from provenir.core.errors import UsageError
from provenir.core.findings import Finding

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

P = ParamSpec("P")
R = TypeVar("R")


class Run(Protocol):
    """What a call needs of a run that has begun."""

    def finish(self) -> None:
        """End the run well."""

    def finish_after(self, error: BaseException | None) -> None:
        """End the run as the error says."""

    def add_finding(self, finding: Finding) -> None:
        """Note something about the recording."""


def decorate(function: Callable[P, R], new_run: Callable[[], Run]) -> Callable[P, R]:
    """Wrap a function, sync or async; a parameter called `run` receives the run.

    `new_run` opens the run of one call. Where a call gives something to be awaited, the run ends
    when that is done.

    Raises:
        UsageError: It cannot be called, or is a generator, whose body would run after the run.
    """
    if not callable(function):
        raise UsageError(
            f"a {type(function).__name__} cannot be decorated", mend="decorate a function"
        )
    if inspect.isgeneratorfunction(function) or inspect.isasyncgenfunction(function):
        raise UsageError(
            "a generator cannot be decorated: its body runs later",
            mend='open the run inside it: "with provenir.track(…) as run:"',
        )
    inject = _injector(function)

    if inspect.iscoroutinefunction(function):

        async def call_async(*args: P.args, **kwargs: P.kwargs) -> Any:
            run = new_run()
            try:
                given, named = inject(run, args, kwargs)
                value = await function(*given, **named)
            except BaseException as error:
                run.finish_after(error)
                raise
            run.finish()
            return value

        return _dressed(call_async, function)  # type: ignore[no-any-return]

    def call(*args: P.args, **kwargs: P.kwargs) -> Any:
        run = new_run()
        try:
            given, named = inject(run, args, kwargs)
            result: Any = function(*given, **named)
        except BaseException as error:
            run.finish_after(error)
            raise
        if inspect.isawaitable(result):
            return _awaited(run, result)
        if inspect.isgenerator(result) or inspect.isasyncgen(result):
            run.add_finding(_LATE_BODY)
        run.finish()
        return result

    return _dressed(call, function)  # type: ignore[no-any-return]


async def _awaited(run: Run, result: Awaitable[R]) -> R:
    try:
        value = await result
    except BaseException as error:
        run.finish_after(error)
        raise
    run.finish()
    return value


def _injector(function: Callable[..., Any]) -> Callable[[Run, Any, Any], tuple[Any, Any]]:
    """Say how the run is put among the arguments."""
    parameters = inspect.signature(function).parameters
    place = list(parameters).index("run") if "run" in parameters else None
    by_name = place is None or parameters["run"].kind is inspect.Parameter.KEYWORD_ONLY

    def inject(run: Run, args: Any, kwargs: Any) -> tuple[Any, Any]:
        if place is None:
            return args, kwargs
        others = {name: value for name, value in kwargs.items() if name != "run"}
        if by_name or len(args) < place:
            return args, {**others, "run": run}
        return (*args[:place], run, *args[place:]), others

    return inject


def _dressed(wrapper: Callable[..., Any], function: Callable[..., Any]) -> Any:
    return functools.wraps(function, updated=())(wrapper)


_LATE_BODY = Finding(
    kind="late_body",
    severity="warning",
    detail="the decorated function returned a generator: what that does later is not recorded",
)

__all__ = ["decorate"]
