"""The worst rollouts: those with signals first, then where proxy and true reward lie apart most.

The file of rollouts is read once, line by line, and only the worst are kept, so that memory does
not grow with the run.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from provenir.console.said import Said, read_said
from provenir.console.shapes import mapping, mappings, number, text, whole
from provenir.console.view import Cell, Column, Notice, Pair, Table, Tone, severity_tone, table
from provenir.console.wording import count, figure, share

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

SHOWN: Final = 8
_DRAWN: Final = 8 * SHOWN
_PROMPT_CHARS: Final = 800
_ANSWER_CHARS: Final = 2_400
_SIGNALS: Final = 6
_PLACES: Final = 3
_WEIGHT: Final = {"critical": 2, "warning": 1, "info": 0}
_KIND_COLUMNS: Final = (
    Column("Severity"),
    Column("Kind"),
    Column("Signals", numeric=True),
    Column("Where"),
    Column("The first one says", wide=True),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalText:
    """One signal of a rollout."""

    label: str
    text: str
    tone: Tone


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
    kinds: Table
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True, slots=True)
class _Ranked:
    badness: tuple[float, float, float]
    order: int
    index: int
    fields: Mapping[str, Any]
    signals: tuple[Mapping[str, Any], ...]


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
    signals = _signals_by_index(hacking)
    seen = _Seen()
    ranked = (_rank(at, record, signals, seen) for at, record in enumerate(records))
    worst = heapq.nsmallest(_DRAWN, ranked, key=lambda r: (*(-b for b in r.badness), -r.order))
    worst = _distinct(r for r in worst if r.signals or seen.with_reward)
    return Rollouts(
        tally=_tally(seen, hacking),
        lead=_lead(seen, worst),
        items=tuple(_rollout(r) for r in worst),
        kinds=_kinds(hacking),
        notices=tuple(notices),
    )


def _distinct(worst: Iterable[_Ranked]) -> list[_Ranked]:
    """Keep the first few that differ: a model that collapsed says the same thing many times."""
    kept: dict[object, _Ranked] = {}
    for one in worst:
        texts = tuple((said.label, said.text, said.cut) for said in _texts(one.fields))
        kept.setdefault(texts or one.order, one)
    return list(kept.values())[:SHOWN]


def proxy_reward(fields: Mapping[str, Any]) -> float | None:
    """Return the reward that the training saw."""
    return _first_number(fields, "proxy_reward", "reward")


def true_reward(fields: Mapping[str, Any]) -> float | None:
    """Return the reward that was meant, where it was measured."""
    return _first_number(fields, "true_reward", "held_out_reward")


def _first_number(fields: Mapping[str, Any], *names: str) -> float | None:
    return next((v for name in names if (v := number(fields.get(name))) is not None), None)


def _signals_by_index(hacking: Mapping[str, Any]) -> dict[int, list[Mapping[str, Any]]]:
    found: dict[int, list[Mapping[str, Any]]] = {}
    for raw in mappings(hacking.get("signals")):
        at = whole(raw.get("index"))
        if at is not None:
            found.setdefault(at, []).append(raw)
    return found


def _fits(
    signal: Mapping[str, Any], fields: Mapping[str, Any], proxy: float | None, true: float | None
) -> bool:
    """Tell whether a signal with this index is about this rollout: users may repeat indices."""
    data = mapping(signal.get("data"))
    stated = ((data.get("proxy"), proxy), (data.get("true"), true))
    if any(value is not None and number(value) != held for value, held in stated):
        return False
    group = signal.get("group_id")
    return group is None or "group_id" not in fields or str(group) == str(fields["group_id"])[:128]


def _rank(
    at: int,
    record: Mapping[str, Any],
    signals: Mapping[int, Sequence[Mapping[str, Any]]],
    seen: _Seen,
) -> _Ranked:
    fields = mapping(record.get("trajectory")) or record
    index = whole(fields.get("index"))
    index = at if index is None else index
    proxy, true = proxy_reward(fields), true_reward(fields)
    found = tuple(s for s in signals.get(index, ()) if _fits(s, fields, proxy, true))
    seen.total += 1
    seen.with_true += true is not None
    seen.with_reward += proxy is not None or true is not None
    weight = max((_WEIGHT.get(str(s.get("severity")), 1) + 1 for s in found), default=0)
    gap = proxy - true if proxy is not None and true is not None else 0.0
    known = true if true is not None else proxy
    lowness = float("-inf") if known is None else -known
    return _Ranked((weight, gap, lowness), at, index, fields, found)


def _rollout(ranked: _Ranked) -> Rollout:
    fields = ranked.fields
    proxy, true = proxy_reward(fields), true_reward(fields)
    facts = [Pair("reward" if true is None else "proxy reward", figure(proxy))]
    facts.append(Pair("true reward", figure(true)))
    if proxy is not None and true is not None:
        facts.append(Pair("gap", figure(proxy - true)))
    if ranked.index != ranked.order:
        facts.append(Pair("place in the file", f"{ranked.order + 1:,}"))
    if fields.get("phase") == "eval":
        facts.append(Pair("phase", "evaluation, not trained on"))
    group = fields.get("group_id")
    if group is not None and not isinstance(group, (dict, list)):
        facts.append(Pair("group", str(group)[:80]))
    return Rollout(
        title=_title(ranked),
        facts=tuple(facts),
        signals=tuple(_signal(raw) for raw in ranked.signals[:_SIGNALS]),
        said=_texts(fields),
    )


def _title(ranked: _Ranked) -> str:
    """Name a rollout by its step too: users count from 0 anew in every step."""
    step = whole(ranked.fields.get("step"))
    named = f"ollout {ranked.index:,}"
    return f"R{named}" if step is None else f"Step {step:,}, r{named}"


def _texts(fields: Mapping[str, Any]) -> tuple[Said, ...]:
    prompt = next((fields[k] for k in ("prompt", "messages", "question") if k in fields), None)
    answer = next(
        (fields[k] for k in ("prediction", "response", "completion") if k in fields), None
    )
    texts = []
    if prompt is not None:
        texts.append(read_said("Prompt", prompt, _PROMPT_CHARS))
    if answer is not None:
        texts.append(read_said("Response", answer, _ANSWER_CHARS))
    return tuple(texts)


def _signal(raw: Mapping[str, Any]) -> SignalText:
    severity = str(raw.get("severity", "warning"))
    kind = str(raw.get("kind", "unnamed"))
    return SignalText(label=kind, text=str(raw.get("detail", "")), tone=severity_tone(severity))


def _kinds(hacking: Mapping[str, Any]) -> Table:
    """Return one row per kind of signal; counts come from the report, which may keep fewer."""
    by_kind: dict[str, list[Mapping[str, Any]]] = {}
    for raw in mappings(hacking.get("signals")):
        by_kind.setdefault(str(raw.get("kind", "unnamed")), []).append(raw)
    counts = mapping(hacking.get("by_kind"))
    rows = [_kind(kind, found, whole(counts.get(kind))) for kind, found in by_kind.items()]
    rows.sort(key=lambda row: -_WEIGHT.get(row[0].text, 1))
    return table(_KIND_COLUMNS, rows, limit=40, noun="kinds")


def _kind(kind: str, found: Sequence[Mapping[str, Any]], counted: int | None) -> tuple[Cell, ...]:
    severities = (str(raw.get("severity", "warning")) for raw in found)
    worst = max(severities, key=lambda s: _WEIGHT.get(s, 1))
    return (
        Cell(worst, tone=severity_tone(worst)),
        Cell(kind, code=True),
        Cell(f"{max(len(found), counted or 0):,}"),
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
    if rate is not None:
        parts.append(f"hacking rate {share(rate)}")
    return ", ".join(parts)


def _lead(seen: _Seen, worst: Sequence[_Ranked]) -> str:
    if seen.total == 0:
        return "No rollout is kept in this folder, so none can be shown."
    if not worst:
        return "No rollout carries a reward, and none has a signal: there is no worst to show."
    order = "Signals first"
    if seen.with_true:
        order += ", then the largest gap of proxy over true reward, then the lowest true reward"
    else:
        order += ", then the lowest reward"
    order += "; the most recent first among equals. Of rollouts with the same texts one is shown"
    words = f"{order}. {len(worst)} of the {seen.total:,} kept are shown."
    if not seen.with_true:
        words += " No true reward was logged, so nobody can tell whether the reward was earned."
    return words
