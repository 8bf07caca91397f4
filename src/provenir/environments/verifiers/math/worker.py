"""The worker process: compares expressions one after the other until its parent goes away.

It is started as a fresh interpreter, reads one JSON object a line and answers with one. Its time is
counted in CPU seconds by its own timer; its memory, its files and its children are bounded by the
system. Where its input ends, it ends at once, in the middle of whatever it does.
"""

from __future__ import annotations

import json
import os
import queue
import resource
import signal
import sys
import threading
import time
from fractions import Fraction
from typing import Any, Final

__all__ = ["main"]

_MEMORY_BYTES: Final = 1 << 30
_OPEN_FILES: Final = 64
_CPU_GRACE_S: Final = 1


class _OutOfTime(BaseException):
    """The timer rang; a `BaseException`, for libraries swallow the others."""


def main() -> None:
    """Serve requests from standard input; standard output carries the answers alone."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    from provenir.environments.verifiers.math import symbolic

    # The first comparison fills the grammar's tables.
    symbolic.same_value(r"\frac{x+1}{2}", r"\frac{1}{2}x+\frac{1}{2}")
    requests: queue.SimpleQueue[str] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests,), daemon=True).start()
    _confine()
    signal.signal(signal.SIGPROF, _ring)
    _say(answers, {"ready": True})
    while True:
        _say(answers, _answer(json.loads(requests.get()), symbolic))


def _listen(requests: queue.SimpleQueue[str]) -> None:
    for line in sys.stdin:
        requests.put(line)
    os._exit(0)


def _say(answers: Any, reply: dict[str, Any]) -> None:
    answers.write(json.dumps(reply) + "\n")
    answers.flush()


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
