"""Reaching a verdict: two processes, one channel between them, one pipe to us.

The descriptors are made here, in the process that nobody else can reach. The candidate is given an
end of the channel; the judge is given the other end and the pipe. What comes out of the pipe counts
if it carries this run's nonce; what the candidate prints, returns to the system or leaves behind is
not looked at.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import select
import socket
import time
from dataclasses import asdict, dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provenir.environments.sandbox.values import Limits
    from provenir.environments.sandbox.warden import Run, Warden

__all__ = ["CANDIDATE", "JUDGE", "Case", "Outcome", "judge"]

_ROOM: Final = "provenir.environments.judging"
CANDIDATE: Final = f"{_ROOM}.candidate"
JUDGE: Final = f"{_ROOM}.judge"
"""Modules whose `main` runs in the two processes."""

_MAX_REPORT: Final = 4 * 1024 * 1024
# How long a judge may take to exit once its pipe is closed, or has carried too much: a test that
# closes or floods it must not hold its verifier up.
_LEAVING_S: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the judge said, or why it said nothing.

    Attributes:
        reason: ``ok``, or one word for why not.
        detail: One sentence.
        report: Everything else that the judge reported, as plain data.
        isolation: What held around the candidate.
        peak_bytes: Largest resident size of a process of the candidate.
    """

    reason: str
    detail: str = ""
    report: dict[str, Any] = field(default_factory=dict)
    isolation: dict[str, str] = field(default_factory=dict)
    peak_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A program and its tests.

    Attributes:
        source: The program.
        loose: Whether words may stand around it.
        tests: Sources of the tests.
        setup: Code that runs before each of them.
        entry_point: The function that ``check(candidate)`` is given.
        guessed: Whether that was read out of the program, which then decides nothing else.
        control: By how much the tests expect other objects than they say; 0 for the tests as they
            are. See `mutation`.
    """

    source: str
    tests: Sequence[str]
    loose: bool = False
    setup: str = ""
    entry_point: str = ""
    guessed: bool = False
    control: int = 0

    def seed(self) -> str:
        """What the judge's random numbers start from: the tests, unknown to the program."""
        text = "\0".join((self.setup, *self.tests))
        return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def judge(
    candidates: Warden, judges: Warden, case: Case, *, limits: Limits, timeout_s: float
) -> Outcome:
    """Run tests on a program.

    Args:
        candidates: Where the program runs.
        judges: Where the tests run; a warden of its own.
        case: The program and its tests.
        limits: What each of the two may use.
        timeout_s: Wall-clock seconds for all of it.
    """
    deadline = time.monotonic() + timeout_s
    nonce = secrets.token_hex(16)
    asked = asdict(case) | {"nonce": nonce, "seed": case.seed()}
    told = {key: asked.pop(key) for key in ("source", "loose")}
    with contextlib.ExitStack() as stack:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        reading, writing = os.pipe2(os.O_CLOEXEC)
        stack.callback(os.close, reading)
        with ours, theirs, os.fdopen(writing, "wb"):
            candidate = candidates.start(
                f"{CANDIDATE}:main", payload=_packed(told), fds=(theirs.fileno(),), limits=limits
            )
            stack.callback(candidate.kill)
            run = judges.start(
                f"{JUDGE}:main",
                payload=_packed(asked),
                fds=(ours.fileno(), writing),
                limits=limits,
                seed=int(asked["seed"][:8], 16),
            )
            stack.callback(run.kill)
        body = _read_all(reading, deadline)
        return _outcome(body, nonce, run, candidate)


def _packed(value: dict[str, Any]) -> bytes:
    return json.dumps(value).encode()


def _read_all(descriptor: int, deadline: float) -> bytes | None:
    """Everything that comes through a pipe; None where the time was up first."""
    pieces: list[bytes] = []
    size = 0
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    while size <= _MAX_REPORT:
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            return None
        piece = os.read(descriptor, 65_536)
        if not piece:
            break
        pieces.append(piece)
        size += len(piece)
    return b"".join(pieces)


def _outcome(body: bytes | None, nonce: str, run: Run, candidate: Run) -> Outcome:
    candidate.kill()
    report = _said(body or b"", nonce)
    if body is None or report is not None:
        # There is no more to hear from it; else how it ended is the reason.
        run.kill()
    ended, judged = candidate.wait(_LEAVING_S), run.wait(_LEAVING_S)
    isolation = ended.isolation.as_dict()
    if body is None:
        reason, detail = "timeout", "the tests did not end in time"
    elif report is None:
        why = judged.detail or ended.detail or "it ended without a verdict"
        reason, detail = "judge_failed", f"the judge: {why}"
    else:
        reason = str(report.pop("reason", "judge_failed"))
        detail = str(report.pop("detail", ""))
    if reason == "candidate_died" and candidate.lost():
        reason, detail = "judge_failed", "the sandbox lost the program's process; try again"
    return Outcome(
        reason=reason,
        detail=detail,
        report=report or {},
        isolation=isolation,
        peak_bytes=ended.peak_bytes,
    )


def _said(body: bytes, nonce: str) -> dict[str, Any] | None:
    """What came out of the pipe, if the judge of this run wrote it."""
    try:
        report = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(report, dict):
        return None
    given = str(report.pop("nonce", "")).encode()
    return report if secrets.compare_digest(given, nonce.encode()) else None
