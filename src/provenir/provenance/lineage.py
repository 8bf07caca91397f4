"""Where an artifact came from: a graph of sources, datasets, runs, models, without circles.

An edge leads from what was used to what it was used for, so the ancestors of a model are its data
and its runs. The graph is a value of its own: `to_dict` is sorted, hence equal graphs have equal
canonical bytes however they were built.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from provenir.core.canonical import canonical_bytes
from provenir.core.coercion import well_formed
from provenir.core.errors import InputError, LineageCycleError, UsageError
from provenir.core.plain import to_plain
from provenir.provenance import lineage_text
from provenir.provenance.lineage_nodes import NODE_TYPES, LineageEdge, LineageNode

if TYPE_CHECKING:
    from pathlib import Path

    from provenir.provenance.lineage_document import LineageDocument

__all__ = ["NODE_TYPES", "LineageEdge", "LineageGraph", "LineageNode"]

_SHOWN_IDS: Final = 8


class LineageGraph:
    """Nodes and edges; every change keeps the graph free of circles."""

    def __init__(self) -> None:
        self._nodes: dict[str, LineageNode] = {}
        self._edges: set[LineageEdge] = set()
        self._children: dict[str, set[str]] = {}
        self._parents: dict[str, set[str]] = {}

    def add_node(
        self,
        node_id: str,
        node_type: str,
        content_hash: str | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> LineageNode:
        """Add a node, or complete one: a missing hash is filled in, attributes are added.

        An attribute that is there already gets the new value.

        Returns:
            A copy of the node as it is now: the graph is changed by its methods only.

        Raises:
            UsageError: unknown type, or a node of that id with another type or hash.
        """
        plain: Any = to_plain(attributes or {})[0]
        node = LineageNode(
            node_id=_clean(node_id),
            node_type=node_type,
            content_hash=_clean(content_hash),
            attributes=plain,
        )
        return _copy(self._put(node))

    def add_edge(self, parent_id: str, child_id: str, relation: str) -> LineageEdge:
        """Add an edge between nodes that are there; the same edge twice is one.

        Raises:
            UsageError: an unknown node, or something that is no text.
            LineageCycleError: the parent descends from the child, or is the child.
        """
        edge = LineageEdge(_clean(parent_id), _clean(child_id), _clean(relation))
        parent_id, child_id = edge.parent_id, edge.child_id
        for node_id in (parent_id, child_id):
            if node_id not in self._nodes:
                raise UsageError(
                    f"unknown lineage node {node_id!r}", mend="add the node before its edges"
                )
        if child_id not in self._children[parent_id] and self._leads(child_id, parent_id):
            raise LineageCycleError(
                f"{child_id!r} cannot come from {parent_id!r}, which comes from it",
                reason="lineage-cycle",
            )
        self._link(edge)
        return edge

    @property
    def nodes(self) -> tuple[LineageNode, ...]:
        """Copies of all nodes, by id."""
        return tuple(_copy(self._nodes[node_id]) for node_id in sorted(self._nodes))

    @property
    def edges(self) -> tuple[LineageEdge, ...]:
        """All edges, by parent, child, relation."""
        return tuple(sorted(self._edges))

    def node(self, node_id: str) -> LineageNode:
        """Return a copy of one node.

        Raises:
            UsageError: there is none of that id.
        """
        node = self._nodes.get(_clean(node_id))
        if node is None:
            raise UsageError(f"unknown lineage node {node_id!r}", mend=self._known())
        return _copy(node)

    def parents(self, node_id: str) -> list[str]:
        """Ids of what a node came from directly, sorted."""
        return sorted(self._parents[self.node(node_id).node_id])

    def children(self, node_id: str) -> list[str]:
        """Ids of what came from a node directly, sorted."""
        return sorted(self._children[self.node(node_id).node_id])

    def ancestors(self, node_id: str) -> list[str]:
        """Ids of everything a node came from, sorted, without itself."""
        return sorted(_walk(self.node(node_id).node_id, self._parents))

    def descendants(self, node_id: str) -> list[str]:
        """Ids of everything that came from a node, sorted, without itself."""
        return sorted(_walk(self.node(node_id).node_id, self._children))

    def roots(self) -> list[str]:
        """Ids of nodes that came from nothing in the graph, sorted."""
        return sorted(node_id for node_id, parents in self._parents.items() if not parents)

    def leaves(self) -> list[str]:
        """Ids of nodes from which nothing in the graph came, sorted."""
        return sorted(node_id for node_id, children in self._children.items() if not children)

    def provenance_of(self, node_id: str) -> LineageGraph:
        """Return the part of the graph that a node came from, itself included."""
        kept = {*self.ancestors(node_id), self.node(node_id).node_id}
        part = LineageGraph()
        for key in kept:
            part._put(self._nodes[key])
        for edge in self._edges:
            if edge.parent_id in kept and edge.child_id in kept:
                part._link(edge)
        return part

    def merge(self, other: LineageGraph) -> LineageGraph:
        """Return the union of two graphs; neither is changed.

        Raises:
            UsageError: a node differs in type, hash or an attribute between the two.
            LineageCycleError: together they form a circle.
        """
        union = LineageGraph()
        for node in (*self._nodes.values(), *other._nodes.values()):
            _require_agreement(union._nodes.get(node.node_id, node), node)
            union._put(node)
        for edge in (*self._edges, *other._edges):
            union._link(edge)
        union._require_no_cycle()
        return union

    def to_dict(self) -> dict[str, Any]:
        """Return `{nodes: […], edges: […]}`, sorted: `lineage.json` without its version."""
        return {
            "nodes": [node.to_dict() for node in self.nodes],
            "edges": [edge.to_dict() for edge in self.edges],
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> LineageGraph:
        """Read what `to_dict` wrote.

        Raises:
            InputError: another shape, an unknown type, an edge without its nodes.
            LineageCycleError: the edges form a circle.
        """
        from provenir.provenance.lineage_document import LineageDocument

        table: object = value
        if not isinstance(table, Mapping):
            raise InputError("a lineage is a table of nodes and edges", where="lineage")
        data = canonical_bytes({"schema_version": LineageDocument.format_name(), **value})
        return cls._from_document(LineageDocument.from_bytes(data, where="lineage"), "lineage")

    @classmethod
    def read(cls, path: str | Path) -> LineageGraph:
        """Read a `lineage.json`.

        Raises:
            InputError: it cannot be read, is of another version or has foreign fields, an unknown
                type, an edge without its nodes.
            LineageCycleError: the edges form a circle.
        """
        from provenir.provenance.lineage_document import LineageDocument

        return cls._from_document(LineageDocument.read(path), str(path))

    @classmethod
    def _from_document(cls, document: LineageDocument, where: str) -> LineageGraph:
        graph = cls()
        try:
            for node in document.nodes:
                graph.add_node(**node.model_dump())
        except UsageError as error:
            raise InputError(error.what, where=where, mend=error.mend) from error
        for part in document.edges:
            edge = LineageEdge(**part.model_dump())
            if edge.parent_id not in graph._nodes or edge.child_id not in graph._nodes:
                raise InputError(
                    f"an edge from {edge.parent_id!r:.80} to {edge.child_id!r:.80} without a node",
                    where=where,
                    mend="restore the file from a copy; somebody changed it",
                )
            graph._link(edge)
        graph._require_no_cycle()
        return graph

    def __contains__(self, node_id: object) -> bool:
        return isinstance(node_id, str) and _clean(node_id) in self._nodes

    def __len__(self) -> int:
        return len(self._nodes)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, LineageGraph):
            return NotImplemented
        return self._nodes == other._nodes and self._edges == other._edges

    __hash__ = None  # type: ignore[assignment]

    def to_dot(self) -> str:
        """Draw the graph for Graphviz; see `lineage_text.to_dot`."""
        return lineage_text.to_dot(self.nodes, self.edges)

    def to_text(self, *, max_lines: int = 500) -> str:
        """Draw the graph as a tree for a terminal; see `lineage_text.to_text`."""
        return lineage_text.to_text(self.nodes, self.edges, max_lines=max_lines)

    def _put(self, node: LineageNode) -> LineageNode:
        """Add or complete a node; see `add_node`."""
        known = self._nodes.get(node.node_id)
        if known is None:
            self._nodes[node.node_id] = node
            self._children[node.node_id] = set()
            self._parents[node.node_id] = set()
            return node
        hashes = {known.content_hash, node.content_hash} - {None}
        if known.node_type != node.node_type or len(hashes) > 1:
            raise UsageError(
                f"lineage node {node.node_id!r} is there already with another type or hash",
                mend="give each content its own node id",
            )
        merged = LineageNode(
            node_id=node.node_id,
            node_type=node.node_type,
            content_hash=known.content_hash or node.content_hash,
            attributes={**known.attributes, **node.attributes},
        )
        self._nodes[node.node_id] = merged
        return merged

    def _known(self) -> str:
        """Some ids that there are, for whoever asked for another."""
        shown = ", ".join(repr(node.node_id) for node in self.nodes[:_SHOWN_IDS])
        more = len(self) - _SHOWN_IDS
        return f"there are {shown or 'none'}" + (f" and {more} more" if more > 0 else "")

    def _link(self, edge: LineageEdge) -> None:
        self._edges.add(edge)
        self._children[edge.parent_id].add(edge.child_id)
        self._parents[edge.child_id].add(edge.parent_id)

    def _leads(self, start: str, goal: str) -> bool:
        """Whether a path leads from one node to another; searched from both ends in turn."""
        if start == goal:
            return True
        ahead, behind = _walk(start, self._children), _walk(goal, self._parents)
        for below, above in zip(ahead, behind, strict=False):
            if below == goal or above == start:
                return True
        # One side is exhausted without meeting the other end: there is no path.
        return False

    def _require_no_cycle(self) -> None:
        """Take away nodes without parents until none is left (Kahn 1962)."""
        waiting = {node_id: len(parents) for node_id, parents in self._parents.items()}
        free = deque(node_id for node_id, count in waiting.items() if count == 0)
        done = 0
        while free:
            done += 1
            for child in self._children[free.popleft()]:
                waiting[child] -= 1
                if waiting[child] == 0:
                    free.append(child)
        if done < len(self._nodes):
            stuck = sorted(node_id for node_id, count in waiting.items() if count > 0)
            raise LineageCycleError(
                f"the lineage runs in a circle through {stuck[0]!r}", reason="lineage-cycle"
            )


def _copy(node: LineageNode) -> LineageNode:
    """The node with attributes of its own, so that nobody changes the graph behind its back."""
    return replace(node, attributes=deepcopy(dict(node.attributes)))


def _require_agreement(known: LineageNode, node: LineageNode) -> None:
    """Refuse two values of one attribute: which of them would win is nobody's decision."""
    common = known.attributes.keys() & node.attributes.keys()
    other = sorted(key for key in common if known.attributes[key] != node.attributes[key])
    if other:
        raise UsageError(
            f"lineage node {node.node_id!r} differs in {', '.join(other)[:200]} between the graphs",
            mend="settle it first: add_node on one of them sets the attribute",
        )


def _clean(text: Any) -> Any:
    """Text without lone surrogates, which no document can hold; anything else as it is."""
    return well_formed(text) if isinstance(text, str) else text


def _walk(start: str, neighbours: Mapping[str, set[str]]) -> Iterator[str]:
    """Yield everything reachable from a node, nearest first, without the node."""
    seen = {start}
    queue = deque([start])
    while queue:
        for node_id in neighbours[queue.popleft()]:
            if node_id not in seen:
                seen.add(node_id)
                queue.append(node_id)
                yield node_id
