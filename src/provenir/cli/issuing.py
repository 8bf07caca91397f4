"""`provenir passport attest|sign|revoke|prove`: what the roles and the log's keeper hand out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from provenir.cli.output import note, reading_bar, say, warn
from provenir.core.errors import EvidenceError, UsageError
from provenir.core.new_files import write_new

if TYPE_CHECKING:
    from provenir.attest.keys import Signer
    from provenir.governance.metadata import Metadata
    from provenir.governance.statements import Claim

PassportFile = Annotated[Path, typer.Argument(help="A passport.json.")]
SigningKey = Annotated[
    list[Path],
    typer.Option(
        "--signing-key", metavar="<path>", help="Who signs: a private key (PEM); repeatable."
    ),
]
Out = Annotated[Path, typer.Option("--out", help="The file to write; it must not be there yet.")]


def attest(
    signing_key: SigningKey,
    out: Out,
    dataset: Annotated[
        Path | None, typer.Option("--dataset", help="Answer for these rows, as their source.")
    ] = None,
    policy: Annotated[
        Path | None, typer.Option("--policy", help="Answer for this policy, as governance.")
    ] = None,
    run: Annotated[
        Path | None, typer.Option("--run", help="Answer for this finished run, as its operator.")
    ] = None,
    name: Annotated[
        str | None, typer.Option("--name", help="What the dataset or policy is called.")
    ] = None,
    license: Annotated[  # noqa: A002 - the option's name
        str | None, typer.Option("--license", help="The dataset's licence (SPDX).")
    ] = None,
    metadata: Annotated[
        Path | None,
        typer.Option("--metadata", help="Answer for what this sidecar says of the dataset's rows."),
    ] = None,
) -> None:
    """Sign the statement of a role.

    A run takes it with `run.attach(RoleStatement.read(path))`.
    """
    given = [path for path in (dataset, policy, run) if path is not None]
    if len(given) != 1:
        raise UsageError(
            "one of --dataset, --policy and --run says what is answered for", mend="give one"
        )
    if license is not None and dataset is None:
        raise UsageError("--license goes with --dataset", mend="leave it out")
    if metadata is not None and (dataset is None or license is not None):
        raise UsageError("--metadata goes with --dataset alone", mend="give both, and no licence")
    if name is not None and run is not None:
        raise UsageError("--name goes with --dataset or --policy", mend="leave it out")
    if dataset is not None and metadata is not None:
        claim = _of_metadata(dataset, metadata, name)
    elif dataset is not None:
        claim = _of_dataset(dataset, name, license)
    elif policy is not None:
        claim = _of_policy(policy, name)
    else:
        claim = _of_run(given[0])
    from provenir.governance.statements import sign_statement

    signed = sign_statement(claim, _signers(signing_key))
    write_new(out, signed.envelope.to_bytes())
    say(f"{out}  {claim.subject().name}, for the role {claim.role}")
    say(f"a passport lists it as {signed.digest}")


def sign(passport: PassportFile, signing_key: SigningKey, out: Out) -> None:
    """Add a signature to a passport."""
    from provenir.attest.dsse import Envelope
    from provenir.governance.model_passport import ModelPassport

    read = ModelPassport.read(passport)
    statement = read.predicate  # what is no passport is not signed as one
    before = read.envelope
    there = {signature.keyid for signature in before.signatures}
    signers = [signer for signer in _signers(signing_key) if signer.keyid not in there]
    if not signers:
        raise UsageError(
            "every one of these keys has signed it", where=str(passport), mend="give another key"
        )
    more = Envelope.sign(before.payload, signers, payload_type=before.payload_type)
    signatures = (*before.signatures, *more.signatures)
    write_new(out, Envelope(before.payload, before.payload_type, signatures).to_bytes())
    say(f"{out}  {statement.bom.model_id}, {len(signatures)} signatures")


def revoke(
    passport: Annotated[Path, typer.Argument(help="A passport or a role's statement.")],
    signing_key: SigningKey,
    reason: Annotated[str, typer.Option("--reason", help="Why, for whoever is refused it.")],
    out: Out,
) -> None:
    """Take back a passport or statement."""
    from provenir.attest.dsse import MAX_ENVELOPE_BYTES, PAYLOAD_TYPE, Envelope
    from provenir.attest.statement import PASSPORT_PREDICATE, Statement
    from provenir.core.clock import SystemClock, utc_text
    from provenir.core.digest import digest_bytes
    from provenir.core.files import read_bounded
    from provenir.governance.statements import STATEMENTS, Revocation, sign_statement

    data = read_bounded(passport, max_bytes=MAX_ENVELOPE_BYTES)
    envelope = Envelope.parse(data, where=str(passport))
    known = envelope.payload_type == PAYLOAD_TYPE
    kind = Statement.type_of(envelope.payload, where=str(passport)) if known else ""
    if kind != PASSPORT_PREDICATE and kind not in STATEMENTS:
        raise UsageError(
            "neither a passport nor a statement of a role", where=str(passport), mend="give one"
        )
    now = utc_text(SystemClock().now())
    claim = Revocation.made_of(
        what="passport" if kind == PASSPORT_PREDICATE else "statement",
        revoked=digest_bytes(envelope.payload),
        reason=reason,
        revoked_at=now,
        issued_at=now,
    )
    write_new(out, sign_statement(claim, _signers(signing_key)).envelope.to_bytes())
    say(f"{out}  put it into revocations/ beside the trust policy of whoever verifies")
    if not out.name.endswith(".dsse.json"):
        warn("it is read there under a name that ends in .dsse.json only")


def prove(
    passport: PassportFile,
    log: Annotated[Path, typer.Option("--log", help="The log, or the workspace that holds it.")],
    out: Annotated[Path, typer.Option("--out", help="Such as passport.proof.json.")],
    checkpoint: Annotated[
        Path | None,
        typer.Option("--checkpoint", help="Prove it under this signed note; else the newest."),
    ] = None,
) -> None:
    """Prove that a passport is in the log."""
    from provenir.attest.log import EventLog
    from provenir.attest.note import MAX_NOTE_BYTES
    from provenir.attest.own_checkpoint import CHECKPOINT_FILE
    from provenir.attest.workspace import find_log
    from provenir.core.files import atomic_write, read_bounded
    from provenir.governance.issue import proof_from_log, was_at
    from provenir.governance.model_passport import ModelPassport

    read = ModelPassport.read(passport)
    stated = read.predicate.log_checkpoint
    opened = EventLog(find_log(log))
    newest = opened.folder / CHECKPOINT_FILE
    note = checkpoint if checkpoint is not None else newest if newest.is_file() else None
    if stated is not None and not was_at(opened, stated):
        warn(
            "the passport names the state of another log, or this one was rewritten: no link to it"
        )
        stated = None
    proof = proof_from_log(
        opened,
        read.envelope,
        before=None if stated is None else stated.size,
        checkpoint=None if note is None else read_bounded(note, max_bytes=MAX_NOTE_BYTES),
    )
    if proof is None:
        raise EvidenceError(
            "the log has no line about this passport",
            reason="not-in-log",
            where=str(log),
            mend="give the log of the workspace in which it was signed or saved",
        )
    atomic_write(out, proof.to_bytes())
    under = "a signed checkpoint" if proof.checkpoint else "no checkpoint: nobody signed one"
    say(f"{out}  index {proof.index}, log of size {proof.size}, under {under}")


def _of_dataset(path: Path, name: str | None, licence: str | None) -> Claim:
    from provenir.core.clock import SystemClock, utc_text
    from provenir.data.dataset import Dataset
    from provenir.governance.statements import DataSourceStatement

    with reading_bar([path]) as progress:
        identity = Dataset(path, strict=True).identity(progress=progress)
    if identity.records_root is None or identity.n is None:
        raise UsageError(f"this dataset has no identity: {identity.reason}", where=str(path))
    return DataSourceStatement.made_of(
        name=name or path.name,
        records_root=identity.records_root,
        n=identity.n,
        leaf_rule=identity.leaf_rule,
        license=licence,
        issued_at=utc_text(SystemClock().now()),
    )


def _of_metadata(path: Path, sidecar: Path, name: str | None) -> Claim:
    from provenir.governance.metadata import Metadata
    from provenir.governance.statements import ExampleMetadataStatement

    metadata = Metadata.read(sidecar)
    _note_coverage(path, sidecar, metadata)
    stated = _of_dataset(path, name, None).model_dump(
        include={"name", "records_root", "n", "issued_at"}
    )
    return ExampleMetadataStatement.made_of(
        metadata_root=metadata.root(), metadata_n=len(metadata), **stated
    )


def _note_coverage(path: Path, sidecar: Path, metadata: Metadata) -> None:
    """Say of how many rows a sidecar speaks; one that speaks of none is another dataset's."""
    from provenir.core.canonical import example_digest
    from provenir.core.digest import format_digest
    from provenir.data.dataset import Dataset

    contents = [format_digest(example_digest(row)) for row in Dataset(path, strict=True)]
    spoken = sum(metadata.get(content) is not None for content in contents)
    if not spoken:
        raise UsageError(
            f"none of its {len(metadata)} lines speaks of a row of {path}",
            where=str(sidecar),
            mend="give the metadata of this dataset: a content is the digest of the whole row",
        )
    idle = len(metadata) - len({content for content in contents if metadata.get(content)})
    more = f"; {idle} lines speak of no row" if idle else ""
    note(f"{spoken} of {len(contents)} rows have metadata, the others count as unknown{more}")


def _of_policy(path: Path, name: str | None) -> Claim:
    from provenir.core.clock import SystemClock, utc_text
    from provenir.core.digest import digest_file
    from provenir.governance.statements import PolicyStatement

    digest = digest_file(path)
    if _admission_digest(path) not in (None, digest):
        raise UsageError(
            "an admission policy, which a run stores in its canonical form",
            where=str(path),
            mend="sign it with: provenir policy sign",
        )
    issued = utc_text(SystemClock().now())
    return PolicyStatement.made_of(name=name or path.name, policy=digest, issued_at=issued)


def _admission_digest(path: Path) -> str | None:
    from provenir.core.errors import DocumentError
    from provenir.governance.admission import AdmissionPolicy

    try:
        return AdmissionPolicy.read(path).digest()
    except DocumentError:  # a policy of another kind, in whatever form
        return None


def _of_run(path: Path) -> Claim:
    from provenir.core.manifest import RunManifest
    from provenir.governance.statements import RunStatement
    from provenir.provenance.run_layout import manifests_in

    views = manifests_in(path)
    if not views:
        raise UsageError("no run in this folder", where=str(path), mend="give a run folder")
    return RunStatement.of(RunManifest.read(views[0].path))


def _signers(paths: list[Path]) -> list[Signer]:
    from provenir.attest.keys import load_signer

    return [load_signer(path) for path in paths]
