"""How each kind is judged and what it cannot show, for the table of what was watched."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from provenir.observability.kinds import KIND_NOTES

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    note = KIND_NOTES.get(kind)
    return ("", "") if note is None else (note.method, note.blind_spot)


def hack_words(kind: str) -> tuple[str, str]:
    """Return how a kind of hacking is judged, and what it cannot show."""
    return HACKS.get(kind, ("", ""))
