"""`python -m provenir`: the command line."""

from __future__ import annotations

from provenir.cli.main import run

if __name__ == "__main__":
    run()
