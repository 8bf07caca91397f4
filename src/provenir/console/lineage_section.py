"""The lineage section: the drawing, and the same as tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from provenir.console.lineage_drawing import DRAWN, draw_lineage, node_label, stated_digest
from provenir.console.shapes import mappings, text
from provenir.console.view import Cell, Column, Table, table
from provenir.console.wording import count

if TYPE_CHECKING:
    from collections.abc import Mapping

    from provenir.console.picture import Picture

_LIMIT: Final = 300
_NODE_COLUMNS: Final = (
    Column("Type"),
    Column("Name"),
    Column("Id", digest=True),
    Column("Content digest", digest=True),
)
_EDGE_COLUMNS: Final = (Column("From", digest=True), Column("Relation"), Column("To", digest=True))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lineage:
    """The view of this section."""

    tally: str
    lead: str
    picture: Picture | None
    nodes: Table
    edges: Table


def read_lineage(graph: Mapping[str, Any]) -> Lineage:
    """Build the section from ``lineage.json``; an empty mapping gives an honest sentence."""
    nodes, edges = mappings(graph.get("nodes")), mappings(graph.get("edges"))
    lead = "" if nodes else "No lineage was recorded."
    if len(nodes) > DRAWN:
        lead = f"The drawing shows the first {DRAWN} of {len(nodes):,} nodes."
    return Lineage(
        tally=f"{count(len(nodes), 'node')}, {count(len(edges), 'link')}" if nodes else "",
        lead=lead,
        picture=draw_lineage(graph),
        nodes=table(_NODE_COLUMNS, [_node(n) for n in nodes], limit=_LIMIT, noun="nodes"),
        edges=table(_EDGE_COLUMNS, [_edge(e) for e in edges], limit=_LIMIT, noun="links"),
    )


def _node(node: Mapping[str, Any]) -> tuple[Cell, ...]:
    digest, stated = text(node.get("content_hash")), stated_digest(node)
    shown = f"{stated} as named, not hashed here" if stated else "no digest"
    return (
        Cell(str(node.get("node_type", "node"))),
        Cell(node_label(node)),
        Cell(str(node.get("node_id")), code=True),
        Cell(digest or shown, code=digest is not None or stated is not None),
    )


def _edge(edge: Mapping[str, Any]) -> tuple[Cell, ...]:
    return (
        Cell(str(edge.get("parent_id")), code=True),
        Cell(str(edge.get("relation", ""))),
        Cell(str(edge.get("child_id")), code=True),
    )
