"""Signs of reward hacking that stand in the words of a response, found without running anything."""

from __future__ import annotations

from provenir.observability.hacking.text.registry import TEXT_DETECTORS, examine_text

__all__ = ["TEXT_DETECTORS", "examine_text"]
