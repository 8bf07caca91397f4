"""A text with the places that signals point at, cut around them to a bounded length.

Spans count characters of the text as it was given. So they are applied to that text, before it is
cut and before what could act is made visible; each piece is escaped on its own when it is written,
and no mark moves. Spans that do not lie in the text are left out and counted.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

from provenir.console.shapes import mappings, sequence, text, whole
from provenir.console.view import severity_tone
from provenir.console.wording import clip, count

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from provenir.console.view import Tone

MOST_SPANS: Final = 200
"""Most spans of one text that are marked."""

_AROUND: Final = 240
"""Characters of the surroundings that are shown on either side of a mark."""

_WEIGHT: Final = {"critical": 2, "warning": 1, "info": 0}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a signal points."""

    start: int
    end: int
    rule: str
    severity: str


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text.

    Attributes:
        text: The part as it was given; of a gap, how much is left out, in words.
        tone: The colour of a mark; None for text that is not marked.
        title: What was recognised there.
        gap: Whether text is left out here.
    """

    text: str
    tone: Tone | None = None
    title: str = ""
    gap: bool = False


@dataclass(frozen=True, slots=True)
class Marked:
    """A text in pieces.

    Attributes:
        pieces: The parts that are shown, and the gaps between them.
        unfit: Places that do not lie in the text.
        hidden: Places that lie behind what is shown.
    """

    pieces: tuple[Piece, ...]
    unfit: int = 0
    hidden: int = 0

    @property
    def note(self) -> str:
        """What is to be said of the places that are not marked."""
        told = []
        if self.hidden:
            told.append(f"{count(self.hidden, 'further place')} not shown")
        if self.unfit:
            told.append(f"{count(self.unfit, 'place')} that no part of this text fits")
        return ", ".join(told)


def places(signals: Iterable[Mapping[str, Any]]) -> tuple[list[Place], int]:
    """Read the spans of signals; the second value counts those that are none."""
    found: list[Place] = []
    bad = 0
    for signal in signals:
        kind = str(signal.get("kind", "unnamed"))
        severity = str(signal.get("severity", "warning"))
        for raw in sequence(signal.get("spans")):
            place = _place(raw, kind, severity)
            if place is None or len(found) >= MOST_SPANS:
                bad += 1
            else:
                found.append(place)
    return found, bad


def _place(raw: object, kind: str, severity: str) -> Place | None:
    fields = sequence(raw)
    if not fields and (found := mappings([raw])):
        fields = [found[0].get(name) for name in ("start", "end", "rule")]
    if len(fields) < 2:
        return None
    start, end = whole(fields[0]), whole(fields[1])
    if start is None or end is None or not 0 <= start < end:
        return None
    rule = text(fields[2]) if len(fields) > 2 else None
    return Place(start, end, f"{kind}: {rule}" if rule else kind, severity)


def mark(given: str, where: Sequence[Place], limit: int, *, bad: int = 0) -> Marked:
    """Cut a text to about ``limit`` characters around its marked places.

    Args:
        given: The whole text.
        where: The places; those beyond its end are counted, not moved.
        limit: Most characters that are shown.
        bad: Places that were counted as unreadable before.
    """
    fitting = [place for place in where if place.end <= len(given)]
    pieces: list[Piece] = []
    at, left = 0, limit
    for start, end in _windows(fitting, len(given), limit):
        end = min(end, start + left)
        if end <= start:
            break
        if start > at:
            pieces.append(_gap(start - at))
        pieces.extend(_split(given, start, end, fitting))
        at, left = end, left - (end - start)
    hidden = sum(1 for place in fitting if place.start >= at)
    if at < len(given):
        pieces.append(_gap(len(given) - at))
    return Marked(tuple(pieces), unfit=bad + len(where) - len(fitting), hidden=hidden)


def _gap(chars: int) -> Piece:
    return Piece(f"… {count(chars, 'character')} not shown …", gap=True)


def _windows(where: Sequence[Place], length: int, limit: int) -> list[tuple[int, int]]:
    """Return the parts that are shown: everything, or the surroundings of each place in order.

    Room that the places leave is given to the beginning, and then to what follows the last one.
    """
    if length <= limit:
        return [(0, length)]
    windows: list[tuple[int, int]] = []
    for place in sorted(where, key=lambda p: (p.start, p.end)):
        # Of a place longer than its share only the beginning is shown.
        end = min(place.end, place.start + max(_AROUND, limit // 4))
        start, end = max(0, place.start - _AROUND), min(length, end + _AROUND)
        if windows and start <= windows[-1][1]:
            windows[-1] = (windows[-1][0], max(end, windows[-1][1]))
        else:
            windows.append((start, end))
    room = limit - sum(end - start for start, end in windows)
    if room > 0:
        head = min(room, windows[0][0] if windows else length)
        if windows and head == windows[0][0]:
            windows[0] = (0, windows[0][1])
        elif head:
            windows.insert(0, (0, head))
        start, end = windows[-1]
        windows[-1] = (start, min(length, end + room - head))
    return windows


def _split(given: str, start: int, end: int, where: Sequence[Place]) -> list[Piece]:
    """Cut a window at the ends of its places; a piece under several of them names all."""
    inside = [place for place in where if place.start < end and place.end > start]
    cuts = {start, end}
    for place in inside:
        cuts |= {max(start, place.start), min(end, place.end)}
    edges = sorted(cuts)
    pieces = []
    for first, last in pairwise(edges):
        over = [place for place in inside if place.start <= first and place.end >= last]
        if not over:
            pieces.append(Piece(given[first:last]))
            continue
        worst = max(over, key=lambda place: _WEIGHT.get(place.severity, 1))
        title, more = clip("; ".join(dict.fromkeys(place.rule for place in over)), 400)
        tone = severity_tone(worst.severity)
        pieces.append(Piece(given[first:last], tone, title + ("…" if more else "")))
    return pieces
