"""Pictures as data: an SVG drawing in two dresses, embedded as images.

An SVG shown through an image element runs no script, follows no link and loads nothing
(SVG 2, section 2.2, secure static mode), so that a drawing cannot act even if its text is hostile.
"""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass

from provenir.console.palette import darkened


class DataUri(str):
    """A ``data:image/svg+xml`` address that this room made itself."""

    __slots__ = ()


def svg_uri(svg: str) -> DataUri:
    """Return the drawing as a base64 data URI; unpaired surrogates become U+FFFD."""
    raw = svg.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode("utf-8")
    return DataUri("data:image/svg+xml;base64," + b64encode(raw).decode("ascii"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One drawing for light and for dark surroundings, with its text alternative.

    Attributes:
        light: The drawing on a light card.
        dark: The same drawing with the dark colours.
        alt: What the picture shows, in words.
        width: Natural width in CSS pixels.
        height: Natural height in CSS pixels.
    """

    light: DataUri
    dark: DataUri
    alt: str
    width: int
    height: int

    @classmethod
    def of(cls, svg: str, *, alt: str, width: float, height: float) -> Picture:
        """Embed a drawing made with the light colours of the palette."""
        return cls(
            light=svg_uri(svg),
            dark=svg_uri(darkened(svg)),
            alt=alt,
            width=round(width),
            height=round(height),
        )
