"""The source again without the rows that are not kept, byte for byte."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import InputError, UsageError
from provenir.core.new_files import check_new, write_new
from provenir.data.dataset import as_dataset
from provenir.data.json_parser import BOM
from provenir.data.minhash.rows import content
from provenir.data.reading import Reading
from provenir.data.sources import Files, resolve

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenir.data.minhash.report import NearDuplicates
    from provenir.data.reading import Advance

_ENDINGS: Final = (".jsonl", ".ndjson")


def check_output(source: Any, path: str | Path) -> Files:
    """The files of a source that can be written without some of its rows.

    Raises:
        UsageError: The source is not JSON lines, the name says another format, it is taken, or its
            folder is missing.
    """
    found = resolve(as_dataset(source).source)
    if not isinstance(found, Files) or any(file.format != "lines" for file in found.files):
        raise UsageError(
            "only files of JSON lines are written again",
            where=str(path),
            mend="read the rows in Python, and write those that are kept",
        )
    if Path(path).suffix.lower() not in _ENDINGS:
        raise UsageError(
            "what is written is plain JSON lines",
            where=str(path),
            mend=f"choose a name that ends in {' or '.join(_ENDINGS)}",
        )
    check_new(path)
    return found


def write_kept(
    source: Any, found: NearDuplicates, path: str | Path, *, advance: Advance | None = None
) -> None:
    """Write the lines of a source but those of the rows that are not kept.

    What is written is taken from the files byte for byte, what is no row too. Of several files the
    contents follow each other; then a byte order mark is left out, and a last line that has no
    newline gets one.

    Args:
        source: What `find_near_duplicates` was given: files of JSON lines.
        found: What it returned.
        path: The file to make; its name ends in .jsonl or .ndjson.
        advance: Called with the bytes read.

    Raises:
        UsageError: The source is not JSON lines, or something is at `path`.
        InputError: A file is not what it was; nothing is written.
    """
    files = check_output(source, path)
    reading = Reading(advance=advance)
    write_new(path, _kept_chunks(files, found, reading))


def _kept_chunks(files: Files, found: NearDuplicates, reading: Reading) -> Iterator[bytes]:
    places, dropped = found.places, found.dropped.tolist()
    gaps: list[list[tuple[int, int]]] = [[] for _ in files.files]
    for row in dropped:
        start = places.offsets[row]
        gaps[places.file_of(row)].append((start, start + places.lengths[row]))
    for number, file in enumerate(files.files):
        several, last = len(files.files) > 1, b"\n"
        for chunk in _without(content(file, reading), gaps[number], mark=several and number > 0):
            last = chunk[-1:] or last
            yield chunk
        if several and last != b"\n":
            yield b"\n"
    if tuple(reading.files) != found.files:
        raise InputError(
            "a file is not what it was when near-duplicates were looked for",
            where=files.files[0].name,
            mend="look for them again",
        )


def _without(
    chunks: Iterator[bytes], gaps: list[tuple[int, int]], *, mark: bool
) -> Iterator[bytes]:
    """Yield a text without some ranges of its bytes, and without a leading mark of byte order."""
    waiting = iter([*gaps, (1 << 62, 1 << 62)])
    start, end = next(waiting)
    at = 0
    for chunk in chunks:
        done = len(BOM) if mark and at == 0 and chunk.startswith(BOM) else 0
        kept = []
        while done < len(chunk):
            if at + done >= end:
                start, end = next(waiting)
            elif at + done >= start:
                done = min(end - at, len(chunk))
            else:
                kept.append(chunk[done : min(start - at, len(chunk))])
                done = min(start - at, len(chunk))
        at += len(chunk)
        yield b"".join(kept)
