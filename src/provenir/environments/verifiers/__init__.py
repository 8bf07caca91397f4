"""Verifiers: each scores one response against one reference, and none can be talked out of it."""

from __future__ import annotations

__all__: list[str] = []
