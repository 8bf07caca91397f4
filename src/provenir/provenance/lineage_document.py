"""`lineage.json`, the lineage graph as a document."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import JsonValue

from provenir.core.document import Document, Part


class NodePart(Part):
    """One node: something with a digest, or that had one."""

    node_id: str
    node_type: str
    content_hash: str | None
    attributes: dict[str, JsonValue]


class EdgePart(Part):
    """One edge: the child came of the parent."""

    parent_id: str
    child_id: str
    relation: str


class LineageDocument(Document):
    """`lineage.json`.

    Attributes:
        nodes: Data, runs, models, evals.
        edges: What came of what; there is no circle.
    """

    # Attributes keep 64 levels (`core.plain`) and stand three levels deep.
    max_depth: ClassVar[int] = 64 + 3

    schema_version: Literal["lineage/1"] = "lineage/1"
    nodes: list[NodePart]
    edges: list[EdgePart]
