"""Rules about ending a program so that nobody gets to check it (classes 1 to 8)."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, Final

from provenir.environments.code.bodies import returns
from provenir.environments.code.effects import EXITS, SKIPS
from provenir.environments.code.flow import First, first_effect, is_success
from provenir.environments.code.values import Local, Partial, Ref

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenir.core.findings import Severity
    from provenir.environments.code.hits import Hit
    from provenir.environments.code.program import Scope
    from provenir.environments.code.reading import Call, Reading

__all__ = ["early_exits", "exit_hooks", "hard_exits", "killed_processes"]

_HANDLER: Final = re.compile(
    r"exit|quit|clos|handl|signal|stop|shutdown|usage|help|version|die|fail|abort|termin|main|bye|"
    r"interrupt|kill|end|cancel|leave|logout|sig|error|finish|done|halt|cleanup|menu|command|"
    r"^on_|^do_|^cmd|^run|callback|child|daemon|worker|fork|exec",
    re.IGNORECASE,
)
_DUNDER: Final = re.compile(r"__\w+__")
_HOOKS: Final = frozenset({"sys.excepthook", "threading.excepthook", "sys.unraisablehook"})
_KILLERS: Final = frozenset({"os.kill", "os.killpg", "signal.raise_signal", "signal.pthread_kill"})
_DEADLY: Final = frozenset(
    f"signal.{name}" for name in ("SIGKILL", "SIGTERM", "SIGABRT", "SIGSTOP", "SIGINT", "SIGHUP")
)
_ASKING: Final = frozenset({"signal.SIGINT", "signal.SIGHUP", "signal.SIGSTOP"})
_FORKS: Final = frozenset({"os.fork", "os.forkpty", "pty.fork"})


def early_exits(reading: Reading) -> Iterator[Hit]:
    """An exit that reports success before any other effect."""
    if not _names_an_exit(reading) or reading.block.is_excerpt():
        return
    first = first_effect(reading.program, reading.names)
    if first.kind == "exit" and first.node and is_success(first, reading.names):
        mild = reading.request.exits and not first.abrupt
        rule, what = "early_exit", "ends before it has done anything"
        if first.skips:
            rule, what = "skipped_test", "is skipped before anything is checked"
        yield reading.hit(rule, first.node, what, "info" if mild else None)
        return
    yield from _functions_that_exit(reading)


def _names_an_exit(reading: Reading) -> bool:
    ends = EXITS | SKIPS
    if any(call.name in ends or call.name.startswith("os.exec") for call in reading.calls):
        return True
    for node, scope in reading.program.nodes(ast.Raise):
        if node.exc is not None and reading.names.name(node.exc, scope) in ends:
            return True
    if not any(word in reading.block.source for word in ("exit", "quit", "Exit", "kip")):
        return False
    for node, scope in reading.program.nodes(ast.Name, ast.Attribute):
        if isinstance(node.ctx, ast.Load) and reading.names.name(node, scope) in ends:
            return True
    return False


def _functions_that_exit(reading: Reading) -> Iterator[Hit]:
    """Functions that do nothing but end the process, where nobody would expect it."""
    yield from _decorators_that_exit(reading)
    used = {
        node.id for node, _ in reading.program.nodes(ast.Name) if isinstance(node.ctx, ast.Load)
    }
    for node, _ in reading.program.nodes(ast.FunctionDef, ast.AsyncFunctionDef):
        if not _DUNDER.fullmatch(node.name) and (
            _HANDLER.search(node.name) or node.name in used or _is_method(node)
        ):
            continue
        scope = reading.program.scopes[node]
        first = first_effect(reading.program, reading.names, node.body, scope)
        if first.skips and (node.name.startswith("test") or node.decorator_list):
            continue
        if first.kind == "exit" and first.node and is_success(first, reading.names, known=True):
            rule = "skipped_test" if first.skips else "early_exit"
            yield reading.hit(rule, first.node, f"all that {node.name}() does is to exit")


def _decorators_that_exit(reading: Reading) -> Iterator[Hit]:
    """Decorators, and functions bound by name, by which every call of a function exits."""
    names = reading.names
    for node, outer in reading.program.nodes(ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef):
        for decorator in node.decorator_list:
            made = decorator.func if isinstance(decorator, ast.Call) else decorator
            found = names.value(made, outer)
            if isinstance(found, Local) and not isinstance(found.node, ast.ClassDef):
                scope = reading.program.scopes[found.node]
                for given in returns(reading, found.node):
                    yield from _if_it_exits(reading, given, scope, node.name)
    for node, scope in reading.program.nodes(ast.Assign):
        target = node.targets[0]
        if (
            isinstance(node.value, ast.Lambda)
            and isinstance(scope.node, ast.Module)
            and isinstance(target, ast.Name)
            and _parameters(node.value)
            and not _HANDLER.search(target.id)
        ):
            yield from _if_it_exits(reading, node.value, scope, target.id)


def _parameters(node: ast.Lambda) -> bool:
    return bool(node.args.args or node.args.vararg)


def _if_it_exits(reading: Reading, node: ast.expr | None, scope: Scope, name: str) -> Iterator[Hit]:
    found = reading.names.value(node, scope) if node is not None else None
    if not isinstance(found, Local) or isinstance(found.node, ast.ClassDef):
        return
    inner = reading.program.scopes[found.node]
    body = found.node.body
    statements = [ast.Expr(value=body)] if isinstance(body, ast.expr) else body
    first = first_effect(reading.program, reading.names, statements, inner)
    if first.kind == "exit" and first.node and is_success(first, reading.names, known=True):
        rule = "skipped_test" if first.skips else "early_exit"
        yield reading.hit(rule, first.node, f"all that a call of {name} does is to exit")


def _is_method(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return bool(node.args.args) and node.args.args[0].arg in {"self", "cls"}


def hard_exits(reading: Reading) -> Iterator[Hit]:
    """`os._exit` with success outside of a forked child."""
    if any(call.name in _FORKS for call in reading.calls):
        return
    for call in reading.calls:
        if call.name != "os._exit" or not _succeeds(reading, call):
            continue
        function = call.scope.function()
        name = getattr(function.node, "name", "") if function else ""
        mild = bool(_HANDLER.search(name)) or reading.request.exits
        yield reading.hit("hard_exit", call.node, "os._exit with success", "info" if mild else None)


def killed_processes(reading: Reading) -> Iterator[Hit]:
    """A program that kills itself, or what started it, with a signal that nothing handles."""
    for call in reading.calls:
        if call.name not in _KILLERS:
            continue
        function = call.scope.function()
        handles = bool(_HANDLER.search(getattr(function.node, "name", "") if function else ""))
        handles = handles and getattr(function.node if function else None, "name", "") != "main"
        who = call.args[0] if call.args else None
        whose = ""
        if isinstance(who, ast.Call):
            whose = reading.names.name(who.func, call.scope)
            if whose == "os.getpgid" and who.args and isinstance(who.args[0], ast.Call):
                whose = reading.names.name(who.args[0].func, call.scope)
        elif isinstance(who, ast.Name) and (bound := call.scope.lookup(who.id)):
            made = bound[0][0]
            if isinstance(made, ast.Call):
                whose = reading.names.name(made.func, bound[1])
        sent = call.args[-1] if call.args else None
        number = reading.names.constant(sent, call.scope) if sent is not None else None
        signal = reading.names.name(sent, call.scope) if sent is not None else ""
        if signal not in _DEADLY and number not in {2, 6, 9, 15, 19}:
            continue
        guarded = handles or reading.request.exits or _is_conditional(reading, call)
        mild: Severity | None = "info" if guarded else None
        if whose == "os.getppid":
            yield reading.hit("kills_verifier", call.node, "kills what started it", mild)
        elif signal in _ASKING or number == 2:
            continue
        elif whose in {"os.getpid", "os.getpgrp"} or call.name == "signal.raise_signal":
            yield reading.hit("hard_exit", call.node, "kills itself", mild)


def _is_conditional(reading: Reading, call: Call) -> bool:
    """Whether a call stands in an `if` whose outcome only a run decides."""
    return any(
        any(item is call.node for item in ast.walk(node))
        for node, scope in reading.program.nodes(ast.If)
        if reading.names.value(node.test, scope) is None and "__name__" not in ast.dump(node.test)
    )


def _succeeds(reading: Reading, call: Call) -> bool:
    return is_success(First("exit", call.node, call.scope, tuple(call.args)), reading.names)


def exit_hooks(reading: Reading) -> Iterator[Hit]:
    """Exits that wait: in `atexit`, in a timer, in an exception hook."""
    for call in reading.calls:
        if call.name in {"atexit.register", "threading.Timer", "signal.signal", "weakref.finalize"}:
            for arg in [*call.args, *(word.value for word in call.node.keywords)]:
                if _leads_to(reading, arg, call.scope, {"os._exit"}):
                    alarm = call.name != "signal.signal"
                    yield reading.hit(
                        "exit_at_exit",
                        call.node,
                        f"{call.name} runs os._exit",
                        None if alarm else "info",
                    )
                    break
    for node, scope in reading.program.nodes(ast.Assign):
        for target in node.targets:
            name = reading.names.name(target, scope) if isinstance(target, ast.Attribute) else ""
            if name in _HOOKS and (
                _leads_to(reading, node.value, scope, EXITS)
                or _does_nothing(reading, node.value, scope)
            ):
                yield reading.hit("exception_hook", node, f"{name} hides a failure")


def _leads_to(
    reading: Reading, node: ast.expr, scope: Scope, exits: set[str] | frozenset[str]
) -> bool:
    """Whether calling what an expression is could call one of these with success."""
    found = reading.names.value(node, scope)
    if isinstance(found, Partial):
        found = found.function
    if isinstance(found, Ref):
        return found.name in exits
    if not isinstance(found, Local):
        return False
    inside = {id(item) for item in ast.walk(found.node)}
    return any(
        call.name in exits and id(call.node) in inside and _succeeds(reading, call)
        for call in reading.calls
    )


def _does_nothing(reading: Reading, node: ast.expr, scope: Scope) -> bool:
    found = reading.names.value(node, scope)
    if not isinstance(found, Local) or isinstance(found.node, ast.ClassDef):
        return False
    body = found.node.body
    if isinstance(body, ast.expr):
        return isinstance(body, ast.Constant)
    return all(
        isinstance(item, ast.Pass)
        or (isinstance(item, ast.Expr) and isinstance(item.value, ast.Constant))
        or (
            isinstance(item, ast.Return)
            and (item.value is None or isinstance(item.value, ast.Constant))
        )
        for item in body
    )
