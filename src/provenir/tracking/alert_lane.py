"""The way of alerts to one destination, off the training thread.

Rules of a lane:

1. `submit` puts a message into a queue and is done: it does not wait, lock, or raise, and may be
   called from a signal handler.
2. At most 10 messages at once, then one every 30 seconds. The next one that is sent says how many
   were held back. That a run is halted or has ended is always sent.
3. At most 256 messages wait; further ones are dropped and counted as held back.
4. A daemon thread, begun with the first message, sends them one after another. Each is tried up to
   four times, after about 0.5, 1 and 2 seconds, half to one and a half of that by chance, or after
   the time that the other side asked for.
5. The end of a run waits for a lane for a bounded time. What is not sent by then is lost.
6. A forked child sends nothing.
"""

from __future__ import annotations

import os
import random
import threading
import time
from dataclasses import replace
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final

from provenir.core.findings import Finding
from provenir.tracking.alert_delivery import DeliveryError
from provenir.tracking.alerts import is_wanted

if TYPE_CHECKING:
    from collections.abc import Callable

    from provenir.tracking.alert_message import AlertMessage
    from provenir.tracking.alerts import Alert

__all__ = ["AlertLane"]

AT_ONCE: Final = 10
EVERY_S: Final = 30.0
WAITING: Final = 256
TRIES: Final = 4
FIRST_WAIT_S: Final = 0.5
_POLL_S: Final = 0.01
_ALWAYS: Final = frozenset({"halt", "end"})


class AlertLane:
    """Sends alerts to one destination.

    Args:
        alert: The destination.
        number: Its place in `alerts=`, from 1: all that is ever said of it in public.
        now: A clock that does not go back, in seconds.
    """

    def __init__(
        self, alert: Alert, number: int, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self.name = f"alert {number} ({alert.what})"
        self._alert = alert
        self._now = now
        self._pid = os.getpid()
        # Unlike queue.Queue it has no lock that a signal handler could wait for in vain.
        self._queue: SimpleQueue[AlertMessage] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._ending = threading.Event()
        self._tokens = float(AT_ONCE)
        self._filled_at = now()
        self._held_back = 0
        self._submitted = 0
        self._done = 0
        self._failed = 0
        self._reason: str | None = None
        self._has_told = False

    def submit(self, message: AlertMessage) -> None:
        """Have a message sent if the destination wants it; never waits, never raises."""
        if not is_wanted(self._alert, message) or os.getpid() != self._pid:
            return
        always = message.event in _ALWAYS
        if not (self._take_token() or always) or self._queue.qsize() >= WAITING:
            self._held_back += 1
            return
        held_back, self._held_back = self._held_back, 0
        self._submitted += 1
        self._queue.put(replace(message, held_back=held_back))
        if self._thread is None:
            self._begin()

    def flush(self, timeout_s: float) -> bool:
        """Wait until everything was tried, at most so long; return whether it was."""
        deadline = time.monotonic() + timeout_s
        while self._done < self._submitted:
            if self._thread is None or time.monotonic() >= deadline:
                return False
            time.sleep(_POLL_S)
        return True

    def end(self) -> None:
        """Let no message be waited for any more."""
        self._ending.set()

    @property
    def has_news(self) -> bool:
        """Whether a message could not be delivered and nobody was told of it."""
        return self._reason is not None and not self._has_told

    def findings(self, *, last: bool = False) -> list[Finding]:
        """What is to be said of the lane that was not said before.

        Args:
            last: Whether nothing more will be sent.
        """
        found = []
        if self.has_news:
            self._has_told = True
            found.append(
                Finding(
                    kind="alert_not_delivered",
                    severity="warning",
                    detail=f"{self.name}: {self._reason}",
                    subject=self.name,
                )
            )
        if last and (waiting := self._submitted - self._done):
            found.append(
                Finding(
                    kind="alerts_not_sent",
                    severity="warning",
                    detail=f"{self.name}: {waiting} alerts were not sent when the run ended",
                    subject=self.name,
                    data={"count": waiting},
                )
            )
        if last and self._held_back:
            found.append(
                Finding(
                    kind="alerts_held_back",
                    severity="info",
                    detail=f"{self.name}: {self._held_back} alerts were held back",
                    subject=self.name,
                    data={"count": self._held_back},
                )
            )
        return found

    def _take_token(self) -> bool:
        now = self._now()
        gained = (now - self._filled_at) / EVERY_S
        self._tokens, self._filled_at = min(AT_ONCE, self._tokens + gained), now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True

    def _begin(self) -> None:
        thread = threading.Thread(target=self._work, name="provenir-alerts", daemon=True)
        try:
            thread.start()
        except RuntimeError as fault:  # the interpreter is ending, or there is no thread to be had
            self._fail(type(fault).__name__)
            return
        self._thread = thread

    def _work(self) -> None:
        while True:
            message = self._queue.get()
            try:
                self._send(message)
            except Exception as fault:  # noqa: BLE001 - it must outlive a message that it cannot send
                self._fail(type(fault).__name__)
            self._done += 1

    def _send(self, message: AlertMessage) -> None:
        for attempt in range(1, TRIES + 1):
            try:
                self._alert.deliver(message)
            except DeliveryError as fault:
                if not fault.again or attempt == TRIES or self._ending.is_set():
                    tried = f" after {attempt} tries" if attempt > 1 else ""
                    self._fail(f"{fault}{tried}")
                    return
                by_chance = FIRST_WAIT_S * 2 ** (attempt - 1) * random.uniform(0.5, 1.5)  # noqa: S311
                self._ending.wait(by_chance if fault.wait_s is None else fault.wait_s)
            else:
                return

    def _fail(self, reason: str) -> None:
        self._failed += 1
        self._reason = reason
