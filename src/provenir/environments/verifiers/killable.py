"""Patterns and schemas that may never come to an end, asked of a process that can be killed.

The limit is CPU time, which the worker has the kernel watch (`killable_worker`), so that the same
question has the same answer on a busy machine.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, Final

from provenir.environments.warm import WarmPool, WorkerEndedError

__all__ = ["DEFAULT_CPU_S", "EndedError", "ask_killable"]

DEFAULT_CPU_S: Final = 1.0
"""CPU seconds that one question may take when not told otherwise."""

_WORKER: Final = Path(__file__).with_name("killable_worker.py")
_WALL_FACTOR, _WALL_EXTRA_S = 20.0, 30.0
"""Wall-clock guard for a process that does not even get CPU time."""

_POOL: Final = WarmPool(lambda descriptor: [sys.executable, "-P", str(_WORKER), str(descriptor)])


class EndedError(Exception):
    """The process ended before it answered; `reason` is ``timeout`` or ``engine_died``."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def ask_killable(question: dict[str, Any], *, cpu_s: float = DEFAULT_CPU_S) -> dict[str, Any]:
    """Ask a worker, from any thread.

    Args:
        question: For one of the functions in `killable_worker.ANSWERS`, named by ``ask``.
        cpu_s: CPU seconds after which the question is given up.

    Raises:
        EndedError: It took too long, or the engine brought its process down.
        ProvenirError: No worker could be started.
    """
    try:
        wall_s = _WALL_FACTOR * cpu_s + _WALL_EXTRA_S
        return _POOL.ask({**question, "cpu_s": cpu_s}, wall_s=wall_s)
    except WorkerEndedError as ended:
        raise EndedError("timeout" if ended.out_of_time else "engine_died") from None
