"""`provenir passport`: show a passport, or verify it as a stranger would."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from provenir.cli.output import note, print_json, reading_bar, say_lines, warn
from provenir.cli.verdicts import show_verdict
from provenir.core.clock import parse_utc
from provenir.core.errors import InputError, ProvenirError, UndecidedError, UsageError

if TYPE_CHECKING:
    from provenir.attest.keys import VerificationKey

app = typer.Typer(help="Model passports.", no_args_is_help=True)
SOURCES: Final = ("COMMANDLINE", "PROMPT", "ENVIRONMENT", "DEFAULT_MAP", "DEFAULT")
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


@app.command()
def verify(
    context: typer.Context,
    passport: PassportFile,
    key: Annotated[
        str | None, typer.Option("--key", help="The team's HMAC secret; never a public key.")
    ] = None,
    public_key: Annotated[
        list[Path] | None, typer.Option("--public-key", help="A public key (PEM).")
    ] = None,
    artifact: Annotated[
        list[Path] | None, typer.Option("--artifact", help="The model folder or file it is about.")
    ] = None,
    run: Annotated[
        Path | None, typer.Option("--run", help="The run folder: its reports are compared too.")
    ] = None,
    at: Annotated[
        str | None, typer.Option("--at", help="Judge expiry at this RFC 3339 time, not now.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")] = False,
) -> None:
    """Verify a passport. Checked are its signature, claims, artifact and reports."""
    from provenir.governance.passport import ModelPassport
    from provenir.governance.verification import verify_passport

    read = ModelPassport.read(passport)
    _say_origins(context)
    keys = _keys(context, key, public_key or [])
    if not keys:
        raise UndecidedError(
            "no key was given, so nothing can be verified",
            where=str(passport),
            mend="give --public-key FILE, or --key SECRET for a team-internal passport",
        )
    for path in artifact or []:
        if not path.exists():
            raise InputError("there is no such artifact", where=str(path), mend="check the path")
    with reading_bar(artifact or []) as progress:
        verdict = verify_passport(
            read.envelope,
            keys=keys,
            artifacts=tuple(artifact or ()),
            run_dir=run,
            beside=passport.parent,
            at=None if at is None else parse_utc(at),
            progress=progress,
        )
    raise typer.Exit(show_verdict(verdict, as_json=json, subject=str(passport)))


def _keys(context: Any, secret: str | None, public: list[Path]) -> list[VerificationKey]:
    """The keys that were given; of two kinds, the one that was given nearer to the command."""
    from provenir.attest.keys import HmacKey, hmac_secret, public_key

    by_secret, by_public = _source(context, "key"), _source(context, "public_key")
    if secret is not None and public:
        if by_secret == by_public:
            raise UsageError(
                "--key and --public-key exclude each other", mend="give one kind of key"
            )
        secret, public = (secret, []) if by_secret < by_public else (None, public)
    if secret is None:
        return [public_key(path) for path in public]
    checked = HmacKey(hmac_secret(secret))
    if by_secret == SOURCES.index("COMMANDLINE"):
        warn(
            "a secret on the command line can be read by other users of this machine; "
            "set PROVENIR_PASSPORT_VERIFY_KEY instead"
        )
    return [checked]


def _source(context: Any, parameter: str) -> int:
    """How near to the command a parameter was given: 0 is the flag."""
    return SOURCES.index(context.get_parameter_source(parameter).name)


def _say_origins(context: Any) -> None:
    """Name every option that a settings file gave: it may be a stranger's file."""
    path = context.command_path.partition(" ")[2]
    for option in context.command.params:
        if _source(context, option.name) == SOURCES.index("DEFAULT_MAP"):
            flag = option.opts[0]
            note(f"note: {flag} comes from {context.obj.origins[f'{path} {flag}']}")
