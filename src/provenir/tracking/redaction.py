"""What stays of a rollout under `track(trajectories="redacted")`: numbers, shape, digests.

Texts become `{"sha256", "chars"}` at every depth. What stays readable:

- numbers, booleans, nulls, and how values are nested;
- the names of the fields at the top, and below it those that chat formats use (`KNOWN_KEYS`);
  any other name below the top becomes a digest;
- what reading the response gave: kinds of signals, places, names of rules, no word of it;
- identifiers (`IDENTIFIERS`) without blanks, up to 128 characters; others become a digest, which
  still tells equal ones apart from different ones.

A list of token ids is a text too and is replaced as one. A digest hides no text that can be
guessed: whoever has a candidate can compare.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from provenir.core.coercion import well_formed
from provenir.core.digest import digest_bytes
from provenir.core.findings import Finding
from provenir.core.plain import json_line
from provenir.observability.hacking.reading import hidden_reading

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXT_KEYS: Final = ("prompt", "prediction", "response", "completion", "messages")
"""Fields that are replaced whole, whatever they hold."""

IDENTIFIERS: Final = ("group_id", "reward_function", "phase", "step", "index", "place")

KNOWN_KEYS: Final = frozenset(
    {
        "arguments", "content", "function", "id", "index", "input_ids", "kind", "messages",
        "name", "reasoning", "reward", "role", "score", "step", "text", "thinking", "token_ids",
        "tool", "tool_call_id", "tool_calls", "true_reward", "turn", "turns", "type", "value",
    }
)  # fmt: skip
_IDENTIFIER: Final = re.compile(r"[A-Za-z0-9_./:#+@-]{1,128}")
_TOKENS: Final = re.compile(r"(?:.*_)?(?:ids|tokens)")


def redacted(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record of a rollout with every text replaced; see the module for what stays."""
    trajectory = {
        key: _digested(value)
        if value is not None and key in TEXT_KEYS
        else _identifier(value)
        if key in IDENTIFIERS
        else _hidden(key, value)
        for key, value in record["trajectory"].items()
    }
    return {**record, "trajectory": trajectory, "redacted": True}


def without_quotes(record: Mapping[str, Any]) -> dict[str, Any]:
    """The record as a report may know it that must not quote the rollout.

    Its group id is no text, since reports name groups by it, and its text is read here: what the
    hacking report needs of it stands in `reading` without a word of it, for the live run and for
    a recovery alike.
    """
    trajectory = record["trajectory"]
    told = dict(record)
    if "group_id" in trajectory:
        told["trajectory"] = {**trajectory, "group_id": _identifier(trajectory["group_id"])}
    reading = hidden_reading(trajectory)
    return told if reading is None else {**told, "reading": reading}


def without_places(notes: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """The notes on reading a rollout, without its field names and without what it held."""
    return tuple(
        Finding(
            kind=note.kind,
            severity=note.severity,
            detail="a part of a rollout could not be kept as it was",
            subject="rollout",
        )
        for note in notes
    )


def _hidden(key: str, value: Any) -> Any:
    if isinstance(value, str) or (isinstance(value, list) and _TOKENS.fullmatch(key)):
        return _digested(value)
    if isinstance(value, list):
        return [_hidden("", item) for item in value]
    if isinstance(value, dict):
        return {_known(name): _hidden(name, item) for name, item in value.items()}
    return value


def _known(name: str) -> str:
    return name if name in KNOWN_KEYS else _digest(name)


def _identifier(value: Any) -> Any:
    if isinstance(value, str):
        return value if _IDENTIFIER.fullmatch(value) else _digest(value)
    return _digest(json_line(value).decode()) if isinstance(value, list | dict) else value


def _digested(value: Any) -> dict[str, Any]:
    text = value if isinstance(value, str) else json_line(value).decode().rstrip("\n")
    return {"sha256": _digest(text), "chars": len(text)}


def _digest(text: str) -> str:
    return digest_bytes(well_formed(text).encode())
