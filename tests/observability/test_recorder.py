"""The recorder: episodes, verdict, summary, bounded memory, and that it never raises."""

from __future__ import annotations

import json
import math
import threading
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes import Raising, Scalar
from provenir.core.errors import UsageError
from provenir.core.findings import Finding
from provenir.observability import Anomaly, FlightRecorder, FlightRecorderConfig, RLStepMetrics
from strategies import hostile_steps, hostile_values, steps

PLAIN_KEYS = {
    "kl",
    "entropy",
    "reward_mean",
    "reward_std",
    "response_length_mean",
    "advantage_std",
    "grad_norm",
    "learning_rate",
}


def strict_json(recorder: FlightRecorder) -> dict:
    return json.loads(json.dumps(recorder.to_dict(), allow_nan=False))


def test_the_code_of_the_guide(healthy):
    recorder = FlightRecorder()
    printed = []
    for step in range(60):
        batch = healthy(step)
        if step == 50:
            batch["grad_norm"] = 80.0
        anomalies = recorder.log_step(
            RLStepMetrics(
                step=step,
                kl=batch["kl"],
                entropy=batch["entropy"],
                reward_mean=batch["reward_mean"],
                reward_std=batch["reward_std"],
                advantage_std=batch["advantage_std"],
                response_length_mean=batch["response_length_mean"],
                grad_norm=batch["grad_norm"],
            )
        )
        for a in anomalies:
            printed.append(f"[step {a.step}] {a.severity} {a.kind}: {a.detail}")
    assert len(printed) == 1
    assert printed[0].startswith("[step 50] critical grad_explosion: grad_norm is 80")
    assert [a.kind for a in recorder.anomalies] == ["grad_explosion"]
    assert recorder.health_report().startswith("DEGRADED: 60 steps, 1 anomaly (1 critical)")
    summary = recorder.summary()
    assert summary["num_steps"] == 60
    assert summary["by_kind"] == {"grad_explosion": 1}
    assert summary["by_severity"] == {"info": 0, "warning": 0, "critical": 1}
    assert summary["verdict"] == "DEGRADED"
    assert summary["final_metrics"].keys() == PLAIN_KEYS - {"learning_rate"}
    assert summary["final_metrics"]["kl"] == batch["kl"]


def test_an_anomaly_is_a_finding():
    (anomaly,) = FlightRecorder().log_step({"step": 7, "loss": math.nan})
    assert isinstance(anomaly, Anomaly)
    assert isinstance(anomaly, Finding)
    assert anomaly.to_dict() == {
        "kind": "nonfinite",
        "severity": "critical",
        "detail": "loss is nan",
        "subject": "loss",
        "data": {},
        "step": 7,
        "channel": "loss",
        "value": None,
        "last_step": 7,
        "recovered_at": None,
    }


# Episodes -------------------------------------------------------------------------------------


def test_an_episode_is_reported_once_followed_and_closed(healthy):
    recorder = FlightRecorder()
    for step in range(40):
        recorder.log_step(healthy(step))
    onsets = [recorder.log_step(healthy(step, grad_norm=50.0)) for step in range(40, 46)]
    assert [len(found) for found in onsets] == [1, 0, 0, 0, 0, 0]
    (anomaly,) = recorder.anomalies
    assert (anomaly.step, anomaly.last_step, anomaly.ongoing) == (40, 45, True)
    assert recorder.summary()["ongoing"] == ["grad_explosion"]
    assert recorder.health_report().startswith("CRITICAL")
    for step in range(46, 50):
        assert recorder.log_step(healthy(step)) == []
    assert recorder.anomalies[0].recovered_at is None
    recorder.log_step(healthy(50))
    (anomaly,) = recorder.anomalies
    assert (anomaly.step, anomaly.last_step, anomaly.recovered_at) == (40, 45, 46)
    assert recorder.health_report().startswith("DEGRADED")
    assert recorder.summary()["ongoing"] == []


def test_the_same_fault_again_is_a_new_episode(healthy):
    recorder = FlightRecorder()
    for step in range(120):
        recorder.log_step(healthy(step, **({"grad_norm": 50.0} if step in (50, 100) else {})))
    assert [(a.step, a.recovered_at) for a in recorder.anomalies] == [(50, 51), (100, 101)]
    assert recorder.summary()["by_kind"] == {"grad_explosion": 2}


def test_a_gap_in_the_middle_of_an_episode_keeps_it(healthy):
    recorder = FlightRecorder()
    for step in range(40):
        recorder.log_step(healthy(step))
    recorder.log_step(healthy(40, grad_norm=50.0))
    for step in range(41, 44):
        recorder.log_step(healthy(step))
    recorder.log_step(healthy(44, grad_norm=50.0))
    for step in range(45, 48):
        recorder.log_step(healthy(step))
    recorder.log_step(healthy(48, grad_norm=50.0))
    assert [(a.step, a.last_step) for a in recorder.anomalies] == [(40, 48)]


def test_steps_that_do_not_log_the_signal_recover_nothing(healthy):
    recorder = FlightRecorder()
    recorder.log_step({"step": 0, "grad_norm": math.inf, "loss": 1.0})
    for step in range(1, 30):
        recorder.log_step({"step": step, "loss": 1.0})
    assert recorder.anomalies[0].ongoing
    for step in range(30, 35):
        recorder.log_step({"step": step, "grad_norm": 1.0})
    assert recorder.anomalies[0].recovered_at == 30


def test_a_fault_does_not_become_its_own_baseline(healthy):
    recorder = FlightRecorder()
    for step in range(60):
        recorder.log_step(healthy(step))
    for step in range(60, 500):
        recorder.log_step(healthy(step, response_length_mean=3000.0))
    (anomaly,) = recorder.anomalies
    assert (anomaly.kind, anomaly.last_step) == ("length_explosion", 499)


def test_a_shift_is_over_when_the_channel_is_back_and_not_before(healthy):
    recorder = FlightRecorder()
    shifts = [(60, 1.0), (90, 1.5), (130, 1.25), (150, 1.0)]
    for step in range(150):
        times = next(times for until, times in shifts if step < until)
        metrics = healthy(step)
        metrics["response_length_mean"] *= times
        recorder.log_step(metrics)
        if step == 129:
            assert [a.ongoing for a in recorder.anomalies] == [True]
    (anomaly,) = recorder.anomalies
    assert anomaly.kind == "length_explosion"
    assert 120 < anomaly.last_step < anomaly.recovered_at < 140


def test_after_an_episode_noise_is_silent_again(healthy):
    recorder = FlightRecorder()
    for step in range(500):
        metrics = healthy(step)
        if 60 <= step < 80:
            metrics["grad_norm"] *= 4
            metrics["entropy"] *= 0.5
        found = recorder.log_step(metrics)
        assert not found or 60 <= step < 80
    assert sorted(a.kind for a in recorder.anomalies) == ["entropy_collapse", "grad_explosion"]


def test_an_episode_gets_more_severe_and_never_less(healthy):
    recorder = FlightRecorder()
    for step in range(40):
        recorder.log_step(healthy(step))
    for step, norm in enumerate([5.0, 50.0, 5.0, 5.0], start=40):
        recorder.log_step(healthy(step, grad_norm=norm))
    (anomaly,) = recorder.anomalies
    assert (anomaly.severity, anomaly.value, anomaly.step) == ("critical", 50.0, 40)
    assert anomaly.detail.endswith("(at step 41)")


def test_episodes_beyond_the_limit_are_counted():
    recorder = FlightRecorder(FlightRecorderConfig(max_anomalies=3, recover_after=1))
    for step in range(40):
        recorder.log_step({"loss": math.nan if step % 2 else 1.0})
    summary = recorder.summary()
    assert len(recorder.anomalies) == 3
    assert summary["by_kind"] == {"nonfinite": 20}
    assert summary["by_severity"]["critical"] == 20
    assert summary["anomalies_not_kept"] == 17
    assert recorder.health_report().startswith("CRITICAL")


# Verdict --------------------------------------------------------------------------------------


def test_without_data_nothing_is_known():
    recorder = FlightRecorder()
    assert recorder.health_report().startswith("UNKNOWN")
    recorder.log_step({"step": 1})
    recorder.log_step({"my_metric": 3.0})
    recorder.log_step({"loss": 1.0})
    assert recorder.summary()["verdict"] == "UNKNOWN"
    assert recorder.summary()["num_steps"] == 3


def test_what_was_not_watched_is_said(healthy):
    recorder = FlightRecorder()
    for step in range(10):
        recorder.log_step({"entropy": 1.0 + step % 2 / 10, "kl": "high"})
    summary = recorder.summary()
    assert summary["verdict"] == "HEALTHY"
    both = {"entropy_collapse": 10, "entropy_explosion": 10}
    assert summary["examined"] == {**both, "nonfinite": 10}
    assert summary["not_examined"]["grad_explosion"] == "never logged: grad_norm"
    assert summary["not_examined"]["kl"] == "10 values were no numbers"
    assert "entropy_collapse" in summary["not_examined"]["sustained_shifts"]
    report = recorder.health_report()
    assert "not watched: grad_explosion (never logged: grad_norm)" in report
    recorder = FlightRecorder()
    for step in range(40):
        recorder.log_step(healthy(step))
    not_logged = recorder.summary()["not_examined"]
    assert not_logged == {}


def test_a_value_or_two_show_nothing_to_kinds_that_need_a_history():
    recorder = FlightRecorder()
    for _ in range(4):
        recorder.log_step({"reward_mean": 0.5})
    assert recorder.summary()["verdict"] == "UNKNOWN"
    assert recorder.summary()["not_examined"]["reward_spike"].startswith("needs more than 4")
    recorder.log_step({"reward_mean": 0.5})
    assert recorder.summary()["verdict"] == "HEALTHY"
    recorder.log_step({"entropy": 1.0})
    assert "entropy_collapse" in recorder.summary()["not_examined"]["leaps"]


def test_information_leaves_a_run_healthy():
    recorder = FlightRecorder()
    recorder.log_step({"reward_std": 0.0, "reward_mean": 1.0})
    assert recorder.health_report().startswith("HEALTHY: 1 step, 1 anomaly (1 info)")


# Steps and series -----------------------------------------------------------------------------


def test_steps_without_a_number_are_counted_on():
    recorder = FlightRecorder()
    for metrics in ({"kl": 0.1}, {"step": 10, "kl": 0.1}, {"kl": 0.1}, {"step": "x", "kl": 0.1}):
        recorder.log_step(metrics)
    assert [bucket[0] for bucket in recorder.series["kl"]] == [0, 10, 11, 12]
    assert recorder.summary()["last_step"] == 12


def test_a_short_series_is_kept_whole():
    recorder = FlightRecorder()
    for step in range(2_000):
        recorder.log_step({"step": step, "kl": step / 2_000})
    assert recorder.series == {
        "kl": [(step, step, step / 2_000, step / 2_000, step / 2_000) for step in range(2_000)]
    }


@pytest.mark.parametrize("limit", [2, 3, 7, 100])
def test_a_long_series_keeps_its_extremes(limit):
    recorder = FlightRecorder(FlightRecorderConfig(max_buckets=limit))
    values = [math.sin(step * step) for step in range(1_234)]
    for step, value in enumerate(values):
        recorder.log_step({"step": step, "loss": value})
        buckets = recorder.series["loss"]
        assert len(buckets) <= limit
        if step % 97 and step < 1_233:
            continue
        assert buckets[0][0] == 0
        assert buckets[-1][1] == step
        assert all(right[0] == left[1] + 1 for left, right in pairwise(buckets))
        assert len({last - first for first, last, *_ in buckets[:-1]}) <= 1
        for first, last, low, high, final in buckets:
            part = values[first : last + 1]
            assert (low, high, final) == (min(part), max(part), part[-1])


def test_memory_stays_flat():
    recorder = FlightRecorder(FlightRecorderConfig(max_buckets=200))
    metrics = {"kl": 0.1, "entropy": 1.0, "grad_norm": 1.0, "loss": 0.5}

    def log(first: int, last: int) -> int:
        for step in range(first, last):
            metrics["kl"] = 0.1 + step % 7 / 100
            metrics["loss"] = math.nan if step % 50 == 0 else 0.5
            recorder.log_step({"step": step, f"custom/{step}": 1.0, **metrics})
        return tracemalloc.get_traced_memory()[0]

    log(0, 6_000)
    tracemalloc.start()
    try:
        before = log(6_000, 7_000)
        after = log(7_000, 10_000)
    finally:
        tracemalloc.stop()
    assert after - before < 100_000


@pytest.mark.slow
def test_memory_stays_flat_over_a_long_run(healthy):
    recorder = FlightRecorder()
    sizes = []
    tracemalloc.start()
    try:
        for step in range(100_000):
            recorder.log_step(healthy(step))
            if step in (10_000, 99_999):
                sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert sizes[1] - sizes[0] < 200_000
    assert max(map(len, recorder.series.values())) <= 2_000


# Robustness -----------------------------------------------------------------------------------


def test_what_a_loop_may_hand_over_by_mistake():
    recorder = FlightRecorder()
    for metrics in (None, 3, "kl", [1], object(), Raising(), {}, {None: 1}, {"kl": {"a": 1}}):
        assert recorder.log_step(metrics) == []
    recorder.log_step({"step": Raising()})
    recorder.log_step({"kl": Scalar(0.5), "entropy": Raising(), 1: 2, (1, 2): 3, "\ud800": 4})
    assert recorder.summary()["final_metrics"] == {"kl": 0.5}
    assert recorder.faults == {}
    assert recorder.num_steps == 11
    strict_json(recorder)


def test_numpy_and_torch_values():
    numpy = pytest.importorskip("numpy", reason="numpy is not installed")
    recorder = FlightRecorder()
    recorder.log_step({"step": numpy.int64(3), "kl": numpy.float32(0.5), "loss": numpy.array(0.25)})
    recorder.log_step({"entropy": numpy.array([1.5]), "grad_norm": numpy.array([1.0, 2.0])})
    summary = recorder.summary()
    assert summary["final_metrics"] == {"kl": 0.5, "loss": 0.25, "entropy": 1.5}
    assert summary["unreadable_values"] == {"grad_norm": 1}
    assert summary["last_step"] == 4


EXTREME = st.floats(allow_nan=True, allow_infinity=True) | st.sampled_from(
    [0.0, -0.0, 5e-324, 1e308, -1e308, 1e-300, 10**400, -(10**400)]
)


@settings(max_examples=60)
@given(st.lists(hostile_steps | steps | hostile_values, max_size=8))
def test_nothing_stops_the_recorder(given_steps):
    recorder = FlightRecorder()
    for metrics in given_steps:
        assert isinstance(recorder.log_step(metrics), list)
    assert recorder.faults == {}
    assert recorder.num_steps == len(given_steps)
    strict_json(recorder)
    recorder.health_report()


@settings(max_examples=40)
@given(st.lists(st.lists(EXTREME, min_size=8, max_size=8), min_size=5, max_size=40))
def test_extreme_values_reach_the_detectors_and_break_nothing(rows):
    recorder = FlightRecorder(FlightRecorderConfig(window=16, warmup=8, lag=2))
    for row in rows:
        recorder.log_step(dict(zip(sorted(PLAIN_KEYS), row, strict=True)))
    assert recorder.faults == {}
    strict_json(recorder)


def test_several_threads_at_once():
    recorder = FlightRecorder()

    def log() -> None:
        for _ in range(500):
            recorder.log_step({"kl": 0.1, "grad_norm": 1.0})

    threads = [threading.Thread(target=log) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert recorder.num_steps == 2_000
    assert recorder.summary()["last_step"] == 1_999
    assert recorder.faults == {}


def test_a_fault_of_the_recorder_itself_is_counted_and_shown():
    class Broken(FlightRecorder):
        def _take(self, reading):
            raise ArithmeticError

    recorder = Broken()
    assert recorder.log_step({"kl": 0.1}) == []
    assert recorder.faults == {"ArithmeticError": 1}
    assert "ArithmeticError" in recorder.summary()["not_examined"]["recorder"]


def test_faults_of_several_kinds_are_all_shown():
    class Broken(FlightRecorder):
        raised = iter([ArithmeticError, KeyError, ArithmeticError])

        def _take(self, reading):
            raise next(self.raised)

    recorder = Broken()
    for _ in range(3):
        recorder.log_step({"kl": 0.1})
    assert recorder.summary()["not_examined"]["recorder"] == (
        "2 steps were lost to an internal ArithmeticError; "
        "1 steps were lost to an internal KeyError"
    )


# Configuration --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"kl_max": 0},
        {"kl_max": math.nan},
        {"kl_max": "10"},
        {"entropy_min": -1},
        {"window": 8},
        {"window": 64.0},
        {"max_buckets": 2_001},
        {"max_buckets": 1},
        {"recover_after": 0},
        {"recover_after": True},
        {"warmup": 97},
    ],
)
def test_settings_that_cannot_work_are_refused(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        FlightRecorderConfig(**wrong)


def test_a_configuration_of_another_type_is_refused():
    with pytest.raises(UsageError, match="FlightRecorderConfig"):
        FlightRecorder({"kl_max": 3})


def test_the_document_holds_what_the_format_says(healthy):
    recorder = FlightRecorder()
    for step in range(5):
        recorder.log_step(healthy(step, loss=math.nan))
    document = strict_json(recorder)
    assert set(document) == {"config", "summary", "anomalies", "series"}
    assert document["config"]["kl_max"] == 10.0
    assert [anomaly["kind"] for anomaly in document["anomalies"]] == ["nonfinite"]
    assert len(document["series"]["kl"]) == 5
    assert {len(bucket) for bucket in document["series"]["kl"]} == {5}


def test_an_episode_that_goes_on_takes_facts():
    recorder = FlightRecorder()
    recorder.log_step({"step": 0, "kl": float("nan")})
    recorder.explain("nonfinite", "kl", {"rank": 2})
    recorder.explain("nonfinite", "entropy", {"rank": 3})
    (anomaly,) = recorder.ongoing
    assert anomaly.data == {"rank": 2}
    assert recorder.anomalies == recorder.ongoing
    for step in range(1, 20):
        recorder.log_step({"step": step, "kl": 0.1})
    assert recorder.ongoing == []
    assert recorder.anomalies[0].data == {"rank": 2}
