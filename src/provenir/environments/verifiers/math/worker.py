"""The worker process: compares expressions one after the other until its parent goes away.

It is started as a fresh interpreter (`warm.WarmPool`). Its time is counted in CPU seconds by its
own timer; its memory, its files and its children are bounded by the system. Where its input ends,
it ends at once, in the middle of whatever it does.
"""

from __future__ import annotations

import json
import os
import queue
import resource
import signal
import socket
import struct
import threading
import time
from fractions import Fraction
from typing import Any, Final

__all__ = ["main"]

_LENGTH: Final = struct.Struct("!I")
_MEMORY_BYTES: Final = 1 << 30
_OPEN_FILES: Final = 64
_CPU_GRACE_S: Final = 1


class _OutOfTime(BaseException):
    """The timer rang; a `BaseException`, for libraries swallow the others."""


def main(descriptor: int) -> None:
    """Serve questions on a socket: a length, then that many bytes of JSON; so are the answers."""
    from provenir.environments.verifiers.math import symbolic

    # The first comparison fills the grammar's tables.
    symbolic.same_value(r"\frac{x+1}{2}", r"\frac{1}{2}x+\frac{1}{2}")
    with socket.socket(fileno=descriptor) as line:
        questions: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        threading.Thread(target=_listen, args=(line, questions), daemon=True).start()
        _confine()
        signal.signal(signal.SIGPROF, _ring)
        _say(line, {})
        while True:
            _say(line, _answer(json.loads(questions.get()), symbolic))


def _listen(line: socket.socket, questions: queue.SimpleQueue[bytes]) -> None:
    incoming = line.makefile("rb")
    while len(head := incoming.read(_LENGTH.size)) == _LENGTH.size:
        questions.put(incoming.read(_LENGTH.unpack(head)[0]))
    os._exit(0)


def _say(line: socket.socket, reply: dict[str, Any]) -> None:
    body = json.dumps(reply).encode()
    line.sendall(_LENGTH.pack(len(body)) + body)


def _confine() -> None:
    for what, most in (
        (resource.RLIMIT_AS, _MEMORY_BYTES),
        (resource.RLIMIT_NOFILE, _OPEN_FILES),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        hard = resource.getrlimit(what)[1]
        bound = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(what, (bound, bound))


def _ring(_signal: int, _frame: Any) -> None:
    raise _OutOfTime


def _answer(request: dict[str, Any], symbolic: Any) -> dict[str, Any]:
    from provenir.environments.verifiers.math.limits import Undecided

    budget_s = float(request["budget_s"])
    spent = time.process_time()
    # The timer cannot interrupt one long operation on a large integer; the system can.
    hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
    soft = int(spent + budget_s) + 1 + _CPU_GRACE_S
    resource.setrlimit(resource.RLIMIT_CPU, (soft if hard < 0 else min(soft, hard), hard))
    try:
        signal.setitimer(signal.ITIMER_PROF, budget_s)
        try:
            equal = _compare(request, symbolic)
            return {"equal": equal, "spent_s": time.process_time() - spent}
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
    except Undecided as undecided:
        return {"reason": undecided.reason, "detail": undecided.detail}
    except _OutOfTime:
        return {"reason": "timeout", "detail": "the comparison took too long"}
    except MemoryError:
        return {"reason": "too_large", "detail": "the comparison took too much memory"}
    except RecursionError:
        return {"reason": "too_large", "detail": "the expression is nested too deeply"}
    except Exception as error:  # noqa: BLE001 - a fault of a library is no verdict
        return {"reason": "not_comparable", "detail": f"{type(error).__name__} in the comparison"}


def _compare(request: dict[str, Any], symbolic: Any) -> bool:
    reference, answer = request["reference"], request["answer"]
    if request["op"] == "proportional":
        return bool(symbolic.proportional(reference, answer, ordered=request["ordered"]))
    relative, absolute = Fraction(request["relative"]), Fraction(request["absolute"])
    return bool(symbolic.same_value(reference, answer, relative=relative, absolute=absolute))
