"""The lineage graph as a picture: DOT for Graphviz, a tree for a terminal.

Ids, relations and attributes come from users, files and model names. In both forms they are shown,
never interpreted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from provenir.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from provenir.provenance.lineage_nodes import LineageEdge, LineageNode

__all__ = ["to_dot", "to_text"]

_MAX_LABEL_CHARS: Final = 120
_HASH_CHARS: Final = 19  # "sha256:" and twelve digits
_SHAPES: Final = {
    "source": "folder",
    "dataset": "cylinder",
    "run": "box",
    "eval": "note",
}


def to_dot(nodes: Sequence[LineageNode], edges: Iterable[LineageEdge]) -> str:
    """Write the graph in the DOT language (https://graphviz.org/doc/info/lang.html).

    Nodes are called n0, n1, … in the order given; everything foreign stands in quoted labels.
    """
    names = {node.node_id: f"n{index}" for index, node in enumerate(nodes)}
    lines = ["digraph lineage {", "  rankdir=LR;", '  node [fontname="sans-serif"];']
    for node in nodes:
        parts = [node.node_type, *_said(node)]
        label = "\\n".join(_quoted(part) for part in parts)
        shape = _SHAPES.get(node.node_type, "ellipse")
        lines.append(f'  {names[node.node_id]} [label="{label}", shape={shape}];')
    lines += [
        f'  {names[edge.parent_id]} -> {names[edge.child_id]} [label="{_quoted(edge.relation)}"];'
        for edge in edges
    ]
    return "\n".join([*lines, "}", ""])


def _quoted(text: str) -> str:
    """Escape for a label inside double quotes: backslash, quote, and entities (`&quot;`)."""
    shown = printable(text, max_chars=_MAX_LABEL_CHARS)
    return shown.replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;")


def to_text(
    nodes: Sequence[LineageNode], edges: Iterable[LineageEdge], *, max_lines: int = 500
) -> str:
    """Write the graph as a tree from its roots down; no newline at the end.

    A node with several parents stands under each of them; what follows from it is written once and
    the later places end in `(above)`.

    Args:
        nodes: all nodes, in the order of writing.
        edges: all edges, in the order of writing.
        max_lines: lines after which the tree is cut, with a last line that says so.
    """
    known = {node.node_id: node for node in nodes}
    below: dict[str, list[LineageEdge]] = {node.node_id: [] for node in nodes}
    has_parent: set[str] = set()
    for edge in edges:
        below[edge.parent_id].append(edge)
        has_parent.add(edge.child_id)
    # An explicit stack: a long chain must not exhaust Python's.
    stack: list[tuple[str, str, str, str]] = [
        (node.node_id, "", "", "") for node in reversed(nodes) if node.node_id not in has_parent
    ]
    lines: list[str] = []
    written: set[str] = set()
    while stack:
        if len(lines) >= max_lines:
            return "\n".join([*lines, "… cut here; ask for JSON to see all of it"])
        node_id, branch, indent, relation = stack.pop()
        again = node_id in written and bool(below[node_id])
        lines.append(branch + _line(known[node_id], relation) + (" (above)" if again else ""))
        if again:
            continue
        written.add(node_id)
        children = below[node_id]
        for place in range(len(children) - 1, -1, -1):
            last = place == len(children) - 1
            stack.append(
                (
                    children[place].child_id,
                    indent + ("└─ " if last else "├─ "),
                    indent + ("   " if last else "│  "),
                    children[place].relation,
                )
            )
    return "\n".join(lines)


def _line(node: LineageNode, relation: str) -> str:
    parts = [node.node_type, *(printable(t, max_chars=_MAX_LABEL_CHARS) for t in _said(node))]
    if relation:
        parts.append(f"[{printable(relation, max_chars=_MAX_LABEL_CHARS)}]")
    return " ".join(parts)


def _said(node: LineageNode) -> list[str]:
    """What a person wants to read of a node: its name, its score, a short digest.

    A name that says something beside the id comes first; the id itself is left out where the
    digest in it would be repeated.
    """
    name, score = node.attributes.get("name"), node.attributes.get("score")
    said = [name] if isinstance(name, str) and name and name not in node.node_id else []
    if node.content_hash is None or node.content_hash not in node.node_id:
        said.append(node.node_id)
    if isinstance(score, int | float) and not isinstance(score, bool):
        said.append(f"score {score:.4g}")
    if node.content_hash:
        said.append(node.content_hash[:_HASH_CHARS])
    return said
