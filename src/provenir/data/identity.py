"""Which data a run was given: the Merkle root over its rows, and the digests of its files.

The tree is that of RFC 6962 with each row's digest under leaf rule 1 (`provenir.core.canonical`)
as leaf input, so the same rows have the same root in a list, JSONL, .gz, .zst, Parquet or a
Hugging Face data set. Memory does not grow with the data: one row and log2(n) nodes are held.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from provenir.core.canonical import LEAF_RULE
from provenir.core.digest import format_digest, is_digest
from provenir.core.errors import CanonicalizationError, InputError, UsageError
from provenir.core.merkle import Frontier
from provenir.data.digests import row_digests
from provenir.data.reading import FileIdentity, Reading, Row, Source
from provenir.data.sources import Files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from provenir.core.findings import Finding

Sameness = Literal["same-bytes", "same-records", "different", "unknown"]
_HEX: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetIdentity:
    """What identifies a data set.

    Attributes:
        records_root: digest of the tree over the rows, None when it is not known.
        n: number of rows; None when it is not known.
        leaf_rule: version of the rule that makes a row's digest.
        files: the files in reading order, empty for data in memory.
        fields: the top-level fields that were read, None for all.
        reason: why the root is not known, None when it is.
        findings: what a reader should know about the reading.
    """

    records_root: str | None
    n: int | None
    leaf_rule: int = LEAF_RULE
    files: tuple[FileIdentity, ...] = ()
    fields: tuple[str, ...] | None = None
    reason: str | None = None
    findings: tuple[Finding, ...] = ()

    def __post_init__(self) -> None:
        if (self.records_root is None) == (self.reason is None):
            raise UsageError("an identity has either a records_root or a reason why not")
        if self.records_root is not None and (self.n is None or not is_digest(self.records_root)):
            raise UsageError("records_root is a digest and stands together with n")
        if self.n is not None and self.n < 0:
            raise UsageError("n counts rows and is not negative")
        if any(not _HEX.fullmatch(file.sha256) for file in self.files):
            raise UsageError("sha256 of a file is 64 lower-case hex digits")

    @property
    def known(self) -> bool:
        """Whether the rows were read and have a root."""
        return self.records_root is not None

    @property
    def dataset_hash(self) -> str | None:
        """The root as it stands in a run manifest."""
        return self.records_root

    def compare(self, other: DatasetIdentity) -> Sameness:
        """Say how far two identities agree.

        Returns:
            "same-bytes": the same files in the same order, by digest (names may differ).
            "same-records": the same rows in the same order, perhaps stored otherwise.
            "different", or "unknown" where a root is missing or the rules or fields differ.
        """
        mine, theirs = ([file.sha256 for file in one.files] for one in (self, other))
        if mine and mine == theirs and self.fields == other.fields:
            return "same-bytes"
        if not self.known or not other.known:
            return "unknown"
        if (self.leaf_rule, self.fields) != (other.leaf_rule, other.fields):
            return "unknown"
        same = (self.records_root, self.n) == (other.records_root, other.n)
        return "same-records" if same else "different"

    def to_dict(self) -> dict[str, Any]:
        """The identity as plain data, for documents."""
        return {
            "records_root": self.records_root,
            "n": self.n,
            "leaf_rule": self.leaf_rule,
            "files": [file.to_dict() for file in self.files],
            "fields": None if self.fields is None else list(self.fields),
            "known": self.known,
            "reason": self.reason,
            "findings": [finding.to_dict() for finding in self.findings],
        }


def identify(
    source: Source,
    *,
    strict: bool = False,
    fields: tuple[str, ...] | None = None,
    progress: Callable[[int], None] | None = None,
) -> DatasetIdentity:
    """Read a source once and return its identity.

    Args:
        source: where the rows come from.
        strict: refuse what the readers otherwise forgive (see `Reading`), and raise where a
            value has no form under the leaf rule.
        fields: the only top-level fields that count.
        progress: called with increments in `source.unit`.

    Raises:
        InputError: the data cannot be read; `where` says the file and line.
    """
    reading = Reading(strict=strict, fields=fields, advance=progress)
    if source.refusal is not None:
        return _unknown(source.refusal, None, reading)
    tree = Frontier()
    try:
        for digests in _digests(source, reading):
            tree.extend(digests)
    except CanonicalizationError as error:
        if strict:
            raise
        reading.advance = None
        source.file_identities(reading)
        return _unknown(str(error), source.total if source.unit == "rows" else None, reading)
    if tree.n == 0:
        reading.note("empty_dataset", "the data set has no rows", severity="warning")
    return DatasetIdentity(
        records_root=format_digest(tree.root()),
        n=tree.n,
        files=tuple(reading.files),
        fields=fields,
        findings=reading.findings(),
    )


def _digests(source: Source, reading: Reading) -> Iterator[list[bytes]]:
    if isinstance(source, Files) and reading.fields is None:
        return source.digests(reading)
    return row_digests(projected(source.read(reading), reading.fields), reading)


def _unknown(reason: str, n: int | None, reading: Reading) -> DatasetIdentity:
    reading.note("unknown_identity", reason, severity="warning")
    return DatasetIdentity(
        records_root=None,
        n=n,
        files=tuple(reading.files),
        fields=reading.fields,
        reason=reason,
        findings=reading.findings(),
    )


def projected(rows: Iterator[Row], fields: tuple[str, ...] | None) -> Iterator[Row]:
    """Keep only the wanted top-level fields of each row.

    Raises:
        InputError: at the end, when a wanted field was in no row at all.
    """
    if fields is None:
        yield from rows
        return
    missing, seen = set(fields), False
    for row in rows:
        seen = True
        if missing:
            missing.difference_update(row)
        yield {name: row[name] for name in fields if name in row}
    if seen and missing:
        raise InputError(
            f"no row has the field {sorted(missing)[0]!r}", where="fields", mend="check its name"
        )
