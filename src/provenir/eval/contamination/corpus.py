"""The training data: what it is read from, what binds a report to it, and its blocks.

Rows in memory are bound by the Merkle root over their digests. Files are bound by the Merkle tree
over chunks of their bytes, whose leaves the scan makes by the way, and, where all of them together
have at most `IDENTIFY_BYTES`, by their SHA-256 and the root over their rows too: for larger ones
that would cost as much as the scan (`with_identity` adds it later).
"""

from __future__ import annotations

import hashlib
import stat
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from provenir.core.canonical import LEAF_RULE
from provenir.core.digest import format_digest
from provenir.core.errors import InputError, UsageError
from provenir.core.merkle import Frontier, leaf_hash
from provenir.data.dataset import Dataset, as_dataset
from provenir.data.overlap.blocks import ByteRange, RowBlock, byte_ranges
from provenir.data.overlap.row_blocks import line_blocks, value_blocks
from provenir.data.reading import Reading
from provenir.data.sources import Files, resolve
from provenir.data.streams import content_chunks, opened
from provenir.eval.contamination.document import CorpusPart, FilePart

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenir.data.identity import DatasetIdentity
    from provenir.data.paths import DataFile
    from provenir.data.reading import Source

__all__ = [
    "IDENTIFY_BYTES",
    "Corpus",
    "CorpusFile",
    "Piece",
    "check_same",
    "chunk_bytes_for",
    "describe",
    "open_corpus",
    "with_identity",
]

IDENTIFY_BYTES: Final = 1 << 20
_LEAST_CHUNK: Final = 1 << 20
_MOST_LEAVES: Final = 1 << 16
_PIECE_BYTES: Final = 1 << 22

Piece: TypeAlias = ByteRange | RowBlock
"""What a worker takes: a range that it reads itself, or a block that was read in order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusFile:
    """A file of the corpus, as it was when the scan began.

    Attributes:
        file: Where it lies and what is inside.
        size: Its bytes.
        modified: Its time of change, in nanoseconds.
    """

    file: DataFile
    size: int
    modified: int

    @property
    def addressable(self) -> bool:
        """Whether its rows are found by byte offset in the stored bytes."""
        return self.file.format == "lines" and self.file.compression is None


@dataclass(frozen=True, slots=True, kw_only=True)
class Corpus:
    """Training data to be scanned.

    Attributes:
        dataset: The data.
        source: Where its rows come from.
        files: Its files in reading order; empty for rows in memory.
        chunk_bytes: Bytes of a chunk of the tree.
    """

    dataset: Dataset
    source: Source
    files: tuple[CorpusFile, ...]
    chunk_bytes: int

    @property
    def name(self) -> str:
        """What it is called."""
        return self.dataset.name or self.source.label

    @property
    def left_out(self) -> tuple[str, ...]:
        """Files of its folders that are not read and may hold data."""
        return self.source.left_out if isinstance(self.source, Files) else ()

    @property
    def size(self) -> tuple[int | None, str]:
        """What the blocks' `advance` adds up to, and its unit: "bytes" or "rows"."""
        if self.files:
            return sum(one.size for one in self.files), "bytes"
        return self.source.total, "rows"

    @property
    def piece_bytes(self) -> int:
        """About how many bytes are scanned at once: whole chunks."""
        return self.chunk_bytes * max(1, _PIECE_BYTES // self.chunk_bytes)

    def pieces(self, number: int, leaves: list[bytes]) -> Iterator[Piece]:
        """Yield what a file is scanned by, in order.

        Args:
            number: Which file; 0 where there are none.
            leaves: Receives the leaf hashes of a file that is not read by ranges.
        """
        reading = Reading(digest_files=False)
        if not self.files:
            rows = self.source.read(reading)
            yield from value_blocks(rows, self.chunk_bytes, keep=True)
            return
        one = self.files[number]
        if one.addressable:
            chunks = self.piece_bytes // self.chunk_bytes
            yield from byte_ranges(one.file.path, one.size, one.modified, self.chunk_bytes, chunks)
            return
        leaves.extend(_chunk_leaves(one, self.chunk_bytes)[0])
        if one.file.format == "lines":
            text = content_chunks(one.file.path, one.file.name, one.file.compression, reading)
            yield from line_blocks(text, self.chunk_bytes)
        else:
            yield from value_blocks(Files((one.file,)).read(reading), self.chunk_bytes)


def open_corpus(train: Any) -> Corpus:
    """Look at training data, without reading it.

    Raises:
        UsageError: An object that is no data set, or a stream, which is never consumed.
        InputError: Nothing lies there, or it is empty.
    """
    dataset = as_dataset(train)
    if dataset.fields is not None:
        raise UsageError(
            "a Dataset with fields", where="train", mend="give fields to ContaminationConfig"
        )
    source = resolve(dataset.source)
    if source.refusal is not None:
        raise UsageError(
            f"the training data cannot be read: {source.refusal}",
            mend="pass the rows as a list, a file, or a datasets.Dataset",
        )
    files: tuple[CorpusFile, ...] = ()
    if isinstance(source, Files):
        files = tuple(_as_it_is(file) for file in source.files)
    total = sum(one.size for one in files)
    if files and not total:
        raise InputError(
            "nothing to examine: the training data is empty",
            where=dataset.name or "the training data",
        )
    chunk = chunk_bytes_for(total)
    return Corpus(dataset=dataset, source=source, files=files, chunk_bytes=chunk)


def chunk_bytes_for(total: int) -> int:
    """Return the bytes of a chunk of the tree: so many that the leaves stay few.

    Args:
        total: Bytes of all files.
    """
    chunk = _LEAST_CHUNK
    while chunk * _MOST_LEAVES < total:
        chunk *= 2
    return chunk


def _as_it_is(file: DataFile) -> CorpusFile:
    try:
        found = file.path.stat()
    except OSError as error:
        raise InputError(f"cannot read: {error.strerror}", where=str(file.path)) from error
    if not stat.S_ISREG(found.st_mode):
        raise InputError(
            "not a regular file", where=str(file.path), mend="give a file, not a pipe or a device"
        )
    return CorpusFile(file=file, size=found.st_size, modified=found.st_mtime_ns)


def describe(
    corpus: Corpus, leaves: list[list[bytes]], rows: list[int], *, identified: bool | None = None
) -> CorpusPart:
    """Say what was scanned.

    Args:
        corpus: The training data.
        leaves: The leaf hashes of each file.
        rows: The rows of each file; one number where there are none.
        identified: Whether the digests that cost another reading are wanted; None for those of a
            small corpus.
    """
    size, unit = corpus.size
    small = unit == "rows" or (size or 0) <= IDENTIFY_BYTES
    wanted = small if identified is None else identified
    identity = _identity(corpus.dataset) if wanted else None
    digests = _file_digests(corpus, identity) if wanted else [None] * len(corpus.files)
    tree = Frontier()
    parts, first = [], 0
    for one, hashes, sha256, count in zip(corpus.files, leaves, digests, rows, strict=False):
        for leaf in hashes:
            tree.append_hash(leaf)
        parts.append(
            FilePart(
                name=one.file.name,
                size=one.size,
                sha256=sha256,
                first_row=first,
                rows=count,
                leaves=b"".join(hashes).hex(),
                addressable=one.addressable,
            )
        )
        first += count
    return CorpusPart(
        name=corpus.name,
        rows=sum(rows),
        records_root=identity.records_root if identity else None,
        leaf_rule=LEAF_RULE,
        chunk_bytes=corpus.chunk_bytes,
        merkle_root=format_digest(tree.root()) if corpus.files else None,
        files=parts,
    )


def _identity(dataset: Dataset) -> DatasetIdentity | None:
    """The identity of the rows, or None where a row cannot be read."""
    try:
        return dataset.identity()
    except InputError:
        return None


def _file_digests(corpus: Corpus, identity: DatasetIdentity | None) -> list[str | None]:
    if identity is not None and len(identity.files) == len(corpus.files):
        return [file.sha256 for file in identity.files]
    return [_chunk_leaves(one, corpus.chunk_bytes)[1] for one in corpus.files]


def _chunk_leaves(one: CorpusFile, chunk_bytes: int) -> tuple[list[bytes], str]:
    """The leaf hashes of a file's chunks, and its SHA-256."""
    leaves, whole = [], hashlib.sha256()
    with opened(one.file.path) as stream:
        while chunk := stream.read(chunk_bytes):
            leaves.append(leaf_hash(chunk))
            whole.update(chunk)
    return leaves, whole.hexdigest()


def with_identity(part: CorpusPart, train: Any) -> CorpusPart:
    """Add the digests that were left out for a large corpus.

    Args:
        part: What a report says of its corpus.
        train: The same training data.

    Raises:
        InputError: It is other data than the report is about.
    """
    if not part.files or part.records_root is not None:
        return part
    corpus = open_corpus(train)
    leaves = [_chunk_leaves(one, part.chunk_bytes)[0] for one in corpus.files]
    found = describe(
        replace(corpus, chunk_bytes=part.chunk_bytes),
        leaves,
        [file.rows for file in part.files],
        identified=True,
    )
    if found.merkle_root != part.merkle_root:
        raise _other_data(corpus)
    return found


def check_same(part: CorpusPart, train: Any) -> None:
    """Refuse training data that a report is not about.

    The same bytes in files of the same order are the same data, and so are the same rows in
    whatever container where the report states the root over them.

    Raises:
        InputError: It is other data, or that cannot be told.
    """
    corpus = open_corpus(train)
    if part.files and corpus.files and _bytes_root(corpus, part.chunk_bytes) == part.merkle_root:
        return
    root = corpus.dataset.identity().records_root if part.records_root is not None else None
    if root is None or root != part.records_root:
        raise _other_data(corpus)


def _bytes_root(corpus: Corpus, chunk_bytes: int) -> str:
    tree = Frontier()
    for one in corpus.files:
        for leaf in _chunk_leaves(one, chunk_bytes)[0]:
            tree.append_hash(leaf)
    return format_digest(tree.root())


def _other_data(corpus: Corpus) -> InputError:
    return InputError(
        "the report is about other data",
        where=corpus.name,
        mend="check this data, and use the report of that check",
    )
