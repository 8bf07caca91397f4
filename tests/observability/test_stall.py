"""A run in which nothing moves, and those that only look like one."""

from __future__ import annotations

from provenir.observability import FlightRecorder


def kinds(recorder):
    return [(a.kind, a.severity, a.step) for a in recorder.anomalies]


def test_a_zero_gradient_is_a_stall_at_its_third_step(healthy):
    recorder = FlightRecorder()
    for step in range(30):
        recorder.log_step(healthy(step, **({"grad_norm": 0.0} if step >= 20 else {})))
    assert kinds(recorder) == [("stall", "warning", 22)]


def test_a_solved_batch_without_gradient_is_information():
    recorder = FlightRecorder()
    for step in range(30):
        recorder.log_step({"step": step, "grad_norm": 0.0, "reward_mean": 1.0})
    assert kinds(recorder) == [("stall", "info", 2)]


def test_channels_that_repeat_the_step_before_are_a_stall(healthy):
    recorder = FlightRecorder()
    for step in range(20):
        recorder.log_step(healthy(step))
    last = healthy(20)
    for step in range(20, 40):
        recorder.log_step({**last, "step": step})
    assert kinds(recorder) == [("stall", "warning", 25)]
    assert recorder.anomalies[0].ongoing
    for step in range(40, 46):
        recorder.log_step(healthy(step))
    assert recorder.anomalies[0].recovered_at == 40


def test_a_run_that_never_moved_and_single_constant_channels_are_no_stall(healthy):
    recorder = FlightRecorder()
    for step in range(50):
        recorder.log_step(healthy(step, 0.0))
    for step in range(50):
        recorder.log_step(healthy(step, reward_mean=1.0, entropy=1.2, kl=0.1))
    assert "stall" not in {a.kind for a in recorder.anomalies}


def test_one_slow_step_is_information_and_several_are_a_warning(healthy):
    recorder = FlightRecorder()
    for step in range(40):
        recorder.log_step(healthy(step, **({"step_time": 400.0} if step == 30 else {})))
    assert kinds(recorder) == [("stall", "info", 30)]
    for step in range(40, 44):
        recorder.log_step(healthy(step, step_time=400.0))
    assert kinds(recorder)[1:] == [("stall", "warning", 40)]
