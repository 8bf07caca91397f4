"""Every metric name of every framework leads to its channel, or is known to have none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.observability.kept_names import KEPT
from provenir.observability.metric_names import EXACT, NAMES, channel_of, lookup
from provenir.observability.metrics import CHANNELS, map_metrics
from strategies import any_text

FIXTURES = Path(__file__).parent / "fixtures"
REFERENCE = json.loads((FIXTURES / "reference.json").read_text())
FRAMEWORKS = {
    path.stem: json.loads(path.read_text())
    for path in sorted(FIXTURES.glob("*.json"))
    if path.stem != "reference"
}
STEPS = [
    pytest.param(step, read, id=f"{framework}-{number}")
    for framework, fixture in FRAMEWORKS.items()
    for number, (step, read) in enumerate(zip(fixture["steps"], fixture["read"], strict=True))
]
FREE_PARTS = (
    "rewards/<func>/mean",
    "val-core/<src>/<metric>/mean@k",
    "<prefix>/all/<agent>/reward/mean",
    "<prefix>/effective/<agent>/solved_some",
    "reward/avg_pass_at_N",
    "policy/rollout_train_logprobs_abs_diff_*",
    "probs_ratio_clamped*",
    "mismatch_*",
    "perf/*",
)


@pytest.mark.parametrize("row", REFERENCE)
def test_every_name_of_the_reference_is_known(row):
    assert [name for name in REFERENCE[row] if lookup(name) is None] == []
    expected = {
        name: to for fixture in FRAMEWORKS.values() for name, to in fixture["names"].items()
    }
    assert {name: channel_of(name) for name in REFERENCE[row]} == {
        name: expected[name] for name in REFERENCE[row]
    }


@pytest.mark.parametrize("name", FREE_PARTS)
def test_a_name_with_a_free_part_is_known_whatever_stands_there(name):
    assert lookup(name) is not None


@pytest.mark.parametrize("prefix", ["", "train/"])
@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_name_of_a_framework_leads_where_it_should(framework, prefix):
    names = FRAMEWORKS[framework]["names"]
    assert {name: channel_of(prefix + name) for name in names} == names
    assert [name for name in names if lookup(prefix + name) is None] == []
    assert {name for step in FRAMEWORKS[framework]["steps"] for name in step} <= names.keys()


@pytest.mark.parametrize("prefix", ["", "train/"])
@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize(("step", "read"), STEPS)
def test_a_whole_step_of_a_framework_is_mapped(step, read, order, prefix):
    raw = {prefix + name: value for name, value in list(step.items())[::order]}
    metrics = map_metrics(raw)
    assert {"step": metrics.step, **metrics.channels()} == read
    assert metrics.nonfinite == metrics.unreadable == {}
    assert all(channel_of(name) is None for name in metrics.extra)


@pytest.mark.parametrize("names", KEPT.values(), ids=KEPT)
def test_a_known_name_without_a_channel_has_its_reason(names):
    assert all(len(reason.split()) >= 3 for reason in names.values())
    assert {channel_of(name) for name in names} <= {None}


@pytest.mark.parametrize(
    ("name", "channel"),
    [
        ("kl", "kl_ref"),
        ("objective/kl", "kl_ref"),
        ("actor/kl_loss", "kl_ref"),
        ("policy/policy_kl", "kl_ref"),
        ("kl_penalty", "kl_ref"),
        ("actor/ppo_kl", "kl_old"),
        ("ppo_kl", "kl_old"),
        ("policy/approxkl_avg", "kl_old"),
        ("vllm_kl", "kl_mismatch"),
        ("rollout_corr/kl", "kl_mismatch"),
        ("mismatch_kl/all/mean", "kl_mismatch"),
        ("optim/kl_sample_train_v1", "kl_mismatch"),
        ("gen_kl_error", "kl_mismatch"),
        ("policy_kl_error", "kl_mismatch"),
        ("optim/kl_sample_train_v2", "kl_mismatch"),
        ("actor/reward_kl_penalty", "kl_ref"),
        ("loss/avg_kl", "kl_ref"),
        ("kl_policy_base", "kl_ref"),
        ("train/kl", "kl_ref"),
        ("train/ppo_kl", "kl_old"),
    ],
)
def test_the_three_meanings_of_kl_stay_apart(name, channel):
    metrics = map_metrics({name: 0.25})
    assert {other: getattr(metrics, other) for other in ("kl_ref", "kl_old", "kl_mismatch")} == {
        "kl_ref": None,
        "kl_old": None,
        "kl_mismatch": None,
        channel: 0.25,
    }


def test_every_target_is_a_channel():
    assert {target.channel for target in EXACT.values()} <= {*CHANNELS, "step", None}
    assert set(NAMES["plain"].values()) <= {*CHANNELS, "step"}


def test_a_name_has_one_meaning():
    meanings: dict[str, set[str]] = {}
    for names in NAMES.values():
        for name, channel in names.items():
            meanings.setdefault(name, set()).add(channel)
    assert {name: found for name, found in meanings.items() if len(found) > 1} == {}


@pytest.mark.parametrize("order", [1, -1])
def test_the_first_name_of_a_channel_wins_in_any_order_of_keys(order):
    raw = {"critic/rewards/mean": 1.0, "critic/score/mean": 2.0}
    assert map_metrics(dict(list(raw.items())[::order])).reward_mean == 1.0
    raw = {"entropy": 0.5, "policy/entropy_avg": 9.0}
    assert map_metrics(dict(list(raw.items())[::order])).entropy == 0.5


@pytest.mark.parametrize("order", [1, -1])
def test_of_several_agents_the_same_one_is_read_in_every_step(order):
    raw = {"train/all/solver/reward/mean": 1.0, "train/all/critic/reward/mean": 2.0}
    assert map_metrics(dict(list(raw.items())[::order])).reward_mean == 2.0


@pytest.mark.parametrize(
    "name",
    [
        "objective/non_score_reward",  # the KL penalty
        "logprobs_diff",  # OpenRLHF: against the reference model, with a sign
        "critic/grad_norm",
        "critic/lr",
        "actor/kl_coef",
        "perf/total_num_tokens",  # of one step, where `num_tokens` counts on
        "val/clipfrac_avg",
        "rewards/correct/mean",
        "baseline_reward/pct_mixed",
        "eval_kl",
        "train/eval_reward",
        "validation/reward",
    ],
)
def test_what_only_looks_like_a_channel_leads_to_none(name):
    assert lookup(name) is not None
    assert channel_of(name) is None


def test_none_under_the_first_name_leaves_room_for_the_second():
    assert map_metrics({"objective/rlhf_reward": None, "objective/scores": 0.5}).reward_mean == 0.5


def test_exports_of_weights_and_biases_are_understood():
    assert map_metrics({"train/kl": 0.1, "train/global_step": 7}).kl == 0.1
    assert map_metrics({"train/global_step": 7}).step == 7
    assert channel_of("eval/reward") is None


def test_an_evaluation_is_no_training_step():
    metrics = map_metrics({"eval_reward": 0.9, "eval_kl": 0.3, "val-core/gsm8k/acc/mean@8": 0.5})
    assert metrics.channels() == {}
    assert len(metrics.extra) == 3


@given(any_text | st.text(min_size=250, max_size=600))
def test_any_name_can_be_looked_up(name):
    target = lookup(name)
    assert target is None or target.channel is None or target.channel in {*CHANNELS, "step"}


def test_looking_up_ever_new_names_stays_bounded():
    from provenir.observability import metric_names

    for number in range(10_000):
        lookup(f"custom/{number}")
    assert len(metric_names.SEEN) <= len(EXACT) + metric_names._CACHE_SIZE
    assert channel_of("kl") == "kl"


def test_a_name_too_long_to_be_known_is_not_kept():
    from provenir.observability import metric_names

    name = "x" * (metric_names._MAX_NAME + 1)
    assert lookup(name) is None
    assert name not in metric_names.SEEN
