"""Episodes: a fault is reported once, when it begins, and followed until it is over.

Rules: a hit without an open episode opens one (onset). Further hits extend it and may make it more
severe, never less. It is over when its signal was observed `recover_after` times in a row without a
hit; it then counts as recovered from the first of these. Steps at which the signal was not logged
change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from provenir.core.findings import SEVERITIES, Severity, severity_rank
from provenir.observability.anomaly import Anomaly

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Set

    from provenir.observability.detectors.hit import Hit

Key = tuple[str, str]
"""Kind and what it is about."""


@dataclass(slots=True)
class _Open:
    anomaly: Anomaly
    place: int | None
    hits: int = 1
    quiet: int = 0
    quiet_from: int = 0


class Episodes:
    """All episodes of a run, in bounded memory.

    Args:
        recover_after: Quiet observations that end an episode.
        limit: Most episodes that are kept; the counts go on beyond it.
    """

    def __init__(self, recover_after: int, limit: int) -> None:
        self._recover_after = recover_after
        self._limit = limit
        self._kept: list[Anomaly] = []
        self._open: dict[Key, _Open] = {}
        self.by_kind: dict[str, int] = {}
        self._dropped: dict[Severity, int] = dict.fromkeys(SEVERITIES, 0)

    @property
    def kept(self) -> list[Anomaly]:
        """The episodes as they stand now, in order of onset."""
        return list(self._kept)

    @property
    def open(self) -> list[Anomaly]:
        """The episodes that go on."""
        return [episode.anomaly for episode in self._open.values()]

    @property
    def open_keys(self) -> Set[Key]:
        """What the episodes are about that go on."""
        return self._open.keys()

    @property
    def dropped(self) -> int:
        """How many episodes were counted and not kept."""
        return sum(self._dropped.values())

    @property
    def any_open(self) -> bool:
        """Whether any episode goes on."""
        return bool(self._open)

    def by_severity(self) -> dict[str, int]:
        """Return the number of episodes of each severity; those not kept count as they began."""
        counts: dict[str, int] = {name: self._dropped[name] for name in SEVERITIES}
        for anomaly in self._kept:
            counts[anomaly.severity] += 1
        return counts

    def hit(
        self, key: Key, hit: Hit, *, channel: str, value: float | None, step: int
    ) -> Anomaly | None:
        """Take a detector's hit; return the anomaly if an episode begins with it."""
        episode = self._open.get(key)
        if episode is not None:
            self._extend(episode, hit, value=value, step=step)
            return None
        anomaly = Anomaly(
            kind=key[0],
            severity=hit.severity,
            detail=hit.detail,
            subject=channel,
            step=step,
            channel=channel,
            value=value,
            last_step=step,
        )
        self.by_kind[key[0]] = self.by_kind.get(key[0], 0) + 1
        place = None
        if len(self._kept) < self._limit:
            place = len(self._kept)
            self._kept.append(anomaly)
        else:
            self._dropped[hit.severity] += 1
        self._open[key] = _Open(anomaly, place)
        return anomaly

    def quiet(self, keys: Iterable[Key], step: int) -> list[Key]:
        """Note that these signals were observed without a hit; return the episodes now over."""
        over = []
        for key in keys:
            episode = self._open.get(key)
            if episode is None:
                continue
            if episode.quiet == 0:
                episode.quiet_from = step
            episode.quiet += 1
            if episode.quiet >= self._recover_after:
                self._keep(episode, replace(episode.anomaly, recovered_at=episode.quiet_from))
                del self._open[key]
                over.append(key)
        return over

    def explain(self, kind: str, channel: str, facts: Mapping[str, Any]) -> None:
        """Add facts to the open episodes of a kind and channel; what was said first stays."""
        for episode in self._open.values():
            anomaly = episode.anomaly
            if (anomaly.kind, anomaly.channel) == (kind, channel):
                self._keep(episode, replace(anomaly, data={**facts, **anomaly.data}))

    def _extend(self, episode: _Open, hit: Hit, *, value: float | None, step: int) -> None:
        episode.hits += 1
        episode.quiet = 0
        severity = hit.severity
        for least, grown in hit.growing:
            if episode.hits >= least:
                severity = grown
        anomaly = episode.anomaly
        if severity_rank(severity) > severity_rank(anomaly.severity):
            detail = hit.detail if step == anomaly.step else f"{hit.detail} (at step {step})"
            anomaly = replace(anomaly, severity=severity, detail=detail, value=value)
        self._keep(episode, replace(anomaly, last_step=step))

    def _keep(self, episode: _Open, anomaly: Anomaly) -> None:
        episode.anomaly = anomaly
        if episode.place is not None:
            self._kept[episode.place] = anomaly
