"""`provenir passport export`: a passport in the formats of others."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from provenir.cli.output import note, reading_bar
from provenir.core.errors import EvidenceError, InputError

if TYPE_CHECKING:
    from provenir.governance.model_passport import ModelPassport

FORMAT_VARIABLE: Final = "PROVENIR_PASSPORT_EXPORT_FORMAT"


class Format(StrEnum):
    """The formats, so that `--help` lists them; a test compares them with the registry."""

    CYCLONEDX = "cyclonedx"
    HF_CARD = "hf-card"
    INTOTO = "intoto"
    OMS = "oms"
    OPENLINEAGE = "openlineage"
    SIGSTORE_BUNDLE = "sigstore-bundle"
    SPDX3 = "spdx3"
    SSHSIG = "sshsig"


def export(
    passport: Annotated[Path, typer.Argument(help="A passport.json.")],
    form: Annotated[
        Format, typer.Option("--format", envvar=FORMAT_VARIABLE, help="What to write.")
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="The file to write; standard output without it.")
    ] = None,
    signing_key: Annotated[
        Path | None,
        typer.Option("--signing-key", help="For a format with a signature: P-256 or Ed25519 PEM."),
    ] = None,
    artifact: Annotated[
        Path | None,
        typer.Option("--artifact", help="Compare this model folder or file with it first."),
    ] = None,
    spec_version: Annotated[
        str | None, typer.Option("--spec-version", help="Version of the format: cyclonedx 1.7.")
    ] = None,
) -> None:
    """Write a passport in a foreign format. Exporting verifies nothing but --artifact."""
    from provenir.attest.keys import load_signer
    from provenir.core.files import atomic_write
    from provenir.governance.exports import export_passport
    from provenir.governance.model_passport import ModelPassport

    read = ModelPassport.read(passport)
    named = None if artifact is None else _compare(read, artifact)
    signer = None if signing_key is None else load_signer(signing_key)
    try:
        data = export_passport(
            read.envelope,
            form.value,
            signer=signer,
            spec_version=spec_version,
            artifact=named,
        )
    except (EvidenceError, InputError) as fault:
        fault.where = fault.where or str(passport)
        raise
    if signer is not None:
        note("note: this signature is new, by your key; the passport's own was not verified")
        _say_ssh_key(signer, form)
    if out is None:
        sys.stdout.buffer.write(data)
    else:
        atomic_write(out, data)


def _compare(read: ModelPassport, artifact: Path) -> str | None:
    """Refuse to export for a model that is not the passport's.

    Returns:
        Which of the passport's artifacts it is.

    Raises:
        EvidenceError: It differs (`artifact-mismatch`).
        InputError: It cannot be read.
    """
    from provenir.governance.artifact_check import check_artifacts

    if not artifact.exists():
        raise InputError("there is no such artifact", where=str(artifact), mend="check the path")
    with reading_bar([artifact]) as progress:
        rows = check_artifacts(read.bom, [artifact], progress=progress)
    for row in rows:
        if row.status == "fail":
            raise EvidenceError(
                f"this is not the model of the passport: {row.detail}",
                reason="artifact-mismatch",
                where=str(artifact),
                mend="give the folder that was signed",
            )
    same = [row.name.removeprefix("artifact:") for row in rows if row.status == "pass"]
    return same[0] if same else None


def _say_ssh_key(signer: object, form: Format) -> None:
    """Tell the verifier's side of an SSH signature, which no file of ours holds."""
    from provenir.attest.ed25519 import Ed25519Signer
    from provenir.governance.exports import allowed_signer

    if form is Format.SSHSIG and isinstance(signer, Ed25519Signer):
        note(f"allowed_signers: {allowed_signer(signer.verification_key)}")
