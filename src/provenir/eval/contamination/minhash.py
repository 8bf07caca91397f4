"""The method `minhash`: rows, or fields of them, that nearly are an item or its question.

Compared are sets of five-word runs (`provenir.data.minhash`), so a field that holds an item among
much else is not found: that is the work of the method `ngram`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from provenir.data.minhash.banding import check_threshold
from provenir.data.minhash.items import ItemBands
from provenir.data.minhash.parts import word_bytes
from provenir.data.minhash.signing import Block
from provenir.data.overlap.fields import field_texts
from provenir.data.overlap.hits import Score, Span
from provenir.eval.contamination.item_scanner import WHOLE, ItemScanner, stands_alone
from provenir.eval.contamination.parsed import Match, parse_block
from provenir.eval.contamination.scanner import config_part

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from provenir.data.overlap.blocks import RowBlock
    from provenir.data.overlap.engine import BlockResult
    from provenir.data.overlap.fields import FieldText
    from provenir.data.overlap.items import EvalItem
    from provenir.eval.contamination.config import ContaminationConfig
    from provenir.eval.contamination.document import ConfigPart

__all__ = ["MinHashScanner"]

_VERSION: Final = 2
_THRESHOLD: Final = 0.8


class MinHashScanner(ItemScanner):
    """Finds near-duplicates by the signatures of the items and of their questions."""

    def __init__(self, items: Sequence[EvalItem], config: ContaminationConfig) -> None:
        super().__init__(items, config)
        self._threshold = check_threshold(config.threshold or _THRESHOLD)
        self._units = [unit for number, item in enumerate(items) for unit in _units(number, item)]
        self._bands = ItemBands([text for _, _, text in self._units], self._threshold)

    def scan(self, block: RowBlock) -> BlockResult:
        """See `Scanner`."""
        parsed = parse_block(block)
        best: dict[tuple[int, int], tuple[float, int, FieldText | None]] = {}
        for row, text, unit, similarity in self._near(parsed.values):
            item, segment, _ = self._units[unit]
            known = best.get((row, item))
            if known is None or similarity > known[0]:
                best[row, item] = (similarity, segment, text)
        return parsed.result(
            (row, self._match(item, *found))
            for (row, item), found in sorted(best.items(), key=lambda one: one[0])
        )

    def _near(
        self, values: Mapping[int, dict[str, Any]]
    ) -> Iterator[tuple[int, FieldText | None, int, float]]:
        signed, held = Block(), list[list[bytes]]()
        places: list[tuple[int, FieldText | None]] = []
        for row, value in values.items():
            texts = field_texts(value, self._config.fields)
            parts = [word_bytes(text.text) for text in texts]
            wholes: list[tuple[FieldText | None, list[bytes]]] = [(None, parts)]
            wholes += [(text, [part]) for text, part in zip(texts, parts, strict=True)]
            for text, unit in wholes[1:] if len(parts) == 1 else wholes:
                signed.add(unit)
                held.append(unit)
                places.append((row, text))
            if signed.full:
                yield from self._found(signed, held, places)
                held, places = [], []
        yield from self._found(signed, held, places)

    def _found(
        self, signed: Block, held: list[list[bytes]], places: list[tuple[int, FieldText | None]]
    ) -> Iterator[tuple[int, FieldText | None, int, float]]:
        for near in self._bands.near(signed, held, 0):
            row, text = places[near.row]
            yield row, text, near.item, near.similarity

    def _match(self, item: int, similarity: float, segment: int, text: FieldText | None) -> Match:
        segments = self.items[item].segments
        role = "item" if segment == WHOLE else segments[segment].role
        score = Score(value=similarity, role=role, severity="critical")
        alone = len(segments) == 1 or segment != WHOLE
        if text is None or not alone:
            return item, score, ()
        number = max(segment, 0)
        end = len(segments[number].text)
        return item, score, (Span(number, 0, end, text.path, 0, len(text.text)),)

    def unexamined(self) -> Sequence[int]:
        """See `Scanner`."""
        seen = {
            self._units[unit][0] for unit, shingles in enumerate(self._bands.sets) if len(shingles)
        }
        return [number for number in range(len(self.items)) if number not in seen]

    def config(self) -> ConfigPart:
        """See `Scanner`."""
        return config_part(
            self._config, rule="minhash-5gram", version=_VERSION, threshold=self._threshold
        )


def _units(number: int, item: EvalItem) -> Iterator[tuple[int, int, Any]]:
    """The item as a whole, and each segment that is its question by itself."""
    yield number, WHOLE, {str(n): segment.text for n, segment in enumerate(item.segments)}
    if len(item.segments) > 1:
        for place, segment in enumerate(item.segments):
            if segment.role in ("question", "text") and stands_alone(segment):
                yield number, place, segment.text
