"""The channels section: every recorded series as a chart, with its anomalies on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from provenir.console.bands import SIGNS, Mark
from provenir.console.charts import draw, is_log
from provenir.console.series import DRAWN, Series
from provenir.console.view import Tone, severity_tone
from provenir.console.wording import count, figure, shorten
from provenir.observability.detectors import STEP_WATCHES, WATCHES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from provenir.console.health import Episode
    from provenir.console.picture import Picture

CHARTED: Final = 60
"""Most channels that are drawn; the rest is named."""

_JUDGED: Final = frozenset(watch.channel for watch in WATCHES) | {
    watch.channel for watch in STEP_WATCHES
}
"""Channels whose values a detector judges; in all others only what is no number is seen."""

_MARKS: Final = 4
_NAME_CHARS: Final = 100
_ORDER: Final = (
    "reward", "true_reward", "proxy", "kl", "entropy", "advantage", "loss", "grad", "learning_rate",
    "response", "length", "truncated", "clip", "zero_advantage",
)  # fmt: skip
"""Beginnings of channel names in the order in which a person reads them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkText:
    """What stands under a chart for one anomaly; `sign` is the one at its onset."""

    text: str
    tone: Tone
    sign: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One chart with its words."""

    channel: str
    last: str
    picture: Picture
    marks: tuple[MarkText, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Channels:
    """The view of this section."""

    tally: str
    lead: str
    cards: tuple[Card, ...]
    severities: tuple[MarkText, ...]
    has_band: bool
    omitted: str
    unplaced: str = ""


def read_channels(series: Iterable[Series], episodes: Sequence[Episode]) -> Channels:
    """Draw every series; the watched ones first.

    Raises:
        MissingExtraError: There is something to draw and the extra ``report`` is missing.
    """
    ordered = sorted(series, key=_reading_order)
    shown, rest = ordered[:CHARTED], ordered[CHARTED:]
    by_channel: dict[str, list[Episode]] = {}
    for episode in episodes:
        by_channel.setdefault(episode.channel or "", []).append(episode)
    span = _span(shown)
    cards = tuple(_card(one, by_channel.get(one.channel, []), span) for one in shown)
    marked = {e.severity for one in shown for e in by_channel.get(one.channel, [])}
    return Channels(
        tally=f"{len(ordered)} recorded" if ordered else "",
        lead="" if ordered else "No channel was recorded.",
        cards=cards,
        severities=tuple(
            MarkText(text=f"{name} anomaly", tone=severity_tone(name), sign=sign)
            for name, sign in SIGNS.items()
            if name in marked
        ),
        has_band=any(b.low != b.high for one in shown for b in one.buckets)
        or any(len(one.buckets) > DRAWN for one in shown),
        omitted=_omitted(rest),
        unplaced=_unplaced(shown, episodes),
    )


def _span(shown: Sequence[Series]) -> tuple[int, int]:
    """Return the steps that all charts cover, so that they can be compared."""
    return (
        min((one.first_step for one in shown), default=0),
        max((one.last_step for one in shown), default=0),
    )


def _reading_order(one: Series) -> tuple[bool, int, str]:
    for at, start in enumerate(_ORDER):
        if one.channel.startswith(start):
            return (not one.watched, at, one.channel)
    return (not one.watched, len(_ORDER), one.channel)


def _card(one: Series, episodes: Sequence[Episode], span: tuple[int, int]) -> Card:
    marks = [_mark(e, one.last_step) for e in episodes]
    return Card(
        channel=shorten(one.channel, _NAME_CHARS),
        last=figure(one.last, missing="not finite"),
        picture=draw(one, marks, span),
        marks=_mark_texts(episodes),
        notes=tuple(_notes(one)),
    )


def _mark(episode: Episode, end: int) -> Mark:
    """Return an episode's place; one that is not over lasts to the end of the chart."""
    last = episode.last_step if episode.recovered_at is not None else max(end, episode.last_step)
    return Mark(first_step=episode.step, last_step=last, severity=episode.severity)


def _mark_texts(episodes: Sequence[Episode]) -> tuple[MarkText, ...]:
    texts = [
        MarkText(
            text=f"{e.severity} {e.kind} · step {e.when}",
            tone=severity_tone(e.severity),
            sign=SIGNS.get(e.severity, SIGNS["warning"]),
        )
        for e in episodes[:_MARKS]
    ]
    more = len(episodes) - _MARKS
    if more > 0:
        texts.append(MarkText(text=f"{count(more, 'more episode')}, see the table", tone="plain"))
    return tuple(texts)


def _notes(one: Series) -> list[str]:
    notes = []
    if not one.watched:
        notes.append("watched by no detector")
    elif one.channel not in _JUDGED:
        notes.append("watched for NaN only")
    if is_log(one):
        notes.append("logarithmic scale")
    if one.gaps:
        notes.append(f"nothing finite in {one.gaps:,} of {count(len(one.buckets), 'bucket')}")
    return notes


def _unplaced(shown: Sequence[Series], episodes: Sequence[Episode]) -> str:
    """Name the episodes that no chart shows, such as one of a channel that was never finite."""
    drawn = {one.channel for one in shown}
    missing = [e for e in episodes if e.channel not in drawn]
    if not missing:
        return ""
    named = ", ".join(f"{e.kind} at step {e.when}" for e in missing[:_MARKS])
    more = f" and {len(missing) - _MARKS:,} more" if len(missing) > _MARKS else ""
    return f"On no chart, since their channel is not drawn: {named}{more}."


def _omitted(rest: Sequence[Series]) -> str:
    if not rest:
        return ""
    named = ", ".join(one.channel for one in rest[:CHARTED])
    more = "" if len(rest) <= CHARTED else f" and {len(rest) - CHARTED:,} more"
    return f"Recorded and not drawn ({len(rest):,}): {named}{more}."
