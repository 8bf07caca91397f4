"""The page's drawing colours, in a light and a dark dress.

A chart is drawn once, in the light dress; the dark one is the same drawing with each colour of
the closed table below replaced by its partner. Contrast against the card is at least 4.5:1 for
text and 3:1 for lines (WCAG 2.2, 1.4.3 and 1.4.11).
"""

from __future__ import annotations

from typing import Final

INK: Final = "#1c2127"
MUTED: Final = "#59626e"
GRID: Final = "#e4e7eb"
SURFACE: Final = "#f3f5f8"
LINE: Final = "#2a5bd7"
CRITICAL: Final = "#c0271d"
WARNING: Final = "#a85b00"
INFO: Final = "#3f6b8f"

DARK: Final[dict[str, str]] = {
    INK: "#e8ebef",
    MUTED: "#a0a9b6",
    GRID: "#2b323b",
    SURFACE: "#20262e",
    LINE: "#82a9ff",
    CRITICAL: "#ff7a70",
    WARNING: "#f0a73c",
    INFO: "#84b4db",
}

SEVERITY: Final[dict[str, str]] = {"critical": CRITICAL, "warning": WARNING, "info": INFO}


def severity_colour(severity: str) -> str:
    """Return the colour of a severity; an unknown word gets the colour of a warning."""
    return SEVERITY.get(severity, WARNING)


def darkened(svg: str) -> str:
    """Return the drawing with every colour of the table replaced by its dark partner."""
    for light, dark in DARK.items():
        svg = svg.replace(light, dark)
    return svg
