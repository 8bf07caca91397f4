"""The document `contamination-report/1`: what a check found, bound to the data that it read.

A third party can check it again offline: the corpus is bound by SHA-256 and by a Merkle tree over
chunks of its files' bytes (`core.merkle`; the leaves are kept, so that a sample needs no other
bytes), the eval items and the hit rows by the digests of their records, the rule by name and
version.

The hits are bounded, the worst are kept: `hits_total` says how many there were. Every contaminated
row stands in `contaminated_rows`, whatever is bounded.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from provenir.core.document import DigestText, Document, Part
from provenir.core.findings import Severity
from provenir.core.limits import MAX_SAFE_INTEGER

__all__ = [
    "ConfigPart",
    "ContaminationReportDocument",
    "CorpusPart",
    "EvalSetPart",
    "ExcerptPart",
    "FilePart",
    "HitPart",
    "PlacePart",
    "SkipPart",
    "SkipsPart",
    "SpanPart",
]

Count = Annotated[int, Field(ge=0, le=MAX_SAFE_INTEGER)]
Rate = Annotated[float, Field(ge=0, le=1)]
Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
RowsText = Annotated[str, Field(pattern=r"^([0-9]+(-[0-9]+)?(,[0-9]+(-[0-9]+)?)*)?$")]


class ConfigPart(Part):
    """The settings that decide what is found, as they took effect.

    Attributes:
        method: `ngram`, `exact`, `minhash` or `embedding`.
        rule: The rule of the method; the method's name where it has one rule.
        rule_version: Raised with every change of what the rule finds.
        threshold: Share that makes a leak; None where the rule has none.
        n: Length of the rule's n-grams; None where it has none.
        fields: Fields of the training rows that were examined; None for every text.
        eval_fields: The same for the eval records.
        exhaustive: Whether any run of 13 words in common makes a hit.
        settings: What else the method needs to be told to find the same again.
    """

    method: str
    rule: str
    rule_version: Count
    threshold: Rate | None = None
    n: Count | None = None
    fields: list[str] | None = None
    eval_fields: list[str] | None = None
    exhaustive: bool = False
    settings: dict[str, JsonValue] = Field(default_factory=dict)


class EvalSetPart(Part):
    """One eval set.

    Attributes:
        name: Its name.
        digest: Merkle root over its records' digests: the `dataset_hash` of the set.
        items: How many items it has.
        examined: How many of them could be found where they are.
        too_short: Numbers of the items that have too few words for the method.
        leaked_items: How many items some training row holds.
        leaked: Their numbers.
        eval_leak_rate: Leaked items / examined items; None where none could be examined.
        files: The files that it was read from.
    """

    name: str
    digest: DigestText
    items: Count
    examined: Count
    too_short: RowsText
    leaked_items: Count
    leaked: RowsText
    eval_leak_rate: Rate | None
    files: list[str] = Field(default_factory=list)


class FilePart(Part):
    """One file of the training data.

    Attributes:
        name: Its name relative to the folder that was given (`provenir.data.paths`).
        size: Its bytes as stored.
        sha256: Over them; None where a large file was bound by its leaves alone.
        first_row: Number of its first row in the training data.
        rows: How many rows it has, those that were skipped included.
        leaves: The leaf hashes of its chunks one after the other, 64 hexadecimal digits each.
        addressable: Whether rows are found by byte offset in the stored bytes: JSON Lines that are
            not compressed.
    """

    name: str
    size: Count
    sha256: Hex | None
    first_row: Count
    rows: Count
    leaves: Annotated[str, Field(pattern=r"^([0-9a-f]{64})*$")]
    addressable: bool


class CorpusPart(Part):
    """The training data.

    Attributes:
        name: What it is called.
        rows: How many rows it has, those that were skipped included.
        records_root: Merkle root over the rows' digests (the `dataset_hash`); None where it was
            not computed or is not known.
        leaf_rule: Version of the rule that makes a row's digest.
        chunk_bytes: Bytes of a chunk; the last one of a file may be shorter.
        merkle_root: Root over the chunks of all files in their order, None without files. The
            leaf input is the chunk.
        files: The files in reading order; empty for rows in memory.
    """

    name: str
    rows: Count
    records_root: DigestText | None
    leaf_rule: Count
    chunk_bytes: Count
    merkle_root: DigestText | None
    files: list[FilePart]


class SkipPart(Part):
    """A row that could not be examined.

    Attributes:
        row: Its number in the training data.
        file: Its file; None for rows in memory.
        line: Its line, from 1.
        offset: Byte at which it begins.
        reason: Why it was skipped.
    """

    row: Count
    file: str | None
    line: Count | None
    offset: Count | None
    reason: str


class SkipsPart(Part):
    """The rows that could not be examined: how many, which, and the first places."""

    count: Count
    rows: RowsText
    first: list[SkipPart]


class SpanPart(Part):
    """A stretch in common; see `AlignedSpan`."""

    eval_field: str
    eval_start: Count
    eval_end: Count
    train_field: str
    train_start: Count
    train_end: Count


class ExcerptPart(Part):
    """The text around it; see `Excerpt`."""

    field: str
    start: Count
    text: str


class PlacePart(Part):
    """Where a training row lies; see `TrainPlace`."""

    file: str | None
    line: Count | None
    offset: Count | None
    length: Count | None
    digest: DigestText | None


class HitPart(Part):
    """A training row that holds an eval item; see `ContaminationHit`."""

    kind: Literal["contamination"]
    severity: Severity
    detail: str
    subject: str | None
    data: dict[str, JsonValue]
    train_index: Count
    eval_set: str
    eval_index: Count
    method: str
    score: Rate
    role: str
    eval_digest: DigestText | None
    place: PlacePart
    spans: list[SpanPart]
    train_excerpt: ExcerptPart | None
    eval_excerpt: ExcerptPart | None


class ContaminationReportDocument(Document):
    """A report, as stored.

    Attributes:
        name: ``contamination``.
        is_clean: Whether everything was examined and nothing found.
        config: What was looked for.
        index: Digest of the eval items as they were compared.
        evals: The eval sets, by name.
        corpus: The training data.
        rows_examined: Rows that were examined.
        contamination_rate: Contaminated rows / examined rows; None where none was examined.
        contaminated: How many rows hold an eval item.
        contaminated_rows: Their numbers.
        hits_total: How many pairs of a row and an item were found, those of severity info included.
        hits: The worst of them.
        skips: Rows that could not be examined.
        examined: What was examined, counted.
        not_examined: What was not, and why.
    """

    schema_version: Literal["contamination-report/1"] = "contamination-report/1"
    name: str
    is_clean: bool
    config: ConfigPart
    index: DigestText
    evals: list[EvalSetPart]
    corpus: CorpusPart
    rows_examined: Count
    contamination_rate: Rate | None
    contaminated: Count
    contaminated_rows: RowsText
    hits_total: Count
    hits: list[HitPart]
    skips: SkipsPart
    examined: dict[str, Count]
    not_examined: dict[str, str]
