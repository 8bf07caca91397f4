"""`passport.proof.json`: that a passport is in the log, as the log's keeper says. Not signed.

What it shows depends on the checkpoint that it is compared with: see
`provenir.governance.log_evidence`.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field, JsonValue

from provenir.attest.note import MAX_NOTE_BYTES
from provenir.attest.segment import MAX_ENTRY_BYTES
from provenir.core.document import DigestText, Document, Part
from provenir.core.errors import InputError
from provenir.core.files import parse_json
from provenir.governance.components import Count

__all__ = ["ConsistencyProof", "PassportProof"]

_FIRST: Final = "passport-proof/1"
_MAX_HASHES: Final = 64
_Path = Annotated[list[DigestText], Field(max_length=_MAX_HASHES)]


class ConsistencyProof(Part):
    """That one tree of the log is a prefix of another (RFC 6962, section 2.1.2)."""

    old_size: Count
    old_root: DigestText
    new_size: Count
    new_root: DigestText
    proof: _Path


class PassportProof(Document):
    """The log's line about a passport, and how it hangs in the log's tree.

    Attributes:
        event: The log's event with its payload.
        entry: The exact line of the log, without its newline.
        index: The entry's place, from 0.
        size: The number of entries that `root` is over.
        leaf_hash: RFC 6962 leaf hash of the entry.
        root: RFC 6962 root over `size` entries.
        proof: The inclusion proof (RFC 6962, section 2.1.1).
        checkpoint: A C2SP signed note over that size and root; None while nobody has signed one.
        consistency: Proofs from or to other sizes, such as the one just before the issue.
    """

    schema_version: Literal["passport-proof/2"] = "passport-proof/2"
    event: dict[str, JsonValue]
    entry: Annotated[str, Field(max_length=MAX_ENTRY_BYTES)]
    index: Count
    size: Count
    leaf_hash: DigestText
    root: DigestText
    proof: _Path
    checkpoint: Annotated[str, Field(max_length=MAX_NOTE_BYTES)] | None
    consistency: Annotated[list[ConsistencyProof], Field(max_length=_MAX_HASHES)] = Field(
        default_factory=list
    )

    @classmethod
    def parse(cls, data: bytes, *, where: str) -> PassportProof:
        """Read a proof of this version or of the first, which had no consistency proofs.

        Raises:
            InputError: It is none.
        """
        value: Any = parse_json(data, where=where, max_depth=cls.max_depth, doubles=True)
        if isinstance(value, dict) and value.get("schema_version") == _FIRST:
            if "consistency" in value:
                raise InputError(f"a field that {_FIRST} does not have", where=where)
            value = {**value, "schema_version": cls.format_name()}
        return cls.from_value(value, where=where)
