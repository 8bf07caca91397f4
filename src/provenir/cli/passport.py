"""`provenir passport`: show, verify, export and sign passports and what belongs to them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from provenir.cli import issuing
from provenir.cli.export import export
from provenir.cli.output import print_json, say_lines
from provenir.cli.verify import verify
from provenir.core.errors import ProvenirError

app = typer.Typer(help="Model passports.", no_args_is_help=True)
app.command()(export)
app.command()(issuing.attest)
app.command()(issuing.sign)
app.command()(issuing.revoke)
app.command()(issuing.prove)
PassportFile = Annotated[Path, typer.Argument(help="A passport.json.")]


@app.callback()
def nouns() -> None:
    """Model passports."""


@app.command()
def show(
    passport: PassportFile,
    json: Annotated[bool, typer.Option("--json", help="Print the statement as JSON.")] = False,
) -> None:
    """Print what a passport says. Showing it verifies nothing."""
    from provenir.governance.passport import ModelPassport

    shown = ModelPassport.read(passport)
    try:
        if json:
            print_json(shown.to_dict())
        else:
            say_lines(shown.to_markdown(), prose=True)
    except ProvenirError as fault:
        fault.where = str(passport)  # the readers of a payload do not know its file
        raise


app.command()(verify)
