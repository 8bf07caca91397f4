"""Laws of every registered detector: total, deterministic, silent without data, JSON-safe."""

from __future__ import annotations

import json
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenir.observability import FlightRecorder
from provenir.observability.detectors import KINDS, STEP_WATCHES, WATCHES
from provenir.observability.detectors.registry import NEEDS_HISTORY
from provenir.observability.kinds import KIND_NOTES

CHANNELS = sorted({watch.channel for watch in WATCHES})
FIGURES = re.compile(r"(\d\.\d{3}) \[(\d\.\d{3}), (\d\.\d{3})\]; ")
numbers = st.floats() | st.integers(-(10**400), 10**400) | st.none() | st.booleans()


def played(channel, values):
    recorder = FlightRecorder()
    for step, value in enumerate(values):
        recorder.log_step({"step": step, channel: value})
    return recorder


@pytest.mark.parametrize("channel", CHANNELS)
@settings(max_examples=25)
@given(values=st.lists(numbers, max_size=60))
def test_any_series_is_judged_twice_alike_and_stays_json(channel, values):
    first, second = (played(channel, values).to_dict() for _ in range(2))
    assert first == second
    json.dumps(first, allow_nan=False)
    assert {anomaly["kind"] for anomaly in first["anomalies"]} <= set(KINDS)


@pytest.mark.parametrize("channel", CHANNELS)
def test_a_constant_healthy_series_raises_no_alarm(channel):
    constant = {"zero_advantage_fraction": 0.1, "nan_count": 0.0}.get(channel, 0.5)
    assert played(channel, [constant] * 300).anomalies == []


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_without_data_is_never_clean(kind):
    summary = FlightRecorder().summary()
    assert summary["verdict"] == "UNKNOWN"
    assert summary["num_steps"] == 0
    assert kind in summary["not_examined"]


@pytest.mark.parametrize("watch", WATCHES, ids=lambda watch: f"{watch.kind}-{watch.channel}")
def test_one_value_is_enough_unless_the_entry_says_otherwise(watch):
    summary = played(watch.channel, [0.5]).summary()
    shown = not watch.aside and watch.kind not in NEEDS_HISTORY
    assert (watch.kind in summary["examined"]) is shown
    assert (watch.kind in summary["not_examined"]) is not shown


def test_every_kind_has_a_detector_and_says_what_it_cannot_see():
    assert {watch.kind for watch in (*WATCHES, *STEP_WATCHES)} == set(KINDS)
    for note in KIND_NOTES.values():
        assert note.method
        assert note.source
        assert note.blind_spot
        rate, low, high = (float(part) for part in FIGURES.match(note.measured).groups())
        assert low <= rate <= high
        planted = re.findall(r"[01]\.\d\d, t4 [01]\.\d\d", note.measured)
        assert len(planted) == note.measured.count(";") >= 1
