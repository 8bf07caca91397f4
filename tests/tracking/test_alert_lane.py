"""The rules of a lane, by destinations of the test's own."""

from __future__ import annotations

import threading
import time

import pytest

from provenir.tracking.alert_delivery import DeliveryError
from provenir.tracking.alert_lane import AT_ONCE, EVERY_S, TRIES, WAITING, AlertLane
from provenir.tracking.alert_message import AlertMessage


class Destination:
    """Takes alerts as it is told to."""

    what, on, kinds, recovered = "webhook", "warning", None, False

    def __init__(self, deliver):
        self._deliver, self.got = deliver, []

    def deliver(self, message):
        self._deliver(message)
        self.got.append(message)


def message(event="onset", severity="critical", kind="kl_blowup"):
    return AlertMessage(
        event=event, run="run", run_id="id", kind=kind, severity=severity, detail="d", time="t"
    )


class Time:
    """A clock that the test moves."""

    def __init__(self):
        self.at = 0.0

    def __call__(self):
        return self.at


def test_what_was_held_back_is_told_by_the_next_one():
    clock, destination = Time(), Destination(lambda _: None)
    lane = AlertLane(destination, 1, now=clock)
    for _ in range(AT_ONCE + 7):
        lane.submit(message())
    clock.at += EVERY_S
    lane.submit(message())
    lane.submit(message())
    lane.submit(message("halt"))
    assert lane.flush(10)
    assert [one.held_back for one in destination.got] == [0] * AT_ONCE + [7, 1]
    assert lane.findings(last=True) == []


def test_what_waits_when_the_run_ends_is_said():
    gate = threading.Event()
    lane = AlertLane(Destination(lambda _: gate.wait(30)), 1)
    lane.submit(message())
    lane.submit(message())
    assert not lane.flush(0.05)
    assert lane.findings() == []
    (finding,) = lane.findings(last=True)
    assert (finding.kind, finding.data["count"]) == ("alerts_not_sent", 2)
    gate.set()
    assert lane.flush(10)
    assert lane.findings(last=True) == []


def test_a_queue_that_is_full_drops_and_counts():
    gate = threading.Event()
    clock, destination = Time(), Destination(lambda _: gate.wait(30))
    lane = AlertLane(destination, 1, now=clock)
    for _ in range(WAITING + 50):
        clock.at += EVERY_S
        lane.submit(message())
    assert not lane.flush(0.01)
    waiting, held_back = lane.findings(last=True)
    assert (waiting.kind, held_back.kind) == ("alerts_not_sent", "alerts_held_back")
    assert 49 <= held_back.data["count"] <= 50
    gate.set()
    assert lane.flush(10)


def failing(*faults):
    left = list(faults)

    def deliver(_):
        if left:
            raise left.pop(0)

    return deliver


def test_a_fault_that_passes_is_no_fault():
    destination = Destination(failing(*[DeliveryError("x", again=True, wait_s=0.0)] * (TRIES - 1)))
    lane = AlertLane(destination, 1)
    lane.submit(message())
    assert lane.flush(10)
    assert len(destination.got) == 1
    assert lane.findings() == []


def test_a_fault_that_stays_is_said_once():
    fault = DeliveryError("HTTP 503", again=True, wait_s=0.0)
    lane = AlertLane(Destination(failing(*[fault] * 99)), 2)
    for _ in range(3):
        lane.submit(message())
    assert lane.flush(10)
    (finding,) = lane.findings()
    assert finding.detail == f"alert 2 (webhook): HTTP 503 after {TRIES} tries"
    assert lane.findings() == []


@pytest.mark.parametrize("fault", [ValueError("secret"), DeliveryError("HTTP 404", again=False)])
def test_a_lane_outlives_what_it_cannot_send(fault):
    destination = Destination(failing(fault))
    lane = AlertLane(destination, 1)
    lane.submit(message())
    lane.submit(message())
    assert lane.flush(10)
    assert len(destination.got) == 1
    assert "secret" not in lane.findings()[0].detail


def test_an_end_does_not_wait_for_another_try():
    lane = AlertLane(Destination(failing(*[DeliveryError("x", again=True, wait_s=60)] * 9)), 1)
    lane.submit(message())
    time.sleep(0.05)
    lane.end()
    assert lane.flush(10)
    assert lane.findings()[0].kind == "alert_not_delivered"


def test_only_what_is_wanted_is_sent():
    destination = Destination(lambda _: None)
    lane = AlertLane(destination, 1)
    for one in (message(severity="info"), message("recovery"), message("end", "info", "run_end")):
        lane.submit(one)
    assert lane.flush(10)
    assert [one.event for one in destination.got] == ["end"]
