"""Which channel a training framework's metric name belongs to.

Frameworks name the same quantity differently and different quantities alike; `kl` alone has three
meanings, which stay apart here: against the reference model (`kl`), against the actor that made the
rollouts (`kl_old`), and of the trainer against the inference engine (`kl_mismatch`).

`NAMES` lists exact names per framework, `KEPT` those that are known and belong to no channel: they
are kept beside the step and no detector looks at them. Names with a free part are in `PATTERNS`.
When one step carries several names of one channel, the name that stands first in `NAMES` wins, then
the order of `PATTERNS`; a name whose value is None counts as absent.

The names were read from the sources of the frameworks: TRL 1.16, verl, prime-rl, OpenRLHF, tinker,
SkyRL, NeMo-RL, Unsloth as of mid-2026.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

STEP: Final = "step"


class Target(NamedTuple):
    """Where a name leads: a channel, or None for a known name without one; lower rank wins."""

    channel: str | None
    rank: int


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
    "perf/total_num_tokens": "num_tokens",
    "timing_s/step": "step_time",
}

PRIME_RL: Final[Mapping[str, str]] = {
    "loss/mean": "loss",
    "loss/nan_count": "nan_count",
    "entropy/all/mean": "entropy",
    "mismatch_kl/all/mean": "kl_mismatch",
    "optim/grad_norm": "grad_norm",
    "optim/lr": "learning_rate",
}

OPENRLHF: Final[Mapping[str, str]] = {
    "ppo_kl": "kl_old",
    "vllm_kl": "kl_mismatch",
    "logprobs_diff": "logprob_mismatch",
    "ppo_clip_ratio": "clip_fraction",
    "entropy_loss": "entropy",
    "response_length": "response_length_mean",
    "actor_lr": "learning_rate",
    "actor_grad_norm": "grad_norm",
}

TINKER: Final[Mapping[str, str]] = {
    "optim/entropy": "entropy",
    "optim/kl_sample_train_v1": "kl_mismatch",
    "optim/kl_sample_train_v2": "kl_mismatch",
    "env/all/reward/total": "reward_mean",
    "progress/step": STEP,
    "progress/batch": STEP,
    "progress/epoch": "epoch",
}

SKYRL: Final[Mapping[str, str]] = {
    "trainer/global_step": STEP,
    "reward/avg_raw_reward": "reward_mean",
    "policy/policy_entropy": "entropy",
    "policy/policy_loss": "policy_loss",
    "policy/policy_kl": "kl",
    "policy/grad_norm": "grad_norm",
    "policy/policy_lr": "learning_rate",
    "policy/clip_ratio": "clip_fraction",
    "policy/rollout_train_logprobs_abs_diff_mean": "logprob_mismatch",
    "loss/avg_raw_advantages_abs": "advantage_abs_mean",
    "generate/avg_num_tokens": "response_length_mean",
}

NEMO_RL: Final[Mapping[str, str]] = {
    "approx_entropy": "entropy",
    "kl_penalty": "kl",
    "policy_kl_error": "kl_mismatch",
    "gen_kl_error": "kl_mismatch",
    "js_divergence_error": "kl_mismatch",
    "advantages/mean": "advantage_mean",
    "advantages/min": "advantage_min",
    "advantages/max": "advantage_max",
    "mean_gen_tokens_per_sample": "response_length_mean",
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

KEPT: Final[Mapping[str, tuple[str, ...]]] = {
    "trl": (
        "aux_loss",
        "entropy_coef",
        "episode",
        "eps",
        "logits/chosen",
        "logits/rejected",
        "objective/non_score_reward",
        "val/clipfrac_avg",
        "val/ratio",
        "val/ratio_var",
        "val/num_eos_tokens",
        "sampling/sampling_logp_difference/max",
        "tools/call_frequency",
        "tools/failure_frequency",
    ),
    "verl": (
        "critic/vf_explained_var",
        "actor/kl_coef",
        "actor/pg_clipfrac_lower",
    ),
    "prime-rl": ("loss/perplexity", "kl_ent_ratio/mean"),
    "openrlhf": ("return", "total_length", "critic_lr", "dynamic_filtering_pass_rate"),
    "tinker": ("progress/done_frac",),
    "skyrl": ("reward/mean_positive_reward", "reward/num_zero_variance_filtered"),
    "nemo-rl": ("token_mult_prob_error", "baseline_reward/pct_mixed"),
}
"""Known names without a channel: counts, other units, or evaluation."""

EVALUATION: Final = re.compile(r"(?:eval|val|test|val-core|val-aux)[_/].+")
"""Evaluation is not training: `eval_reward` must never pass for the reward of a step."""

PATTERNS: Final[tuple[tuple[re.Pattern[str], str | None], ...]] = (
    (EVALUATION, None),
    (re.compile(r"(?:.+/)?all/[^/]+/reward/mean"), "reward_mean"),
    (re.compile(r"(?:.+/)?effective/[^/]+/reward/mean"), "reward_mean"),
    (re.compile(r"(?:.+/)?all/[^/]+/num_output_tokens/mean"), "response_length_mean"),
    (re.compile(r"(?:.+/)?effective/[^/]+/num_output_tokens/mean"), "response_length_mean"),
    (re.compile(r"(?:.+/)?all/[^/]+/num_output_tokens/min"), "response_length_min"),
    (re.compile(r"(?:.+/)?all/[^/]+/num_output_tokens/max"), "response_length_max"),
    (re.compile(r"(?:.+/)?all/[^/]+/is_truncated/mean"), "truncated_fraction"),
    (re.compile(r"(?:.+/)?effective/[^/]+/is_truncated/mean"), "truncated_fraction"),
    (re.compile(r"(?:.+/)?all/[^/]+/solved_all"), "solved_fraction"),
    (re.compile(r"(?:.+/)?all/[^/]+/solved_none"), "unsolved_fraction"),
    (re.compile(r"(?:.+/)?(?:all|effective)/[^/]+/(?:num_output_tokens/.+|solved_\w+)"), None),
    (re.compile(r"rewards/.+/(?:mean|std)"), None),
    (re.compile(r"completions/(?:mean|min|max)_terminated_length"), None),
    (re.compile(r"clip_ratio/(?:low|high)_(?:mean|min|max)"), None),
    (re.compile(r"critic/(?:returns|values)/(?:mean|max|min)"), None),
    (re.compile(r"(?:prompt_length|num_turns|perf|timing_s|timing_per_token_ms)/.+"), None),
    (re.compile(r"training/rollout_probs_diff_(?:mean|max|std)"), None),
    (re.compile(r"rollout_corr/.+|mismatch[_/].+|off_policy/.+|progress/.+"), None),
    (re.compile(r"reward/avg_pass_at_\d+"), None),
    (re.compile(r"policy/rollout_train_logprobs_abs_diff_\w+"), None),
    (re.compile(r"probs_ratio_\w+|vespo/.+"), None),
)
"""Names with a free part, tried in order after the exact ones; the whole name must match."""

_PREFIX: Final = "train/"
_CACHE_SIZE: Final = 4096
_MAX_NAME: Final = 256


def _exact_targets() -> dict[str, Target]:
    targets: dict[str, Target] = {}
    for names in NAMES.values():
        for name, channel in names.items():
            targets.setdefault(name, Target(channel, len(targets)))
    for kept in KEPT.values():
        for name in kept:
            targets.setdefault(name, Target(None, len(targets)))
    return targets


EXACT: Final[Mapping[str, Target]] = _exact_targets()
SEEN: Final[dict[str, Target | None]] = dict(EXACT)
"""Exact names and, in bounded number, other names that were looked up before."""


def lookup(name: str) -> Target | None:
    """Return where a metric name leads, or None for a name that no framework is known to use.

    A leading ``train/``, which Weights & Biases exports carry, is looked through.
    """
    try:
        return SEEN[name]
    except KeyError:
        target = _search(name)
        # A longer name is known by its length alone, and keeping it would cost that much memory.
        if len(name) <= _MAX_NAME and len(SEEN) < len(EXACT) + _CACHE_SIZE:
            SEEN[name] = target
        return target


def channel_of(name: str) -> str | None:
    """Return the channel of a metric name, None when it has none (`lookup` tells why)."""
    target = lookup(name)
    return target.channel if target else None


def _search(name: str) -> Target | None:
    if len(name) > _MAX_NAME:
        return None
    if name.startswith(_PREFIX) and (target := EXACT.get(name.removeprefix(_PREFIX))):
        return target
    for place, (pattern, channel) in enumerate(PATTERNS):
        if pattern.fullmatch(name):
            return Target(channel, len(EXACT) + place)
    return None
