"""`provenir verify`, and under its old name `provenir passport verify`: as a stranger would."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

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
from provenir.cli.output import note, reading_bar, warn
from provenir.cli.verdicts import show_verdict
from provenir.core.clock import parse_utc
from provenir.core.errors import InputError, UsageError
from provenir.core.new_files import write_new

if TYPE_CHECKING:
    from provenir.flows.verify import Judged, Order
    from provenir.governance.handover import Handover
Level = Annotated[
    Literal["V0", "V1", "V2"] | None,
    typer.Option("--level", help="How far to ask about the training ledger."),
]
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
    level: Level = None,
    at: At = None,
    state: State = None,
    signing_key: Annotated[
        Path | None, typer.Option("--signing-key", help="Sign the verdict with this key (PEM).")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="The file for it; it must not be there yet.")
    ] = None,
    json: Json = False,
) -> None:
    """Verify a run or a passport.

    Asked are signatures, roles, log, files, reports and artifacts, as far as they are handed over.
    """
    if (signing_key is None) != (out is None):
        raise UsageError("--signing-key and --out belong together", mend="give both or neither")
    from provenir.flows.verify import Order

    for path, what in ((target, "file or folder"), *((one, "artifact") for one in artifact or ())):
        if not path.exists():
            raise InputError(f"no such {what}", where=str(path), mend="check the path")
    say_origins(context)
    trusted = trust is not None
    keys = given_keys(context, key, public_key or [], trusted=trusted, where=str(target))
    order = Order(
        target=target,
        keys=tuple(keys),
        trust=trust,
        state=state_file(state, trusted=trusted),
        evidence=_evidence((statement, revocation, checkpoint), proof, log, reports),
        artifacts=tuple(artifact or ()),
        run=run,
        model=model,
        level=level,
        at=None if at is None else parse_utc(at),
    )
    judged = _judge(order)
    if signing_key is not None and out is not None:
        _write_signed(judged, signing_key, out)
    raise typer.Exit(_show(judged, target, as_json=json))


def _evidence(
    lists: tuple[list[Path] | None, ...], proof: Path | None, log: Path | None, reports: Path | None
) -> Handover:
    """What was named, every file of it read."""
    from provenir.attest.workspace import find_log
    from provenir.governance.handover import Handover

    statements, revocations, checkpoints = (paths or () for paths in lists)
    return Handover.of_files(
        statements=statements,
        revocations=revocations,
        proof=proof,
        checkpoints=checkpoints,
        log=None if log is None else find_log(log),
        reports=reports,
    )


def _judge(order: Order) -> Judged:
    from provenir.flows.verify import verify as judge

    with reading_bar(order.artifacts) as progress:
        return judge(order, progress=progress)


def _show(judged: Judged, target: Path, *, as_json: bool) -> int:
    if judged.unremembered is not None:
        warn(judged.unremembered)
    document = judged.document if as_json else None
    return show_verdict(judged.verdict, subject=str(target), document=document)


def _write_signed(judged: Judged, signing_key: Path, out: Path) -> None:
    from provenir.attest.keys import load_signer
    from provenir.governance.verdict_document import sign_verdict

    envelope = sign_verdict(judged.document, [load_signer(signing_key)])
    write_new(out, envelope.to_bytes())
    note(f"{out}  the signed verdict")
