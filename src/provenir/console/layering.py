"""Where the nodes of a small directed graph go: columns by depth, rows by their parents.

The layered method of Sugiyama, Tagawa and Toda (1981) in its smallest form: a node stands one
column to the right of its deepest parent; within a column nodes follow the mean row of their
parents. Enough for a lineage of a few dozen nodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Columns of node ids, left to right, each from top to bottom.

    Attributes:
        columns: The placed nodes.
        circular: Nodes on or behind a circle; they stand in the last column.
    """

    columns: tuple[tuple[str, ...], ...]
    circular: tuple[str, ...]


def arrange(nodes: Sequence[str], edges: Iterable[tuple[str, str]]) -> Layout:
    """Place the nodes; edges from or to unknown nodes do not count."""
    known = dict.fromkeys(nodes)
    parents: dict[str, list[str]] = {node: [] for node in known}
    for parent, child in dict.fromkeys(edges):
        if parent in known and child in known and parent != child:
            parents[child].append(parent)
    depth = _depths(parents)
    circular = tuple(node for node in known if node not in depth)
    columns: list[list[str]] = [[] for _ in range(1 + max(depth.values(), default=-1))]
    for node in known:
        if node in depth:
            columns[depth[node]].append(node)
    if circular:
        columns.append(list(circular))
    return Layout(columns=tuple(map(tuple, _ordered(columns, parents))), circular=circular)


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
    columns: Sequence[Sequence[str]], parents: Mapping[str, Sequence[str]]
) -> list[list[str]]:
    """Sort each column by the mean row of the parents already placed."""
    row: dict[str, int] = {}
    placed: list[list[str]] = []
    for column in columns:
        means = {
            node: sum(rows) / len(rows) if rows else float(at)
            for at, node in enumerate(column)
            for rows in [[row[p] for p in parents[node] if p in row]]
        }
        ordered = sorted(column, key=means.__getitem__)
        row.update({node: at for at, node in enumerate(ordered)})
        placed.append(ordered)
    return placed
