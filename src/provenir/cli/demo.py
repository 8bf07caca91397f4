"""`provenir demo`: the main job on an embedded default."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def demo(
    lite: Annotated[
        bool, typer.Option("--lite", help="Verify the shipped small run; needs no torch.")
    ] = False,
    out: Annotated[Path, typer.Option("--out", help="Where the run folder goes.")] = Path(
        "artifacts/demo"
    ),
    seed: Annotated[int, typer.Option("--seed", help="Seed of model, data order, sampling.")] = 0,
) -> None:
    """Train, sign and verify a tiny model. GRPO trains it, a stranger verifies it."""
    if lite:
        from provenir.flows.demo_lite import run_demo_lite

        raise typer.Exit(run_demo_lite())
    from provenir.console.report import render
    from provenir.flows.demo import run_demo

    try:
        result = run_demo(out, seed=seed, render=render)
    except KeyboardInterrupt as interrupt:
        raise typer.Abort("; ".join(("interrupted", *map(str, interrupt.args)))) from interrupt
    raise typer.Exit(result.exit_code)
