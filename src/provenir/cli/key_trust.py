"""`provenir key trust|rotate|revoke`: writing a trust policy, and replacing it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from provenir.cli.output import note, print_json, say, warn
from provenir.core.clock import SystemClock, parse_utc, utc_text
from provenir.core.errors import UsageError
from provenir.core.new_files import write_new

if TYPE_CHECKING:
    from datetime import datetime

    from provenir.attest.keys import VerificationKey
    from provenir.attest.trust_writing import NamedKey, SignedRotation

__all__ = ["revoke", "rotate", "spelled", "time_text", "trust"]

TrustFile = Annotated[
    Path, typer.Option("--trust", help="The policy that is held; its newest version counts.")
]


def trust(
    out: Annotated[Path, typer.Option("--out", help="The file to write, such as trust.toml.")],
    name: Annotated[str, typer.Option("--name", help="What its versions are remembered under.")],
    key: Annotated[
        list[str],
        typer.Option("--key", help="ID=FILE:ROLE[,ROLE] with the PEM file of a public key."),
    ],
    threshold: Annotated[
        list[str] | None,
        typer.Option("--threshold", help="ROLE=K: a role needs K distinct keys, not one."),
    ] = None,
    require: Annotated[
        list[str] | None,
        typer.Option("--require", help="LEVEL=ROLE[,ROLE]: who must have signed from a level on."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Write the first trust policy. An existing file is never overwritten."""
    from provenir.attest.trust_policy import TrustPolicy
    from provenir.attest.trust_writing import first_policy

    data = first_policy(
        name,
        [_named(text) for text in key],
        thresholds={role: _count(role, k) for role, k in _pairs("--threshold", threshold)},
        require={level: _listed(roles) for level, roles in _pairs("--require", require)},
        where=str(out),
    )
    write_new(out, data)
    policy = TrustPolicy.parse(data, where=str(out))
    if not policy.keys_of("root"):
        warn("no key has the role root, so no signed version can ever replace this policy")
    if json:
        print_json({"file": str(out), "name": policy.name, "version": 1, "digest": policy.digest})
        return
    say(f"{out}: trust policy {policy.name}, version 1, keys: {len(policy.keys)}")
    say(policy.digest)


def rotate(
    trust: TrustFile,
    new: Annotated[Path, typer.Option("--new", help="The next version, as TOML.")],
    signing_key: Annotated[
        list[Path],
        typer.Option(
            "--signing-key", metavar="<path>", help="The PEM file of a root key; repeatable."
        ),
    ],
    partial: Annotated[
        bool, typer.Option("--partial", help="Keep what is signed so far for others to go on.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Sign the next trust policy with root keys.

    Writes trust.N.dsse.json beside the policy once the thresholds of both versions are met. Until
    then --partial keeps the signatures in trust.N.partial.json: send it with the TOML to the next
    signer, who puts it beside the policy and runs the same command.
    """
    from provenir.attest.keys import load_signer
    from provenir.attest.trust_chain import read_rotation, rotation_name, trust_versions
    from provenir.attest.trust_policy import MAX_POLICY_BYTES
    from provenir.attest.trust_writing import sign_rotation
    from provenir.core.files import atomic_write, read_bounded

    at = SystemClock().now()
    old = trust_versions(trust, at=at)[-1].policy
    unfinished = trust.with_name(f"trust.{old.version + 1}.partial.json")
    signed = sign_rotation(
        old,
        read_bounded(new, max_bytes=MAX_POLICY_BYTES),
        [load_signer(path) for path in signing_key],
        before=read_rotation(unfinished) if unfinished.exists() else None,
        at=at,
        where=str(new),
    )
    if signed.complete:
        out = trust.with_name(rotation_name(signed.new.version))
        write_new(out, signed.envelope.to_bytes())
        unfinished.unlink(missing_ok=True)
    elif partial:
        out = unfinished
        atomic_write(out, signed.envelope.to_bytes())
    else:
        raise UsageError(
            f"{_missing(signed)}; nothing was written",
            where=str(new),
            mend="give further --signing-key, or --partial to let others sign after you",
        )
    _report(out, signed, as_json=json)


def revoke(
    key: Annotated[str, typer.Argument(help="The key's id in the policy, or its key id.")],
    trust: TrustFile,
    compromised_at: Annotated[
        str,
        typer.Option("--compromised-at", help="RFC 3339: from when somebody else may hold it."),
    ],
    out: Annotated[Path, typer.Option("--out", help="The file to write, such as new.toml.")],
    json: Annotated[bool, typer.Option("--json", help="Print the result as JSON.")] = False,
) -> None:
    """Write a next policy that revokes a key.

    The policy is written anew in its fixed order, without comments. It counts once root keys have
    signed it: see rotate.
    """
    from provenir.attest.trust_chain import trust_versions
    from provenir.attest.trust_writing import revoked

    newest = trust_versions(trust)[-1]
    at = parse_utc(compromised_at)
    write_new(out, revoked(newest.data, key, at, where=str(trust)))
    version = newest.policy.version + 1
    if json:
        print_json({"file": str(out), "name": newest.policy.name, "version": version})
        return
    say(f"{out}: version {version}, in which {key} is compromised from {utc_text(at)} on")
    note(f"sign it with: provenir key rotate --trust {trust} --new {out} --signing-key ROOT.pem")


def spelled(key: VerificationKey) -> str:
    """The public key as a trust policy states it."""
    from provenir.attest import base64_strict

    return base64_strict.encode(key.material)


def time_text(instant: datetime | None) -> str | None:
    """An instant as it is written, or None."""
    return None if instant is None else utc_text(instant)


def _report(out: Path, signed: SignedRotation, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "file": str(out),
                "name": signed.new.name,
                "version": signed.new.version,
                "digest": signed.new.digest,
                "complete": signed.complete,
                "missing": {"old": signed.missing_old, "new": signed.missing_new},
            }
        )
        return
    say(f"{out}: version {signed.new.version} of {signed.new.name}, {signed.new.digest}")
    if not signed.complete:
        say(f"{_missing(signed)}: send this file and the TOML to the next signer", "yellow")


def _missing(signed: SignedRotation) -> str:
    old, new = signed.old.version, signed.new.version
    return (
        f"signatures missing: {signed.missing_old} of root keys of version {old},"
        f" {signed.missing_new} of version {new}"
    )


def _named(text: str) -> NamedKey:
    """The key of one `--key ID=FILE:ROLE[,ROLE]`."""
    from provenir.attest.keys import public_key
    from provenir.attest.trust_writing import NamedKey

    label, equals, rest = text.partition("=")
    file, colon, roles = rest.rpartition(":")
    if not (label and equals and file and colon and roles):
        raise UsageError(
            f"--key {text}: not ID=FILE:ROLE", mend="--key alice=alice.pub.pem:operator"
        )
    return NamedKey(id=label, key=public_key(Path(file)), roles=_listed(roles))


def _pairs(option: str, texts: list[str] | None) -> list[tuple[str, str]]:
    """What `NAME=VALUE` options say, each name once."""
    pairs = [text.partition("=") for text in texts or []]
    for name, equals, value in pairs:
        if not (name and equals and value):
            raise UsageError(
                f"{option} {name}: not NAME=VALUE", mend="see: provenir key trust --help"
            )
    if len({name for name, _, _ in pairs}) < len(pairs):
        raise UsageError(f"{option}: one name twice", mend="give each name once")
    return [(name, value) for name, _, value in pairs]


def _listed(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(","))


def _count(role: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) <= 3):
        raise UsageError(f"--threshold {role}={text}: not a number", mend=f"--threshold {role}=2")
    return int(text)
