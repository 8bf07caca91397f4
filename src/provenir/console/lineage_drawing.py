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
from provenir.console.layering import Layout, Place, Waypoint, arrange
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
_LANE_H: Final = 12
_GAP_X: Final = 62
_GAP_Y: Final = 16
_PAD: Final = 8
_CELLS: Final = 22
"""Width of a box in character cells (an East Asian wide character takes two)."""

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NAMED_DIGEST = re.compile(r"(?:\A|[\s@]+)(sha256:[0-9a-f]{64})\Z")
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
    height = 2 * _PAD + max(_taken(column) for column in layout.columns)
    width = 2 * _PAD + len(layout.columns) * (_BOX_W + _GAP_X) - _GAP_X
    corners = _corners(layout, height)
    body = [_arrow([corners[place] for place in path]) for path in layout.paths]
    body += [_box(nodes[node], corners[node][:2]) for node in shown]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}">{"".join(body)}</svg>'
    )
    return Picture.of(svg, alt=_alt(nodes, edges), width=width, height=height)


def node_label(node: Mapping[str, Any]) -> str:
    """Return the name a person knows the node by: its ``name`` attribute, else its id.

    A digest that ends the name is left to :func:`stated_digest`.
    """
    name = text(mapping(node.get("attributes")).get("name")) or str(node.get("node_id"))
    return _NAMED_DIGEST.sub("", name) or name


def stated_digest(node: Mapping[str, Any]) -> str | None:
    """Return the digest that a node without one of its own carries in its name.

    Whoever named it wrote it there; nothing was hashed.
    """
    name = text(mapping(node.get("attributes")).get("name")) or ""
    found = _NAMED_DIGEST.search(name)
    return found[1] if found and not text(node.get("content_hash")) else None


def _digest_line(node: Mapping[str, Any]) -> str:
    digest, stated = text(node.get("content_hash")), stated_digest(node)
    if digest:
        return short_digest(digest)
    return f"as named {stated.partition(':')[2][:12]}…" if stated else "no digest"


def _room(place: Place) -> int:
    """Height that a place takes in its column: a box, or a line on its way."""
    return _LANE_H if isinstance(place, Waypoint) else _BOX_H


def _taken(column: Sequence[Place]) -> int:
    return sum(_room(place) + _GAP_Y for place in column) - _GAP_Y


def _corners(layout: Layout, height: int) -> dict[Place, tuple[int, int, int]]:
    """Give every place its left, top and height."""
    corners: dict[Place, tuple[int, int, int]] = {}
    for x, column in enumerate(layout.columns):
        top = (height - _taken(column)) // 2
        for place in column:
            corners[place] = (_PAD + x * (_BOX_W + _GAP_X), top, _room(place))
            top += _room(place) + _GAP_Y
    return corners


def _arrow(places: Sequence[tuple[int, int, int]]) -> str:
    """Draw an edge from the right side of its parent through its lanes to its child."""
    x, y = places[0][0] + _BOX_W, places[0][1] + places[0][2] // 2
    way = [f"M{x},{y}"]
    for at, (left, top, tall) in enumerate(places[1:], start=2):
        last = at == len(places)
        end_x, end_y = left - (6 if last else 0), top + tall // 2
        bend = max(24, (end_x - x) // 2)
        way.append(f"C{x + bend},{y} {end_x - bend},{end_y} {end_x},{end_y}")
        x, y = (end_x, end_y) if last else (left + _BOX_W, end_y)
        if not last:
            way.append(f"H{x}")
    return (
        f'<path d="{" ".join(way)}" fill="none" stroke="{palette.MUTED}" stroke-width="1.3"/>'
        f'<path d="M{x + 5},{y} l-8,-4.5 v9 z" fill="{palette.MUTED}"/>'
    )


def _box(node: Mapping[str, Any], corner: tuple[int, int]) -> str:
    x, y = corner
    lines = (
        (18, _SANS, 10.5, palette.LINE, str(node.get("node_type", "node"))),
        (34, _SANS, 12.5, palette.INK, node_label(node)),
        (49, _MONO, 10, palette.MUTED, _digest_line(node)),
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
