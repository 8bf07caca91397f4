"""The worst groups: rollouts of one prompt side by side, so that the odd one is seen.

The file of rollouts is read once for the whole page; the groups are gathered as its records pass
by. Groups that are not yet over are held up to a bound, of each only so many members, of each
member only what is shown, so that memory does not grow with the run.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from provenir.console.rollout_record import SignalText, read_record, signals_by_index
from provenir.console.view import Pair
from provenir.console.wording import count, figure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from provenir.console.rollout_record import RolloutRecord
    from provenir.console.said import Said

SHOWN: Final = 3
MEMBERS: Final = 8
_OPEN: Final = 128
"""Groups that may go on at the same time; beyond it the one untouched longest is over."""

_HELD: Final = 2 * MEMBERS
_CANDIDATES: Final = 8 * SHOWN
_ANSWER_CHARS: Final = 1_200
_SIGNALS: Final = 4
_SUSPICIOUS: Final = 2
"""Weight of a warning, from which on a signal makes a rollout suspected."""

Key = tuple[int | None, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One rollout of a group.

    Attributes:
        title: Its name.
        mark: `confirmed` or `suspected`; empty for one without such a signal.
        facts: Its rewards and its length.
        signals: What was seen in it.
        said: Its response.
        order: Its place in the file.
        badness: Confirmed, weight of its signals, gap of proxy over true reward.
    """

    title: str
    mark: str
    facts: tuple[Pair, ...]
    signals: tuple[SignalText, ...]
    said: Said | None
    order: int
    badness: tuple[bool, int, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """One group as the page shows it; `omitted` says how many members are left out."""

    title: str
    lead: str
    prompt: Said | None
    members: tuple[Member, ...]
    omitted: str


@dataclass(slots=True)
class _Open:
    key: Key
    name: str
    prompt: Said | None
    size: int = 0
    marked: int = 0
    low: float = float("inf")
    high: float = float("-inf")
    members: list[Member] = field(default_factory=list)

    @property
    def badness(self) -> tuple[bool, int, float]:
        return max(member.badness for member in self.members)

    def add(self, record: RolloutRecord) -> None:
        self.size += 1
        if record.proxy is not None:
            self.low, self.high = min(self.low, record.proxy), max(self.high, record.proxy)
        member = _member(record)
        self.marked += bool(member.mark)
        self.members.append(member)
        if len(self.members) > _HELD:
            self.members = heapq.nlargest(MEMBERS, self.members, key=_first_shown)


def _first_shown(member: Member) -> tuple[bool, int, float, int]:
    return (*member.badness, -member.order)


class Groups:
    """Gathers the worst groups from records that pass by.

    Args:
        hacking: The hacking report, whose signals mark the rollouts.
    """

    def __init__(self, hacking: Mapping[str, Any]) -> None:
        self._signals = signals_by_index(hacking)
        self._open: OrderedDict[Key, _Open] = OrderedDict()
        self._worst: list[tuple[tuple[bool, int, float], int, _Open]] = []
        self._over = 0

    def passing(self, records: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """Yield the records of ``trajectories.jsonl`` again, and look at each."""
        for at, record in enumerate(records):
            self._look(read_record(at, record, self._signals))
            yield record

    def worst(self) -> tuple[Group, ...]:
        """Return the worst groups so far, those with confirmed signals first."""
        while self._open:
            self._finish(self._open.popitem(last=False)[1])
        kept: dict[object, Group] = {}
        for _, _, group in sorted(self._worst, key=lambda one: one[:2], reverse=True):
            shown = _group(group)
            kept.setdefault(_odd(shown) or group.key, shown)
        return tuple(kept.values())[:SHOWN]

    def _look(self, record: RolloutRecord) -> None:
        name = record.group
        if name is None or record.fields.get("phase") == "eval":
            return
        key = (record.step, name)
        group = self._open.get(key)
        if group is None:
            if len(self._open) >= _OPEN:
                self._finish(self._open.popitem(last=False)[1])
            group = self._open[key] = _Open(key, record.group_name, record.prompt())
        self._open.move_to_end(key)
        group.add(record)

    def _finish(self, group: _Open) -> None:
        self._over += 1
        _, weight, gap = group.badness
        if group.size < 2 or (weight < _SUSPICIOUS and gap <= 0):
            return
        ranked = (group.badness, self._over, group)
        if len(self._worst) < _CANDIDATES:
            heapq.heappush(self._worst, ranked)
        else:
            heapq.heappushpop(self._worst, ranked)


def _odd(group: Group) -> object:
    """What makes two groups alike: the same texts of marked rollouts."""
    return tuple(m.said.text for m in group.members if m.mark and m.said is not None)


def _member(record: RolloutRecord) -> Member:
    facts = [Pair("reward" if record.true is None else "proxy reward", figure(record.proxy))]
    if record.true is not None:
        facts.append(Pair("true reward", figure(record.true)))
    said = record.response(_ANSWER_CHARS)
    if said is not None:
        facts.append(Pair("length", count(said.length, "character")))
    weight = record.weight
    mark = "confirmed" if record.is_confirmed else "suspected" if weight >= _SUSPICIOUS else ""
    return Member(
        title=f"Rollout {record.index:,}",
        mark=mark,
        facts=tuple(facts),
        signals=record.signal_texts(_SIGNALS),
        said=said,
        order=record.order,
        badness=(record.is_confirmed, weight, record.gap),
    )


def _group(group: _Open) -> Group:
    step, _ = group.key
    where = "" if step is None else f"Step {step:,}, "
    shown = heapq.nlargest(MEMBERS, group.members, key=_first_shown)
    left_out = group.size - len(shown)
    more = f"{count(left_out, 'further rollout')} of this group not shown."
    return Group(
        title=f"{where}group {group.name}" if where else f"Group {group.name}",
        lead=_lead(group),
        prompt=group.prompt,
        members=tuple(shown),
        omitted=more if left_out else "",
    )


def _lead(group: _Open) -> str:
    rewards = ""
    if group.low <= group.high:
        rewards = f", rewards {figure(group.low)} to {figure(group.high)}"
    return f"{count(group.size, 'rollout')}{rewards}, {group.marked:,} marked"
