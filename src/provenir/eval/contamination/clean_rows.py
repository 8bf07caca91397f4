"""The rows of training data that a report does not speak of, byte for byte, in a new file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import InputError
from provenir.core.new_files import write_new
from provenir.data.minhash.rows import content, read_lines
from provenir.data.minhash.writing import check_output
from provenir.data.reading import Reading
from provenir.eval.contamination.corpus import check_same
from provenir.eval.contamination.row_set import parse_rows

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from provenir.data.sources import Files
    from provenir.eval.contamination.report import ContaminationReport

__all__ = ["write_clean_rows"]

_BLANK: Final = b" \t\r\n"


def write_clean_rows(train: Any, report: ContaminationReport, path: str | Path) -> int:
    """Write the rows that were examined and hold no eval item, and return how many.

    Each row has the bytes that it had; a last line without a newline gets one where another row
    follows. Rows that could not be examined, those without text among them, are left
    out: nobody knows what they hold.

    Args:
        train: The training data that the report is about.
        report: The report.
        path: The file to make; its name ends in .jsonl or .ndjson.

    Raises:
        InputError: The report is about other data, or the data changed meanwhile.
        UsageError: The data is not JSON Lines, the name says another format, or it is taken.
    """
    files = check_output(train, path)
    check_same(report.corpus, train)
    rows = report.corpus.rows
    dropped = report.row_numbers() | parse_rows(report.skips.rows, below=rows)
    write_new(path, _kept(files, dropped, rows))
    return rows - len(dropped)


def _kept(files: Files, dropped: set[int], rows: int) -> Iterator[bytes]:
    number, last = 0, b"\n"
    for file in files.files:
        for line in read_lines(content(file, Reading(digest_files=False))):
            if line.data is not None and not line.data.strip(_BLANK):
                continue
            if number not in dropped and line.data is not None:
                yield line.data if last.endswith(b"\n") else b"\n" + line.data
                last = line.data
            number += 1
    if number != rows:
        raise InputError(
            f"there are {number} rows, the report is about {rows}",
            where=files.files[0].name,
            mend="check the data again",
        )
