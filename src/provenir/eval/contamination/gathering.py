"""From what the workers found, piece by piece in order, to a report."""

from __future__ import annotations

from collections import Counter
from heapq import heappush, heapreplace
from typing import TYPE_CHECKING, Any, Final

from provenir.eval.contamination.document import EvalSetPart, SkipPart, SkipsPart
from provenir.eval.contamination.examining import grade
from provenir.eval.contamination.hit import ContaminationHit, TrainPlace
from provenir.eval.contamination.hit_making import made_hits
from provenir.eval.contamination.report import DOCUMENT_HITS
from provenir.eval.contamination.row_set import format_rows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provenir.eval.contamination.config import ContaminationConfig
    from provenir.eval.contamination.eval_sets import EvalSet
    from provenir.eval.contamination.examining import Examined, Found
    from provenir.eval.contamination.scanner import Scanner

__all__ = ["Gathering"]

FIRST_SKIPS: Final = 20


class Gathering:
    """What a scan has found so far; takes the pieces in the order of the corpus.

    Attributes:
        hits: The hits that are kept, in the order of rows.
        hits_total: How many there were.
        textless: Rows in which there is no text, or none in the wanted fields.
        used: The wanted fields that some row has.
        set_aside: Hits that were none any more once the whole corpus was known.
        rows: Rows so far, by file.
        leaves: Leaf hashes, by file.
    """

    def __init__(self, scanner: Scanner, config: ContaminationConfig, files: Sequence[str]) -> None:
        self._scanner = scanner
        self._config = config
        self._files = tuple(files)
        self._number = 0
        self._lines = 0
        self._row = 0
        self._contaminated: set[int] = set()
        self._leaked: set[int] = set()
        self._skips: list[SkipPart] = []
        self._lost: list[int] = []
        self._reasons: Counter[str] = Counter()
        self._second_look = scanner.second_look()
        self._pending: list[tuple[int, TrainPlace, Found]] = []
        self._worst: list[tuple[int, float]] = []
        self.textless = 0
        self.used: set[str] = set()
        self.hits: list[ContaminationHit] = []
        self.hits_total = 0
        self.set_aside = 0
        self.rows: list[int] = [0] * max(len(files), 1)
        self.leaves: list[list[bytes]] = [[] for _ in files]

    @property
    def floor(self) -> tuple[int, float]:
        """Severity and score above which a hit is among the worst, which are kept with texts."""
        return self._worst[0] if len(self._worst) >= DOCUMENT_HITS else (-1, 0.0)

    @property
    def contaminated(self) -> set[int]:
        """Numbers of the rows that hold an item."""
        return self._contaminated

    @property
    def all_rows(self) -> int:
        """Rows so far."""
        return self._row

    @property
    def lost(self) -> int:
        """Rows so far that could not be read."""
        return len(self._lost)

    @property
    def lost_rows(self) -> list[int]:
        """Numbers of the rows so far that could not be read."""
        return self._lost

    @property
    def reasons(self) -> dict[str, int]:
        """Why rows could not be read, with counts."""
        return dict(self._reasons)

    @property
    def _file(self) -> str | None:
        return self._files[self._number] if self._files else None

    def take(self, number: int, examined: Examined) -> None:
        """Take the next piece.

        Args:
            number: Which file it is of; 0 where there are none.
            examined: What it held.
        """
        if number != self._number:
            self._number, self._lines = number, 0
        self._second_look.add(examined.result)
        for found in examined.found:
            self._take_hit(found)
        for lost in examined.lost:
            row = self._row + lost.row
            self._lost.append(row)
            self._reasons[lost.reason.partition(" (")[0]] += 1
            if len(self._skips) < FIRST_SKIPS:
                line = None if lost.line is None else self._lines + lost.line + 1
                self._skips.append(
                    SkipPart(
                        row=row,
                        file=self._file,
                        line=line,
                        offset=lost.offset,
                        reason=lost.reason,
                    )
                )
        self.textless += len(examined.textless)
        self.used |= examined.used
        self._lost.extend(self._row + row for row in examined.textless)
        self._row += examined.rows
        self._lines += examined.lines
        self.rows[number] += examined.rows
        if examined.leaves:
            self.leaves[number] += examined.leaves

    def _take_hit(self, found: Found) -> None:
        raw = found.hit
        stored = found.line is not None
        place = TrainPlace(
            file=self._file,
            line=self._lines + found.line + 1 if found.line is not None else None,
            offset=raw.offset if stored else None,
            length=raw.length if stored else None,
            digest=found.digest,
        )
        _keep_worst(self._worst, grade(raw.score))
        self._pending.append((self._row + raw.row, place, found))

    def finish(self) -> None:
        """Look at the hits again with what the whole corpus is like; call it once, at the end."""
        grave_items: set[int] = set()
        for row, place, found in self._pending:
            raw = found.hit
            if not self._second_look.confirms(raw):
                self.set_aside += 1
                continue
            if raw.score.severity != "info":
                self._contaminated.add(row)
                grave_items.add(raw.item)
            twins = self._scanner.twins(raw.item)
            self.hits_total += len(twins)
            room = self._config.max_hits - len(self.hits)
            items = [self._scanner.items[number] for number in twins[:room]]
            self.hits.extend(made_hits(items, row, place, found, self._config.method))
        # An item may have very many twins, and very many hits: each is looked up once.
        self._leaked.update(*map(self._scanner.twins, grave_items))
        self._pending.clear()

    def skips(self) -> SkipsPart:
        """The rows that could not be examined."""
        rows = sorted(self._lost)
        return SkipsPart(count=len(rows), rows=format_rows(rows), first=self._skips)

    def eval_parts(self, sets: Sequence[EvalSet], digests: dict[str, str]) -> list[EvalSetPart]:
        """What is known of each eval set."""
        short = _by_set(self._scanner, self._scanner.unexamined())
        leaked = _by_set(self._scanner, sorted(self._leaked))
        parts = []
        for one in sets:
            few, gone = short.get(one.name, []), leaked.get(one.name, [])
            examined = len(one.rows) - len(few)
            parts.append(
                EvalSetPart(
                    name=one.name,
                    digest=digests[one.name],
                    items=len(one.rows),
                    examined=examined,
                    too_short=format_rows(few),
                    leaked_items=len(gone),
                    leaked=format_rows(gone),
                    eval_leak_rate=min(len(gone) / examined, 1.0) if examined else None,
                    files=list(one.files),
                )
            )
        return parts


def _keep_worst(worst: list[tuple[int, float]], one: tuple[int, float]) -> None:
    """Put a hit's severity and score into a heap of the `DOCUMENT_HITS` worst."""
    if len(worst) < DOCUMENT_HITS:
        heappush(worst, one)
    elif one > worst[0]:
        heapreplace(worst, one)


def _by_set(scanner: Scanner, numbers: Any) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for number in numbers:
        item = scanner.items[number]
        found.setdefault(item.eval_set, []).append(item.index)
    return found
