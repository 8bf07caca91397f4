"""Whatever a loop logs: no exception, strict JSON, and nothing that grows without end."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from provenir.observability.framework_names import NAMES
from provenir.observability.metrics import CHANNELS, map_metrics
from provenir.observability.recorder import FlightRecorder
from strategies import any_text, hostile_steps, hostile_values, metric_values

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "observability" / "fuzz_metrics.py"
known_names = st.sampled_from([name for names in NAMES.values() for name in names])
long_names = st.text(max_size=4).map(lambda text: text * 2_000)
framework_steps = st.dictionaries(
    known_names | known_names.map("train/{}".format) | any_text | long_names,
    metric_values | hostile_values,
    max_size=8,
)


@pytest.fixture(scope="module")
def fuzz():
    spec = importlib.util.spec_from_file_location("fuzz_metrics", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    sys.modules["fuzz_metrics"] = module
    spec.loader.exec_module(module)
    return module


@pytest.mark.filterwarnings("ignore")
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(framework_steps | hostile_steps | hostile_values, max_size=6))
def test_any_steps_leave_a_recorder_that_can_be_written(fuzz, steps):
    recorder = FlightRecorder()
    for step in steps:
        recorder.log_step(step)
        map_metrics(step)
    told = recorder.to_dict()
    assert fuzz.strict(told)
    assert set(told["series"]) <= set(CHANNELS)
    assert recorder.faults == {}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("count", [1_000, pytest.param(30_000, marks=pytest.mark.slow)])
def test_a_long_run_of_random_dicts(fuzz, count):
    found = fuzz.fuzz(count, seed=7)
    assert found["late_kib"] - found["early_kib"] < 16_384
