"""The method `ngram`: seeds, then a rule over the aligned words (`provenir.data.overlap`)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from provenir.data.overlap.background import Background
from provenir.data.overlap.complete import CommonRuns
from provenir.data.overlap.engine import BlockResult, scan_block, unexamined
from provenir.data.overlap.evidence import RowTexts, find_hits
from provenir.data.overlap.fields import field_texts
from provenir.data.overlap.index import EvalIndex
from provenir.data.overlap.rules import RULES, Rule
from provenir.eval.contamination.config import DEFAULT_RULE
from provenir.eval.contamination.scanner import config_part

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from provenir.data.overlap.blocks import RowBlock
    from provenir.data.overlap.hits import RawHit
    from provenir.data.overlap.items import EvalItem
    from provenir.eval.contamination.config import ContaminationConfig
    from provenir.eval.contamination.document import ConfigPart

__all__ = ["NgramScanner"]


class NgramScanner:
    """Finds items by an `EvalIndex` and a rule."""

    def __init__(self, index: EvalIndex, rule: Rule, config: ContaminationConfig) -> None:
        self._index = index
        self._rule = rule
        self._config = config
        self._common = CommonRuns(index) if index.exhaustive else None
        self._twins: dict[int, list[int]] = {}

    @classmethod
    def of(cls, sets: Any, config: ContaminationConfig) -> NgramScanner:
        """Make the index of the sets."""
        index = EvalIndex.build(sets, exhaustive=config.exhaustive, fields=config.eval_fields)
        return cls.over(index, config)

    @classmethod
    def over(cls, index: EvalIndex, config: ContaminationConfig) -> NgramScanner:
        """Take an index that is there."""
        return cls(index, _rule(config), config)

    @property
    def items(self) -> Sequence[EvalItem]:
        """The items of the index."""
        return self._index.items

    @property
    def digest(self) -> str:
        """See `Scanner`: that of the index file."""
        return self._index.digest

    def scan(self, block: RowBlock) -> BlockResult:
        """See `Scanner`."""
        return scan_block(
            block, self._index, self._rule, fields=self._config.fields, common=self._common
        )

    def scan_slowly(self, row: dict[str, Any]) -> tuple[RawHit, ...]:
        """Find the items that a row holds without seeds: it is aligned with every one of them."""
        texts = RowTexts(row=0, offset=0, length=0, texts=field_texts(row, self._config.fields))
        index = self._index
        examined: NDArray[Any] = np.ones(len(index.items), np.bool_)
        examined[list(self.unexamined())] = False
        distinct = np.flatnonzero(examined & (index.first == np.arange(len(index.first))))
        sure: list[NDArray[Any]] | None = None
        if self._common is not None:
            sure = [np.isin(distinct, self._common.items_of(text.text for text in texts.texts))]
        return tuple(find_hits([texts], [distinct], index, self._rule, sure=sure)[0])

    def twins(self, item: int) -> Sequence[int]:
        """See `Scanner`."""
        if item not in self._twins:
            self._twins[item] = [int(number) for number in self._index.twins(item)]
        return self._twins[item]

    def unexamined(self) -> Sequence[int]:
        """See `Scanner`."""
        return unexamined(self._index, self._rule)

    def second_look(self) -> Background:
        """See `Scanner`: phrases that the corpus is full of weigh less."""
        return Background(self._index, self._rule)

    def config(self) -> ConfigPart:
        """See `Scanner`."""
        rule: Any = self._rule
        return config_part(
            self._config,
            rule=rule.name,
            version=rule.version,
            threshold=getattr(rule, "threshold", None) or None,
            n=rule.ngram or None,
        )


def _rule(config: ContaminationConfig) -> Rule:
    changes: dict[str, Any] = {}
    if config.threshold is not None:
        changes["threshold"] = config.threshold
    if config.n is not None:
        changes["ngram"] = config.n
    known: Any = RULES[config.rule or DEFAULT_RULE]
    rule: Rule = replace(known, **changes)
    return rule
