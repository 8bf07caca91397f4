"""The parts of the code analysis: finding code, reading it, and the rules."""

from __future__ import annotations

__all__: list[str] = []
