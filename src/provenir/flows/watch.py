"""`provenir run watch`: a run as it goes on, followed through its files alone.

The watch reads what is new, shows it, and waits: as long as `interval_s` while steps come, up to
four times as long while none do, and never shorter than twenty times what the last look cost, so
that on a machine that trains it takes at most a twentieth of one core once it has caught up.
"""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from provenir.core.clock import SystemClock
from provenir.core.errors import UsageError
from provenir.flows.watch_facts import Facts, gather
from provenir.provenance.run_record import read_run
from provenir.tracking.following import Follower

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from provenir.core.clock import Clock
    from provenir.flows.watch_screens import Screen

__all__ = ["INTERVAL_S", "watch"]

INTERVAL_S: Final = 0.5
_SHORTEST_S: Final = 0.05
_LONGEST_S: Final = 3_600.0
_IDLE_TIMES: Final = 4.0
_SHARE: Final = 20.0
_CATCHING_UP_S: Final = 0.5
"""Between two frames while what lies on disk is read for the first time."""


def watch(
    run_dir: Path,
    screen: Screen,
    *,
    once: bool = False,
    wait: bool = False,
    interval_s: float = INTERVAL_S,
    clock: Clock | None = None,
    is_gone: Callable[[], bool] | None = None,
) -> Facts:
    """Follow a run until it ends, its process is gone, or Ctrl-C.

    Args:
        run_dir: The run folder.
        screen: Where the run is shown.
        once: Show one frame, of all that is on disk, and leave.
        wait: Also stay where there is no run yet, or where it can be resumed; only a completed
            run ends the watch.
        interval_s: Seconds between two looks while steps come, 0.05 to 3,600.
        clock: Tells how long ago the last step was.
        is_gone: Tells whether nobody reads any more what is shown.

    Returns:
        What was shown last.

    Raises:
        InputError: There is no run in the folder, and `wait` is not set.
        UsageError: `interval_s` is out of bounds.
    """
    if not _SHORTEST_S <= interval_s <= _LONGEST_S:
        raise UsageError(
            f"interval {interval_s!r}", mend=f"give {_SHORTEST_S} to {_LONGEST_S:.0f} seconds"
        )
    if not wait:
        read_run(run_dir)
    clock = clock or SystemClock()
    follower = Follower(run_dir)
    facts = Facts(standing=follower.standing)
    try:
        with screen:
            pause_s = interval_s
            while not (is_gone is not None and is_gone()):
                began = time.monotonic()
                changed = _look(follower, whole=once)
                facts = _facts(follower, facts, clock, changed=changed)
                screen.show(facts, changed=changed)
                if once or _is_over(follower, wait=wait):
                    break
                if follower.behind:
                    continue
                cost = time.monotonic() - began
                idle_s = min(2 * pause_s, _IDLE_TIMES * interval_s)
                pause_s = interval_s if changed else idle_s
                screen.pause(max(pause_s, _SHARE * cost))
    except KeyboardInterrupt:
        return facts
    return facts


def _look(follower: Follower, *, whole: bool) -> bool:
    """Read what is new; while far behind, for half a second, or to the end if `whole`."""
    until = time.monotonic() + _CATCHING_UP_S
    changed = follower.look()
    onsets = list(follower.onsets)
    while follower.behind and (whole or time.monotonic() < until):
        changed |= follower.look()
        onsets += follower.onsets
    follower.onsets = onsets
    return changed


def _facts(follower: Follower, before: Facts, clock: Clock, *, changed: bool) -> Facts:
    """What is to be shown; a moment in which nothing came costs nothing."""
    now = clock.now()
    if changed or before.at == "":
        return gather(follower, now)
    last_at = follower.last_at
    idle_s = None if last_at is None else max(0.0, round(now.timestamp() - last_at, 3))
    return replace(before, idle_s=idle_s, began=())


def _is_over(follower: Follower, *, wait: bool) -> bool:
    if follower.behind:
        return False
    state = follower.standing.state
    return state == "completed" if wait else follower.standing.over or state == "absent"
