"""`provenir key`: signing keys, and the trust policy that says what each is good for."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from provenir.cli import key_trust
from provenir.cli.output import print_json, say, stdout, table
from provenir.core.errors import UsageError

if TYPE_CHECKING:
    from provenir.attest.trust_policy import TrustPolicy

KEY_VARIABLE: Final = "PROVENIR_KEY_PASSWORD"
ED25519: Final = "ed25519"

app = typer.Typer(help="Signing keys and the trust policy.", no_args_is_help=True)


@app.callback()
def nouns() -> None:
    """Signing keys and the trust policy."""


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
    """Make a key pair. It is Ed25519 unless told otherwise, and replaces no file."""
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


@app.command()
def show(
    file: Annotated[Path, typer.Argument(help="A key in PEM, or a trust.toml.")],
    json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Show a key file or a trust policy. A private key is never printed.

    Of a trust policy the newest version of its chain is shown.
    """
    from provenir.attest.trust_chain import load_trust

    if file.suffix == ".toml":
        policy = load_trust(file)
        if json:
            print_json(_policy_values(policy))
        else:
            _show_policy(policy)
        return
    shown = _key_values(file)
    if json:
        print_json(shown)
        return
    for name, value in shown.items():
        say(f"{name.replace('_', ' '):<14}{_word(value)}")


app.command(name="trust")(key_trust.trust)
app.command(name="rotate")(key_trust.rotate)
app.command(name="revoke")(key_trust.revoke)


def _key_values(file: Path) -> dict[str, Any]:
    """What may be said about the key in a PEM file."""
    from provenir.attest.key_material import pem_label, read_key_file
    from provenir.attest.keys import load_signer, public_key

    data = read_key_file(file)
    label = pem_label(data, where=str(file))
    is_private = "PRIVATE KEY" in label
    values: dict[str, Any] = {"file": str(file), "half": "private" if is_private else "public"}
    if "ENCRYPTED" in label and not os.environ.get(KEY_VARIABLE):
        hidden = f"not known: the file is encrypted, and {KEY_VARIABLE} is not set"
        return {**values, "encrypted": True, "algorithm": hidden}
    key: Any = load_signer(file) if is_private else public_key(data)
    public = getattr(key, "verification_key", key)
    return {
        **values,
        "encrypted": "ENCRYPTED" in label,
        "algorithm": public.algorithm,
        "key_id": public.keyid,
        "public": key_trust.spelled(public),
        # C2SP signed notes, and so a log's checkpoints, are signed with Ed25519.
        "signs_notes": public.algorithm == ED25519,
    }


def _policy_values(policy: TrustPolicy) -> dict[str, Any]:
    return {
        "name": policy.name,
        "version": policy.version,
        "digest": policy.digest,
        "require": {level: list(roles) for level, roles in policy.require.items()},
        "thresholds": dict(policy.thresholds),
        "needs_reports": policy.needs_reports,
        "keys": [
            {
                "id": each.id,
                "alg": each.alg,
                "key_id": each.key.keyid,
                "roles": list(each.roles),
                "predicate_types": list(each.predicate_types),
                "not_before": key_trust.time_text(each.not_before),
                "compromised_at": key_trust.time_text(each.compromised_at),
            }
            for each in policy.keys
        ],
    }


def _show_policy(policy: TrustPolicy) -> None:
    values = _policy_values(policy)
    say(f"trust policy {policy.name}, version {policy.version}, {policy.digest}")
    columns = ("id", "roles", "key id", "not before", "compromised at")
    rows = [
        (
            each["id"],
            ", ".join(each["roles"]),
            each["key_id"],
            each["not_before"],
            each["compromised_at"],
        )
        for each in values["keys"]
    ]
    stdout().print(table(None, columns, rows))
    for level, roles in policy.require.items():
        say(f"{level} requires: {', '.join(roles) or 'nothing more'}")
    if not policy.require.get("declared"):
        say("every passport requires: operator")
    for role, needed in policy.thresholds.items():
        say(f"{role} needs {needed} keys")
    if policy.needs_reports:
        say("reports must be handed over")
    if not policy.keys_of("root"):
        say("no root key: this policy cannot be replaced by a signed version", "yellow")


def _word(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)


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
