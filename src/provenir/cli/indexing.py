"""`provenir dataset index`: eval sets as one file that a check opens instead of reading them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from provenir.cli.output import print_json, say, stdout, table

__all__ = ["index"]


def index(
    evals: Annotated[
        list[str], typer.Argument(metavar="EVAL...", help="Each one a set: [NAME=]PATH.")
    ],
    output: Annotated[Path, typer.Option("--output", "-o", help="A new file, *.idx.")],
    exhaustive: Annotated[
        bool, typer.Option("--exhaustive", help="Fit for exhaustive checks; larger.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Make one file of eval sets for many checks."""
    from provenir.flows.contamination import write_index

    written = write_index(evals, output, exhaustive=exhaustive)
    if json:
        print_json({"digest": written.digest, "path": str(output), "items": written.items})
        return
    stdout().print(table("eval sets", ("eval set", "items"), written.items.items()))
    say(f"written: {output}")
    say(written.digest)
