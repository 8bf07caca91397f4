"""The nodes and edges of the lineage graph."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from provenir.core.errors import UsageError

__all__ = ["NODE_TYPES", "LineageEdge", "LineageNode"]

NODE_TYPES: Final = (
    "source",
    "dataset",
    "run",
    "adapter",
    "model",
    "eval",
    "merge",
    "release",
    "deployment",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineageNode:
    """One thing in the graph.

    Attributes:
        node_id: unique in the graph; any text.
        node_type: one of `NODE_TYPES`.
        content_hash: digest of its content, or None when unknown.
        attributes: plain JSON values about it.
    """

    node_id: str
    node_type: str
    content_hash: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        node_id: object = self.node_id
        content_hash: object = self.content_hash
        attributes: object = self.attributes
        if not isinstance(node_id, str) or not node_id:
            raise UsageError("a lineage node needs an id of at least one character")
        if content_hash is not None and not isinstance(content_hash, str):
            raise UsageError(f"the content hash of lineage node {node_id!r} is not text")
        if not isinstance(attributes, Mapping):
            raise UsageError(f"the attributes of lineage node {node_id!r} are no table")
        if self.node_type not in NODE_TYPES:
            raise UsageError(
                f"unknown lineage node type {self.node_type!r}",
                mend=f"one of {', '.join(NODE_TYPES)}",
            )

    def to_dict(self) -> dict[str, Any]:
        """Return the node as it stands in `lineage.json`."""
        return {
            "node_id": self.node_id,
            "node_type": self.node_type,
            "content_hash": self.content_hash,
            "attributes": dict(self.attributes),
        }


@dataclass(frozen=True, slots=True, order=True)
class LineageEdge:
    """`child` came from `parent` by `relation` (`trained_on`, `produced`, `evaluated_by`…)."""

    parent_id: str
    child_id: str
    relation: str

    def __post_init__(self) -> None:
        parts: tuple[object, ...] = (self.parent_id, self.child_id, self.relation)
        if not all(isinstance(part, str) for part in parts):
            raise UsageError(
                "the fields of a lineage edge are text",
                mend="add_edge('data', 'run', 'trained_on')",
            )

    def to_dict(self) -> dict[str, str]:
        """Return the edge as it stands in `lineage.json`."""
        return {
            "parent_id": self.parent_id,
            "child_id": self.child_id,
            "relation": self.relation,
        }
