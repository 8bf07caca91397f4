"""The worst rollouts: those with signals first, then where proxy and true reward lie apart most.

The file of rollouts is read once, line by line, and only the worst are kept, so that memory does
not grow with the run.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from provenir.console.rollout_groups import Group, Groups
from provenir.console.rollout_record import (
    GRADES,
    WEIGHT,
    RolloutRecord,
    SignalText,
    distinct,
    grade,
    known,
    read_record,
    signals_by_index,
)
from provenir.console.shapes import mapping, mappings, number, text, whole
from provenir.console.view import Cell, Column, Notice, Pair, Table, severity_tone, table
from provenir.console.wording import count, figure, share

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from provenir.console.said import Said

SHOWN: Final = 8
_DRAWN: Final = 8 * SHOWN
_ANSWER_CHARS: Final = 2_400
_SIGNALS: Final = 6
_PLACES: Final = 3
_KIND_COLUMNS: Final = (
    Column("Severity"),
    Column("Kind"),
    Column("Signals", numeric=True),
    Column("Known by"),
    Column("Where"),
    Column("The first one says", wide=True),
)
_GRADE_TITLES: Final = {
    "confirmed": "Confirmed: two independent kinds of evidence agree, or it was executed",
    "suspected": "Suspected: one kind of evidence",
    "noted": "Noted: information, no sign of hacking by itself",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout:
    """One rollout as the page shows it."""

    title: str
    facts: tuple[Pair, ...]
    signals: tuple[SignalText, ...]
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollouts:
    """The view of this section."""

    tally: str
    lead: str
    items: tuple[Rollout, ...]
    kinds: tuple[Table, ...]
    groups: tuple[Group, ...] = ()
    notices: tuple[Notice, ...] = ()


@dataclass(slots=True)
class _Seen:
    total: int = 0
    with_true: int = 0
    with_reward: int = 0


def read_rollouts(
    records: Iterable[Mapping[str, Any]],
    hacking: Mapping[str, Any],
    notices: Sequence[Notice] = (),
) -> Rollouts:
    """Build the section from the records of ``trajectories.jsonl`` and the hacking report."""
    signals = signals_by_index(hacking)
    groups = Groups(hacking)
    seen = _Seen()
    read = (
        _counted(read_record(at, record, signals), seen)
        for at, record in enumerate(groups.passing(records))
    )
    worst = heapq.nsmallest(_DRAWN, read, key=_badness)
    shown = _distinct(r for r in worst if r.signals or seen.with_reward)
    return Rollouts(
        tally=_tally(seen, hacking),
        lead=_lead(seen, shown),
        items=tuple(_rollout(record, said) for record, said in shown),
        kinds=_kinds(hacking),
        groups=groups.worst(),
        notices=tuple(notices),
    )


def _counted(record: RolloutRecord, seen: _Seen) -> RolloutRecord:
    seen.total += 1
    seen.with_true += record.true is not None
    seen.with_reward += record.proxy is not None or record.true is not None
    return record


def _badness(record: RolloutRecord) -> tuple[float, ...]:
    """Return the order: confirmed, grave, far from the true reward, little earned, recent."""
    reward = record.true if record.true is not None else record.proxy
    low = float("inf") if reward is None else reward
    return (-record.is_confirmed, -record.weight, -record.gap, low, -record.order)


def _distinct(worst: Iterable[RolloutRecord]) -> list[tuple[RolloutRecord, tuple[Said, ...]]]:
    """Keep the first few that differ: a model that collapsed says the same thing many times."""
    kept: dict[object, tuple[RolloutRecord, tuple[Said, ...]]] = {}
    for one in worst:
        said = tuple(s for s in (one.prompt(), one.response(_ANSWER_CHARS)) if s is not None)
        kept.setdefault(distinct(said) or one.order, (one, said))
    return list(kept.values())[:SHOWN]


def _rollout(record: RolloutRecord, said: tuple[Said, ...]) -> Rollout:
    true = record.true
    facts = [Pair("reward" if true is None else "proxy reward", figure(record.proxy))]
    facts.append(Pair("true reward", figure(true)))
    if record.proxy is not None and true is not None:
        facts.append(Pair("gap", figure(record.gap)))
    if record.index != record.order:
        facts.append(Pair("place in the file", f"{record.order + 1:,}"))
    if record.fields.get("phase") == "eval":
        facts.append(Pair("phase", "evaluation, not trained on"))
    if record.group is not None:
        facts.append(Pair("group", record.group_name))
    return Rollout(
        title=_title(record),
        facts=tuple(facts),
        signals=record.signal_texts(_SIGNALS),
        said=said,
    )


def _title(record: RolloutRecord) -> str:
    """Name a rollout by its step too: users count from 0 anew in every step."""
    named = f"ollout {record.index:,}"
    return f"R{named}" if record.step is None else f"Step {record.step:,}, r{named}"


def _kinds(hacking: Mapping[str, Any]) -> tuple[Table, ...]:
    """Return a table per grade with one row per kind; the report may have kept fewer signals."""
    by_kind: dict[str, dict[str, list[Mapping[str, Any]]]] = {name: {} for name in GRADES}
    kept: dict[str, int] = {}
    for raw in mappings(hacking.get("signals")):
        kind = str(raw.get("kind", "unnamed"))
        by_kind[grade(raw)].setdefault(kind, []).append(raw)
        kept[kind] = kept.get(kind, 0) + 1
    counts = mapping(hacking.get("by_kind"))
    tables = []
    for name, kinds in by_kind.items():
        rows = [
            _kind(kind, found, _counted_of(found, kept[kind], whole(counts.get(kind))))
            for kind, found in kinds.items()
        ]
        rows.sort(key=lambda row: -WEIGHT.get(row[0].text, 1))
        title = _GRADE_TITLES[name]
        tables.append(table(_KIND_COLUMNS, rows, limit=40, noun="kinds", caption=title))
    return tuple(shown for shown in tables if shown.rows)


def _counted_of(found: Sequence[object], kept: int, counted: int | None) -> str:
    """Write how many signals there are; `of N` where not all of the kind are in this table."""
    total = max(kept, counted or 0)
    if len(found) == kept:
        return f"{total:,}"
    return f"{len(found):,}" if total == kept else f"{len(found):,} of {total:,}"


def _kind(kind: str, found: Sequence[Mapping[str, Any]], counted: str) -> tuple[Cell, ...]:
    severities = (str(raw.get("severity", "warning")) for raw in found)
    worst = max(severities, key=lambda s: WEIGHT.get(s, 1))
    ways = list(dict.fromkeys(known(raw) for raw in found))
    return (
        Cell(worst, tone=severity_tone(worst)),
        Cell(kind, code=True),
        Cell(counted),
        Cell("; ".join(ways[:_PLACES]) + (" …" if len(ways) > _PLACES else "")),
        Cell(_places(found)),
        Cell(str(found[0].get("detail", ""))),
    )


def _places(found: Sequence[Mapping[str, Any]]) -> str:
    """Name the first few rollouts and groups that signals of one kind are about."""
    named: dict[str, dict[str, None]] = {}
    for raw in found:
        at, group = whole(raw.get("index")), raw.get("group_id")
        if at is not None:
            named.setdefault("rollout", {})[f"{at:,}"] = None
        elif group is not None:
            named.setdefault("group", {})[str(group)[:80]] = None
        else:
            named.setdefault(text(raw.get("subject")) or "the whole run", {})
    return "; ".join(_few(noun, list(names)) for noun, names in list(named.items())[:_PLACES])


def _few(noun: str, names: Sequence[str]) -> str:
    if not names:
        return noun
    more = " …" if len(names) > _PLACES else ""
    return f"{noun}{'s' if len(names) > 1 else ''} {', '.join(names[:_PLACES])}{more}"


def _tally(seen: _Seen, hacking: Mapping[str, Any]) -> str:
    rate = number(hacking.get("hacking_rate"))
    logged = whole(hacking.get("num_trajectories"))
    parts = [f"{count(seen.total if logged is None else logged, 'rollout')} logged"]
    graded = ((name, whole(hacking.get(f"num_{name}"))) for name in ("confirmed", "suspected"))
    parts += [f"{n:,} {name}" for name, n in graded if n]
    if rate is not None:
        parts.append(f"hacking rate {share(rate)}")
    return ", ".join(parts)


def _lead(seen: _Seen, worst: Sequence[object]) -> str:
    if seen.total == 0:
        return "No rollout is kept in this folder, so none can be shown."
    if not worst:
        return "No rollout carries a reward, and none has a signal: there is no worst to show."
    order = "Confirmed signals first, then suspected ones"
    if seen.with_true:
        order += ", then the largest gap of proxy over true reward, then the lowest true reward"
    else:
        order += ", then the lowest reward"
    order += "; the most recent first among equals. Of rollouts with the same texts one is shown"
    words = f"{order}. {len(worst)} of the {seen.total:,} kept are shown."
    if not seen.with_true:
        words += " No true reward was logged, so nobody can tell whether the reward was earned."
    return words
