"""Weights: what a row may move in each block, from its route and what an intervention left of it.

Routes and blocks are documents of governance; here the two things that a ledger needs of them are
read: the vectors, and which blocks hold a parameter that is trained.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import DocumentError, InputError
from provenir.core.files import parse_json, read_bounded
from provenir.provenance.ledger import layout
from provenir.provenance.ledger.records import FULL_WEIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

__all__ = ["MAX_STEP_WEIGHTS", "RouteTable", "read_route_table"]

MAX_STEP_WEIGHTS: Final = 4_000_000
"""Most entries of a step's batch times blocks: a short line may not stand for gigabytes."""

_MAX_ITEMS: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class RouteTable:
    """Blocks in the model's order, and the weight vectors of the routes.

    Attributes:
        blocks: Names of the blocks.
        routes: For each route one weight for each block, in thousandths.
        trained: Blocks with at least one parameter that is trained.
    """

    blocks: tuple[str, ...]
    routes: tuple[tuple[int, ...], ...]
    trained: frozenset[str]

    def weights(self, route: int, factor: int = FULL_WEIGHT) -> tuple[int, ...]:
        """Return the weights of an entry of a batch.

        Raises:
            InputError: There is no such route.
        """
        if not 0 <= route < len(self.routes):
            raise InputError(f"route {route} of {len(self.routes)}")
        vector = self.routes[route]
        if factor == FULL_WEIGHT:
            return vector
        return tuple(weight * factor // FULL_WEIGHT for weight in vector)


def read_route_table(folder: Path) -> RouteTable:
    """Read `routes.json` and `blocks.json` of a ledger's folder.

    Raises:
        InputError: They cannot be read.
        DocumentError: They are not what they should be, or name different blocks.
    """
    routes_path, blocks_path = folder / layout.ROUTES, folder / layout.BLOCKS
    table, block_map = _object(routes_path), _object(blocks_path)
    blocks = _names(table.get("blocks"), routes_path)
    if _names(block_map.get("blocks"), blocks_path) != blocks:
        raise DocumentError("other blocks than in routes.json", where=str(blocks_path))
    vectors = table.get("routes")
    if not isinstance(vectors, list):
        raise DocumentError("routes are a list", where=str(routes_path))
    routes = tuple(_vector(vector, len(blocks), routes_path) for vector in vectors)
    return RouteTable(blocks, routes, _trained(block_map.get("parameters"), blocks, blocks_path))


def _object(path: Path) -> dict[str, Any]:
    value = parse_json(read_bounded(path), where=str(path), max_items=_MAX_ITEMS)
    if not isinstance(value, dict):
        raise DocumentError("not an object", where=str(path))
    return value


def _names(value: object, path: Path) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise DocumentError("blocks are a list of names", where=str(path))
    if len(set(value)) != len(value):
        raise DocumentError("a block twice", where=str(path))
    return tuple(value)


def _vector(value: object, n: int, path: Path) -> tuple[int, ...]:
    if (
        not isinstance(value, list)
        or len(value) != n
        or not all(type(weight) is int and 0 <= weight <= FULL_WEIGHT for weight in value)
    ):
        raise DocumentError(
            f"a route is a list of {n} integers from 0 to {FULL_WEIGHT}", where=str(path)
        )
    return tuple(value)


def _trained(value: object, blocks: Sequence[str], path: Path) -> frozenset[str]:
    if not isinstance(value, list):
        raise DocumentError("parameters are a list", where=str(path))
    trained: set[str] = set()
    for item in value:
        block = item.get("block") if isinstance(item, dict) else None
        if not isinstance(block, str) or block not in blocks:
            raise DocumentError("a parameter without its block", where=str(path))
        if not isinstance(item.get("trainable"), bool):
            raise DocumentError("a parameter does not say whether it is trained", where=str(path))
        if item["trainable"]:
            trained.add(block)
    return frozenset(trained)
