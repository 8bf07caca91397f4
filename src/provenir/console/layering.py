"""Where the nodes of a small directed graph go: columns by depth, rows by their parents.

The layered method of Sugiyama, Tagawa and Toda (1981) in its smallest form: a node stands one
column to the right of its deepest parent; an edge over several columns gets a waypoint in each of
them, so that no line runs through a box; within a column everything follows the mean row of what
leads to it. Enough for a lineage of a few dozen nodes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Waypoint:
    """A place that keeps room for an edge on its way through a column."""

    parent: str
    child: str
    column: int


Place = str | Waypoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Columns of places, left to right, each from top to bottom.

    Attributes:
        columns: Node ids and waypoints.
        paths: Every edge as the places that it joins, its ends included.
        circular: Nodes on or behind a circle; they stand in the last column.
    """

    columns: tuple[tuple[Place, ...], ...]
    paths: tuple[tuple[Place, ...], ...]
    circular: tuple[str, ...]


@dataclass(slots=True)
class _Draft:
    columns: list[list[Place]]
    parents: dict[Place, list[Place]] = field(default_factory=dict)
    paths: list[tuple[Place, ...]] = field(default_factory=list)


def arrange(nodes: Sequence[str], edges: Iterable[tuple[str, str]]) -> Layout:
    """Place the nodes; edges from or to unknown nodes do not count."""
    known = dict.fromkeys(nodes)
    kept = [
        (parent, child)
        for parent, child in dict.fromkeys(edges)
        if parent in known and child in known and parent != child
    ]
    parents: dict[str, list[str]] = {node: [] for node in known}
    for parent, child in kept:
        parents[child].append(parent)
    depth = _depths(parents)
    circular = tuple(node for node in known if node not in depth)
    last = 1 + max(depth.values(), default=-1)
    draft = _Draft([[] for _ in range(last + bool(circular))])
    for node in known:
        draft.columns[depth.get(node, last)].append(node)
    for parent, child in kept:
        _route(draft, parent, child, depth.get(parent, last), depth.get(child, last))
    columns = tuple(tuple(column) for column in _ordered(draft.columns, draft.parents))
    return Layout(columns=columns, paths=tuple(draft.paths), circular=circular)


def _route(draft: _Draft, parent: str, child: str, start: int, end: int) -> None:
    """Lead an edge through every column between its ends."""
    path: list[Place] = [parent]
    for column in range(start + 1, end):
        waypoint = Waypoint(parent, child, column)
        draft.columns[column].append(waypoint)
        draft.parents[waypoint] = [path[-1]]
        path.append(waypoint)
    draft.parents.setdefault(child, []).append(path[-1])
    draft.paths.append((*path, child))


def _depths(parents: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Give each node the length of its longest way from a root (Kahn's order)."""
    children: dict[str, list[str]] = {node: [] for node in parents}
    waiting = {node: len(above) for node, above in parents.items()}
    for node, above in parents.items():
        for parent in above:
            children[parent].append(node)
    ready = [node for node, n in waiting.items() if n == 0]
    depth = dict.fromkeys(ready, 0)
    for node in ready:
        for child in children[node]:
            waiting[child] -= 1
            if waiting[child] == 0:
                depth[child] = 1 + max(depth[p] for p in parents[child])
                ready.append(child)
    return depth


def _ordered(
    columns: Sequence[Sequence[Place]], parents: Mapping[Place, Sequence[Place]]
) -> list[list[Place]]:
    """Sort each column by the mean row of what leads to it, measured from the column's middle."""
    row: dict[Place, float] = {}
    placed: list[list[Place]] = []
    for column in columns:
        middle = (len(column) - 1) / 2
        means = {
            place: sum(rows) / len(rows) if rows else at - middle
            for at, place in enumerate(column)
            for rows in [[row[p] for p in parents.get(place, ()) if p in row]]
        }
        ordered = sorted(column, key=means.__getitem__)
        row.update({place: at - middle for at, place in enumerate(ordered)})
        placed.append(ordered)
    return placed
