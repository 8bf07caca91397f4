"""in-toto Statement v1: binds a predicate to the artifacts that it speaks of.

Source: in-toto attestation framework, `spec/v1/statement.md`, `digest_set.md`. This reader is
stricter than the specification where an auditor gains by it: unknown fields and unknown digest
algorithms are refused instead of ignored, names are unique, and the caller must say which
predicate type it expects.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from provenir.core.canonical import canonical_bytes
from provenir.core.errors import EvidenceError, InputError, UsageError
from provenir.core.files import parse_json

__all__ = [
    "DATA_SOURCE_PREDICATE",
    "DIGEST_FORMS",
    "EXAMPLE_METADATA_PREDICATE",
    "LEDGER_CLOSE_PREDICATE",
    "PASSPORT_PREDICATE",
    "POLICY_PREDICATE",
    "PREDICATE_BASE",
    "REVOCATION_PREDICATE",
    "RUN_PREDICATE",
    "STATEMENT_TYPE",
    "VERDICT_PREDICATE",
    "Statement",
    "Subject",
]

STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PREDICATE_BASE: Final = "https://provenir.example/attestation"
PASSPORT_PREDICATE: Final = PREDICATE_BASE + "/passport/v1"
DATA_SOURCE_PREDICATE: Final = PREDICATE_BASE + "/data-source/v1"
EXAMPLE_METADATA_PREDICATE: Final = PREDICATE_BASE + "/example-metadata/v1"
LEDGER_CLOSE_PREDICATE: Final = PREDICATE_BASE + "/ledger-close/v1"
POLICY_PREDICATE: Final = PREDICATE_BASE + "/policy/v1"
REVOCATION_PREDICATE: Final = PREDICATE_BASE + "/revocation/v1"
RUN_PREDICATE: Final = PREDICATE_BASE + "/run/v1"
VERDICT_PREDICATE: Final = PREDICATE_BASE + "/verdict/v1"

_HEX_64 = re.compile(r"[0-9a-f]{64}")
DIGEST_FORMS: Final[Mapping[str, re.Pattern[str]]] = {
    "dirHash1": _HEX_64,
    "gitCommit": re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}"),
    "sha256": _HEX_64,
}

_MAX_SUBJECTS = 4096
_MAX_NAME_CHARS = 1024
_MAX_DEPTH = 64
_MAX_ITEMS = 1_000_000
_FIELDS = {"_type", "subject", "predicateType", "predicate"}


@dataclass(frozen=True, slots=True)
class Subject:
    """An artifact that a claim is about, held to its digests; the name is a label.

    Attributes:
        name: Unique within its statement.
        digest: Algorithm → lower-case hex, for the algorithms of `DIGEST_FORMS`.

    Raises:
        UsageError: The name is empty, or a digest is unknown or malformed.
    """

    name: str
    digest: Mapping[str, str]

    def __post_init__(self) -> None:
        _check_name(self.name)
        # A copy that nobody else holds.
        object.__setattr__(self, "digest", _checked_digests(self.digest))

    def to_dict(self) -> dict[str, Any]:
        """The subject as the specification's ResourceDescriptor."""
        return {"name": self.name, "digest": dict(self.digest)}


@dataclass(frozen=True, slots=True)
class Statement:
    """Subjects, a predicate type, and the predicate.

    Attributes:
        subjects: At least one, with distinct names.
        predicate_type: A URI; says how to read the predicate.
        predicate: A JSON object.

    Raises:
        UsageError: A part is missing, of the wrong type or beyond its bound.
    """

    subjects: tuple[Subject, ...]
    predicate_type: str
    predicate: Mapping[str, Any]

    def __post_init__(self) -> None:
        object.__setattr__(self, "subjects", tuple(self.subjects))
        if not 0 < len(self.subjects) <= _MAX_SUBJECTS:
            raise UsageError(f"a statement has 1 to {_MAX_SUBJECTS} subjects")
        if len({subject.name for subject in self.subjects}) < len(self.subjects):
            raise UsageError("two subjects with one name")
        _check_predicate(self.predicate_type, self.predicate)

    def to_bytes(self) -> bytes:
        """Spell the statement as canonical JSON (RFC 8785): the payload to sign.

        Raises:
            CanonicalizationError: The predicate holds what a document cannot (NaN, bytes, …).
        """
        return canonical_bytes(
            {
                "_type": STATEMENT_TYPE,
                "subject": [subject.to_dict() for subject in self.subjects],
                "predicateType": self.predicate_type,
                "predicate": dict(self.predicate),
            }
        )

    @staticmethod
    def type_of(data: bytes, *, where: str | None = None) -> str:
        """Say of which predicate type a statement is, to choose how to `parse` it.

        Raises:
            InputError: This is no statement, or its predicate type is no text.
        """
        place = where or "statement"
        kind = _document(data, place).get("predicateType")
        if not isinstance(kind, str):
            raise InputError("predicateType is text", where=place)
        return kind

    @classmethod
    def parse(cls, data: bytes, *, expect: str, where: str | None = None) -> Statement:
        """Read a statement, after its signature was checked over these very bytes.

        Args:
            data: The payload of an envelope, in any JSON spelling.
            expect: The predicate type that the caller knows how to judge.
            where: Where the bytes come from, for messages.

        Raises:
            InputError: This is no statement.
            EvidenceError: It is one of another predicate type (reason `wrong-predicate`).
        """
        place = where or "statement"
        document = _document(data, place)
        predicate_type = document.get("predicateType")
        if predicate_type != expect:
            raise EvidenceError(
                f"expected a predicate of type {expect!r}, got {str(predicate_type)[:200]!r}",
                reason="wrong-predicate",
                where=place,
                mend="give a document of that kind",
            )
        if document.keys() != _FIELDS:
            raise InputError(
                "a statement has exactly _type, subject, predicateType, predicate", where=place
            )
        listed = document["subject"]
        if not isinstance(listed, list) or not 0 < len(listed) <= _MAX_SUBJECTS:
            raise InputError(f"subject: a list of 1 to {_MAX_SUBJECTS}", where=place)
        try:
            subjects = tuple(_subject(item) for item in listed)
            return cls(subjects, predicate_type, document["predicate"])
        except UsageError as fault:
            raise InputError(fault.what, where=place) from fault


def _document(data: bytes, place: str) -> dict[str, Any]:
    """Read the JSON object of a statement."""
    document = parse_json(
        data, where=place, max_depth=_MAX_DEPTH, max_items=_MAX_ITEMS, doubles=True
    )
    if not isinstance(document, dict) or document.get("_type") != STATEMENT_TYPE:
        raise InputError(f"not an in-toto statement ({STATEMENT_TYPE})", where=place)
    return document


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not 0 < len(name) <= _MAX_NAME_CHARS:
        raise UsageError(f"a subject's name has 1 to {_MAX_NAME_CHARS} characters")


def _checked_digests(digests: object) -> dict[str, str]:
    """Return a copy of a DigestSet whose every algorithm is known and every value well-formed."""
    known = ", ".join(sorted(DIGEST_FORMS))
    if not isinstance(digests, Mapping) or not digests:
        raise UsageError("a subject without a digest", mend=f"give one of {known}")
    for algorithm, value in digests.items():
        form = DIGEST_FORMS.get(algorithm) if isinstance(algorithm, str) else None
        if form is None or not isinstance(value, str) or not form.fullmatch(value):
            raise UsageError(
                "a subject's digest is unknown or malformed",
                mend=f"give bare lower-case hex under {known}",
            )
    return dict(digests)


def _check_predicate(kind: object, predicate: object) -> None:
    if not isinstance(kind, str) or ":" not in kind:
        raise UsageError("a predicate type is a URI")
    if not isinstance(predicate, Mapping):
        raise UsageError("a predicate is a JSON object")


def _subject(item: Any) -> Subject:
    """Read one subject; a ResourceDescriptor of ours has a name and digests, nothing else."""
    if not isinstance(item, dict) or item.keys() != {"name", "digest"}:
        raise UsageError("a subject has exactly name and digest")
    return Subject(item["name"], item["digest"])
