"""The lineage as a drawing: boxes in columns, arrows from parent to child.

Written directly as SVG, because it needs text of a known width in boxes and nothing else. Every
text goes through :func:`provenir.core.text.printable` and is escaped, and the drawing is shown as
an image, in which nothing can act.
"""

from __future__ import annotations

import re
import unicodedata
from html import escape
from typing import TYPE_CHECKING, Any, Final

from provenir.console import palette
from provenir.console.layering import Layout, arrange
from provenir.console.picture import Picture
from provenir.console.shapes import mapping, mappings, text
from provenir.console.wording import count, short_digest
from provenir.core.text import printable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

DRAWN: Final = 48
"""Most nodes that the drawing shows; the table beside it names the rest."""

_BOX_W: Final = 184
_BOX_H: Final = 58
_GAP_X: Final = 62
_GAP_Y: Final = 16
_PAD: Final = 8
_CELLS: Final = 25
"""Width of a box in character cells (an East Asian wide character takes two)."""

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_SANS: Final = "system-ui, -apple-system, &quot;Segoe UI&quot;, Roboto, sans-serif"
_MONO: Final = "ui-monospace, SFMono-Regular, Menlo, Consolas, monospace"


def draw_lineage(graph: Mapping[str, Any]) -> Picture | None:
    """Draw ``{nodes, edges}`` as written in ``lineage.json``; None when it has no node."""
    nodes = {str(node.get("node_id")): node for node in mappings(graph.get("nodes"))}
    edges = [
        (str(edge.get("parent_id")), str(edge.get("child_id")))
        for edge in mappings(graph.get("edges"))
    ]
    shown = list(nodes)[:DRAWN]
    if not shown:
        return None
    layout = arrange(shown, edges)
    tallest = max(len(column) for column in layout.columns)
    width = 2 * _PAD + len(layout.columns) * (_BOX_W + _GAP_X) - _GAP_X
    height = 2 * _PAD + tallest * (_BOX_H + _GAP_Y) - _GAP_Y
    corners = _corners(layout, height)
    body = [_arrow(corners[p], corners[c]) for p, c in edges if p in corners and c in corners]
    body += [_box(nodes[node], corners[node]) for node in shown]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}">{"".join(body)}</svg>'
    )
    return Picture.of(svg, alt=_alt(nodes, edges), width=width, height=height)


def node_label(node: Mapping[str, Any]) -> str:
    """Return the name a person knows the node by: its ``name`` attribute, else its id."""
    return text(mapping(node.get("attributes")).get("name")) or str(node.get("node_id"))


def _corners(layout: Layout, height: int) -> dict[str, tuple[int, int]]:
    corners: dict[str, tuple[int, int]] = {}
    for x, column in enumerate(layout.columns):
        taken = len(column) * (_BOX_H + _GAP_Y) - _GAP_Y
        top = (height - taken) // 2
        for y, node in enumerate(column):
            corners[node] = (_PAD + x * (_BOX_W + _GAP_X), top + y * (_BOX_H + _GAP_Y))
    return corners


def _arrow(start: tuple[int, int], end: tuple[int, int]) -> str:
    x0, y0 = start[0] + _BOX_W, start[1] + _BOX_H // 2
    x1, y1 = end[0] - 6, end[1] + _BOX_H // 2
    bend = max(24, (x1 - x0) // 2)
    return (
        f'<path d="M{x0},{y0} C{x0 + bend},{y0} {x1 - bend},{y1} {x1},{y1}" fill="none"'
        f' stroke="{palette.MUTED}" stroke-width="1.3"/>'
        f'<path d="M{x1 + 5},{y1} l-8,-4.5 v9 z" fill="{palette.MUTED}"/>'
    )


def _box(node: Mapping[str, Any], corner: tuple[int, int]) -> str:
    x, y = corner
    digest = text(node.get("content_hash"))
    lines = (
        (18, _SANS, 10.5, palette.LINE, str(node.get("node_type", "node"))),
        (34, _SANS, 12.5, palette.INK, node_label(node)),
        (49, _MONO, 10, palette.MUTED, short_digest(digest) if digest else "no digest"),
    )
    words = "".join(
        f'<text x="12" y="{at}" font-family="{font}" font-size="{px}" fill="{colour}">'
        f"{svg_text(value)}</text>"
        for at, font, px, colour, value in lines
    )
    return (
        f'<svg x="{x}" y="{y}" width="{_BOX_W}" height="{_BOX_H}">'
        f'<rect x="0.5" y="0.5" width="{_BOX_W - 1}" height="{_BOX_H - 1}" rx="7"'
        f' fill="{palette.SURFACE}" stroke="{palette.GRID}"/>{words}</svg>'
    )


def svg_text(value: str) -> str:
    """Cut text to a box's width and make it harmless inside XML."""
    shown = _NOT_XML.sub("\ufffd", printable(value))
    cells = 0
    kept = 0  # characters that leave room for the mark of a cut
    for char in shown:
        cells += 2 if unicodedata.east_asian_width(char) in "WF" else 1
        if cells > _CELLS:
            return escape(shown[:kept]) + "…"
        kept += cells < _CELLS
    return escape(shown)


def _alt(nodes: Mapping[str, Mapping[str, Any]], edges: Sequence[tuple[str, str]]) -> str:
    kinds: dict[str, int] = {}
    for node in nodes.values():
        kind = str(node.get("node_type", "node"))
        kinds[kind] = kinds.get(kind, 0) + 1
    named = ", ".join(f"{n} {kind}" for kind, n in kinds.items())
    return (
        f"Lineage with {count(len(nodes), 'node')} ({named}) and {count(len(edges), 'link')};"
        " the table lists them."
    )
