"""The method `exact`: texts that are equal once case, form and white space are set aside.

Compared are an item as a whole and each of its segments with each field of a row and with the row
as a whole, short ones too. An answer or an option by itself counts from six words on ("yes" is no
leak), a passage by itself is a finding of severity info.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Any, Final

from provenir.core.digest import digest_value
from provenir.data.overlap.fields import field_texts
from provenir.data.overlap.hits import Score, Span
from provenir.eval.contamination.parsed import Match, items_of, parse_block, severity_of
from provenir.eval.contamination.scanner import KeepAll, SecondLook, config_part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from provenir.data.overlap.blocks import RowBlock
    from provenir.data.overlap.engine import BlockResult
    from provenir.data.overlap.fields import FieldText
    from provenir.data.overlap.items import EvalItem
    from provenir.eval.contamination.config import ContaminationConfig
    from provenir.eval.contamination.document import ConfigPart

__all__ = ["ExactScanner", "normalised"]

_VERSION: Final = 1
_LEAST_ANSWER_WORDS: Final = 6
_WHOLE: Final = -1


def normalised(text: str) -> str:
    """Return a text by which equal ones are known: NFKC, casefold, single spaces."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


class ExactScanner:
    """Finds equal texts by a table of the items' texts."""

    def __init__(self, items: Sequence[EvalItem], config: ContaminationConfig) -> None:
        self.items = tuple(items)
        self._config = config
        self._table: dict[str, list[tuple[int, int]]] = {}
        self._empty: list[int] = []
        for number, item in enumerate(self.items):
            keys = dict(_keys(item))
            for key, segment in keys.items():
                self._table.setdefault(key, []).append((number, segment))
            if not keys:
                self._empty.append(number)

    @classmethod
    def of(
        cls, sets: Mapping[str, Sequence[Mapping[str, Any]]], config: ContaminationConfig
    ) -> ExactScanner:
        """Make the table of the sets."""
        return cls(items_of(sets, config.eval_fields), config)

    @property
    def digest(self) -> str:
        """See `Scanner`: over the records' digests and the fields that are compared."""
        names = [[item.eval_set, item.index, item.digest] for item in self.items]
        return digest_value({"items": names, "fields": self.config().eval_fields})

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
            role = "item" if segment == _WHOLE else self.items[item].segments[segment].role
            score = Score(value=1.0, role=role, severity=severity_of(role))
            yield item, score, self._spans(item, segment, field, texts)

    def _spans(
        self, item: int, segment: int, field: int, texts: list[FieldText]
    ) -> tuple[Span, ...]:
        segments = self.items[item].segments
        if field == len(texts) or (segment == _WHOLE and len(segments) > 1):
            return ()
        number = max(segment, 0)
        length = len(segments[number].text)
        return (Span(number, 0, length, texts[field].path, 0, len(texts[field].text)),)

    def twins(self, item: int) -> Sequence[int]:
        """See `Scanner`: every item stands in the table by itself."""
        return (item,)

    def unexamined(self) -> Sequence[int]:
        """Return the numbers of the items without any text that counts."""
        return self._empty

    def second_look(self) -> SecondLook:
        """See `Scanner`: what is equal stays so."""
        return KeepAll()

    def config(self) -> ConfigPart:
        """See `Scanner`."""
        return config_part(self._config, rule="exact", version=_VERSION)


def _weight(item: EvalItem, segment: int) -> int:
    """How much of an item a match says: the whole, else a part, a passage least of all."""
    if segment == _WHOLE:
        return 2
    return int(item.segments[segment].role != "passage")


def _keys(item: EvalItem) -> Iterator[tuple[str, int]]:
    """The texts by which an item is known, the whole last, so that it wins among equal ones."""
    parts = [(normalised(segment.text), segment.role) for segment in item.segments]
    for number, (key, role) in enumerate(parts):
        by_itself = role not in ("answer", "options") or key.count(" ") + 1 >= _LEAST_ANSWER_WORDS
        if key and by_itself:
            yield key, number
    whole = " ".join(key for key, _ in parts if key)
    if whole:
        yield whole, _WHOLE
