"""The command line: one module per noun, no logic of its own.

`provenir.cli.main.run` runs one command line; `provenir.__main__` loads it and is the entry point.
"""

from __future__ import annotations

__all__: list[str] = []
