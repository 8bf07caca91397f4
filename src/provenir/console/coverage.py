"""What would have been seen and what would not: one row per kind, watched or not."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from provenir.console.shapes import mapping, whole
from provenir.console.view import NO_TABLE, Cell, Column, Table, Tone, table
from provenir.console.watch_words import anomaly_words, hack_words
from provenir.console.wording import count
from provenir.observability.hacking.signal import HACKING_KINDS
from provenir.observability.kinds import KIND_NOTES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from provenir.console.folder import RunSource

_LIMIT: Final = 60
_COLUMNS: Final = (
    Column("Watched"),
    Column("Kind"),
    Column("On what, or why not"),
    Column("Found", numeric=True),
    Column("How it is judged"),
    Column("What it cannot see"),
)
_OF_NUMBERS: Final = frozenset({"proxy_divergence"})
"""Kinds of hacking that the rewards of a rollout decide; the others need its text."""

_OF_GROUPS: Final = frozenset({"advantage_collapse", "solved_group", "group_outlier"})
_STEPS: Final = re.compile(r"only the means of (\d{1,15}) steps were compared")
_PART: Final = re.compile(r"\b(\d{1,15}) of \d")


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """The view of this section."""

    lead: str
    anomalies: Table = NO_TABLE
    hacks: Table = NO_TABLE


def read_coverage(source: RunSource) -> Coverage:
    """Build the section from what the two reports say that they examined."""
    anomalies = _anomalies(mapping(source.recorder.get("summary")))
    hacks = _hacks(source.hacking)
    watched = sum(row[0].tone == "good" for row in (*anomalies, *hacks))
    return Coverage(
        lead=(
            f"{watched} of {len(anomalies) + len(hacks)} kinds were watched in this run. A run is"
            " healthy, and a rollout clean, only in what was watched."
        ),
        anomalies=_table("Anomalies of the training", anomalies),
        hacks=_table("Signs of reward hacking", hacks),
    )


def _table(caption: str, rows: list[tuple[Cell, ...]]) -> Table:
    return table(_COLUMNS, rows, limit=_LIMIT, noun="kinds", caption=caption)


def _kinds(known: Iterable[str], *told: Mapping[str, Any]) -> list[str]:
    """Return the kinds that this version knows and those that a document names besides."""
    return list(dict.fromkeys(known)) + sorted(
        {kind for names in told for kind in names} - set(known)
    )


def _anomalies(summary: Mapping[str, Any]) -> list[tuple[Cell, ...]]:
    examined, found = mapping(summary.get("examined")), mapping(summary.get("by_kind"))
    not_examined = mapping(summary.get("not_examined"))
    rows = []
    for kind in _kinds(KIND_NOTES, examined, found):
        seen = whole(examined.get(kind))
        on = count(seen, "value") if seen else ""
        why = str(not_examined.get(kind, "" if on else "this recorder did not look for it"))
        rows.append(_row(kind, on, why, whole(found.get(kind)), anomaly_words(kind)))
    return _watched_first(rows)


def _hacks(hacking: Mapping[str, Any]) -> list[tuple[Cell, ...]]:
    examined, found = mapping(hacking.get("examined")), mapping(hacking.get("by_kind"))
    not_examined = mapping(hacking.get("not_examined"))
    rows = []
    for kind in _kinds(HACKING_KINDS, found):
        why = str(not_examined.get(kind, ""))
        seen = _left(whole(examined.get(_counted_as(kind, examined))) or 0, why)
        on = count(seen, "group" if kind in _OF_GROUPS else "rollout") if seen else ""
        if not on and (means := _STEPS.search(why)) is not None:
            on = count(int(means[1]), "step")
        why = why or ("" if on else "no rollout was examined for it")
        rows.append(_row(kind, on, why, whole(found.get(kind)), hack_words(kind)))
    return _watched_first(rows)


def _counted_as(kind: str, examined: Mapping[str, Any]) -> str:
    """Return under which name a report counts what a kind was looked for in."""
    if kind in _OF_GROUPS:
        return "groups"
    if kind in _OF_NUMBERS:
        # The first version of the report examined rewards alone.
        return "both_rewards" if "both_rewards" in examined else "trajectories"
    return "texts"


def _left(seen: int, why: str) -> int:
    """Return how much was looked at, where a report gives a reason why some of it was not."""
    if not why.startswith("no "):
        return seen
    part = _PART.search(why)
    return 0 if part is None else max(0, seen - int(part[1]))


def _row(
    kind: str, on: str, why: str, found: int | None, words: tuple[str, str]
) -> tuple[Cell, ...]:
    """Return one row; `on` is empty where the kind was not watched, for the reason `why`."""
    tone: Tone = "good" if on else "plain"
    how, blind = words
    return (
        Cell("watched" if on else "not watched", tone=tone),
        Cell(kind, code=True),
        Cell(f"{on}, {why}" if on and why else on or why),
        Cell(f"{found or 0:,}" if on or found else "–"),
        Cell(how or "–"),
        Cell(blind or "–"),
    )


def _watched_first(rows: list[tuple[Cell, ...]]) -> list[tuple[Cell, ...]]:
    return sorted(rows, key=lambda row: row[0].tone != "good")
