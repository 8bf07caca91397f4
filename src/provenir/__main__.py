"""`provenir` and `python -m provenir`: the command line."""

from __future__ import annotations

import sys

_INTERRUPTED = 130


def run() -> None:
    """Run the command line; Ctrl-C while it is still being loaded ends it like any other."""
    try:
        from provenir.cli.main import run as run_command_line
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(_INTERRUPTED)
    run_command_line()


if __name__ == "__main__":
    run()
