"""The command line: one module per noun, no logic of its own.

`provenir.cli.main.run` is the entry point; `python -m provenir` calls it too.
"""

from __future__ import annotations

__all__: list[str] = []
