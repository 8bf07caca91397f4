"""The workers that compare expressions: a few, each for some thousands of comparisons."""

from __future__ import annotations

import json
import os
import sys
from typing import Any, Final

from provenir.core.errors import ProvenirError
from provenir.environments.verifiers.math.limits import Undecided
from provenir.environments.warm import WarmPool, WorkerEndedError

__all__ = ["POOL", "ask"]

_MOST_WORKERS: Final = 4
_QUESTIONS_EACH: Final = 5_000  # sympy's caches grow; a fresh process starts without them
_PROGRAM: Final = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[1]);"
    "from provenir.environments.verifiers.math.worker import main; main(int(sys.argv[2]))"
)


def _command(descriptor: int) -> list[str]:
    folders = [folder for folder in sys.path if folder and os.path.exists(folder)]  # noqa: PTH110
    return [sys.executable, "-I", "-c", _PROGRAM, json.dumps(folders), str(descriptor)]


POOL: Final = WarmPool(
    _command,
    environment={"PATH": os.defpath},
    at_once=min(_MOST_WORKERS, os.cpu_count() or 1),
    questions_each=_QUESTIONS_EACH,
)


def ask(request: dict[str, Any], *, budget_s: float) -> tuple[bool, float]:
    """Have one comparison made; return its outcome and the CPU seconds that it took.

    Args:
        request: What `worker` understands, without its budget.
        budget_s: CPU seconds that it may take; it is killed after twice that and one wall-clock
            second.

    Raises:
        Undecided: It was not decided: timeout, too large, not comparable.
    """
    try:
        reply = POOL.ask({**request, "budget_s": budget_s}, wall_s=2 * budget_s + 1)
    except WorkerEndedError as ended:
        if ended.out_of_time:
            raise Undecided("timeout", "the comparison took too long") from ended
        raise Undecided("engine_failed", "the comparison brought its process down") from ended
    except ProvenirError as error:
        raise Undecided("engine_failed", "the worker process does not start") from error
    if "equal" in reply:
        return bool(reply["equal"]), float(reply["spent_s"])
    raise Undecided(str(reply["reason"]), str(reply["detail"]))
