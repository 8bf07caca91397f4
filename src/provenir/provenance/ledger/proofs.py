"""`ledger-proof/1`: that one line of a file is bound by the root of a ledger.

An entry of a step's batch, a block of a step, or a row's line of the admission, with the audit path
(RFC 6962 section 2.1.1) to the root that a record states, that record, and the path from it to the
ledger's root. It needs no file to be checked and shows nothing of the other rows. It may open what
the entry holds sealed: loss and norms of a batch entry, the content of a row, each with its salt.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, TypeAlias

from provenir.core.digest import parse_digest
from provenir.core.document import DigestText, Document, Part
from provenir.core.errors import EvidenceError
from provenir.core.merkle import leaf_hash, verify_inclusion
from provenir.provenance.ledger.commitments import facts_commit
from provenir.provenance.ledger.lines import line_bytes
from provenir.provenance.ledger.records import (
    AdmissionLine,
    BatchEntry,
    BlockEntry,
    Count,
    Facts,
    Header,
    Hex32,
    Root,
    Step,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["CheckedProof", "LedgerProof", "OpenedContent", "OpenedFacts", "check_proof"]

Bound: TypeAlias = Literal["batch", "units", "admission"]
Entry: TypeAlias = BatchEntry | BlockEntry | AdmissionLine
_ENTRIES: Final[dict[str, tuple[type[Entry], type[Step | Header]]]] = {
    "batch": (BatchEntry, Step),
    "units": (BlockEntry, Step),
    "admission": (AdmissionLine, Header),
}


class OpenedFacts(Part):
    """Loss and norms of a batch entry, and the salt under which they were committed to."""

    facts: Facts
    salt: Hex32


class OpenedContent(Part):
    """The digest of a row's content, and the salt under which it was committed to."""

    content: DigestText
    salt: Hex32


class LedgerProof(Document):
    """The proof.

    Attributes:
        of: Which root of the record binds the entry.
        entry: The line, as the object that it is.
        index: Its place among the leaves of that root, from 0.
        path: The audit path, from the leaf upwards, bare hex.
        record: The step's or header's line, as the object that it is.
        ledger: Number of lines and root of the ledger; what the reader holds decides, not this.
        ledger_path: The audit path of the record's line, whose place is its `seq`.
        opened: What the entry holds sealed, where it was opened.
    """

    max_bytes: ClassVar[int] = 1 << 20
    max_items: ClassVar[int] = 100_000

    schema_version: Literal["ledger-proof/1"] = "ledger-proof/1"
    of: Bound
    entry: dict[str, Any]
    index: Count
    path: tuple[Hex32, ...]
    record: dict[str, Any]
    ledger: Root
    ledger_path: tuple[Hex32, ...]
    opened: OpenedFacts | OpenedContent | None = None


@dataclass(frozen=True, slots=True)
class CheckedProof:
    """What a proof shows.

    Attributes:
        entry: The entry: a batch entry, a block, or a line of the admission.
        record: The step, or the header.
        opened: What was opened, None where nothing was.
    """

    entry: Entry
    record: Step | Header
    opened: OpenedFacts | OpenedContent | None


def check_proof(
    data: bytes, root: str, *, n: int | None = None, where: str = "proof"
) -> CheckedProof:
    """Check a proof against the root of a ledger.

    Args:
        data: The proof's bytes.
        root: The ledger root, from the passport or from `close.json`.
        n: Number of the ledger's lines, where it is known.
        where: What to call the proof in an error.

    Raises:
        DocumentError: It is no proof.
        InputError: Entry or record is not what it should be.
        EvidenceError: It does not lead to this root (`ledger-mismatch`), or what was opened is
            not what was sealed (`details-mismatch`).
    """
    proof = LedgerProof.from_bytes(data, where=where)
    entry_type, record_type = _ENTRIES[proof.of]
    # The line is what its object spells: integers and strings have one spelling (RFC 8785).
    entry_line, record_line = line_bytes(proof.entry), line_bytes(proof.record)
    entry = entry_type.from_line(entry_line, where=where)
    record = record_type.from_line(record_line, where=where)
    bound: Root = getattr(record, proof.of)
    if not _leads(entry_line, proof.index, bound, proof.path):
        raise EvidenceError(
            "the record does not bind this entry", reason="details-mismatch", where=where
        )
    ledger = Root(n=proof.ledger.n if n is None else n, root=root)
    if proof.ledger != ledger or not _leads(record_line, record.seq, ledger, proof.ledger_path):
        raise EvidenceError(
            f"it does not lead to the root {root[:80]}",
            reason="ledger-mismatch",
            where=where,
            mend="compare with the ledger root of the passport",
        )
    _check_opened(proof, entry, where)
    return CheckedProof(entry, record, proof.opened)


def _leads(line: bytes, index: int, root: Root, path: Sequence[str]) -> bool:
    steps = [bytes.fromhex(node) for node in path]
    return verify_inclusion(leaf_hash(line), index, root.n, steps, parse_digest(root.root))


def _check_opened(proof: LedgerProof, entry: Entry, where: str) -> None:
    opened = proof.opened
    if opened is None:
        return
    salt = bytes.fromhex(opened.salt)
    if isinstance(opened, OpenedFacts) and isinstance(entry, BatchEntry):
        holds = facts_commit(salt, opened.facts.line()) == entry.facts
    elif isinstance(opened, OpenedContent) and isinstance(entry, AdmissionLine):
        sealed = hashlib.sha256(salt + parse_digest(opened.content)).digest()
        holds = sealed == parse_digest(entry.example)
    else:
        holds = False
    if not holds:
        raise EvidenceError(
            "what was opened is not what the entry holds sealed",
            reason="details-mismatch",
            where=where,
        )
