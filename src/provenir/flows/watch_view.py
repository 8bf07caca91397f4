"""One frame of the live view: lines that fit the width and the height of the terminal.

All text that came from a file passes `core.text.printable`. No meaning rests on colour alone: a
severity is also a sign and a word.
"""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final

from rich.text import Text

from provenir.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console, ConsoleOptions, RenderResult

    from provenir.flows.watch_facts import Facts
    from provenir.observability.anomaly import Anomaly
    from provenir.observability.series import Bucket

__all__ = ["Frame", "episode_line", "one_line", "sparkline"]

_STYLES: Final = {
    "CRITICAL": "bold red",
    "DEGRADED": "yellow",
    "HEALTHY": "green",
    "critical": "bold red",
    "warning": "yellow",
    "info": "cyan",
    "running": "green",
    "completed": "green",
    "died": "bold red",
    "failed": "bold red",
    "interrupted": "yellow",
}
_SIGNS: Final = {"critical": "▼", "warning": "◆", "info": "●"}
_PLAIN_SIGNS: Final = {"critical": "!", "warning": "*", "info": "-"}
_LEVELS: Final = "▁▂▃▄▅▆▇█"
_PLAIN_LEVELS: Final = "_.-:=+*#"
_WORDS: Final = {
    "absent": "no run here yet",
    "died": "its process is gone",
    "unknown": "no manifest can be read",
}
_ORDER: Final = (
    "reward", "true_reward", "kl", "entropy", "advantage", "loss", "grad", "response", "learning",
)  # fmt: skip
"""Beginnings of channel names in the order in which a person reads them."""

_OUTGROWN: Final = 20.0
_NAME_COLUMNS: Final = 24
_VALUE_COLUMNS: Final = 10
_MOST_SPARKS: Final = 48
_FEWEST_SPARKS: Final = 8
_FEWEST_CHANNELS: Final = 3
_EPISODES: Final = 8
_ROOM_FOR_DETAIL: Final = 14
_NARROW: Final = 60
_NOTE_LINES: Final = 3
_MINUTE_S: Final = 60
_HOUR_S: Final = 3_600


@dataclass(frozen=True, slots=True)
class Frame:
    """A moment of a run, drawn to fit.

    Attributes:
        facts: What is shown.
        height: Lines that there are; None for all that there is to say.
    """

    facts: Facts
    height: int | None = None

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Yield the lines, each cut to the width."""
        plain = not options.encoding.lower().startswith("utf")
        for line in self.lines(options.max_width, plain=plain):
            line.truncate(options.max_width, overflow="crop")
            yield line

    def lines(self, width: int, *, plain: bool = False) -> list[Text]:
        """Return the lines for a width; `plain` keeps to ASCII."""
        facts, signs = self.facts, _PLAIN_SIGNS if plain else _SIGNS
        head = [_title(facts, width), *_health(facts, width), *_notes(facts, width)]
        foot = list(_foot(facts))
        room = None if self.height is None else max(0, self.height - len(head) - len(foot) - 3)
        shown = _EPISODES if room is None else max(1, min(_EPISODES, (room - 4) // 2))
        detailed = room is None or room > _ROOM_FOR_DETAIL
        episodes = list(_episodes(facts, signs, shown, width, detailed=detailed))
        if room is not None:
            room = max(_FEWEST_CHANNELS, room - len(episodes))
        channels = list(_channels(facts, width, _PLAIN_LEVELS if plain else _LEVELS, room, signs))
        parts = [part for part in (head, channels, episodes, foot) if part]
        drawn = [line for part in parts for line in (Text(), *part)][1:]
        return drawn if self.height is None else drawn[: self.height]


def one_line(facts: Facts) -> str:
    """Return a moment in one line, for where there is no terminal."""
    pace = "" if facts.pace is None else f", {_number(facts.pace)} steps/s"
    values = " ".join(f"{name}={_number(facts.values[name])}" for name in _ordered(facts.values))
    step = "no step" if facts.last_step is None else f"step {facts.last_step}"
    open_ = f", {facts.num_open} open" if facts.num_open else ""
    words = f"{facts.standing.state} {facts.verdict} {step}{pace}{open_} {values}".rstrip()
    return printable(words)


def episode_line(found: Anomaly) -> str:
    """Return the beginning of an episode in one line."""
    return printable(f"step {found.step}: {found.severity} {found.kind}: {found.detail}")


def sparkline(buckets: Sequence[Bucket], width: int, levels: str = _LEVELS) -> str:
    """Draw a course in so many cells; of each cell the value farthest from the median is drawn.

    So a spike of one step is seen in a course of a million. A positive course that outgrows its
    median is drawn by its logarithm.
    """
    if not buckets or width < 1:
        return ""
    middle = median(bucket[4] for bucket in buckets)
    per = max(1, math.ceil(len(buckets) / width))
    cells = [
        max((v for b in buckets[at : at + per] for v in b[2:]), key=lambda v: abs(v - middle))
        for at in range(0, len(buckets), per)
    ]
    low, high = min(cells), max(cells)
    if low > 0 and high > _OUTGROWN * middle:
        cells = [math.log(cell) for cell in cells]
        low, high = math.log(low), math.log(high)
    # Halved, so that the span of the largest doubles does not overflow.
    span = high / 2 - low / 2
    if span <= 0:
        return levels[len(levels) // 2 - 1] * len(cells)
    top = len(levels) - 1
    return "".join(levels[round((cell / 2 - low / 2) / span * top)] for cell in cells)


def _title(facts: Facts, width: int) -> Text:
    standing = facts.standing
    word = _WORDS.get(standing.state, printable(standing.state, max_chars=20))
    name = printable(standing.name or standing.run_id or "", max_chars=60)
    line = Text().append(_cut(name, max(8, width - len(word) - 2)), "bold")
    line.append("  " if name else "").append(word, _STYLES.get(standing.state, "dim"))
    locks: tuple[str, ...] = ("not locked",)
    if standing.alive:
        locks = (f"locked by process {standing.pid}", f"pid {standing.pid}")
        locks = locks if standing.pid else ("locked",)
    elif standing.state == "absent":
        locks = ()
    fitting = (lock for lock in locks if len(line.plain) + 2 + len(lock) <= width)
    if lock := next(fitting, ""):
        line.append(f"  {lock}", "dim")
    return line


def _health(facts: Facts, width: int) -> Iterator[Text]:
    line = Text().append(facts.verdict, _STYLES.get(facts.verdict, "bold"))
    if facts.last_step is None:
        yield line.append("  no step yet", "dim")
        return
    rest = [f"{facts.steps:,} step{'' if facts.steps == 1 else 's'}"]
    if facts.pace is not None:
        rest.append(f"{_number(facts.pace)}/s")
    if facts.idle_s is not None:
        rest.append(f"last {_age(facts.idle_s)} ago")
    if facts.behind:
        rest.append("reading on")
    line.append(f"  step {facts.last_step:,}")
    tail = ", ".join(rest)
    if len(line.plain) + 2 + len(tail) <= width:
        yield line.append(f", {tail}", "dim")
        return
    yield line
    yield Text(tail, "dim")


def _notes(facts: Facts, width: int) -> Iterator[Text]:
    for note in facts.notes:
        for line in textwrap.wrap(printable(note), max(width, 8))[:_NOTE_LINES]:
            yield Text(line, "yellow")


def _ordered(values: Mapping[str, float]) -> list[str]:
    def place(name: str) -> tuple[int, str]:
        found = (at for at, start in enumerate(_ORDER) if name.startswith(start))
        return next(found, len(_ORDER)), name

    return sorted(values, key=place)


def _channels(
    facts: Facts, width: int, levels: str, room: int | None, signs: Mapping[str, str]
) -> Iterator[Text]:
    troubled: dict[str, str] = {}
    for found in reversed([one for one in facts.episodes if one.ongoing]):
        troubled[found.channel] = found.severity
    names = _ordered(facts.values)
    # What is in trouble is shown whatever the height.
    names.sort(key=lambda name: name not in troubled)
    shown = names if room is None or len(names) <= room else names[: max(1, room - 1)]
    longest = max((len(printable(name)) for name in shown), default=0)
    column = min(longest, _NAME_COLUMNS, max(8, width - _VALUE_COLUMNS - _FEWEST_SPARKS - 4))
    cells = min(_MOST_SPARKS, width - column - _VALUE_COLUMNS - 4)
    for name in shown:
        severity = troubled.get(name)
        style = _STYLES.get(severity or "", "")
        line = Text().append(f"{signs[severity] if severity else ' '} ", style)
        line.append(f"{_cut(printable(name), column):<{column}}", style)
        line.append(f" {_number(facts.values[name]):>{_VALUE_COLUMNS}}")
        if cells >= _FEWEST_SPARKS:
            line.append(f" {sparkline(facts.courses.get(name, ()), cells, levels)}", "cyan")
        yield line
    if len(shown) < len(names):
        yield Text(f"  {len(names) - len(shown)} more channels", "dim")


def _episodes(
    facts: Facts, signs: Mapping[str, str], most: int, width: int, *, detailed: bool
) -> Iterator[Text]:
    if not facts.num_episodes:
        return
    over = facts.num_episodes - facts.num_open
    yield Text(f"Episodes: {facts.num_open} open, {over} over", "bold")
    shown = facts.episodes[:most]
    for found in shown:
        yield _episode(found, signs[found.severity], narrow=width < _NARROW)
        if found.ongoing and detailed:
            yield Text(f"  {printable(found.detail)}", "dim")
    if facts.num_episodes > len(shown):
        yield Text(f"  {facts.num_episodes - len(shown):,} more", "dim")


def _episode(found: Anomaly, sign: str, *, narrow: bool) -> Text:
    style = _STYLES[found.severity] if found.ongoing else "dim"
    kind = printable(found.kind)
    if narrow:
        end = "on" if found.ongoing else str(found.recovered_at)
        return Text().append(f"{sign} {kind}", style).append(f" {found.step:,} to {end}", "dim")
    when = "goes on" if found.ongoing else f"over at {found.recovered_at:,}"
    line = Text().append(f"{sign} {found.severity} {kind}", style)
    return line.append(f"  step {found.step:,}, {when}", "" if found.ongoing else "dim")


def _foot(facts: Facts) -> Iterator[Text]:
    if facts.rollouts:
        line = Text(f"Rollouts: {facts.rollouts:,}")
        if facts.read_rollouts < facts.rollouts:
            line.append(f", {facts.read_rollouts:,} read")
        for number, word in ((facts.confirmed, "confirmed"), (facts.suspected, "suspected")):
            if number:
                line.append(f", {number:,} {word}", _STYLES["warning"])
        if facts.hacking_rate is not None:
            line.append(f", hacking rate {facts.hacking_rate:.1%}")
        yield line
    if facts.signals:
        named = ", ".join(f"{kind} {count:,}" for kind, count in facts.signals.items())
        yield Text(f"Signals: {printable(named)}", "yellow")
    if facts.other_ranks:
        steps = facts.other_ranks.values()
        low, high = min(steps), max(steps)
        span = f"step {low:,}" if low == high else f"steps {low:,} to {high:,}"
        ranks = len(facts.other_ranks)
        yield Text(f"Other ranks: {ranks}, at {span}; not judged here", "dim")


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else f"{text[: width - 2]}.."


def _number(value: float) -> str:
    if value == int(value) and abs(value) < 1e6:
        return str(int(value))
    shown = f"{value:.4g}"
    mantissa, _, exponent = shown.partition("e")
    return f"{mantissa}e{int(exponent)}" if exponent else shown


def _age(seconds: float) -> str:
    if seconds < _MINUTE_S:
        return f"{seconds:.0f} s"
    if seconds < _HOUR_S:
        return f"{seconds / _MINUTE_S:.0f} min"
    return f"{seconds / _HOUR_S:,.1f} h"
