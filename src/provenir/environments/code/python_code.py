"""Looking at a block of Python: the rules in their order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from provenir.environments.code import exits
from provenir.environments.code.parsing import Budget, parse
from provenir.environments.code.program import TooLarge
from provenir.environments.code.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from provenir.environments.code.blocks import Block
    from provenir.environments.code.hits import Embedded, Hit
    from provenir.environments.code.request import Request

__all__ = ["read_python"]

_RULES: Final[tuple[Callable[[Reading], Iterator[Hit | Embedded]], ...]] = (
    exits.early_exits,
    exits.hard_exits,
    exits.exit_hooks,
)


def read_python(block: Block, request: Request, budget: Budget) -> tuple[list[Hit | Embedded], str]:
    """Return what the rules say of a block, and why it or part of it was not read."""
    parsed = parse(block, budget)
    if parsed.tree is None:
        return [], parsed.reason
    try:
        reading = Reading(block, parsed.tree, request)
        found = [item for rule in _RULES for item in rule(reading)]
    except (TooLarge, RecursionError):
        return [], "too deep"
    return found, "in part" if parsed.partial and not block.bare else ""
