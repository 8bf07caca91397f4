"""OpenSSF Model Signing v1.0: one detached signature over the files of one model.

The form is that of `model_signing` 1.x (https://github.com/sigstore/model-transparency): an in-toto
statement with one subject, the model, whose digest is the SHA-256 over the digests of its files in
order of their names, and with those digests as `resources`; in a DSSE envelope, in a Sigstore
bundle, signed with a P-256 key whose hint is the SHA-256 of its public PEM.
"""

from __future__ import annotations

import hashlib
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any, Final

from provenir.attest.dsse import Envelope
from provenir.attest.p256 import ALGORITHM as P256
from provenir.attest.statement import Statement, Subject
from provenir.core.errors import UsageError
from provenir.governance.exports.bundle import bundle_bytes
from provenir.governance.exports.source import require_signer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from provenir.governance.components import ArtifactComponent, ArtifactFile
    from provenir.governance.exports.source import ExportSigner, ExportSource

__all__ = ["IGNORED", "oms", "oms_statement"]

PREDICATE_TYPE: Final = "https://model_signing/signature/v1.0"
IGNORED: Final = (".git", ".gitattributes", ".github", ".gitignore")
"""What the verifier leaves out unless told otherwise (`model_signing.hashing.Config`)."""


def oms(
    source: ExportSource, *, signer: ExportSigner | None = None, artifact: str | None = None
) -> bytes:
    """Sign the files of one artifact of a passport.

    Args:
        source: The passport.
        signer: A P-256 signer.
        artifact: Its name; needed when the passport names several.

    Raises:
        UsageError: No P-256 signer, or it is not said which artifact.
    """
    key = require_signer(signer, "oms")
    if key.algorithm != P256:
        raise UsageError(
            f"model signing takes a P-256 key, not {key.algorithm}",
            mend="make one with: provenir key new --alg p256 --out NAME",
        )
    payload = oms_statement(_one_of(source.bom.artifacts, artifact)).to_bytes()
    made = Envelope.sign(payload, [key])
    hint = hashlib.sha256(key.public_pem()).hexdigest()
    return bundle_bytes(made, made.signatures[0], hint)


def _one_of(artifacts: Sequence[ArtifactComponent], name: str | None) -> ArtifactComponent:
    if not artifacts:
        raise UsageError(
            "model signing is about a model, and this passport names none",
            mend="log one with run.log_artifact, or sign with artifacts=",
        )
    found = [artifact for artifact in artifacts if name in (None, artifact.name)]
    if len(found) != 1:
        raise UsageError(
            f"model signing is about one model, and this passport has {len(found)} to choose from",
            mend="give --artifact MODEL, the model that the passport is about",
        )
    return found[0]


def oms_statement(artifact: ArtifactComponent) -> Statement:
    """The statement over an artifact's files.

    Raises:
        UsageError: All of its files are among those that the verifier ignores.
    """
    files = [file for file in artifact.files if PurePosixPath(file.name).parts[0] not in IGNORED]
    files.sort(key=_order)
    if not files:
        raise UsageError(
            "no file of this artifact is one that model signing covers", where=artifact.name
        )
    root = hashlib.sha256(b"".join(bytes.fromhex(file.sha256) for file in files)).hexdigest()
    predicate: dict[str, Any] = {
        "serialization": {
            "method": "files",
            "hash_type": "sha256",
            "allow_symlinks": False,
            "ignore_paths": list(IGNORED),
        },
        "resources": [
            {"name": file.name, "algorithm": "sha256", "digest": file.sha256} for file in files
        ],
    }
    return Statement((Subject(artifact.name, {"sha256": root}),), PREDICATE_TYPE, predicate)


def _order(file: ArtifactFile) -> tuple[str, ...]:
    """The verifier compares paths part by part, as `pathlib` does."""
    return PurePosixPath(file.name).parts
