"""`provenir key`: signing keys."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from provenir.attest.keys import Ed25519Signer
from provenir.cli.output import print_json, say

app = typer.Typer(help="Signing keys.", no_args_is_help=True)


@app.callback()
def nouns() -> None:
    """Signing keys."""


@app.command()
def new(
    out: Annotated[Path, typer.Option("--out", help="Writes OUT.pem (0600) and OUT.pub.pem.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Make an Ed25519 key pair; existing files are never overwritten."""
    signer = Ed25519Signer.generate()
    private, public = signer.write(out)
    if as_json:
        print_json({"keyid": signer.keyid, "private": str(private), "public": str(public)})
        return
    say(f"{private}  the private key, readable by you alone: keep it secret")
    say(f"{public}  the public key: give it to whoever verifies")
    say(f"key id {signer.keyid}")
