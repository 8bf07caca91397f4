"""The contribution map as a drawing: a row for each block, a column for each group of examples.

A cell's depth is the group's share of what moved the block; the share stands in it as a figure, so
that the drawing does not speak by colour alone. Written directly as SVG, as the lineage is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from provenir.console import palette
from provenir.console.lineage_drawing import svg_text
from provenir.console.picture import Picture
from provenir.console.wording import count, share

if TYPE_CHECKING:
    from collections.abc import Sequence

_CELL_W: Final = 92
_CELL_H: Final = 24
_NAMES_W: Final = 118
_HEAD_H: Final = 72
_LEAN_W: Final = 56
"""Room on the right for the last name, which leans out of its column."""

_PAD: Final = 8
_GAP: Final = 2
_DEEP: Final = 0.55
"""From this share on the figure is written in the light colour of the card."""

_SANS: Final = "system-ui, -apple-system, &quot;Segoe UI&quot;, Roboto, sans-serif"
_STILL: Final = "–"


def draw_contributions(
    blocks: Sequence[str], groups: Sequence[str], shares: Sequence[Sequence[float | None]]
) -> Picture | None:
    """Draw the shares; None where there is no block or no group.

    Args:
        blocks: Names of the rows, from the input of the model to its output.
        groups: Names of the columns.
        shares: For each block the share of each group, in [0, 1]; None where the group never had
            a weight above zero in the block.
    """
    if not blocks or not groups:
        return None
    width, height = _size(blocks, groups)
    svg = contributions_svg(blocks, groups, shares)
    return Picture.of(svg, alt=_alt(blocks, groups, shares), width=width, height=height)


def contributions_svg(
    blocks: Sequence[str],
    groups: Sequence[str],
    shares: Sequence[Sequence[float | None]],
    *,
    card: str | None = None,
) -> str:
    """Return the drawing of `draw_contributions` as SVG, in the light colours.

    Args:
        blocks: Names of the rows.
        groups: Names of the columns.
        shares: As there.
        card: Colour of a card to draw it on, for a file that is looked at by itself.
    """
    width, height = _size(blocks, groups)
    body = [] if card is None else [f'<rect width="{width}" height="{height}" fill="{card}"/>']
    body += [_heading(at, name) for at, name in enumerate(groups)]
    for row, (block, line) in enumerate(zip(blocks, shares, strict=True)):
        top = _PAD + _HEAD_H + row * _CELL_H
        body.append(_text(_PAD + _NAMES_W - 10, top + 16, block, anchor="end"))
        body += [_cell(_left(at), top, value) for at, value in enumerate(line)]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}">{"".join(body)}</svg>'
    )


def _size(blocks: Sequence[str], groups: Sequence[str]) -> tuple[int, int]:
    width = 2 * _PAD + _NAMES_W + len(groups) * _CELL_W + _LEAN_W
    return width, 2 * _PAD + _HEAD_H + len(blocks) * _CELL_H


def _left(column: int) -> int:
    return _PAD + _NAMES_W + column * _CELL_W


def _heading(column: int, name: str) -> str:
    """Write a group's name over its column, slanted so that two long names do not touch."""
    x, y = _left(column) + _CELL_W // 3, _PAD + _HEAD_H - 8
    return (
        f'<g transform="translate({x} {y}) rotate(-28)">'
        f"{_text(0, 0, name, anchor='start', colour=palette.MUTED)}</g>"
    )


def _cell(x: int, y: int, value: float | None) -> str:
    w, h = _CELL_W - _GAP, _CELL_H - _GAP
    box = f'<rect x="{x}" y="{y}" width="{w}" height="{h}" rx="3"'
    middle, base = x + w // 2, y + 16
    if value is None:
        empty = f'{box} fill="none" stroke="{palette.GRID}"/>'
        return empty + _text(middle, base, _STILL, anchor="middle", colour=palette.MUTED)
    depth = f"{0.08 + 0.92 * value:.3f}"
    colour = palette.SURFACE if value >= _DEEP else palette.INK
    filled = f'{box} fill="{palette.LINE}" fill-opacity="{depth}"/>'
    return filled + _text(middle, base, share(round(value, 3)), anchor="middle", colour=colour)


def _text(x: int, y: int, words: str, *, anchor: str, colour: str = palette.INK) -> str:
    return (
        f'<text x="{x}" y="{y}" text-anchor="{anchor}" font-family="{_SANS}" font-size="12"'
        f' fill="{colour}">{svg_text(words)}</text>'
    )


def _alt(
    blocks: Sequence[str], groups: Sequence[str], shares: Sequence[Sequence[float | None]]
) -> str:
    still = [name for at, name in enumerate(groups) if all(line[at] is None for line in shares)]
    told = f"; nothing came from {', '.join(still)}" if still else ""
    return (
        f"Shares of {count(len(groups), 'group')} of examples in {count(len(blocks), 'block')}"
        f"{told}. The table lists them."
    )
