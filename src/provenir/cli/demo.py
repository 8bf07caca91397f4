"""`provenir demo`: the main job on an embedded default."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from provenir.core.errors import UsageError


def demo(
    context: typer.Context,
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
        _refuse_options_of_the_training(context)
        from provenir.flows.demo_lite import run_demo_lite

        raise typer.Exit(run_demo_lite())
    from provenir.console.report import render
    from provenir.flows.demo import run_demo

    try:
        result = run_demo(out, seed=seed, render=render)
    except KeyboardInterrupt as interrupt:
        raise typer.Abort("; ".join(("interrupted", *map(str, interrupt.args)))) from interrupt
    raise typer.Exit(result.exit_code)


def _refuse_options_of_the_training(context: typer.Context) -> None:
    """Whoever gives a seed expects a training; one in a settings file is for the other demo."""
    for option in ("seed", "out"):
        source = context.get_parameter_source(option)
        if source is not None and source.name == "COMMANDLINE":
            raise UsageError(
                f"--{option} has no meaning with --lite, which trains nothing and writes nothing",
                mend="leave one of the two out",
            )
