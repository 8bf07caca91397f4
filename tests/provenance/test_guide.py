"""The guide of the room says what every determinism variable is for."""

from __future__ import annotations

from pathlib import Path

from provenir.provenance.flags import kernel_determinism_flags

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "guide" / "provenance.md"


def test_the_guide_names_every_variable() -> None:
    text = GUIDE.read_text()
    assert [name for name in kernel_determinism_flags(1) if name not in text] == []
