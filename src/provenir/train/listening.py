"""The part of a run that a trainer talks to, and talking to it without ever being interrupted."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Protocol

from provenir.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Listener", "Teller", "check_listener", "halt_when"]

logger = logging.getLogger("provenir")


class Listener(Protocol):
    """What the callback and the reward wrapper need of a run; `provenir.Run` is one."""

    def log_step(self, metrics: Mapping[str, Any]) -> object:
        """Record one step."""

    def log_trajectory(self, trajectory: Mapping[str, Any]) -> object:
        """Record one rollout."""


def check_listener(run: object) -> None:
    """Refuse, at construction, what cannot record.

    Raises:
        UsageError: `run` has no `log_step` or no `log_trajectory`.
    """
    missing = [n for n in ("log_step", "log_trajectory") if not callable(getattr(run, n, None))]
    if missing:
        raise UsageError(
            f"{type(run).__name__} is not a run: it has no {' and no '.join(missing)}",
            mend='give the run of "with provenir.track(…) as run:"',
        )


def halt_when(run: object, halt_on: object) -> None:
    """Have a run ask for a stop on a condition.

    Raises:
        UsageError: `run` knows no conditions, or that is none.
    """
    known = getattr(run, "halt_when", None)
    if not callable(known):
        raise UsageError(
            f"halt_on= was given, and a {type(run).__name__} does not say when to stop",
            mend='give the run of "with provenir.track(…) as run:"',
        )
    known(halt_on)


class Teller:
    """Calls into a run so that no fault of the run comes back; each place complains once.

    A `provenir.Run` turns its own faults into findings. What arrives here is a run that is not
    able to, so the fault goes to the log `provenir`.
    """

    def __init__(self) -> None:
        self._complained: set[str] = set()

    def tell(self, where: str, call: Callable[[], object]) -> None:
        """Run `call`; an `Exception` out of it is logged and dropped."""
        try:
            call()
        except Exception as fault:  # noqa: BLE001 - whatever it is, it must not reach the trainer
            if where not in self._complained:
                self._complained.add(where)
                logger.warning("%s failed: %s: %s", where, type(fault).__name__, fault)
