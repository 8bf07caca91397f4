"""The formats that a passport can be exported to, and the one way to do it.

A format is a function of the passport (and of a signer, where it is a signature of its own), its
entry in `FORMATS`, its test, and its row in the guide, which says what it loses.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from provenir.core.errors import UsageError
from provenir.governance.exports.bundle import sigstore_bundle
from provenir.governance.exports.cyclonedx import SPEC_VERSIONS, cyclonedx
from provenir.governance.exports.hf_card import hf_card
from provenir.governance.exports.intoto import intoto
from provenir.governance.exports.oms import oms
from provenir.governance.exports.openlineage import openlineage
from provenir.governance.exports.source import ExportSigner, ExportSource
from provenir.governance.exports.spdx3 import spdx3
from provenir.governance.exports.sshsig import sshsig

if TYPE_CHECKING:
    from collections.abc import Callable

    from provenir.attest.dsse import Envelope
    from provenir.attest.keys import Signer

__all__ = ["FORMATS", "ExportFormat", "export_passport"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """What can be asked of an export.

    Attributes:
        version: Version of the format.
        signer: Makes the signature of a format that has one of its own.
        artifact: Name of the artifact that a format about one model is about.
    """

    version: str
    signer: ExportSigner | None = None
    artifact: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportFormat:
    """One format.

    Attributes:
        write: Makes the file.
        file_name: What such a file is usually called.
        signs: Whether it carries a signature: never, where a key is given, or always.
        versions: Versions of the format, the one that is written unless asked otherwise first.
    """

    write: Callable[[ExportSource, ExportOptions], bytes]
    file_name: str
    signs: Literal["never", "may", "must"] = "never"
    versions: tuple[str, ...]


FORMATS: Final[dict[str, ExportFormat]] = {
    "cyclonedx": ExportFormat(
        write=lambda source, asked: cyclonedx(source, spec_version=asked.version),
        file_name="model.cdx.json",
        versions=SPEC_VERSIONS,
    ),
    "hf-card": ExportFormat(
        write=lambda source, _: hf_card(source), file_name="README.md", versions=("1",)
    ),
    "intoto": ExportFormat(
        write=lambda source, asked: intoto(source, signer=asked.signer),
        file_name="claims.jsonl",
        signs="may",
        versions=("1",),
    ),
    "oms": ExportFormat(
        write=lambda source, asked: oms(source, signer=asked.signer, artifact=asked.artifact),
        file_name="model.sig",
        signs="must",
        versions=("1.0",),
    ),
    "openlineage": ExportFormat(
        write=lambda source, _: openlineage(source),
        file_name="openlineage.json",
        versions=("2-0-2",),
    ),
    "sigstore-bundle": ExportFormat(
        write=lambda source, asked: sigstore_bundle(source, signer=asked.signer),
        file_name="passport.sigstore.json",
        signs="may",
        versions=("0.3",),
    ),
    "spdx3": ExportFormat(
        write=lambda source, _: spdx3(source), file_name="model.spdx.json", versions=("3.0.1",)
    ),
    "sshsig": ExportFormat(
        write=lambda source, asked: sshsig(source, signer=asked.signer),
        file_name="passport.sig",
        signs="must",
        versions=("1",),
    ),
}


def export_passport(
    envelope: Envelope,
    form: str,
    *,
    signer: Signer | None = None,
    spec_version: str | None = None,
    artifact: str | None = None,
) -> bytes:
    """Write a passport in a foreign format. Nothing is verified: verify first, then export.

    Args:
        envelope: The passport.
        form: A key of `FORMATS`.
        signer: Makes the signature of a format that has one of its own.
        spec_version: One of the format's versions; the first unless given.
        artifact: The artifact that `oms` signs, where the passport names several.

    Returns:
        The content of the file. Unsigned formats give the same bytes for the same passport.

    Raises:
        UsageError: There is no such format or version, or the signer does not fit.
        EvidenceError: It is not a Model Passport, or one that contradicts itself.
        InputError: It cannot be read.
    """
    entry = FORMATS.get(form)
    if entry is None:
        raise UsageError(f"no format is called {form!r}", mend=f"one of {', '.join(FORMATS)}")
    version = entry.versions[0] if spec_version is None else spec_version
    if version not in entry.versions:
        raise UsageError(
            f"no version {version!r} of {form} is written",
            mend=f"one of {', '.join(entry.versions)}",
        )
    if signer is not None and entry.signs == "never":
        raise UsageError(f"the format {form} carries no signature", mend="leave the key out")
    asked = ExportOptions(version=version, signer=_strangers_signer(signer), artifact=artifact)
    return entry.write(ExportSource.read(envelope), asked)


def _strangers_signer(signer: Signer | None) -> ExportSigner | None:
    """The signer, if what it signs can be checked by somebody who cannot forge it.

    Raises:
        UsageError: It is a shared secret, or does not give its public key away.
    """
    if signer is None or isinstance(signer, ExportSigner):
        return signer
    raise UsageError(
        f"a key of the kind {signer.algorithm} has no public half that strangers could check with",
        mend="give an Ed25519 or a P-256 key",
    )
