"""The method `exact`: texts that are equal once case, form and white space are set aside.

Compared are an item as a whole and each of its segments with each field of a row and with the row
as a whole, short ones too: see `item_scanner.stands_alone` for which segments count by themselves.
A passage by itself is a finding of severity info.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

from provenir.data.overlap.fields import field_texts
from provenir.data.overlap.hits import Score, Span
from provenir.eval.contamination.item_scanner import WHOLE, ItemScanner, stands_alone
from provenir.eval.contamination.parsed import Match, parse_block, severity_of
from provenir.eval.contamination.scanner import config_part

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from provenir.data.overlap.blocks import RowBlock
    from provenir.data.overlap.engine import BlockResult
    from provenir.data.overlap.fields import FieldText
    from provenir.data.overlap.items import EvalItem
    from provenir.eval.contamination.config import ContaminationConfig
    from provenir.eval.contamination.document import ConfigPart

__all__ = ["ExactScanner", "normalised"]

_VERSION: Final = 2


def normalised(text: str) -> str:
    """Return a text by which equal ones are known: NFKC, casefold, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


class ExactScanner(ItemScanner):
    """Finds equal texts by a table of the items' texts."""

    def __init__(self, items: Sequence[EvalItem], config: ContaminationConfig) -> None:
        super().__init__(items, config)
        self._table: dict[str, list[tuple[int, int]]] = {}
        self._empty: list[int] = []
        for number, item in enumerate(self.items):
            keys = dict(_keys(item))
            for key, segment in keys.items():
                self._table.setdefault(key, []).append((number, segment))
            if not keys:
                self._empty.append(number)

    def scan(self, block: RowBlock) -> BlockResult:
        """See `Scanner`."""
        parsed = parse_block(block)
        return parsed.result(
            (row, match)
            for row, value in parsed.values.items()
            for match in self._row_hits(field_texts(value, self._config.fields))
        )

    def _row_hits(self, texts: list[FieldText]) -> Iterator[Match]:
        best: dict[int, tuple[int, int]] = {}
        keys = [normalised(text.text) for text in texts]
        whole = " ".join(key for key in keys if key)
        for field, key in enumerate([*keys, whole]):
            for item, segment in self._table.get(key, ()):
                weight = _weight(self.items[item], segment)
                if item not in best or weight > _weight(self.items[item], best[item][0]):
                    best[item] = (segment, field)
        for item, (segment, field) in sorted(best.items()):
            role = "item" if segment == WHOLE else self.items[item].segments[segment].role
            score = Score(value=1.0, role=role, severity=severity_of(role))
            yield item, score, self._spans(item, segment, field, texts)

    def _spans(
        self, item: int, segment: int, field: int, texts: list[FieldText]
    ) -> tuple[Span, ...]:
        segments = self.items[item].segments
        if field == len(texts) or (segment == WHOLE and len(segments) > 1):
            return ()
        number = max(segment, 0)
        length = len(segments[number].text)
        return (Span(number, 0, length, texts[field].path, 0, len(texts[field].text)),)

    def unexamined(self) -> Sequence[int]:
        """Return the numbers of the items without any text that counts."""
        return self._empty

    def config(self) -> ConfigPart:
        """See `Scanner`."""
        return config_part(self._config, rule="exact", version=_VERSION)


def _weight(item: EvalItem, segment: int) -> int:
    """How much of an item a match says: the whole, else a part, a passage least of all."""
    if segment == WHOLE:
        return 2
    return int(item.segments[segment].role != "passage")


def _keys(item: EvalItem) -> Iterator[tuple[str, int]]:
    """The texts by which an item is known, the whole last, so that it wins among equal ones."""
    keys = [normalised(segment.text) for segment in item.segments]
    for number, key in enumerate(keys):
        if key and stands_alone(item.segments[number]):
            yield key, number
    whole = " ".join(key for key in keys if key)
    if whole:
        yield whole, WHOLE
