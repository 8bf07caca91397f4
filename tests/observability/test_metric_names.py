"""Every metric name of every framework leads to its channel, or is known to have none."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.observability.metric_names import EXACT, NAMES, channel_of, lookup
from provenir.observability.metrics import CHANNELS, map_metrics
from strategies import any_text

STATS = ("mean", "max", "min")


def over(template: str, *parts: tuple[str, ...]) -> list[str]:
    return [template.format(*chosen) for chosen in itertools.product(*parts)]


def kept(*names: str) -> dict[str, None]:
    return dict.fromkeys(names)


PLAIN = {
    "step": "step",
    "kl": "kl",
    "entropy": "entropy",
    "reward_mean": "reward_mean",
    "reward_std": "reward_std",
    "response_length_mean": "response_length_mean",
    "advantage_std": "advantage_std",
    "grad_norm": "grad_norm",
    "learning_rate": "learning_rate",
}
TRL_GRPO = {
    "loss": "loss",
    "grad_norm": "grad_norm",
    "learning_rate": "learning_rate",
    "num_tokens": "num_tokens",
    "epoch": "epoch",
    "step_time": "step_time",
    "reward": "reward_mean",
    "reward_std": "reward_std",
    "frac_reward_zero_std": "zero_advantage_fraction",
    "entropy": "entropy",
    "kl": "kl",
    "completions/mean_length": "response_length_mean",
    "completions/min_length": "response_length_min",
    "completions/max_length": "response_length_max",
    "completions/clipped_ratio": "truncated_fraction",
    "clip_ratio/region_mean": "clip_fraction",
    "cispo_clip_ratio": "clip_fraction",
    "sampling/sampling_logp_difference/mean": "logprob_mismatch",
    "sampling/importance_sampling_ratio/min": "importance_ratio_min",
    "sampling/importance_sampling_ratio/mean": "importance_ratio_mean",
    "sampling/importance_sampling_ratio/max": "importance_ratio_max",
    **kept(
        "rewards/correct_answer/mean",
        "rewards/correct_answer/std",
        *over("completions/{}_terminated_length", STATS),
        *over("clip_ratio/{}", ("low_mean", "low_min", "high_mean", "high_max")),
        "sampling/sampling_logp_difference/max",
        "entropy_coef",
        "vespo/phi_seq_mean",
        "tools/call_frequency",
        "tools/failure_frequency",
        "eval_reward",
        "eval_loss",
        "eval_kl",
        "eval_completions/mean_length",
    ),
}
TRL_DPO = {
    "rewards/chosen": "chosen_reward",
    "rewards/rejected": "rejected_reward",
    "rewards/accuracies": "preference_accuracy",
    "rewards/margins": "reward_margin",
    "logps/chosen": "chosen_logp",
    "logps/rejected": "rejected_logp",
    "entropy": "entropy",
    "mean_token_accuracy": "token_accuracy",
    "num_tokens": "num_tokens",
    **kept("logits/chosen", "logits/rejected"),
}
TRL_KTO_SFT_REWARD = {
    "kl": "kl",
    "rewards/chosen": "chosen_reward",
    "rewards/rejected": "rejected_reward",
    "rewards/margins": "reward_margin",
    "entropy": "entropy",
    "mean_token_accuracy": "token_accuracy",
    "num_tokens": "num_tokens",
    "accuracy": "preference_accuracy",
    "margin": "reward_margin",
    "min_reward": "reward_min",
    "mean_reward": "reward_mean",
    "max_reward": "reward_max",
    **kept("aux_loss"),
}
TRL_PPO = {
    "objective/kl": "kl",
    "objective/entropy": "entropy",
    "objective/rlhf_reward": "reward_mean",
    "objective/scores": "reward_mean",
    "policy/approxkl_avg": "kl_old",
    "policy/clipfrac_avg": "clip_fraction",
    "policy/entropy_avg": "entropy",
    "loss/policy_avg": "policy_loss",
    "loss/value_avg": "value_loss",
    "lr": "learning_rate",
    **kept(
        "objective/non_score_reward",
        *over("val/{}", ("clipfrac_avg", "ratio", "ratio_var", "num_eos_tokens")),
        "eps",
        "episode",
    ),
}
UNSLOTH = {**TRL_GRPO, "completion_length": "response_length_mean"}
VERL = {
    "critic/score/mean": "reward_mean",
    "critic/score/max": "reward_max",
    "critic/score/min": "reward_min",
    "critic/rewards/mean": "reward_mean",
    "critic/rewards/max": "reward_max",
    "critic/rewards/min": "reward_min",
    "critic/advantages/mean": "advantage_mean",
    "critic/advantages/max": "advantage_max",
    "critic/advantages/min": "advantage_min",
    "actor/entropy": "entropy",
    "actor/entropy_loss": "entropy",
    "actor/pg_loss": "policy_loss",
    "actor/kl_loss": "kl",
    "actor/reward_kl_penalty": "kl",
    "actor/ppo_kl": "kl_old",
    "actor/pg_clipfrac": "clip_fraction",
    "actor/grad_norm": "grad_norm",
    "actor/lr": "learning_rate",
    "response_length/mean": "response_length_mean",
    "response_length/max": "response_length_max",
    "response_length/min": "response_length_min",
    "response_length/clip_ratio": "truncated_fraction",
    "training/global_step": "step",
    "training/epoch": "epoch",
    "rollout_corr/kl": "kl_mismatch",
    "rollout_corr/k3_kl": "kl_mismatch",
    "rollout_corr/rollout_is_mean": "importance_ratio_mean",
    "rollout_corr/rollout_is_max": "importance_ratio_max",
    "mismatch_kl": "kl_mismatch",
    "mismatch/mismatch_kl": "kl_mismatch",
    "timing_s/step": "step_time",
    **kept(
        *over("critic/{}/{}", ("returns", "values"), STATS),
        "critic/vf_explained_var",
        "actor/kl_coef",
        "actor/pg_clipfrac_lower",
        *over("prompt_length/{}", (*STATS, "clip_ratio")),
        *over("num_turns/{}", STATS),
        *over("training/rollout_probs_diff_{}", ("mean", "max", "std")),
        *over("rollout_corr/{}", ("ppl_ratio", "log_ppl_diff", "chi2_token", "chi2_seq")),
        *over("rollout_corr/rollout_is_{}", ("std", "eff_sample_size")),
        "mismatch_ppl_ratio",
        "perf/mfu/actor",
        "timing_s/gen",
        "val-core/gsm8k/acc/mean@8",
    ),
}
PRIME_RL = {
    "loss/mean": "loss",
    "loss/nan_count": "nan_count",
    "entropy/all/mean": "entropy",
    "mismatch_kl/all/mean": "kl_mismatch",
    "optim/grad_norm": "grad_norm",
    "optim/lr": "learning_rate",
    "train/all/solver/reward/mean": "reward_mean",
    "train/effective/solver/reward/mean": "reward_mean",
    "train/all/solver/num_output_tokens/mean": "response_length_mean",
    "train/all/solver/num_output_tokens/min": "response_length_min",
    "train/all/solver/num_output_tokens/max": "response_length_max",
    "train/effective/solver/num_output_tokens/mean": "response_length_mean",
    "train/all/solver/is_truncated/mean": "truncated_fraction",
    "train/all/solver/solved_all": "solved_fraction",
    "train/all/solver/solved_none": "unsolved_fraction",
    **kept(
        "loss/perplexity",
        "kl_ent_ratio/mean",
        *over("off_policy/{}", ("mean", "max", "dropped")),
        "train/all/solver/solved_some",
        "train/effective/solver/solved_none",
        "train/effective/solver/num_output_tokens/max",
        "eval/all/solver/reward/mean",
    ),
}
OPENRLHF = {
    "policy_loss": "policy_loss",
    "kl": "kl",
    "ppo_kl": "kl_old",
    "vllm_kl": "kl_mismatch",
    "logprobs_diff": "logprob_mismatch",
    "ppo_clip_ratio": "clip_fraction",
    "entropy_loss": "entropy",
    "reward": "reward_mean",
    "response_length": "response_length_mean",
    "actor_lr": "learning_rate",
    "actor_grad_norm": "grad_norm",
    **kept("return", "total_length", "critic_lr", "dynamic_filtering_pass_rate"),
}
TINKER = {
    "optim/lr": "learning_rate",
    "optim/entropy": "entropy",
    "optim/kl_sample_train_v1": "kl_mismatch",
    "optim/kl_sample_train_v2": "kl_mismatch",
    "env/all/reward/total": "reward_mean",
    "progress/batch": "step",
    **kept("progress/done_frac"),
}
SKYRL = {
    "reward/avg_raw_reward": "reward_mean",
    "policy/policy_entropy": "entropy",
    "policy/policy_loss": "policy_loss",
    "policy/policy_kl": "kl",
    "policy/grad_norm": "grad_norm",
    "policy/clip_ratio": "clip_fraction",
    "policy/rollout_train_logprobs_abs_diff_mean": "logprob_mismatch",
    "loss/avg_raw_advantages_abs": "advantage_abs_mean",
    "generate/avg_num_tokens": "response_length_mean",
    **kept(
        "reward/mean_positive_reward",
        "reward/avg_pass_at_8",
        "reward/num_zero_variance_filtered",
        "policy/rollout_train_logprobs_abs_diff_std",
    ),
}
NEMO_RL = {
    "reward": "reward_mean",
    "loss": "loss",
    "grad_norm": "grad_norm",
    "lr": "learning_rate",
    "approx_entropy": "entropy",
    "kl_penalty": "kl",
    "policy_kl_error": "kl_mismatch",
    "gen_kl_error": "kl_mismatch",
    "js_divergence_error": "kl_mismatch",
    "advantages/mean": "advantage_mean",
    "advantages/min": "advantage_min",
    "advantages/max": "advantage_max",
    "mean_gen_tokens_per_sample": "response_length_mean",
    **kept(
        "token_mult_prob_error",
        *over("probs_ratio_{}", ("min", "max", "clamped_min", "clamped_max")),
        "baseline_reward/pct_mixed",
    ),
}
FRAMEWORKS = {
    "plain": PLAIN,
    "trl-grpo": TRL_GRPO,
    "trl-dpo": TRL_DPO,
    "trl-kto-sft-reward": TRL_KTO_SFT_REWARD,
    "trl-ppo": TRL_PPO,
    "unsloth": UNSLOTH,
    "verl": VERL,
    "prime-rl": PRIME_RL,
    "openrlhf": OPENRLHF,
    "tinker": TINKER,
    "skyrl": SKYRL,
    "nemo-rl": NEMO_RL,
}


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_every_name_of_a_framework_leads_where_it_should(framework):
    names = FRAMEWORKS[framework]
    assert {name: channel_of(name) for name in names} == names
    assert [name for name in names if lookup(name) is None] == []


@pytest.mark.parametrize("framework", FRAMEWORKS)
def test_a_whole_step_of_a_framework_is_mapped(framework):
    names = FRAMEWORKS[framework]
    metrics = map_metrics(dict.fromkeys(names, 3.0))
    expected = {channel for channel in names.values() if channel not in (None, "step")}
    assert metrics.channels() == dict.fromkeys(expected, 3.0)
    assert set(metrics.extra) == {name for name, channel in names.items() if channel is None}
    assert metrics.step == (3 if "step" in names.values() else None)


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
