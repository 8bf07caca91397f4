"""The groups of a run while their rollouts come in, in bounded memory.

A group is complete when its last rollout has come, which nobody says. So groups stay open until the
report, or until many newer ones have come. Of its rewards a group keeps count, smallest and
largest; what is needed to contrast its texts is kept of the newest groups only, and a group whose
turn to give it up has come is contrasted as it is.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from provenir.observability.hacking.contrast import (
    MAX_MEMBERS,
    GroupMember,
    contrast_group,
    features,
)
from provenir.observability.hacking.grading import graded, is_flag
from provenir.observability.hacking.judge import judge_group

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    from provenir.observability.hacking.examination import Examination
    from provenir.observability.hacking.rollout import Rollout
    from provenir.observability.hacking.signal import HackingSignal

MAX_KEPT: Final = 4_096
"""Rollouts of all open groups whose texts are kept for the contrast, as features."""

FEWEST_TEXTS: Final = 4
"""Texts of a group from which on it is contrasted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What the end of a group, or of its contrast, gave.

    Attributes:
        about_group: The signal about its rewards, if any.
        about_members: Signals about single rollouts of it.
        newly_flagged: Rollouts that only these signals flag.
        groups: 1 when the rewards of a group of two or more were judged.
        contrasted: 1 when its texts were enough to be contrasted.
    """

    about_group: HackingSignal | None = None
    about_members: tuple[HackingSignal, ...] = ()
    newly_flagged: int = 0
    groups: int = 0
    contrasted: int = 0

    @property
    def signals(self) -> tuple[HackingSignal, ...]:
        """All of them."""
        return self.about_members + (() if self.about_group is None else (self.about_group,))


@dataclass(frozen=True, slots=True)
class _Member:
    rollout: Rollout
    contrast: GroupMember
    kinds: tuple[str, ...]
    is_flagged: bool
    is_confirmed: bool


@dataclass(slots=True)
class _Group:
    group_id: str | int
    low: float
    high: float
    count: int = 0
    members: list[_Member] = field(default_factory=list)
    contrast: Outcome | None = None
    is_settled: bool = False


class OpenGroups:
    """The groups that may still grow.

    Args:
        max_groups: How many may be open; beyond it the oldest is closed.
        max_members: How many rollouts of all of them keep what the contrast needs.
    """

    def __init__(self, *, max_groups: int, max_members: int = MAX_KEPT) -> None:
        self._max_groups = max_groups
        self._max_members = max_members
        self._open: OrderedDict[Hashable, _Group] = OrderedDict()
        self._with_texts: OrderedDict[Hashable, _Group] = OrderedDict()
        self._members = 0

    def join(self, seen: Examination) -> Iterator[Outcome]:
        """Put an examined rollout into its group, if any; yield what had to be closed for it.

        The same prompt may come again at a later step: that is another group.
        """
        group_id, reward = seen.rollout.group_id, seen.rollout.proxy
        if group_id is None or reward is None:
            return
        key = (group_id, seen.rollout.step)
        group = self._open.get(key)
        if group is None:
            if len(self._open) >= self._max_groups:
                yield self._close(next(iter(self._open)))
            group = self._open[key] = _Group(group_id, reward, reward)
        group.count += 1
        group.low = min(group.low, reward)
        group.high = max(group.high, reward)
        if seen.reading is None or seen.reading.response is None or group.is_settled:
            return
        if len(group.members) >= MAX_MEMBERS:
            return
        if self._members >= self._max_members:
            oldest = next(iter(self._with_texts))
            yield self._settle(oldest)
            if oldest == key:
                return
        self._with_texts.setdefault(key, group)
        group.members.append(_member(len(group.members), seen, seen.reading.response.text))
        group.contrast = None
        self._members += 1

    def outcomes(self) -> Iterator[Outcome]:
        """Judge every open group as it is, and leave it open."""
        for group in list(self._open.values()):  # a signal handler may add one meanwhile
            yield _judged(group)

    def _settle(self, key: Hashable) -> Outcome:
        group = self._with_texts.pop(key)
        outcome = _contrasted(group)
        self._members -= len(group.members)
        group.members, group.contrast = [], None
        group.is_settled = True
        return outcome

    def _close(self, key: Hashable) -> Outcome:
        group = self._open.pop(key)
        outcome = _judged(group)
        if self._with_texts.pop(key, None) is not None:
            self._members -= len(group.members)
        return outcome


def contrasted(examinations: list[Examination]) -> tuple[HackingSignal, ...]:
    """Contrast the rollouts of one group that is complete."""
    group = _Group(0, 0.0, 0.0)
    for seen in examinations[:MAX_MEMBERS]:
        if seen.reading is not None and seen.reading.response is not None:
            group.members.append(_member(len(group.members), seen, seen.reading.response.text))
    return _contrasted(group).about_members


def _member(place: int, seen: Examination, text: str) -> _Member:
    rollout = seen.rollout
    return _Member(
        rollout,
        GroupMember(
            index=place, reward=rollout.proxy, true=rollout.true, text_features=features(text)
        ),
        tuple(signal.kind for signal in seen.signals),
        seen.is_flagged,
        seen.is_confirmed,
    )


def _judged(group: _Group) -> Outcome:
    outcome = _contrasted(group)
    if group.count < 2:
        return outcome
    signal = judge_group(
        group.count, group.low, group.high, group_id=group.group_id, severity="info"
    )
    return replace(outcome, about_group=signal, groups=1)


def _contrasted(group: _Group) -> Outcome:
    """Contrast a group once for the texts that it has: a report may be asked for at every step."""
    if group.contrast is None:
        group.contrast = _contrast(group)
    return group.contrast


def _contrast(group: _Group) -> Outcome:
    if len(group.members) < FEWEST_TEXTS:
        return Outcome()
    found: list[HackingSignal] = []
    flagged: set[int] = set()
    for signal in contrast_group([member.contrast for member in group.members]):
        if signal.index is None:
            continue
        member = group.members[signal.index]
        if signal.kind in member.kinds:
            continue
        (reported,) = graded([signal], member.rollout)
        is_sure = member.is_confirmed and is_flag(signal)
        found.append(replace(reported, confirmed=is_sure) if is_sure else reported)
        if is_flag(signal) and not member.is_flagged:
            flagged.add(signal.index)
    return Outcome(about_members=tuple(found), newly_flagged=len(flagged), contrasted=1)
