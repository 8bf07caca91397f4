"""What the methods that read every row have in common: the items, each compared by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Self

from provenir.core.digest import digest_value
from provenir.eval.contamination.parsed import items_of
from provenir.eval.contamination.scanner import KeepAll

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from provenir.data.overlap.items import EvalItem, Segment
    from provenir.eval.contamination.config import ContaminationConfig
    from provenir.eval.contamination.scanner import SecondLook

__all__ = ["WHOLE", "ItemScanner", "stands_alone"]

WHOLE: Final = -1
"""In the place of a segment's number: the item as a whole."""

_LEAST_WORDS: Final = {"question": 1, "passage": 1, "text": 3, "answer": 6, "options": 6}


def stands_alone(segment: Segment) -> bool:
    """Whether a segment says enough to be found without the rest of its item.

    A question does, however short. A text of unknown use does from three words on, and an answer or
    an option from six: "yes" and 3 stand in any data.
    """
    return len(segment.text.split()) >= _LEAST_WORDS[segment.role]


class ItemScanner:
    """The part of a `Scanner` that does not depend on how texts are compared.

    Args:
        items: The eval items, set by set.
        config: The settings of the check.

    Attributes:
        items: The same.
    """

    def __init__(self, items: Sequence[EvalItem], config: ContaminationConfig) -> None:
        self.items = tuple(items)
        self._config = config

    @classmethod
    def of(
        cls, sets: Mapping[str, Sequence[Mapping[str, Any]]], config: ContaminationConfig
    ) -> Self:
        """Make the scanner of the records of eval sets.

        Raises:
            InputError: A record that is no object.
            UsageError: A record without any of the fields that are compared.
        """
        return cls(items_of(sets, config.eval_fields), config)

    @property
    def digest(self) -> str:
        """See `Scanner`: over the records' digests, the fields, and what the method adds."""
        names = [[item.eval_set, item.index, item.digest] for item in self.items]
        fields = None if self._config.eval_fields is None else list(self._config.eval_fields)
        return digest_value({"items": names, "fields": fields, **self._bound()})

    def _bound(self) -> dict[str, Any]:
        """What else the items are compared by."""
        return {}

    def twins(self, item: int) -> Sequence[int]:
        """See `Scanner`: every item is compared by itself."""
        return (item,)

    def second_look(self) -> SecondLook:
        """See `Scanner`: a hit does not depend on the rest of the corpus."""
        return KeepAll()
