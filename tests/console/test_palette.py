from __future__ import annotations

import pytest

from provenir.console import palette

LIGHT_CARD, DARK_CARD = "#ffffff", "#171b21"


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2, section 5)."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("name", ["INK", "MUTED", "LINE", "CRITICAL", "WARNING", "INFO"])
def test_text_is_legible_on_cards_and_boxes_in_both_dresses(name: str) -> None:
    colour = getattr(palette, name)
    dark = palette.DARK[colour]
    grounds = [(colour, LIGHT_CARD), (colour, palette.SURFACE)]
    grounds += [(dark, DARK_CARD), (dark, palette.DARK[palette.SURFACE])]
    assert min(contrast(*pair) for pair in grounds) >= 4.5


def test_no_dark_colour_is_a_light_one() -> None:
    assert not set(palette.DARK) & set(palette.DARK.values())
