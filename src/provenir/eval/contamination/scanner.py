"""What a check needs of a method: a scanner, made of the eval sets once.

It is then shown one block of rows after the other, by several threads at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Protocol

from provenir.eval.contamination.document import ConfigPart
from provenir.eval.contamination.report import DOCUMENT_HITS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from provenir.data.overlap.blocks import RowBlock
    from provenir.data.overlap.engine import BlockResult
    from provenir.data.overlap.hits import RawHit
    from provenir.data.overlap.items import EvalItem
    from provenir.eval.contamination.config import ContaminationConfig

__all__ = ["KeepAll", "Scanner", "SecondLook", "config_part", "kept_hits"]


_MAX_HITS: Final = "max_hits"
"""The setting that says how many hits were kept, where a document would hold more."""


class SecondLook(Protocol):
    """What a method makes of its hits once the whole corpus was seen."""

    def add(self, result: BlockResult) -> None:
        """Count a block; in any order, once each."""
        ...

    def confirms(self, hit: RawHit) -> bool:
        """Say whether a hit still is one; called once all blocks are counted."""
        ...


class KeepAll:
    """The second look of a method whose hits do not depend on the rest of the corpus."""

    def add(self, result: BlockResult) -> None:
        """Count nothing."""

    def confirms(self, hit: RawHit) -> bool:
        """Say yes."""
        del hit
        return True


class Scanner(Protocol):
    """What a check needs of a method."""

    @property
    def items(self) -> Sequence[EvalItem]:
        """The eval items, set by set."""
        ...

    @property
    def digest(self) -> str:
        """The digest of the items as they are compared."""
        ...

    def scan(self, block: RowBlock) -> BlockResult:
        """Find the rows of a block that hold items."""
        ...

    def twins(self, item: int) -> Sequence[int]:
        """Return the numbers of all items that have the words of `item`, itself included."""
        ...

    def unexamined(self) -> Sequence[int]:
        """Return the numbers of the items that are too short to be found."""
        ...

    def second_look(self) -> SecondLook:
        """Return what counts the blocks of one scan."""
        ...

    def config(self) -> ConfigPart:
        """Return the settings as they take effect."""
        ...


def config_part(
    config: ContaminationConfig,
    *,
    rule: str,
    version: int,
    threshold: float | None = None,
    n: int | None = None,
    settings: Mapping[str, Any] | None = None,
) -> ConfigPart:
    """The settings of a check as they took effect."""
    kept = {_MAX_HITS: config.max_hits} if config.max_hits < DOCUMENT_HITS else {}
    return ConfigPart(
        method=config.method,
        rule=rule,
        rule_version=version,
        threshold=threshold,
        n=n,
        fields=None if config.fields is None else list(config.fields),
        eval_fields=None if config.eval_fields is None else list(config.eval_fields),
        exhaustive=config.exhaustive,
        settings={**(settings or {}), **kept},
    )


def kept_hits(config: ConfigPart) -> int:
    """How many hits a document with these settings keeps, where there are so many."""
    most = config.settings.get(_MAX_HITS)
    return most if isinstance(most, int) and 0 < most < DOCUMENT_HITS else DOCUMENT_HITS
