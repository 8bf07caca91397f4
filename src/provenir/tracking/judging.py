"""Judging rollouts beside the training loop, in the order in which they came.

Reading a text takes longer than writing it down, and a training step has many. So a live run only
puts a rollout, which is on disk by then, in a line; a thread of its own judges it meanwhile.
Whoever needs the result calls `settle` and judges what still waits, so nothing depends on that
thread: where it is late, or gone as in a forked child, the caller does its work.

Rules: one rollout is judged at a time, under a lock; the line is bounded, and a caller who finds it
full empties it. A signal handler may come in the middle of a judgement on its own thread; that
rollout is then half judged, which `broken` says.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from provenir.observability.hacking import HackingSignal

__all__ = ["RolloutJudge"]

MOST_WAITING: Final = 2_048
"""Rollouts in the line; beyond it whoever brings one judges first."""

LARGE: Final = 262_144
"""Characters of a text that does not wait: whoever brings it judges it, so that the line stays
small whatever is put in it."""

MOST_TOLD: Final = 10_000
"""Rollouts whose signals wait for somebody to ask for them; the oldest are dropped."""


class RolloutJudge:
    """A line of rollouts and the thread that judges them.

    Args:
        judge: Judges one record of a rollout; it does not raise an `Exception`.

    Attributes:
        broken: Whether a judgement was broken off in its middle.
    """

    def __init__(self, judge: Callable[[Mapping[str, Any]], Sequence[HackingSignal]]) -> None:
        self._judge = judge
        self._waiting: deque[tuple[Mapping[str, Any], int]] = deque()
        self._told: deque[tuple[Sequence[HackingSignal], int]] = deque(maxlen=MOST_TOLD)
        self._turn = threading.RLock()
        self._judging: int | None = None
        self._calls: SimpleQueue[bool] = SimpleQueue()
        self._is_called = False
        self._thread: threading.Thread | None = None
        self.broken = False

    def put(self, record: Mapping[str, Any], step: int) -> None:
        """Put a rollout in the line.

        Args:
            record: Its record, which nobody changes any more.
            step: The step that it was made for.
        """
        self.put_all((record,), step)

    def put_all(self, records: Sequence[Mapping[str, Any]], step: int) -> None:
        """Put rollouts of one step in the line, in order; see `put`."""
        for record in records:
            if len(self._waiting) >= MOST_WAITING:
                self.settle()
            self._waiting.append((record, step))
            if _is_large(record.get("trajectory")):
                self.settle()
        if self._waiting and not self._is_called:
            self._is_called = True
            self._call()

    def settle(self) -> None:
        """Return when everything in the line is judged, or is known to be half judged."""
        if self._judging == threading.get_ident():
            self.broken = True  # this is a signal handler, and what it came upon cannot go on
            return
        while self._waiting:
            self._judge_next()
        with self._turn:  # what the thread has taken out of the line may not be done
            return

    def told(self) -> list[tuple[Sequence[HackingSignal], int]]:
        """Take the signals that were found since the last call, each with the step."""
        found = []
        while self._told:
            found.append(self._told.popleft())
        return found

    def close(self) -> None:
        """Judge what waits and let the thread end."""
        self.settle()
        if self._thread is not None:
            self._calls.put(False)

    def _call(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="provenir-judge", daemon=True)
            self._thread.start()
        self._calls.put(True)

    def _work(self) -> None:
        while self._calls.get():
            self._is_called = False  # before the line is looked at: nobody is forgotten in it
            while self._waiting:
                self._judge_next()
                time.sleep(0)  # the training thread comes first

    def _judge_next(self) -> None:
        with self._turn:
            if not self._waiting:
                return
            record, step = self._waiting.popleft()
            self._judging = threading.get_ident()
            try:
                signals = self._judge(record)
            except BaseException:
                self.broken = True
                raise
            finally:
                self._judging = None
            if signals:
                self._told.append((signals, step))


def _is_large(trajectory: object) -> bool:
    if isinstance(trajectory, dict):
        for text in trajectory.values():
            if type(text) is str and len(text) > LARGE:
                return True
    return False
