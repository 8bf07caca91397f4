"""What an export is made from, and the few things that every format needs alike."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

from provenir._version import __version__
from provenir.attest.statement import PREDICATE_BASE
from provenir.core.digest import digest_bytes
from provenir.core.errors import EvidenceError, UsageError
from provenir.governance.payload import read_payload
from provenir.governance.predicate import inconsistency

if TYPE_CHECKING:
    from provenir.attest.dsse import Envelope
    from provenir.attest.statement import Statement
    from provenir.governance.bom import ModelBOM
    from provenir.governance.predicate import PassportPredicate

__all__ = [
    "PRODUCER",
    "VOCABULARY",
    "ExportSigner",
    "ExportSource",
    "json_text",
    "number_text",
    "require_signer",
    "stable_uuid",
    "value_text",
]

VOCABULARY: Final = PREDICATE_BASE
"""Base of every URI that an export has to name and that no standard defines."""

PRODUCER: Final = f"provenir {__version__}"


@runtime_checkable
class ExportSigner(Protocol):
    """A signer whose signatures a stranger can check: it can spell its public key."""

    @property
    def keyid(self) -> str:
        """A hint for the verifier, unauthenticated."""

    @property
    def algorithm(self) -> str:
        """What kind of key it is."""

    def sign(self, data: bytes) -> bytes:
        """Sign exactly these bytes."""

    def public_pem(self) -> bytes:
        """Spell the public half as a PEM `PUBLIC KEY` block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportSource:
    """A passport that was read. Reading is not verifying, and neither is exporting.

    Attributes:
        envelope: The passport as received.
        statement: Its in-toto statement.
        predicate: What it says.
        digest: Digest of the signed bytes; what the ids in an export are derived from.
    """

    envelope: Envelope
    statement: Statement
    predicate: PassportPredicate
    digest: str

    @property
    def bom(self) -> ModelBOM:
        """The bill of materials."""
        return self.predicate.bom

    @classmethod
    def read(cls, envelope: Envelope) -> ExportSource:
        """Read a passport for exporting.

        Args:
            envelope: The passport.

        Raises:
            EvidenceError: It is not a Model Passport, or its subjects are not those of its bill of
                materials.
            InputError: It cannot be read.
        """
        statement, predicate = read_payload(envelope)
        fault = inconsistency(statement.subjects, predicate)
        if fault is not None:
            raise EvidenceError(fault, reason="subject-mismatch")
        return cls(
            envelope=envelope,
            statement=statement,
            predicate=predicate,
            digest=digest_bytes(envelope.payload),
        )


def stable_uuid(*parts: str) -> str:
    """A UUID that is the same wherever it is derived (RFC 9562 section 5.5, version 5).

    Args:
        parts: What it is derived from, such as a passport's digest.
    """
    name = "/".join((VOCABULARY, *parts))
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def json_text(value: Any) -> bytes:
    """Spell an export as indented ASCII JSON, so that no name in it can act on a terminal."""
    return (json.dumps(value, indent=2, ensure_ascii=True, allow_nan=False) + "\n").encode()


def number_text(value: float) -> str:
    """A number for a field that wants text; it reads back as the same number."""
    return json.dumps(value, allow_nan=False)


def value_text(value: Any) -> str:
    """A free JSON value for a field that wants text: text as it is, all else as JSON."""
    if isinstance(value, str):
        return value
    return json.dumps(value, sort_keys=True, ensure_ascii=False, allow_nan=False)


def require_signer(signer: ExportSigner | None, form: str) -> ExportSigner:
    """The signer of a format that cannot do without.

    Raises:
        UsageError: There is none.
    """
    if signer is None:
        raise UsageError(
            f"the format {form} is a signature of its own, and there is no key to make it with",
            mend="give --signing-key FILE",
        )
    return signer
