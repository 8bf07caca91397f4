"""Each detector fires on its fault and is silent on noise, growth and learning."""

from __future__ import annotations

import math
import random

import pytest

from provenir.observability import FlightRecorder, FlightRecorderConfig
from provenir.observability.detectors import KINDS, WATCHES

GUIDE_KINDS = {
    "kl_blowup",
    "kl_collapse",
    "entropy_collapse",
    "length_explosion",
    "advantage_collapse",
    "reward_std_collapse",
    "reward_spike",
    "grad_explosion",
}
MORE_KINDS = {
    "nonfinite",
    "kl_mismatch",
    "zero_advantage_groups",
    "truncation",
    "entropy_explosion",
    "clip_saturation",
    "lr_anomaly",
    "stall",
}
SUDDEN = {
    "kl_blowup": {"kl": 2.0},
    "kl_collapse": {"kl": 0.0},
    "entropy_collapse": {"entropy": 0.05},
    "length_explosion": {"response_length_mean": 1500.0},
    "advantage_collapse": {"advantage_std": 0.0},
    "reward_std_collapse": {"reward_std": 0.0},
    "reward_spike": {"reward_mean": 0.98},
    "grad_explosion": {"grad_norm": 8.0},
    "nonfinite": {"loss": math.nan},
    "kl_mismatch": {"kl_mismatch": 0.1},
    "truncation": {"truncated_fraction": 0.9},
    "entropy_explosion": {"entropy": 6.0},
    "clip_saturation": {"clip_fraction": 0.8},
    "zero_advantage_groups": {"zero_advantage_fraction": 0.9},
    "lr_anomaly": {"learning_rate": 1e-3},
    "stall": {"step_time": 300.0},
}
SUSTAINED = {
    "kl_blowup": ("kl", 2.0),
    "kl_collapse": ("kl", 0.2),
    "entropy_collapse": ("entropy", 0.5),
    "length_explosion": ("response_length_mean", 1.5),
    "advantage_collapse": ("advantage_std", 0.4),
    "reward_std_collapse": ("reward_std", 0.4),
    "reward_spike": ("reward_mean", 1.5),
    "grad_explosion": ("grad_norm", 3.0),
    "kl_mismatch": ("kl_mismatch", 2.0),
    "truncation": ("truncated_fraction", 2.0),
    "entropy_explosion": ("entropy", 1.3),
    "clip_saturation": ("clip_fraction", 2.0),
    "zero_advantage_groups": ("zero_advantage_fraction", 2.0),
}


def kinds_of(anomalies):
    return [anomaly.kind for anomaly in anomalies]


def test_the_kinds_are_those_of_the_guide():
    assert set(KINDS) == GUIDE_KINDS | MORE_KINDS
    assert set(SUDDEN) == set(KINDS)
    assert len({(watch.kind, watch.channel) for watch in WATCHES}) == len(WATCHES)


@pytest.mark.parametrize("scatter", [0.0, 0.05])
@pytest.mark.parametrize("warm", [12, 100])
@pytest.mark.parametrize("kind", SUDDEN)
def test_a_sudden_fault_is_caught_on_its_first_step(healthy, kind, warm, scatter):
    recorder = FlightRecorder()
    for step in range(warm):
        assert recorder.log_step(healthy(step, scatter)) == []
    assert kinds_of(recorder.log_step(healthy(warm, scatter, **SUDDEN[kind]))) == [kind]


@pytest.mark.parametrize("kind", SUSTAINED)
def test_a_sustained_shift_is_caught_within_ten_steps(healthy, kind):
    recorder = FlightRecorder()
    channel, times = SUSTAINED[kind]
    for step in range(60):
        assert recorder.log_step(healthy(step)) == []
    found = []
    for step in range(60, 70):
        metrics = healthy(step)
        metrics[channel] *= times
        found += kinds_of(recorder.log_step(metrics))
    assert found == [kind]


@pytest.mark.parametrize(
    ("metrics", "kind"),
    [
        ({"kl": 50.0}, "kl_blowup"),
        ({"kl": -50.0}, "kl_blowup"),
        ({"actor/ppo_kl": 50.0}, "kl_blowup"),
        ({"rollout_corr/kl": 50.0}, "kl_mismatch"),
        ({"entropy": 0.001}, "entropy_collapse"),
        ({"advantage_std": 0.0}, "advantage_collapse"),
        ({"critic/advantages/max": 0.0, "critic/advantages/min": 0.0}, "advantage_collapse"),
        ({"loss/avg_raw_advantages_abs": 0.0}, "advantage_collapse"),
        ({"reward_std": 0.0}, "reward_std_collapse"),
        ({"grad_norm": 1e7}, "grad_explosion"),
        ({"grad_norm": math.inf}, "nonfinite"),
        ({"reward": math.nan}, "nonfinite"),
        ({"loss/nan_count": 3}, "nonfinite"),
    ],
)
def test_a_certain_disaster_needs_no_history(metrics, kind):
    assert kinds_of(FlightRecorder().log_step(metrics)) == [kind]


def test_ten_times_the_gradient_norm_is_critical_at_once():
    recorder = FlightRecorder()
    for _ in range(50):
        recorder.log_step({"grad_norm": 1.5})
    (anomaly,) = recorder.log_step({"grad_norm": 15.0})
    assert (anomaly.kind, anomaly.severity, anomaly.value) == ("grad_explosion", "critical", 15.0)


def test_noise_is_silent(healthy):
    recorder = FlightRecorder()
    for step in range(3_000):
        assert recorder.log_step(healthy(step, 0.1)) == []
    assert recorder.health_report().startswith("HEALTHY")


def test_learning_growth_and_decay_raise_no_warning():
    rng = random.Random(3)
    recorder = FlightRecorder()
    for step in range(400):
        learnt = 1 / (1 + math.exp(-(step - 120) / 12))
        metrics = {
            "kl": 1e-5 + 0.4 * (1 - math.exp(-step / 60)) * (1 + 0.1 * rng.gauss(0, 1)),
            "entropy": 1.5 * math.exp(-step / 400) * (1 + 0.05 * rng.gauss(0, 1)),
            "reward_mean": 0.1 + 0.8 * learnt + 0.03 * rng.gauss(0, 1),
            "reward_std": (0.3 + 0.2 * (1 - learnt)) * (1 + 0.05 * rng.gauss(0, 1)),
            "response_length_mean": 200 * math.exp(step / 250) * (1 + 0.05 * rng.gauss(0, 1)),
            "grad_norm": math.exp(0.5 * rng.gauss(0, 1)),
        }
        found = recorder.log_step(metrics)
        # So quick a rise of the reward may pass for a step up, and the spread falls with it.
        assert {(a.kind, a.severity) for a in found} <= {
            ("reward_spike", "info"),
            ("reward_std_collapse", "info"),
        }, step
    assert len(recorder.anomalies) <= 2
    assert recorder.health_report().startswith("HEALTHY")


def test_a_single_outlier_of_a_few_deviations_is_silent(healthy):
    recorder = FlightRecorder()
    for step in range(100):
        recorder.log_step(healthy(step))
    for step in range(100, 400):
        metrics = healthy(step)
        if step % 20 == 0:
            metrics["response_length_mean"] = 300 * 1.3
            metrics["entropy"] = 1.2 * 0.7
        assert recorder.log_step(metrics) == []


def test_missing_channels_are_no_zeros(healthy):
    recorder = FlightRecorder()
    for step in range(40):
        recorder.log_step(healthy(step))
    for step in range(40, 60):
        assert recorder.log_step({"step": step}) == []
        assert recorder.log_step(dict.fromkeys(GUIDE_KINDS | {"kl", "entropy"})) == []


def test_entropy_that_decays_slowly_is_caught_against_the_start():
    recorder = FlightRecorder()
    found = []
    for step in range(400):
        found += recorder.log_step({"entropy": 1.5 * math.exp(-step / 60)})
    assert kinds_of(found) == ["entropy_collapse"]
    assert "at the start" in found[0].detail
    (anomaly,) = recorder.anomalies
    assert anomaly.severity == "critical"


def test_entropy_that_hovers_at_the_limit_is_one_episode():
    rng = random.Random(5)
    recorder = FlightRecorder()
    for step in range(600):
        level = 1.5 * max(0.185, math.exp(-step / 100))
        recorder.log_step({"entropy": level * (1 + 0.05 * rng.gauss(0, 1))})
    assert kinds_of(recorder.anomalies) == ["entropy_collapse"]


def test_steps_without_gradient_weigh_more_the_longer_they_last():
    recorder = FlightRecorder()
    grown = []
    for _ in range(20):
        recorder.log_step({"advantage_std": 0.0, "reward_mean": 0.0})
        grown.append(recorder.anomalies[0].severity)
    assert grown == ["info"] * 2 + ["warning"] * 17 + ["critical"]


def test_a_solved_batch_is_information():
    recorder = FlightRecorder()
    for _ in range(40):
        recorder.log_step({"advantage_std": 0.0, "reward_std": 0.0, "reward_mean": 1.0})
    assert {anomaly.severity for anomaly in recorder.anomalies} == {"info"}
    assert recorder.health_report().startswith("HEALTHY")


def test_equal_rewards_below_a_known_maximum_are_not_solved():
    recorder = FlightRecorder()
    for _ in range(4):
        recorder.log_step({"advantage_std": 0.0, "reward_mean": 1.0, "reward_max": 2.0})
    assert recorder.anomalies[0].severity == "warning"


def test_degenerate_groups_are_caught_by_their_share():
    recorder = FlightRecorder()
    found = [kinds_of(recorder.log_step({"frac_reward_zero_std": 1.0})) for _ in range(5)]
    assert found == [[], [], ["zero_advantage_groups"], [], []]
    recorder = FlightRecorder()
    for step in range(60):
        assert recorder.log_step({"frac_reward_zero_std": float(step % 3 > 0)}) == []


def test_one_fault_in_two_channels_is_one_episode():
    recorder = FlightRecorder()
    for _ in range(5):
        recorder.log_step({"advantage_std": 0.0, "loss/avg_raw_advantages_abs": 0.0})
    assert kinds_of(recorder.anomalies) == ["advantage_collapse"]


def test_the_three_kl_are_judged_apart():
    recorder = FlightRecorder()
    for _ in range(30):
        recorder.log_step({"kl": 0.1, "kl_old": 0.01, "kl_mismatch": 0.001})
    (anomaly,) = recorder.log_step({"kl": 0.1, "kl_old": 0.5, "kl_mismatch": 0.001})
    assert (anomaly.kind, anomaly.channel) == ("kl_blowup", "kl_old")


def test_bounds_can_be_set():
    assert FlightRecorder(FlightRecorderConfig(kl_max=100.0)).log_step({"kl": 50.0}) == []
    strict = FlightRecorder(FlightRecorderConfig(entropy_min=0.5))
    assert kinds_of(strict.log_step({"entropy": 0.4})) == ["entropy_collapse"]


def test_the_size_of_rewards_can_be_set():
    small = FlightRecorder(FlightRecorderConfig(reward_resolution=1e-4))
    for step in range(30):
        small.log_step({"reward_mean": 0.001 + 1e-5 * (step % 3)})
    assert kinds_of(small.log_step({"reward_mean": 0.009})) == ["reward_spike"]


WATCHED_SIDE = {
    ("kl", 1): "kl_blowup",
    ("kl", -1): "kl_collapse",
    ("entropy", -1): "entropy_collapse",
    ("entropy", 1): "entropy_explosion",
    ("reward_mean", 1): "reward_spike",
    ("reward_mean", -1): "reward_spike",
    ("reward_std", -1): "reward_std_collapse",
    ("advantage_std", -1): "advantage_collapse",
    ("response_length_mean", 1): "length_explosion",
    ("grad_norm", 1): "grad_explosion",
}
LEVEL = {"kl": 0.05, "entropy": 1.2, "reward_mean": 0.5, "response_length_mean": 300.0}


def excursion(channel, times, length, seed, *, start=300, after=300):
    rng = random.Random(f"{channel}/{times}/{length}/{seed}")
    recorder = FlightRecorder()
    for step in range(start + length + after):
        value = LEVEL.get(channel, 0.8) * (1 + 0.1 * rng.gauss(0, 1))
        away = start <= step < start + length
        recorder.log_step({"step": step, channel: value * (times if away else 1)})
    assert not recorder.faults
    return recorder.anomalies


@pytest.mark.parametrize("seed", range(5))
def test_a_kl_that_comes_down_from_a_blowup_is_no_collapse(seed):
    rng = random.Random(seed)
    recorder = FlightRecorder()
    for step in range(3_000):
        value = 0.05 * (1 + 0.1 * rng.gauss(0, 1))
        recorder.log_step({"step": step, "kl": value * (20 if 501 <= step < 550 else 1)})
    (anomaly,) = recorder.anomalies
    assert (anomaly.kind, anomaly.step, anomaly.recovered_at) == ("kl_blowup", 501, 550)


@pytest.mark.parametrize("length", [1, 5, 20, 50, 500])
@pytest.mark.parametrize("times", [3.0, 20.0, 1 / 3, 1 / 20])
@pytest.mark.parametrize(
    "channel",
    [
        "kl",
        "entropy",
        "reward_mean",
        "reward_std",
        "advantage_std",
        "response_length_mean",
        "grad_norm",
    ],
)
def test_an_excursion_and_return_is_one_event_at_most(channel, times, length):
    for seed in range(2):
        everything = excursion(channel, times, length, seed)
        found = [anomaly for anomaly in everything if anomaly.severity != "info"]
        kind = WATCHED_SIDE.get((channel, 1 if times > 1 else -1))
        assert kinds_of(found) in ([], [kind]) if kind else not found, found
        assert found or kind is None or length < 20
        for anomaly in found:
            assert anomaly.step < 300 + length
            assert anomaly.recovered_at is not None
            assert anomaly.recovered_at <= 300 + length + 10


@pytest.mark.parametrize("decay", [8, 60])
@pytest.mark.parametrize("times", [3.0, 20.0, 150.0])
def test_a_blowup_that_ebbs_away_is_no_collapse(times, decay):
    rng = random.Random(decay)
    recorder = FlightRecorder()
    for step in range(800):
        share = min(1.0, max(0.0, (step - 299) / 10), max(0.0, 1 - (step - 400) / decay))
        recorder.log_step({"kl": 0.05 * times**share * (1 + 0.1 * rng.gauss(0, 1))})
    assert kinds_of(recorder.anomalies) == ["kl_blowup"]
    assert recorder.anomalies[0].recovered_at is not None


@pytest.mark.parametrize("length", [20, 50, 200])
@pytest.mark.parametrize(
    ("channel", "times", "fault"),
    [
        ("kl", 20.0, 1 / 20),
        ("entropy", 3.0, 1 / 4),
        ("reward_std", 3.0, 1 / 4),
        ("advantage_std", 3.0, 1 / 4),
        ("response_length_mean", 1 / 3, 3.0),
        ("grad_norm", 1 / 3, 10.0),
    ],
)
def test_a_fault_after_an_excursion_is_found(channel, times, fault, length):
    kind = WATCHED_SIDE[channel, 1 if fault > 1 else -1]
    for pause in (0, 100):  # straight from the excursion, or later
        rng = random.Random(f"{channel}/{length}")
        recorder = FlightRecorder()
        found = []
        for step in range(300 + length + pause + 10):
            value = LEVEL.get(channel, 0.8) * (1 + 0.1 * rng.gauss(0, 1))
            if 300 <= step < 300 + length:
                value *= times
            elif step >= 300 + length + pause:
                value *= fault
            begun = recorder.log_step({"step": step, channel: value})
            if step >= 300 + length + pause:
                found += kinds_of(begun)
        assert found == [kind]


def test_a_kl_that_vanishes_after_its_growth_is_found():
    for grown in (lambda step: 1 - math.exp(-step / 40), lambda step: min(1.0, (step / 80) ** 2)):
        rng = random.Random(4)
        recorder = FlightRecorder()
        for step in range(300):
            value = (1e-5 + 0.06 * grown(step)) * (1 + 0.1 * rng.gauss(0, 1))
            assert recorder.log_step({"step": step, "kl": value}) == []
        for _ in range(10):
            recorder.log_step({"kl": 0.0015})
        assert kinds_of(recorder.anomalies) == ["kl_collapse"]


def test_a_reward_that_jumps_twice_is_two_events():
    recorder = FlightRecorder()
    rng = random.Random(6)
    for step in range(400):
        level = 0.1 if step < 100 else 0.5 if step < 200 else 0.9
        recorder.log_step({"step": step, "reward_mean": level + 0.01 * rng.gauss(0, 1)})
    assert [anomaly.step for anomaly in recorder.anomalies] == [100, 200]


STEPPED = [(channel, side, kind) for (channel, side), kind in WATCHED_SIDE.items()] + [
    ("kl_mismatch", 1, "kl_mismatch"),
    ("truncated_fraction", 1, "truncation"),
    ("clip_fraction", 1, "clip_saturation"),
    ("zero_advantage_fraction", 1, "zero_advantage_groups"),
]


@pytest.mark.parametrize(("channel", "side", "kind"), STEPPED)
@pytest.mark.parametrize("scatter", [0.01, 0.2])
def test_most_shifts_of_three_deviations_are_found_within_ten_steps(channel, side, kind, scatter):
    found = 0
    level = LEVEL.get(channel, 0.1)
    for seed in range(20):
        rng = random.Random(f"{channel}/{seed}")
        recorder = FlightRecorder()
        for step in range(130):
            shift = 3.0 * side if step >= 120 else 0.0
            value = level * (1 + scatter * (rng.gauss(0, 1) + shift))
            begun = kinds_of(recorder.log_step({"step": step, channel: value}))
            if step >= 120 and kind in begun:
                found += 1
                break
    assert found >= 17


@pytest.mark.parametrize("persistence", [0.0, 0.5])
def test_healthy_runs_stay_quiet(healthy, persistence):
    """At most one alarm in 10,000 steps of all channels together."""
    alarms = 0
    for seed in range(20):
        rng = random.Random(seed)
        recorder = FlightRecorder()
        noise = dict.fromkeys(healthy(0), 0.0)
        for step in range(500):
            metrics = healthy(step, 0.0)
            for channel in metrics:
                fresh = math.sqrt(1 - persistence**2) * rng.gauss(0, 1)
                noise[channel] = persistence * noise[channel] + fresh
                if channel not in ("step", "learning_rate"):
                    metrics[channel] *= 1 + 0.1 * noise[channel]
            alarms += len(recorder.log_step(metrics))
    assert alarms <= (1 if persistence == 0 else 8)


def test_an_immaterial_shift_is_information_and_becomes_the_baseline():
    rng = random.Random(2)
    recorder = FlightRecorder()
    for step in range(400):
        shift = 0.04 if step >= 200 else 0.0
        value = 300 * (1 + shift + 0.005 * rng.gauss(0, 1))
        recorder.log_step({"step": step, "response_length_mean": value})
    (anomaly,) = recorder.anomalies
    assert (anomaly.kind, anomaly.severity) == ("length_explosion", "info")
    assert anomaly.recovered_at is not None
    assert recorder.health_report().startswith("HEALTHY")


@pytest.mark.parametrize(
    ("channel", "value", "kind"),
    [
        ("truncated_fraction", 1.0, "truncation"),
        ("clip_fraction", 0.95, "clip_saturation"),
        ("zero_advantage_fraction", 1.0, "zero_advantage_groups"),
    ],
)
def test_a_share_near_one_is_reported_at_its_third_step(channel, value, kind):
    recorder = FlightRecorder()
    assert [kinds_of(recorder.log_step({channel: value})) for _ in range(4)] == [[], [], [kind], []]


def test_a_loss_is_judged_where_it_has_a_level():
    for level, kinds in ((2.0, ["grad_explosion"]), (0.0, [])):
        rng = random.Random(1)
        recorder = FlightRecorder()
        for step in range(60):
            recorder.log_step({"step": step, "loss": level + 0.05 * rng.gauss(0, 1)})
        assert kinds_of(recorder.log_step({"loss": level + 6.0})) == kinds


def test_an_entropy_of_the_other_sign_is_judged_by_its_changes():
    recorder = FlightRecorder()
    for _ in range(40):
        assert recorder.log_step({"entropy": -1.2}) == []
    recorder = FlightRecorder()
    for _ in range(40):
        recorder.log_step({"entropy": 1.2})
    (anomaly,) = recorder.log_step({"entropy": -0.1})
    assert (anomaly.kind, anomaly.severity) == ("entropy_collapse", "critical")
