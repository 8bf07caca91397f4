"""The verdict as a document: what was judged, by whom, under which trust, with every row.

It is JSON for programs, and it can be signed: a statement about the passport that was judged, of
the predicate type `…/verdict/v1`, so that who accepted what can itself be shown to others.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal

from pydantic import Field

from provenir._version import __version__
from provenir.attest.dsse import Envelope
from provenir.attest.statement import VERDICT_PREDICATE, Statement, Subject
from provenir.core.clock import utc_text
from provenir.core.digest import parse_digest
from provenir.core.document import DigestText, Document, Part, UtcText
from provenir.core.errors import UsageError
from provenir.core.limits import MAX_SAFE_INTEGER
from provenir.core.text import printable
from provenir.governance.verdict import Status

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from provenir.attest.keys import Signer, VerificationKey
    from provenir.attest.trust_policy import TrustPolicy
    from provenir.governance.verdict import Verdict

__all__ = ["VerdictDocument", "sign_verdict", "verdict_document"]

_NAME_CHARS: Final = 1_000


class JudgedSubject(Part):
    """What was judged: a label, and the digest of the passport's payload where there is one."""

    name: str
    digest: DigestText | None


class JudgedBy(Part):
    """The program that judged."""

    name: str = "provenir"
    version: str = __version__


class JudgedUnder(Part):
    """The trust policy, or the ids of the keys that were given instead."""

    policy: str | None = None
    version: Annotated[int, Field(ge=1, le=MAX_SAFE_INTEGER)] | None = None
    digest: DigestText | None = None
    keys: tuple[str, ...] = ()


class JudgedRow(Part):
    """One check."""

    name: str
    status: Status
    reason: str | None
    detail: str


class VerdictDocument(Document):
    """One verdict.

    Attributes:
        subject: What was judged.
        judged_at: The instant by which expiry and keys were judged.
        judged_by: The program.
        trust: Whose signatures counted.
        good: True only when every check that was asked for holds.
        exit_code: 0 good, 1 checked and failed, 3 could not decide.
        checks: One row per check.
        reasons: Reasons of the rows that failed or stayed undecided.
        notes: What never changes the outcome.
        assurance_claimed: What the passport says of itself.
        assurance_established: What this verification vouches for.
    """

    max_depth: ClassVar[int] = 8

    schema_version: Literal["verdict/1"] = "verdict/1"
    subject: JudgedSubject
    judged_at: UtcText
    judged_by: JudgedBy = JudgedBy()
    trust: JudgedUnder
    good: bool
    exit_code: Literal[0, 1, 3]
    checks: tuple[JudgedRow, ...]
    reasons: tuple[str, ...]
    notes: tuple[str, ...]
    assurance_claimed: str | None
    assurance_established: str | None


def verdict_document(
    verdict: Verdict,
    *,
    subject: str,
    digest: str | None,
    at: datetime,
    trust: TrustPolicy | None = None,
    keys: Sequence[VerificationKey] = (),
) -> VerdictDocument:
    """Write a verdict down.

    Args:
        verdict: The verdict.
        subject: What was judged, for people, such as a path.
        digest: Digest of the passport's payload; None where no passport was judged.
        at: By which instant it was judged.
        trust: Under which policy.
        keys: The keys that were pinned.
    """
    under = JudgedUnder(keys=tuple(key.keyid for key in keys))
    if trust is not None:
        under = under.model_copy(
            update={"policy": trust.name, "version": trust.version, "digest": trust.digest}
        )
    return VerdictDocument(
        subject=JudgedSubject(name=printable(subject, max_chars=_NAME_CHARS), digest=digest),
        judged_at=utc_text(at),
        trust=under,
        **verdict.to_dict(),
    )


def sign_verdict(document: VerdictDocument, signers: Sequence[Signer]) -> Envelope:
    """Sign a verdict over the passport that it judges.

    Raises:
        UsageError: It judges no passport, or there is no signer.
    """
    digest = document.subject.digest
    if digest is None:
        raise UsageError(
            "a verdict without a passport has nothing to be about", mend="verify a signed run"
        )
    subject = Subject("passport", {"sha256": parse_digest(digest).hex()})
    statement = Statement((subject,), VERDICT_PREDICATE, document.model_dump(mode="json"))
    return Envelope.sign(statement.to_bytes(), signers)
