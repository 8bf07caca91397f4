"""How each kind is judged and what it cannot show, for the table of what was watched.

Rooms that describe their own kinds are asked first; what stands here is for those that do not.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

ANOMALIES: Final[Mapping[str, tuple[str, str]]] = {
    "kl_blowup": (
        "a bound; a leap or a sustained rise over the run's own baseline",
        "growth at a steady pace below the bound",
    ),
    "kl_collapse": (
        "a leap or a sustained fall below the run's own baseline",
        "a run that never moved",
    ),
    "kl_mismatch": (
        "a bound; a leap or a sustained rise over the run's own baseline",
        "a mismatch that is there from the first step on",
    ),
    "entropy_collapse": (
        "a bound; a leap or a sustained fall below the run's own baseline",
        "whether the task is solved or the sampling collapsed",
    ),
    "entropy_explosion": (
        "a leap or a sustained rise over the run's own baseline",
        "an entropy that is high from the start",
    ),
    "length_explosion": (
        "a leap or a sustained rise over the run's own baseline",
        "growth at a steady pace",
    ),
    "truncation": (
        "the share of responses that were cut off",
        "a share that is high from the start",
    ),
    "advantage_collapse": ("the spread of the advantages over the batch", "single groups"),
    "zero_advantage_groups": ("the share of groups whose rewards are equal", "which groups"),
    "reward_std_collapse": (
        "the spread of the rewards",
        "a spread that shrinks at a steady pace while the task is learnt",
    ),
    "reward_spike": (
        "a leap or a sustained shift of the mean reward",
        "a slow climb of an exploited reward; whether a jump is an exploit",
    ),
    "grad_explosion": (
        "a bound; a leap or a sustained rise over the run's own baseline",
        "what clipping hides, if the norm is logged after it",
    ),
    "clip_saturation": (
        "the share of ratios that were clipped",
        "a share that is high from the start",
    ),
    "stall": (
        "values that no longer change, a gradient of zero, a step that takes long",
        "slow learning",
    ),
    "nonfinite": (
        "NaN and infinity in a channel; the trainer's own count",
        "names without a channel",
    ),
    "lr_anomaly": (
        "a learning rate that no schedule explains",
        "a rate that is wrong from the start",
    ),
}

HACKS: Final[Mapping[str, tuple[str, str]]] = {
    "length_inflation": (
        "the length against the group and the run, with what the length earned",
        "a whole group, or a whole run, that is too long from the start",
    ),
    "format_exploit": (
        "the response against the format that was declared",
        "a format that nobody declared",
    ),
    "test_tampering": (
        "the text and the syntax of the code in the response",
        "code that is made at run time; what happens when it runs",
    ),
    "verifier_gaming": (
        "the text and the syntax of the code in the response",
        "a fault of the verifier that looks like an honest answer",
    ),
    "proxy_divergence": (
        "proxy minus true reward of each rollout",
        "rollouts without a true reward; a true reward that is gamed itself",
    ),
    "degenerate_repetition": (
        "how well the text compresses and how often its parts return",
        "repetition in other words",
    ),
    "advantage_collapse": (
        "whether all rewards of a group are equal and below the maximum",
        "why they are equal",
    ),
    "judge_injection": (
        "phrases in the response that address a judge",
        "persuasion that reads like an answer",
    ),
    "hardcoded_answers": (
        "tables of answers and tests for single inputs in the response",
        "a table that is made from a rule; answers learnt by heart",
    ),
    "group_outlier": (
        "a response that earns like its group and is made otherwise",
        "a group that hacks as a whole; groups of fewer than a handful",
    ),
    "solved_group": (
        "whether all rewards of a group are the maximum",
        "whether the task was solved or the reward was exploited",
    ),
}


def anomaly_words(kind: str) -> tuple[str, str]:
    """Return how a kind of anomaly is judged, and what it cannot show."""
    if (note := _told().get(kind)) is not None:
        return str(note.method), str(note.blind_spot)
    return ANOMALIES.get(kind, ("", ""))


def _told() -> Mapping[str, Any]:
    """Return what the detectors' own room says of its kinds, where it says anything."""
    try:
        notes: Mapping[str, Any] = import_module("provenir.observability.kinds").KIND_NOTES
    except (ImportError, AttributeError):
        return {}
    return notes


def hack_words(kind: str) -> tuple[str, str]:
    """Return how a kind of hacking is judged, and what it cannot show."""
    return HACKS.get(kind, ("", ""))
