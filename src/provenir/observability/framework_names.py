"""The metric names of training frameworks, and the channel that each belongs to.

`NAMES` lists exact names per framework, `CHANNEL_PATTERNS` those with a free part. The names and
what they measure were read from the sources of the frameworks: TRL 1.16, verl, prime-rl, OpenRLHF,
tinker, SkyRL, NeMo-RL, Unsloth as of mid-2026. Names without a channel are in `kept_names`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

STEP: Final = "step"

PLAIN: Final[Mapping[str, str]] = {
    "step": STEP,
    "kl": "kl",
    "kl_ref": "kl",
    "kl_old": "kl_old",
    "kl_mismatch": "kl_mismatch",
    "logprob_mismatch": "logprob_mismatch",
    "entropy": "entropy",
    "reward_mean": "reward_mean",
    "reward_std": "reward_std",
    "reward_min": "reward_min",
    "reward_max": "reward_max",
    "true_reward_mean": "true_reward_mean",
    "true_reward": "true_reward_mean",
    "held_out_reward": "true_reward_mean",
    "response_length_mean": "response_length_mean",
    "response_length_min": "response_length_min",
    "response_length_max": "response_length_max",
    "truncated_fraction": "truncated_fraction",
    "advantage_mean": "advantage_mean",
    "advantage_std": "advantage_std",
    "advantage_min": "advantage_min",
    "advantage_max": "advantage_max",
    "advantage_abs_mean": "advantage_abs_mean",
    "zero_advantage_fraction": "zero_advantage_fraction",
    "solved_fraction": "solved_fraction",
    "unsolved_fraction": "unsolved_fraction",
    "clip_fraction": "clip_fraction",
    "importance_ratio_mean": "importance_ratio_mean",
    "importance_ratio_min": "importance_ratio_min",
    "importance_ratio_max": "importance_ratio_max",
    "grad_norm": "grad_norm",
    "learning_rate": "learning_rate",
    "loss": "loss",
    "policy_loss": "policy_loss",
    "value_loss": "value_loss",
    "nan_count": "nan_count",
    "epoch": "epoch",
    "num_tokens": "num_tokens",
    "step_time": "step_time",
    "reward/mean": "reward_mean",
    "reward/std": "reward_std",
    "policy/entropy": "entropy",
    "global_step": STEP,
    "_step": STEP,  # of Weights & Biases, which counts calls: last of all
    "clip_ratio": "clip_fraction",
    "approx_kl": "kl_old",
    "kl_loss": "kl",
}

TRL: Final[Mapping[str, str]] = {
    "reward": "reward_mean",
    "frac_reward_zero_std": "zero_advantage_fraction",
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
    "rewards/chosen": "chosen_reward",
    "rewards/rejected": "rejected_reward",
    "rewards/accuracies": "preference_accuracy",
    "rewards/margins": "reward_margin",
    "logps/chosen": "chosen_logp",
    "logps/rejected": "rejected_logp",
    "mean_token_accuracy": "token_accuracy",
    "accuracy": "preference_accuracy",
    "margin": "reward_margin",
    "mean_reward": "reward_mean",
    "min_reward": "reward_min",
    "max_reward": "reward_max",
    # PPO, older: the reward that trains includes the KL penalty, the score does not.
    "objective/kl": "kl",
    "objective/entropy": "entropy",
    "objective/rlhf_reward": "reward_mean",
    "objective/scores": "reward_mean",
    "policy/approxkl_avg": "kl_old",
    "policy/clipfrac_avg": "clip_fraction",
    "policy/entropy_avg": "entropy",
    "loss/policy_avg": "policy_loss",
    "loss/value_avg": "value_loss",
    "ppo/mean_scores": "reward_mean",
    "ppo/std_scores": "reward_std",
    "ppo/policy/approxkl": "kl_old",
    "ppo/policy/policykl": "kl_old",
    "ppo/policy/entropy": "entropy",
    "ppo/policy/clipfrac": "clip_fraction",
    "ppo/loss/policy": "policy_loss",
    "ppo/loss/value": "value_loss",
    "ppo/loss/total": "loss",
    "ppo/learning_rate": "learning_rate",
    "lr": "learning_rate",
    # Unsloth adds one name to those of TRL.
    "completion_length": "response_length_mean",
}

VERL: Final[Mapping[str, str]] = {
    "training/global_step": STEP,
    "training/epoch": "epoch",
    "critic/rewards/mean": "reward_mean",
    "critic/rewards/max": "reward_max",
    "critic/rewards/min": "reward_min",
    "critic/score/mean": "reward_mean",
    "critic/score/max": "reward_max",
    "critic/score/min": "reward_min",
    "critic/advantages/mean": "advantage_mean",
    "critic/advantages/max": "advantage_max",
    "critic/advantages/min": "advantage_min",
    "actor/entropy": "entropy",
    "actor/entropy_loss": "entropy",
    "actor/pg_loss": "policy_loss",
    "actor/loss": "loss",
    "critic/vf_loss": "value_loss",
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
    "rollout_corr/kl": "kl_mismatch",
    "rollout_corr/k3_kl": "kl_mismatch",
    "mismatch/mismatch_kl": "kl_mismatch",
    "mismatch_kl": "kl_mismatch",
    "mismatch/mismatch_k3_kl": "kl_mismatch",
    "mismatch_k3_kl": "kl_mismatch",
    "rollout_corr/rollout_is_mean": "importance_ratio_mean",
    "rollout_corr/rollout_is_max": "importance_ratio_max",
    "rollout_corr/rollout_is_min": "importance_ratio_min",
    "mismatch/rollout_is_mean": "importance_ratio_mean",
    "mismatch/rollout_is_max": "importance_ratio_max",
    "mismatch/rollout_is_min": "importance_ratio_min",
    "timing_s/step": "step_time",
    "perf/time_per_step": "step_time",
}

PRIME_RL: Final[Mapping[str, str]] = {
    "loss/mean": "loss",
    "loss/nan_count": "nan_count",
    "entropy/all/mean": "entropy",
    "mismatch_kl/all/mean": "kl_mismatch",
    "ref_kl/all/mean": "kl",
    "entropy/mean": "entropy",
    "mismatch_kl/mean": "kl_mismatch",
    "time/step": "step_time",
    "optim/grad_norm": "grad_norm",
    "optim/lr": "learning_rate",
}

OPENRLHF: Final[Mapping[str, str]] = {
    "ppo_kl": "kl_old",
    "vllm_kl": "kl_mismatch",
    "ppo_clip_ratio": "clip_fraction",
    "entropy_loss": "entropy",
    "critic_loss": "value_loss",
    "response_length": "response_length_mean",
    "group_reward_std": "reward_std",
    "actor_lr": "learning_rate",
    "actor_grad_norm": "grad_norm",
}

TINKER: Final[Mapping[str, str]] = {
    "optim/entropy": "entropy",
    "optim/kl_sample_train_v1": "kl_mismatch",
    "optim/kl_sample_train_v2": "kl_mismatch",
    "kl_sample_train_v1": "kl_mismatch",
    "kl_sample_train_v2": "kl_mismatch",
    "kl_policy_base": "kl",
    "env/all/by_group/frac_all_good": "solved_fraction",
    "env/all/by_group/frac_all_bad": "unsolved_fraction",
    "env/all/ac_tokens_per_turn": "response_length_mean",
    "time/total": "step_time",
    "env/all/reward/total": "reward_mean",
    "progress/step": STEP,
    "progress/batch": STEP,
    "progress/epoch": "epoch",
}

SKYRL: Final[Mapping[str, str]] = {
    "trainer/global_step": STEP,
    "reward/avg_raw_reward": "reward_mean",
    "loss/avg_final_rewards": "reward_mean",
    "policy/policy_entropy": "entropy",
    "policy/policy_loss": "policy_loss",
    "policy/final_loss": "loss",
    "policy/policy_kl": "kl",
    "loss/avg_kl": "kl",
    "policy/grad_norm": "grad_norm",
    "policy/policy_lr": "learning_rate",
    "policy/clip_ratio": "clip_fraction",
    "policy/loss_metrics/clip_ratio": "clip_fraction",
    "policy/ppo_clip_ratio": "clip_fraction",
    "policy/rollout_train_logprobs_abs_diff_mean": "logprob_mismatch",
    "loss/avg_raw_advantages_abs": "advantage_abs_mean",
    "loss/avg_raw_advantages": "advantage_mean",
    "generate/avg_num_tokens": "response_length_mean",
    "generate/min_num_tokens": "response_length_min",
    "generate/max_num_tokens": "response_length_max",
    "timing/step": "step_time",
}

NEMO_RL: Final[Mapping[str, str]] = {
    "approx_entropy": "entropy",
    "kl_penalty": "kl",
    "policy_kl_error": "kl_mismatch",
    "gen_kl_error": "kl_mismatch",
    # Bounded by ln 2 and no KL: it stands in only where both of those are missing.
    "js_divergence_error": "kl_mismatch",
    "advantages/mean": "advantage_mean",
    "advantages/min": "advantage_min",
    "advantages/max": "advantage_max",
    "mean_gen_tokens_per_sample": "response_length_mean",
    "mean_total_reward": "reward_mean",
    "sampling_importance_ratio": "importance_ratio_mean",
    "truncation_rate": "truncated_fraction",
}

NAMES: Final[Mapping[str, Mapping[str, str]]] = {
    "plain": PLAIN,
    "trl": TRL,
    "verl": VERL,
    "prime-rl": PRIME_RL,
    "openrlhf": OPENRLHF,
    "tinker": TINKER,
    "skyrl": SKYRL,
    "nemo-rl": NEMO_RL,
}
"""Exact names by framework; a name that several share stands in the first of them."""

EVALUATION: Final = re.compile(r"(?:eval|val|test|validation|val-core|val-aux)[_/].+")
"""Evaluation is not training: `eval_reward` must never pass for the reward of a step."""

_AGENT: Final = r"(?:.+/)?{}/[^/]+/{}"


def of_agents(scope: str, name: str) -> re.Pattern[str]:
    """A name of prime-rl's orchestrator: prefix, scope, one agent, what was measured."""
    return re.compile(_AGENT.format(scope, name))


CHANNEL_PATTERNS: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (of_agents("all", "reward/mean"), "reward_mean"),
    (of_agents("effective", "reward/mean"), "reward_mean"),
    (of_agents("all", "num_output_tokens/mean"), "response_length_mean"),
    (of_agents("effective", "num_output_tokens/mean"), "response_length_mean"),
    (of_agents("all", "num_output_tokens/min"), "response_length_min"),
    (of_agents("all", "num_output_tokens/max"), "response_length_max"),
    (of_agents("all", "is_truncated/mean"), "truncated_fraction"),
    (of_agents("effective", "is_truncated/mean"), "truncated_fraction"),
    (of_agents("all", "solved_all"), "solved_fraction"),
    (of_agents("all", "solved_none"), "unsolved_fraction"),
)
"""Names with a free part that lead to a channel, in order of precedence (prime-rl)."""
