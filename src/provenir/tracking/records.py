"""Turn what a user's loop hands over into plain records, whatever it is.

A record is what the run folder keeps and what recovery reads again, so both the live run and
`provenir run recover` see the same values. Nothing in this module raises on any input.

A step record is `{"step", "time", "metrics", "nonfinite"}`: a NaN or an infinity stands as null in
`metrics` and by name in `nonfinite`, so that it stays JSON and is not forgotten.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from typing import Any, Final

from provenir.core.coercion import element_count, free_name
from provenir.core.findings import Finding
from provenir.core.limits import MAX_SAFE_INTEGER
from provenir.core.plain import scalar, to_plain
from provenir.observability.hacking.rollout import PROXY_KEYS, TRUE_KEYS
from provenir.observability.metric_names import STEP, lookup
from provenir.observability.metrics import spelled, step_number

SAMPLE_EVERY: Final = 10
MAX_FLOAT_BITS: Final = sys.float_info.max_exp
REWARD_KEYS: Final = (*PROXY_KEYS, *TRUE_KEYS)
Record = dict[str, Any]


def step_record(
    metrics: object, *, next_step: int, time: str
) -> tuple[Record, dict[str, Any], tuple[Finding, ...]]:
    """Make the record of one step.

    Args:
        metrics: A mapping, or an object with `to_dict()` such as `RLStepMetrics`.
        next_step: The step number when `metrics` names none that can be read, under `step` or
            any name that a framework has for it.
        time: RFC 3339 time of the call.

    Returns:
        The record for `steps.jsonl`; the metrics as the flight recorder sees them, with
        non-finite values restored; what had to be changed on the way.
    """
    fields, notes = _fields(metrics)
    nonfinite = {key: spelled(value) for key, value in fields.items() if _is_nonfinite(value)}
    step, step_note = _step_number(fields, next_step)
    if step_note is not None:
        notes = (*notes, step_note)
    fields.pop(STEP, None)
    nonfinite.pop(STEP, None)
    seen = {STEP: step, **fields}
    kept = dict.fromkeys(nonfinite)
    record = {"step": step, "time": time, "metrics": {**fields, **kept}, "nonfinite": nonfinite}
    return record, seen, notes


def seen_by_recorder(record: Mapping[str, Any]) -> dict[str, Any]:
    """The metrics of a stored step record as the flight recorder saw them when it was live."""
    metrics = record.get("metrics")
    nonfinite = record.get("nonfinite")
    seen = dict(metrics) if isinstance(metrics, Mapping) else {}
    if isinstance(nonfinite, Mapping):
        seen.update({key: scalar_of_spelling(text) for key, text in nonfinite.items()})
    seen[STEP] = record.get("step")
    return seen


def trajectory_record(
    trajectory: object, *, number: int, time: str
) -> tuple[Record, tuple[Finding, ...]]:
    """Make the record of one rollout.

    Args:
        trajectory: What the loop handed over.
        number: Its place among all rollouts of the run, from 0; also its `index` when it names
            none. Where not all of them reach the disk, the numbers say how many there were.
        time: RFC 3339 time of the call.

    Returns:
        `{"time", "number", "trajectory"}`, where a reward is not finite also `"nonfinite"` with
        its name; and what had to be changed on the way.
    """
    plain, notes = to_plain(trajectory)
    nonfinite = _read_rewards(plain, trajectory)
    if not isinstance(plain, dict):
        note = Finding(
            kind="unreadable_trajectory",
            severity="warning",
            detail=f"log_trajectory got a {type(trajectory).__name__}, not a dict; kept as it is",
        )
        plain, notes = {"value": plain}, (*notes, note)
    plain.setdefault("index", number)
    record: Record = {"time": time, "number": number, "trajectory": plain}
    return (record | {"nonfinite": nonfinite} if nonfinite else record), notes


def judged_trajectory(record: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The rollout of a record as it was handed over: rewards that are not finite put back."""
    trajectory, nonfinite = record.get("trajectory"), record.get("nonfinite")
    if not isinstance(trajectory, Mapping):
        return None
    if not isinstance(nonfinite, Mapping):
        return trajectory
    told = {key: scalar_of_spelling(nonfinite[key]) for key in REWARD_KEYS if key in nonfinite}
    return {**trajectory, **told}


def reaches_disk(mode: str, number: int) -> bool:
    """Whether the rollout with that number is kept under a mode of `track(trajectories=…)`."""
    return mode in ("all", "redacted") or (mode == "sampled" and number % SAMPLE_EVERY == 0)


def scalar_of_spelling(text: object) -> float:
    """The float that `nonfinite` spells; NaN for anything else."""
    return {"inf": math.inf, "-inf": -math.inf}.get(str(text), math.nan)


def _fields(metrics: object) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    if type(metrics) is dict:
        metrics = metrics.copy()  # in one step: another thread may change it meanwhile
        if all(map(_is_simple, metrics.keys(), metrics.values())):
            return metrics, ()
    if not isinstance(metrics, Mapping):
        converted = _converted(metrics)
        if converted is None:
            return {}, (
                Finding(
                    kind="unreadable_step",
                    severity="warning",
                    detail=f"log_step got a {type(metrics).__name__}, not a dict of metrics",
                ),
            )
        metrics = converted
    fields: dict[str, Any] = {}
    notes: list[Finding] = []
    numbers: dict[str, int] = {}
    try:
        items = list(metrics.items())
    except Exception as fault:  # noqa: BLE001 - a user's mapping may fail in any way
        return {}, (_unreadable(fault),)
    for key, given in items:
        number = _lone_number(given)
        value = given if number is None else number
        plain, found = to_plain(_pair(key, value))
        name, stored = (
            next(iter(plain.items())) if isinstance(plain, dict) and plain else ("?", None)
        )
        if name in fields:
            notes.append(_collision(name))
            name = free_name(name, fields, numbers)
        if value is not None and (stored is None or _is_beyond_floats(value)):
            number = scalar(value)
            if number is not None and not math.isfinite(number):
                fields[name] = number
                continue
        fields[name] = stored
        notes.extend(found)
    return fields, tuple(notes)


def _pair(key: Any, value: object) -> dict[Any, object]:
    try:
        return {key: value}
    except Exception:  # noqa: BLE001 - a user's mapping may hand out keys that no dict takes
        return {f"<{type(key).__name__}>": value}


def _read_rewards(plain: object, trajectory: object) -> dict[str, str]:
    """Put the numbers of rewards in arrays of one element into `plain`; name what is not finite."""
    nonfinite: dict[str, str] = {}
    if not isinstance(plain, dict) or not isinstance(trajectory, Mapping):
        return nonfinite
    for key in REWARD_KEYS:
        if key not in plain or type(plain[key]) in (int, float, bool, str):
            continue
        number = _reward(trajectory, key, lost=plain[key] is None)
        if number is not None:
            plain[key] = number if math.isfinite(number) else None
        if number is not None and plain[key] is None:
            nonfinite[key] = spelled(number)
    return nonfinite


def _reward(trajectory: Mapping[Any, Any], key: str, *, lost: bool) -> float | None:
    try:
        return scalar(trajectory[key]) if lost else _lone_number(trajectory[key])
    except Exception:  # noqa: BLE001 - a user's mapping may fail in any way
        return None


def _lone_number(value: object) -> float | None:
    """The number in an array of one element, such as a loss of shape (1,); None for all else."""
    try:
        return scalar(value) if element_count(value) == 1 else None
    except Exception:  # noqa: BLE001 - a foreign object may fail at its shape
        return None


def _converted(metrics: object) -> Mapping[Any, Any] | None:
    try:
        value = metrics.to_dict()  # type: ignore[attr-defined]
    except Exception:  # noqa: BLE001 - anything without a usable to_dict() is not a step
        return None
    return value if isinstance(value, Mapping) else None


def _unreadable(fault: Exception) -> Finding:
    return Finding(
        kind="unreadable_step",
        severity="warning",
        detail=f"the metrics could not be read: {type(fault).__name__}",
    )


def _collision(name: str) -> Finding:
    return Finding(
        kind="key_collision",
        severity="info",
        detail="names that become equal as text were numbered",
        subject=name,
    )


def _is_simple(key: object, value: object) -> bool:
    if type(key) is not str or not key.isascii():
        return False
    if type(value) is int:
        return -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER
    return value is None or type(value) is float


def _is_beyond_floats(value: object) -> bool:
    return type(value) is int and value.bit_length() > MAX_FLOAT_BITS


def _is_nonfinite(value: object) -> bool:
    return type(value) is float and not math.isfinite(value)


def _step_number(fields: Mapping[str, Any], fallback: int) -> tuple[int, Finding | None]:
    """The step that the metrics name, by `step` or by a framework's own word for it."""
    value = fields.get(STEP)
    if value is None:
        named = (
            (target.rank, name)
            for name in fields
            if fields[name] is not None and (target := lookup(name)) and target.channel == STEP
        )
        _, first = min(named, default=(0, STEP))
        value = fields.get(first)
    if value is None:
        return fallback, None
    number = step_number(value)
    if number is not None:
        return number, None
    return fallback, Finding(
        kind="unreadable_step_number",
        severity="info",
        detail="the step number could not be read; the run's own counter was used",
    )
