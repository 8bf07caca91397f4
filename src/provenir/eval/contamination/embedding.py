"""The method `embedding`: rows that ask an item's question in other words.

An embedder compares what a lexical short-list proposes, and numbers and names must agree
(`provenir.data.paraphrase`). The default embedder needs no model; one that cannot run raises.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Final

from provenir.data.overlap.fields import field_texts
from provenir.data.overlap.hits import Score, Span
from provenir.data.paraphrase import ParaphraseIndex
from provenir.eval.contamination.item_scanner import ItemScanner
from provenir.eval.contamination.parsed import Match, parse_block
from provenir.eval.contamination.scanner import config_part

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from provenir.data.overlap.blocks import RowBlock
    from provenir.data.overlap.engine import BlockResult
    from provenir.data.overlap.fields import FieldText
    from provenir.data.overlap.items import EvalItem
    from provenir.data.paraphrase import ParaphrasePair
    from provenir.eval.contamination.config import ContaminationConfig
    from provenir.eval.contamination.document import ConfigPart

__all__ = ["EmbeddingScanner"]

_VERSION: Final = 1
_BETWEEN: Final = "\n\n"
_ONE_AT_A_TIME: Final = threading.Lock()
"""Neither an index's counters nor a user's embedder are made for several threads.

Not an attribute: a scanner is sent to the workers of a cluster, and a lock cannot be.
"""


class EmbeddingScanner(ItemScanner):
    """Finds rephrasings by a `ParaphraseIndex` of the items' questions."""

    def __init__(self, items: Sequence[EvalItem], config: ContaminationConfig) -> None:
        super().__init__(items, config)
        self._asked = [_asked(item) for item in self.items]
        texts: dict[tuple[str, tuple[int, ...]], list[int]] = {}
        for number, (item, asked) in enumerate(zip(self.items, self._asked, strict=True)):
            text = _BETWEEN.join(item.segments[n].text for n in asked)
            texts.setdefault((text, tuple(asked)), []).append(number)
        # A question is compared once, or its copies would crowd each other out of the short-list.
        self._same = list(texts.values())
        self._same_as = {number: same for same in self._same for number in same}
        chosen: dict[str, Any] = {} if config.embedder is None else {"embedder": config.embedder}
        self._index = ParaphraseIndex(
            [text for text, _ in texts], threshold=config.threshold, **chosen
        )

    def _bound(self) -> dict[str, Any]:
        return {"embedder": self._index.embedder}

    def scan(self, block: RowBlock) -> BlockResult:
        """See `Scanner`."""
        parsed = parse_block(block)
        rows = list(parsed.values)
        texts = [field_texts(value, self._config.fields) for value in parsed.values.values()]
        joined = [_BETWEEN.join(text.text for text in row) for row in texts]
        with _ONE_AT_A_TIME:
            pairs = list(self._index.scan(joined))
        return parsed.result((rows[pair.row], self._match(pair, texts[pair.row])) for pair in pairs)

    def _match(self, pair: ParaphrasePair, texts: list[FieldText]) -> Match:
        item = self._same[pair.item][0]
        asked = self._asked[item]
        role = self.items[item].segments[asked[0]].role
        score = Score(value=pair.score, role=role, severity="critical")
        end = len(self.items[item].segments[asked[0]].text)
        return (
            item,
            score,
            tuple(
                Span(asked[0], 0, end, path, start, stop)
                for path, start, stop in _within(texts, pair.start, pair.end)
            ),
        )

    def unexamined(self) -> Sequence[int]:
        """See `Scanner`."""
        return sorted(number for one in self._index.short_items for number in self._same[one])

    def twins(self, item: int) -> Sequence[int]:
        """See `Scanner`: the items that ask the same question."""
        return self._same_as[item]

    def config(self) -> ConfigPart:
        """See `Scanner`."""
        return config_part(
            self._config,
            rule="paraphrase",
            version=_VERSION,
            threshold=self._index.threshold,
            settings={"embedder": self._index.embedder},
        )


def _asked(item: EvalItem) -> list[int]:
    """Numbers of the segments that are the question, or of all where none is."""
    asked = [n for n, segment in enumerate(item.segments) if segment.role == "question"]
    return asked or list(range(len(item.segments)))


def _within(texts: list[FieldText], start: int, end: int) -> Iterator[tuple[str, int, int]]:
    """The parts of a stretch of the joined texts, field by field."""
    at = 0
    for text in texts:
        low, high = max(start - at, 0), min(end - at, len(text.text))
        if low < high:
            yield text.path, low, high
        at += len(text.text) + len(_BETWEEN)
