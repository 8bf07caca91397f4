"""`provenir verify` and `provenir passport verify`: evidence, judged as a stranger would."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from provenir.cli.judging import (
    ArtifactPaths,
    At,
    Checkpoints,
    Log,
    Model,
    Proof,
    PublicKeys,
    Reports,
    Revocations,
    Secret,
    State,
    Statements,
    TrustFile,
    given_keys,
    say_origins,
    state_file,
)
from provenir.cli.output import reading_bar, say
from provenir.cli.verdicts import show_verdict
from provenir.core.clock import parse_utc
from provenir.core.errors import InputError, UsageError

if TYPE_CHECKING:
    from provenir.flows.verify import Judged, Order

Json = Annotated[bool, typer.Option("--json", help="Print the verdict as JSON.")]


def verify(
    context: typer.Context,
    target: Annotated[Path, typer.Argument(help="A run folder, or a passport.json.")],
    trust: TrustFile = None,
    public_key: PublicKeys = None,
    key: Secret = None,
    artifact: ArtifactPaths = None,
    run: Annotated[
        Path | None, typer.Option("--run", help="The run folder, where a passport is given.")
    ] = None,
    reports: Reports = None,
    statement: Statements = None,
    revocation: Revocations = None,
    proof: Proof = None,
    checkpoint: Checkpoints = None,
    log: Log = None,
    model: Model = None,
    at: At = None,
    state: State = None,
    signing_key: Annotated[
        Path | None, typer.Option("--signing-key", help="Sign the verdict with this key (PEM).")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Where the signed verdict is written.")
    ] = None,
    json: Json = False,
) -> None:
    """Verify a run or a passport.

    Asked are signatures, roles, log, files, reports and artifacts, as far as they are handed over.
    """
    if (signing_key is None) != (out is None):
        raise UsageError("--signing-key and --out belong together", mend="give both or neither")
    order = _order(
        context,
        target=target,
        keys=(key, public_key),
        trust=trust,
        state=state,
        files=(statement, revocation, checkpoint),
        places=(proof, log, reports),
        artifact=artifact,
        run=run,
        model=model,
        at=at,
    )
    judged = _judge(order)
    if signing_key is not None and out is not None:
        _write_signed(judged, signing_key, out)
    raise typer.Exit(_show(judged, target, as_json=json))


def verify_passport(
    context: typer.Context,
    passport: Annotated[Path, typer.Argument(help="A passport.json.")],
    key: Secret = None,
    public_key: PublicKeys = None,
    trust: TrustFile = None,
    artifact: ArtifactPaths = None,
    run: Annotated[
        Path | None, typer.Option("--run", help="The run folder: its reports are compared too.")
    ] = None,
    reports: Reports = None,
    statement: Statements = None,
    revocation: Revocations = None,
    proof: Proof = None,
    checkpoint: Checkpoints = None,
    log: Log = None,
    model: Model = None,
    at: At = None,
    state: State = None,
    json: Json = False,
) -> None:
    """Verify a passport. Checked are its signatures, claims, artifact and reports."""
    if passport.is_dir():
        raise InputError(
            "a folder, not a passport", where=str(passport), mend="use: provenir verify FOLDER"
        )
    order = _order(
        context,
        target=passport,
        keys=(key, public_key),
        trust=trust,
        state=state,
        files=(statement, revocation, checkpoint),
        places=(proof, log, reports),
        artifact=artifact,
        run=run,
        model=model,
        at=at,
    )
    raise typer.Exit(_show(_judge(order), passport, as_json=json))


_Files = list[Path] | None


def _order(
    context: typer.Context,
    *,
    target: Path,
    keys: tuple[str | None, _Files],
    trust: Path | None,
    state: Path | None,
    files: tuple[_Files, _Files, _Files],
    places: tuple[Path | None, Path | None, Path | None],
    artifact: _Files,
    run: Path | None,
    model: str | None,
    at: str | None,
) -> Order:
    """What the options ask for, every file of it read or found to be there."""
    from provenir.attest.workspace import find_log
    from provenir.flows.verify import Order
    from provenir.governance.handover import Handover

    if not target.exists():
        raise InputError("no such file or folder", where=str(target), mend="check the path")
    say_origins(context)
    secret, public = keys
    given = given_keys(context, secret, public or [], trusted=trust is not None, where=str(target))
    for path in artifact or []:
        if not path.exists():
            raise InputError("there is no such artifact", where=str(path), mend="check the path")
    statements, revocations, checkpoints = files
    proof, log, reports = places
    return Order(
        target=target,
        keys=tuple(given),
        trust=trust,
        state=state_file(state, trusted=trust is not None),
        evidence=Handover.of_files(
            statements=statements or (),
            revocations=revocations or (),
            proof=proof,
            checkpoints=checkpoints or (),
            log=None if log is None else find_log(log),
            reports=reports,
        ),
        artifacts=tuple(artifact or ()),
        run=run,
        model=model,
        at=None if at is None else parse_utc(at),
    )


def _judge(order: Order) -> Judged:
    from provenir.flows.verify import verify as judge

    with reading_bar(order.artifacts) as progress:
        return judge(order, progress=progress)


def _show(judged: Judged, target: Path, *, as_json: bool) -> int:
    document = judged.document if as_json else None
    return show_verdict(judged.verdict, subject=str(target), document=document)


def _write_signed(judged: Judged, signing_key: Path, out: Path) -> None:
    from provenir.attest.keys import load_signer
    from provenir.core.files import atomic_write
    from provenir.governance.verdict_document import sign_verdict

    envelope = sign_verdict(judged.document, [load_signer(signing_key)])
    atomic_write(out, envelope.to_bytes())
    say(f"{out}  the signed verdict")
