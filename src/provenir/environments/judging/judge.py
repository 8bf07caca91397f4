"""The judge's process: it runs the tests and writes the verdict.

It holds the channel to the candidate and the pipe that the verdict leaves on; no other process
holds the pipe. Nothing that the candidate sends is more than plain data here, and no method of the
candidate runs here.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

import builtins
import contextlib
import io
import json
import os
import sys
import unittest
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provenir.environments.judging.counting import Count, count_unittest
from provenir.environments.judging.exports import TEST_MODULE, Exports
from provenir.environments.judging.folder import Folder
from provenir.environments.judging.harness import Harness, Unit, explained
from provenir.environments.judging.mutation import Control
from provenir.environments.judging.naming import Importer
from provenir.environments.judging.notices import take_notice
from provenir.environments.judging.opaque import Opaque
from provenir.environments.judging.peer import Peer
from provenir.environments.judging.pytest_shim import pytest_module
from provenir.environments.judging.rules import RefusedError
from provenir.environments.judging.wire import ChannelClosedError, ProtocolFaultError, Wire
from provenir.environments.judging.world import World, changes_the_world

if TYPE_CHECKING:
    from collections.abc import Sequence

    Report = dict[str, Any]

__all__ = ["JudgeRules", "main"]

_MAX_UNITS = 200
# Where both sides have a /tmp of their own, names in it can mean the same file to both.
_SHARED = "/tmp"  # noqa: S108
_FILE_WORDS = ("tmp_path", "tempfile", "open(", "Path(")
_INPUT = builtins.input


class _Sink(io.TextIOBase):
    """Where text goes that no test asked for."""

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        return len(text)


class JudgeRules(Exports, Opaque):
    """What the candidate may do to the test's objects, and what is decided here."""

    real_functions = False
    by_name = True

    def __init__(self) -> None:
        Exports.__init__(self)
        Opaque.__init__(self)
        self.stdin = sys.stdin

    def question(self, name: str, args: tuple[Any, ...]) -> Any:
        """Give the candidate a line of the input that the test provides; None at its end."""
        if take_notice(name, args):
            return None
        if name not in {"input", "readline"}:
            raise ProtocolFaultError(f"an unknown question {name!r}")
        if name == "input" and builtins.input is not _INPUT:
            return builtins.input(*(args if args[0] else ()))
        if sys.stdin is self.stdin or sys.stdin is None:
            return None if name == "input" else ""
        line = sys.stdin.readline()
        if name == "readline":
            return line
        sys.stdout.write(args[0])
        return line.rstrip("\n") if line else None

    def library(self, name: str) -> Any:
        """Nothing of the library is run on the candidate's word."""
        raise ProtocolFaultError(f"a function of the library, {name!r}")

    def outgoing(self) -> tuple[str, str]:
        """The judge writes nothing."""
        return "", ""

    def incoming(self, out: str, err: str) -> None:
        """Write what the program wrote to where the test is looking."""
        if out:
            sys.stdout.write(out)
        if err:
            sys.stderr.write(err)


def main(payload: bytes, fds: Sequence[int]) -> None:
    """Judge.

    Args:
        payload: JSON: `nonce`, `tests` (sources), `setup`, `entry_point`, `seed`.
        fds: The channel to the candidate, and the pipe for the verdict.
    """
    request = json.loads(payload)
    sys.stdout, sys.stderr = _Sink(), _Sink()
    try:
        report = _judge(request, fds[0])
    except BaseException as error:  # noqa: BLE001
        reason, detail, _ = explained(error)
        report = {"reason": reason, "detail": detail}
    report["nonce"] = request["nonce"]
    body = memoryview(json.dumps(report).encode())
    while body:
        body = body[os.write(fds[1], body) :]
    # The verdict is complete, whatever a test has left behind that keeps this process.
    os.close(fds[1])


def _judge(request: dict[str, Any], channel: int) -> Report:
    rules = JudgeRules()
    peer = Peer(Wire(channel), rules, first=2, prunes=True)
    rules.changed = peer.heap.altered
    loaded = peer.ask("ask", None, "load")
    if isinstance(loaded, tuple):
        kind, text = (str(part)[:400] for part in loaded)
        reason = "exited_on_import" if kind in {"SystemExit", "KeyboardInterrupt"} else "load_error"
        return {"reason": reason, "detail": f"the program raised {kind} when it was loaded: {text}"}
    if str(Path.cwd()) == _SHARED and _speaks_of_files(request["tests"]):
        peer.folder = Folder(_SHARED)
    if changes_the_world(request["tests"]):
        peer.before = World(peer, request["tests"]).tell
    if request["control"]:
        return _controlled(request, peer)
    count = Count(peer.heap.altered, TEST_MODULE)
    if any("unittest" in source or "TestCase" in source for source in request["tests"]):
        count_unittest(count)
    importer, harness = _prepare(request, peer, rules, count, loaded)
    peer.lets_stop = any("StopIteration" in source for source in request["tests"])
    asked = peer.asked
    _run(request, harness)
    if count.completed and peer.asked == asked and not RefusedError.all:
        harness.units.append(Unit("tests", "vacuous_test", "no test used the program"))
    return _report(request, peer, rules, importer, count, harness)


def _prepare(
    request: dict[str, Any], peer: Peer, rules: JudgeRules, count: Any, loaded: list[str]
) -> tuple[Importer, Harness]:
    unittest.main = lambda *_, **__: None  # type: ignore[assignment]
    importer = Importer(peer, {"pytest": pytest_module(count)})
    importer.adopt("solution")
    harness = Harness(
        importer,
        count,
        entry_point=request["entry_point"],
        guessed=request["guessed"],
        known=frozenset(map(str, loaded)),
        watch_blocks=lambda blocks: setattr(rules, "blocks", blocks),
    )
    return importer, harness


def _run(request: dict[str, Any], harness: Harness) -> None:
    for number, source in enumerate(request["tests"], 1):
        label = "test" if len(request["tests"]) == 1 else f"test {number}"
        harness.run(f"{request['setup']}\n{source}" if request["setup"] else source, label)


def _controlled(request: dict[str, Any], peer: Peer) -> Report:
    """Run the tests with other expectations; see `mutation`."""
    control = Control(request["control"])
    rules = JudgeRules()
    _, harness = _prepare(request, peer, rules, control, [])
    harness.control = True
    _run(request, harness)
    return {"reason": "control", "detail": "", "outcomes": control.outcomes}


def _speaks_of_files(tests: list[str]) -> bool:
    return any(word in test for test in tests for word in _FILE_WORDS)


def _report(
    request: dict[str, Any],
    peer: Peer,
    rules: JudgeRules,
    importer: Importer,
    count: Count,
    harness: Harness,
) -> Report:
    worthless = ("", "")
    if peer.broken is None and not RefusedError.all:
        with contextlib.suppress(ChannelClosedError, ProtocolFaultError, RefusedError):
            equal = rules.equality.worthless(peer, request["seed"])
            worthless = (equal, "" if equal else rules.order.worthless(peer))
    reason, detail = _verdict(peer, importer, count, harness, worthless)
    return {
        "reason": reason,
        "detail": detail,
        "started": count.started,
        "completed": count.completed,
        "units": [
            [unit.name, unit.reason, unit.detail, unit.line, unit.checks]
            for unit in harness.units[:_MAX_UNITS]
        ],
        "passed_units": sum(unit.reason == "ok" for unit in harness.units),
        "units_total": len(harness.units),
        "denied": rules.denied,
        "compared_with_plain": rules.compared_with_plain,
        "objects_compared": rules.equality.used,
    }


def _verdict(
    peer: Peer, importer: Importer, count: Count, harness: Harness, worthless: tuple[str, str]
) -> tuple[str, str]:
    """The first reason why the tests do not hold, or ``ok``."""
    if peer.broken is not None:
        return explained(peer.broken)[:2]
    for refused in RefusedError.all:
        return refused.reason, str(refused)
    for unit in harness.units:
        if unit.reason not in {"ok", "skipped"}:
            return unit.reason, f"{unit.name}: {unit.detail}"
    if worthless[0]:
        return "worthless_equality", (
            f"{worthless[0]} calls objects equal whatever they were made with"
        )
    if worthless[1]:
        return "worthless_order", f"{worthless[1]} orders objects by when they were made"
    if harness.unreached:
        return "unreached_assertion", f"an assertion was never reached: {harness.unreached[0]}"
    if count.moved:
        return "moved_expectation", (
            f"what is expected was computed from what the program had changed: {count.moved}"
        )
    if importer.names.empty_zips:
        return "vacuous_test", "the test compares pairs, and one side of them is empty"
    if count.started != count.completed:
        return "swallowed_assertion", (
            f"{count.started} assertions began and {count.completed} held: one was swallowed"
        )
    if count.completed == 0:
        return "no_assertion", "no assertion was completed"
    return "ok", f"{count.completed} assertions held"
