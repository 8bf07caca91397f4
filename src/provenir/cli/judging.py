"""The options of everything that judges evidence, and how keys are taken from them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from provenir.cli.output import note, warn
from provenir.core.errors import UndecidedError, UsageError

if TYPE_CHECKING:
    from provenir.attest.keys import VerificationKey

__all__ = [
    "ArtifactPaths",
    "At",
    "Checkpoints",
    "Log",
    "Model",
    "Proof",
    "PublicKeys",
    "Reports",
    "Revocations",
    "Secret",
    "State",
    "Statements",
    "TrustFile",
    "given_keys",
    "say_origins",
    "state_file",
]

SOURCES: Final = ("COMMANDLINE", "PROMPT", "ENVIRONMENT", "DEFAULT_MAP", "DEFAULT")

Secret = Annotated[
    str | None, typer.Option("--key", help="The team's HMAC secret; never a public key.")
]
PublicKeys = Annotated[
    list[Path] | None,
    typer.Option(
        "--public-key",
        metavar="<path>",
        help="A public key (PEM) that must have signed; repeatable.",
    ),
]
TrustFile = Annotated[
    Path | None, typer.Option("--trust", help="The trust policy: who may sign what.")
]
State = Annotated[
    Path | None,
    typer.Option("--state", help="Where seen versions are remembered, instead of the user's own."),
]
ArtifactPaths = Annotated[
    list[Path] | None,
    typer.Option(
        "--artifact", metavar="<path>", help="The model folder or file it is about; repeatable."
    ),
]
Statements = Annotated[
    list[Path] | None,
    typer.Option("--statement", metavar="<path>", help="A statement of another role; repeatable."),
]
Revocations = Annotated[
    list[Path] | None,
    typer.Option(
        "--revocation", metavar="<path>", help="Something that was taken back; repeatable."
    ),
]
Proof = Annotated[
    Path | None, typer.Option("--proof", help="The log's proof; else the file beside the passport.")
]
Checkpoints = Annotated[
    list[Path] | None,
    typer.Option(
        "--checkpoint",
        metavar="<path>",
        help="A checkpoint of the log that you kept from before; repeatable.",
    ),
]
Log = Annotated[Path | None, typer.Option("--log", help="The folder of the log itself.")]
Reports = Annotated[
    Path | None, typer.Option("--reports", help="A folder with the reports that it lists.")
]
Model = Annotated[str | None, typer.Option("--model", help="The model that it must be of.")]
At = Annotated[str | None, typer.Option("--at", help="Judge by this RFC 3339 time instead of now.")]


def given_keys(
    context: Any, secret: str | None, public: list[Path], *, trusted: bool, where: str
) -> list[VerificationKey]:
    """The keys that were given; of two kinds, the one that was given nearer to the command.

    Raises:
        UndecidedError: Neither a key nor a trust policy was given.
        UsageError: Both kinds of key were given, or a secret is none.
    """
    from provenir.attest.keys import HmacKey, hmac_secret, public_key

    by_secret, by_public = source_of(context, "key"), source_of(context, "public_key")
    if secret is not None and public:
        if by_secret == by_public:
            raise UsageError(
                "--key and --public-key exclude each other", mend="give one kind of key"
            )
        secret, public = (secret, []) if by_secret < by_public else (None, public)
    if secret is None and not public and not trusted:
        raise UndecidedError(
            "no key was given, so nothing can be verified",
            where=where,
            mend="give --trust FILE or --public-key FILE, or --key SECRET for a team-internal"
            " passport",
        )
    if secret is None:
        return [public_key(path) for path in public]
    checked = HmacKey(hmac_secret(secret))
    if by_secret == SOURCES.index("COMMANDLINE"):
        variable = "_".join(context.command_path.upper().split()[1:])
        warn(
            "a secret on the command line can be read by other users of this machine; "
            f"set PROVENIR_{variable}_KEY instead"
        )
    return [checked]


def state_file(state: Path | None, *, trusted: bool) -> Path | None:
    """Where versions are remembered: what was named, else the user's own under a trust policy."""
    from provenir.attest.verifier_state import default_state_path

    if state is not None or not trusted:
        return state
    return default_state_path()


def source_of(context: Any, parameter: str) -> int:
    """How near to the command a parameter was given: 0 is the flag."""
    return SOURCES.index(context.get_parameter_source(parameter).name)


def say_origins(context: Any) -> None:
    """Name every option that a settings file gave: it may be a stranger's file."""
    path = context.command_path.partition(" ")[2]
    for option in context.command.params:
        if source_of(context, option.name) == SOURCES.index("DEFAULT_MAP"):
            flag = option.opts[0]
            note(f"note: {flag} comes from {context.obj.origins[f'{path} {flag}']}")
