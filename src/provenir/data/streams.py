"""Bytes of a data file, one bounded chunk after the other.

One pass gives the SHA-256 of the stored bytes and the decompressed content. Rules kept here:

1. only regular files are opened (a FIFO or a device would block or never end);
2. memory is bounded: gzip output is cut at `CHUNK_BYTES`, Zstandard input is fed in slices so
   small that even a frame of nothing but run-length blocks gives at most 32 MiB at a time;
3. a stream that ends before its end marker is an error, never a shorter file;
4. an expansion beyond `MAX_RATIO` after `RATIO_GRACE_BYTES` is refused as a decompression bomb;
5. a file that changes while it is read is refused: its digest would belong to neither version.

Formats: RFC 1952 (gzip, members concatenated), RFC 8878 (Zstandard, frames concatenated).
"""

from __future__ import annotations

import hashlib
import os
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from provenir.core.errors import BoundsError, InputError
from provenir.core.extras import require
from provenir.core.files import open_regular
from provenir.data.reading import FileIdentity, Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

CHUNK_BYTES: Final = 1 << 20
GZIP_SLICE_BYTES: Final = 1 << 16
ZSTD_SLICE_BYTES: Final = 1 << 10
GATHER_BYTES: Final = 1 << 17
MAX_RATIO: Final = 500
RATIO_GRACE_BYTES: Final = 1 << 30

_MAGIC: Final = {
    b"\x1f\x8b": "gzip (.gz)",
    b"\x28\xb5\x2f\xfd": "Zstandard (.zst)",
    b"PAR1": "Parquet (.parquet)",
    b"PK\x03\x04": "a zip archive",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """A regular file open for reading, closed at the end.

    Raises:
        InputError: the file is missing, unreadable, not regular, or changed meanwhile.
    """
    with open_regular(path) as stream:
        before = os.fstat(stream.fileno())
        yield stream
        after = os.fstat(stream.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise InputError(
            "the file changed while it was read",
            where=str(path),
            mend="wait until its writer is done, or copy it first",
        )


def stored_chunks(stream: BinaryIO, path: Path, name: str, reading: Reading) -> Iterator[bytes]:
    """Yield the stored bytes; record the file's digest in `reading` once the end is reached.

    Args:
        stream: the open file, at its start.
        path: the file's place in messages.
        name: the name that goes into the `FileIdentity`.
        reading: receives the digest and the progress in bytes.

    Raises:
        InputError: the disk fails.
    """
    digest = hashlib.sha256()
    while True:
        try:
            chunk = stream.read(CHUNK_BYTES)
        except OSError as error:
            raise InputError(f"cannot read: {error.strerror}", where=str(path)) from error
        if not chunk:
            break
        if reading.digest_files:
            digest.update(chunk)
        yield chunk
        reading.step(len(chunk))
    if reading.digest_files:
        reading.files.append(FileIdentity(name, digest.hexdigest()))


def digest_only(path: Path, name: str, reading: Reading) -> None:
    """Record a file's digest without looking at its content."""
    with opened(path) as stream:
        for _ in stored_chunks(stream, path, name, reading):
            continue


def content_chunks(
    path: Path, name: str, compression: str | None, reading: Reading
) -> Iterator[bytes]:
    """Yield the decompressed bytes of a file.

    Args:
        path: the file.
        name: the name that goes into the `FileIdentity`.
        compression: a key of `DECOMPRESSORS`, or None for plain bytes.
        reading: receives the digest and the progress (in stored bytes).

    Raises:
        InputError: unreadable, torn, corrupt, or of another format than its name says.
        BoundsError: expands beyond `MAX_RATIO`.
        MissingExtraError: .zst without the extra `files`.
    """
    with opened(path) as stream:
        raw = stored_chunks(stream, path, name, reading)
        if compression is None:
            yield from _named_right(raw, path)
        else:
            yield from _bounded(DECOMPRESSORS[compression], raw, path)


def _named_right(chunks: Iterator[bytes], path: Path) -> Iterator[bytes]:
    """Pass plain text through; say so when the content is of another format than the name."""
    for number, chunk in enumerate(chunks):
        if number == 0:
            found = next((word for magic, word in _MAGIC.items() if chunk.startswith(magic)), None)
            if found is not None:
                raise InputError(
                    f"the content is {found}, the name says text",
                    where=str(path),
                    mend="rename the file after its format, or store it as UTF-8 JSONL",
                )
        yield chunk


def _bounded(
    decompress: Callable[[Iterator[bytes], Path], Iterator[bytes]],
    raw: Iterator[bytes],
    path: Path,
) -> Iterator[bytes]:
    """Run a decompressor and keep the ratio of output to input within bounds."""
    taken = given = 0

    def counted() -> Iterator[bytes]:
        nonlocal taken
        for chunk in raw:
            taken += len(chunk)
            yield chunk

    held: list[bytes] = []
    size = 0
    for chunk in decompress(counted(), path):
        given += len(chunk)
        if given > RATIO_GRACE_BYTES and given > MAX_RATIO * taken:
            raise BoundsError(
                f"expands to more than {MAX_RATIO} times its size (decompression bomb?)",
                where=str(path),
                mend="decompress it yourself and pass the plain file",
            )
        held.append(chunk)
        size += len(chunk)
        if size >= GATHER_BYTES:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


def _torn(path: Path) -> InputError:
    return InputError(
        "the compressed file is torn: it ends before its end marker",
        where=str(path),
        mend="fetch or write it again",
    )


def _corrupt(path: Path, error: Exception) -> InputError:
    return InputError(
        f"the compressed file is corrupt ({error})", where=str(path), mend="fetch or write it again"
    )


def _gunzip(raw: Iterator[bytes], path: Path) -> Iterator[bytes]:
    """Members one after the other; zero bytes after a member are padding (as gzip(1) has it)."""
    decoder = None
    members = 0
    try:
        for data in _sliced(raw, GZIP_SLICE_BYTES):
            while data:
                if decoder is None:
                    data = data.lstrip(b"\0") if members else data
                    if not data:
                        break
                    decoder = zlib.decompressobj(wbits=31)
                    members += 1
                yield decoder.decompress(data, CHUNK_BYTES)
                data = decoder.unconsumed_tail
                if decoder.eof:
                    data, decoder = decoder.unused_data, None
        while decoder is not None and (rest := decoder.decompress(b"", CHUNK_BYTES)):
            yield rest
    except zlib.error as error:
        raise _corrupt(path, error) from error
    if not members or (decoder is not None and not decoder.eof):
        raise _torn(path)


def _unzstd(raw: Iterator[bytes], path: Path) -> Iterator[bytes]:
    """Frames one after the other; skippable frames give nothing."""
    zstandard: Any = require("files", "zstandard")
    context = zstandard.ZstdDecompressor()
    decoder: Any = None
    frames = 0
    try:
        for data in _sliced(raw, ZSTD_SLICE_BYTES):
            while data:
                if decoder is None:
                    decoder = context.decompressobj()
                    frames += 1
                yield decoder.decompress(data)
                data = b""
                if decoder.eof:
                    data, decoder = decoder.unused_data, None
    except zstandard.ZstdError as error:
        raise _corrupt(path, error) from error
    if not frames or decoder is not None:
        raise _torn(path)


def _sliced(raw: Iterator[bytes], size: int) -> Iterator[bytes]:
    for chunk in raw:
        for start in range(0, len(chunk), size):
            yield chunk[start : start + size]


DECOMPRESSORS: Final[dict[str, Callable[[Iterator[bytes], Path], Iterator[bytes]]]] = {
    ".gz": _gunzip,
    ".zst": _unzstd,
}
