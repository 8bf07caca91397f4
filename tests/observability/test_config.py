"""Settings of the recorder: presets, files, switches, and what they change."""

from __future__ import annotations

import pytest

from provenir.core.errors import InputError, UsageError
from provenir.observability import FlightRecorder, FlightRecorderConfig
from provenir.observability.config import PRESETS


@pytest.mark.parametrize("name", PRESETS)
def test_presets_go_round(name):
    config = FlightRecorderConfig.preset(name)
    assert FlightRecorderConfig.from_dict(config.to_dict()) == config


def test_the_presets_are_those_of_the_guide():
    assert set(PRESETS) == {"grpo", "dapo", "gspo", "ppo", "dpo", "sft"}
    assert FlightRecorderConfig.preset("grpo") == FlightRecorderConfig()
    with pytest.raises(UsageError, match="give one of grpo, dapo"):
        FlightRecorderConfig.preset("rloo")


def test_a_file_changes_what_it_names(tmp_path):
    path = tmp_path / "recorder.toml"
    path.write_text('preset = "ppo"\nleap = 20\noff = ["stall"]\n[at_most]\ntruncation = "info"\n')
    config = FlightRecorderConfig.from_file(path)
    assert (config.kl_max, config.leap, config.off) == (200.0, 20, ("stall",))
    assert config.at_most == {"truncation": "info"}


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("leap = 20\n\nleep = 3\n", 3, "'leep' is no setting"),
        ("# hand-made\nleap = -1\n", 2, "leap=-1"),
        ('preset = "x"\n', 1, "no preset 'x'"),
        ('leap = 9\noff = ["kl_blow_up"]\n', 2, "off: there is no kind"),
        ('[at_most]\nkl_blowup = "none"\n', 1, "kl_blowup='none'"),
        ("warmup = 200\n", 1, "longer than window"),
        ("leap = \n", None, "cannot be read"),
    ],
)
def test_a_wrong_file_is_refused_with_its_line(tmp_path, text, line, what):
    path = tmp_path / "recorder.toml"
    path.write_text(text)
    with pytest.raises(InputError, match=what) as caught:
        FlightRecorderConfig.from_file(path)
    assert caught.value.where == (f"{path}:{line}" if line else str(path))


@pytest.mark.parametrize(
    "wrong", [{"off": "stall"}, {"off": 3}, {"at_most": []}, {"at_most": {"x": "info"}}]
)
def test_wrong_switches_are_refused(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        FlightRecorderConfig(**wrong)


def test_a_kind_that_is_off_is_not_watched_and_the_report_says_so():
    recorder = FlightRecorder(FlightRecorderConfig(off=("kl_blowup", "nonfinite", "lr_anomaly")))
    assert recorder.log_step({"kl": 50.0, "loss": float("nan"), "learning_rate": -1.0}) == []
    assert recorder.summary()["not_examined"]["kl_blowup"] == "switched off in the settings"
    assert "kl_blowup" not in recorder.summary()["examined"]


def test_a_kind_can_be_kept_below_a_severity():
    recorder = FlightRecorder(FlightRecorderConfig(at_most={"advantage_collapse": "info"}))
    for _ in range(30):
        recorder.log_step({"advantage_std": 0.0})
    assert recorder.anomalies[0].severity == "info"
