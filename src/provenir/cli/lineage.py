"""`provenir lineage`: what a run came from and what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from provenir.cli.output import print_json, say_lines
from provenir.core.errors import InputError, UsageError

app = typer.Typer(help="Lineage of runs, data and models.", no_args_is_help=True)


@app.callback()
def nouns() -> None:
    """Lineage of runs, data and models."""


@app.command()
def show(
    run_dir: Annotated[Path, typer.Argument(help="A run folder, or a lineage.json.")],
    of: Annotated[
        str | None, typer.Option("--of", help="Only this node with its ancestors.")
    ] = None,
    dot: Annotated[bool, typer.Option("--dot", help="Print Graphviz DOT.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print the lineage graph of a run."""
    from provenir.provenance.lineage import LineageGraph

    if dot and json:
        raise UsageError("--dot and --json exclude each other", mend="give one of them")
    path = run_dir / "lineage.json" if run_dir.is_dir() else run_dir
    if not path.exists():
        raise InputError(
            "there is no lineage here",
            where=str(path),
            mend="give a run folder; a run that died gets one by: provenir run recover",
        )
    graph = LineageGraph.read(path)
    if of is not None:
        graph = graph.provenance_of(of)
    if json:
        print_json(graph.to_dict())
    else:
        say_lines(graph.to_dot() if dot else graph.to_text())
