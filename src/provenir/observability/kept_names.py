"""Metric names that are known and belong to no channel, each with the reason.

A name here is kept beside its step and no detector looks at it; nobody has to wonder whether it was
overlooked. What they measure was read from the sources of the frameworks, as of mid-2026.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from provenir.observability.framework_names import of_agents

if TYPE_CHECKING:
    from collections.abc import Mapping

_PENALTY: Final = "a KL times its coefficient, with its sign: neither a reward nor a KL"
_COEFFICIENT: Final = "a setting, not a measurement"
_EXTREME: Final = "an extreme of a quantity whose mean is the channel"
_CRITIC: Final = "the critic's own, not the actor's"
_OTHER_UNIT: Final = "another quantity or unit than any channel"
_SPEED: Final = "how fast, not how well"
_PLACE: Final = "where the run stands; `step` and `epoch` say that"
_PART: Final = "a part of a whole that has its channel"

KEPT: Final[Mapping[str, Mapping[str, str]]] = {
    "plain": {
        "_runtime": _SPEED,
        "_timestamp": _PLACE,
        "timestamp": _PLACE,
        "total_flos": _SPEED,
        "train_loss": "a mean over the whole training, logged at its end",
        "train_runtime": _SPEED,
        "train_samples_per_second": _SPEED,
        "train_steps_per_second": _SPEED,
        "num_input_tokens_seen": _PLACE,
    },
    "trl": {
        "aux_loss": _PART,
        "nll_loss": _PART,
        "log_odds_chosen": _OTHER_UNIT,
        "log_odds_ratio": _OTHER_UNIT,
        "beta": _COEFFICIENT,
        "entropy_coef": _COEFFICIENT,
        "objective/kl_coef": _COEFFICIENT,
        "episode": _PLACE,
        "eps": _SPEED,
        "logits/chosen": "means over a vocabulary: no probability, no bound, no fault of its own",
        "logits/rejected": "means over a vocabulary: no probability, no bound, no fault of its own",
        "objective/non_score_reward": _PENALTY,
        "ppo/mean_non_score_reward": _PENALTY,
        "objective/scores_margin": _OTHER_UNIT,
        "val/clipfrac_avg": _CRITIC,
        "val/ratio": "of the actor before and after an update, not of trainer and engine",
        "val/ratio_var": "of the actor before and after an update, not of trainer and engine",
        "val/num_eos_tokens": _OTHER_UNIT,
        "val/contain_eos_token": _OTHER_UNIT,
        "sampling/sampling_logp_difference/max": _EXTREME,
        "tools/call_frequency": _OTHER_UNIT,
        "tools/failure_frequency": _OTHER_UNIT,
    },
    "verl": {
        "critic/vf_explained_var": _CRITIC,
        "critic/vf_clipfrac": _CRITIC,
        "critic/vpred_mean": _CRITIC,
        "critic/grad_norm": _CRITIC,
        "critic/lr": _CRITIC,
        "actor/kl_coef": _COEFFICIENT,
        "actor/reward_kl_penalty_coeff": _COEFFICIENT,
        "actor/pg_clipfrac_lower": "clipping of negative advantages alone; `pg_clipfrac` is all",
        "training/rollout_actor_probs_pearson_corr": _OTHER_UNIT,
    },
    "prime-rl": {
        "loss/perplexity": "the exponential of a loss",
        "kl_ent_ratio/mean": _OTHER_UNIT,
        "optim/zero_grad_ratio": _OTHER_UNIT,
    },
    "openrlhf": {
        "return": "includes the KL penalty and the discount",
        "total_length": "includes the prompt",
        "logprobs_diff": "against the reference model and signed; `kl` says it without a sign",
        "critic_lr": _CRITIC,
        "critic_grad_norm": _CRITIC,
        "values": _CRITIC,
        "dynamic_filtering_pass_rate": _OTHER_UNIT,
    },
    "tinker": {
        "env/all/by_group/frac_mixed": "what is left beside the solved and the unsolved groups",
    },
    "skyrl": {
        "reward/mean_positive_reward": "over the positive rewards alone",
        "reward/num_zero_variance_filtered": "a number of groups, not a share of them",
        "loss/avg_kl_max": _EXTREME,
        "policy/policy_update_steps": _PLACE,
    },
    "nemo-rl": {
        "token_mult_prob_error": "the exponential of a mean difference of log-probabilities",
        "advantages/sum": _OTHER_UNIT,
        "num_valid_samples": _PLACE,
        "total_num_tokens": _SPEED,
    },
}
"""Known names that belong to no channel, with the reason."""

KEPT_PATTERNS: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    # prime-rl; the zero-advantage groups of `effective` are filtered out, so its shares say less
    (
        of_agents("(?:all|effective)", r"(?:num_\w+_tokens|num_turns|reward|is_truncated)/.+"),
        _PART,
    ),
    (of_agents("(?:all|effective)", r"(?:solved_\w+|has_error/.+)"), _PART),
    (re.compile(r"(?:entropy|mismatch_kl|ref_kl|loss)/(?:.+/)?(?:mean|std|min|max)"), _PART),
    (re.compile(r"(?:un)?masked_mismatch_kl/.+|is_masked(?:_low|_high)?/.+"), _PART),
    (re.compile(r"off_policy/.+|progress/.+|time/.+"), _PLACE),
    # TRL
    (re.compile(r"rewards/.+/(?:mean|std)"), "one of several reward functions; `reward` is all"),
    (re.compile(r"completions/(?:mean|min|max)_terminated_length"), _PART),
    (re.compile(r"clip_ratio/(?:low|high)_(?:mean|min|max)"), _PART),
    (re.compile(r"profiling/.+"), _SPEED),
    (re.compile(r"vespo/.+|sample/.+|batch/.+"), _OTHER_UNIT),
    # verl
    (re.compile(r"critic/(?:returns|values)/(?:mean|max|min)"), _CRITIC),
    (re.compile(r"prompt_length/.+|num_turns/.+"), "of the prompts, or a number of turns"),
    (re.compile(r"(?:perf|timing_s|timing_per_token_ms|timing|global_seqlen)/.+"), _SPEED),
    (
        re.compile(r"training/rollout_probs_diff_.+"),
        "a difference of probabilities, not of their logarithms",
    ),
    (re.compile(r"rollout_corr/.+|mismatch[_/].+"), _OTHER_UNIT),
    (re.compile(r"response_length_non_aborted/.+|response/aborted_ratio"), _PART),
    # tinker
    (re.compile(r"env/.+|optim/.+"), _PART),
    # SkyRL
    (re.compile(r"reward/avg_pass_at_.+"), "a share of solved prompts at N tries"),
    (re.compile(r"policy/rollout_train_logprobs_abs_diff_.+"), _EXTREME),
    (re.compile(r"generate/.+|policy/loss_metrics/.+|trainer/.+"), _OTHER_UNIT),
    # NeMo-RL
    (re.compile(r"probs_ratio(?:_.+)?"), "of the actor before and after an update"),
    (re.compile(r"baseline_reward/pct_.+"), "percent of the groups, and only of rewards 0 and 1"),
)
"""Known names with a free part that belong to no channel, with the reason."""
