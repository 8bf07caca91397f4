"""`provenir key`: signing keys."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated, Final

import typer

from provenir.cli.output import print_json, say
from provenir.core.errors import UsageError

KEY_VARIABLE: Final = "PROVENIR_KEY_PASSWORD"

ED25519: Final = "ed25519"

app = typer.Typer(help="Signing keys.", no_args_is_help=True)


@app.callback()
def nouns() -> None:
    """Signing keys."""


@app.command()
def new(
    out: Annotated[Path, typer.Option("--out", help="Writes OUT.pem (0600) and OUT.pub.pem.")],
    encrypt: Annotated[
        bool,
        typer.Option("--encrypt", help="Encrypt OUT.pem; asks, or reads PROVENIR_KEY_PASSWORD."),
    ] = False,
    alg: Annotated[str, typer.Option("--alg", help="ed25519, or p256 for who needs it.")] = ED25519,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Make a key pair, Ed25519 unless told otherwise. Existing files are never overwritten."""
    from provenir.attest.keys import ALGORITHMS, Ed25519Signer, P256Signer

    if alg not in ALGORITHMS:
        raise UsageError(f"--alg {alg}: no such algorithm", mend=f"one of: {', '.join(ALGORITHMS)}")
    signer = Ed25519Signer.generate() if alg == ED25519 else P256Signer.generate()
    private, public = signer.write(out, _password() if encrypt else None)
    if json:
        print_json({"keyid": signer.keyid, "private": str(private), "public": str(public)})
        return
    width = len(str(public))
    say(f"{private!s:<{width}}  the private key: keep it secret")
    say(f"{public}  the public key: give it to whoever verifies")
    say(f"key id {signer.keyid}")


def _password() -> str:
    """The password for a new key file.

    Raises:
        UsageError: when nobody can be asked and the variable is not set.
    """
    stored = os.environ.get(KEY_VARIABLE)
    if stored:
        return stored
    if not sys.stdin.isatty():
        raise UsageError("no terminal to ask for a password", mend=f"set {KEY_VARIABLE}")
    asked: str = typer.prompt("password", hide_input=True, confirmation_prompt=True)
    return asked
