"""Disclosure: what a verifier needs beyond the public files, and nothing more.

For V2 that is which content each row is, the metadata of the contents, and `K_example`, which links
the two to the commitments. Losses and norms stay sealed; they are opened one by one, in proofs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Literal

from provenir.core.digest import format_digest, parse_digest
from provenir.core.document import Document
from provenir.core.errors import InputError, UsageError
from provenir.core.files import atomic_write, open_regular, parse_json, read_bounded, read_lines
from provenir.core.new_files import check_new, write_new
from provenir.provenance.ledger import layout
from provenir.provenance.ledger.commitments import Salts, example_commit
from provenir.provenance.ledger.reader import MAX_DETAIL_BYTES, read_records
from provenir.provenance.ledger.records import AdmissionLine, Header, Hex32, RowLine

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Disclosure", "disclose", "hand_over", "salts_of"]

_PIECE = 1 << 20
_HANDED_OVER = (layout.ROWS, layout.METADATA, layout.DISCLOSURE)


class Disclosure(Document):
    """`private/disclosure.json`: the key that links rows to commitments."""

    max_bytes: ClassVar[int] = 4_096

    schema_version: Literal["ledger-disclosure/1"] = "ledger-disclosure/1"
    run_id: str
    example_key: Hex32


def salts_of(folder: Path, path: Path | None = None) -> Salts:
    """Read the secret of a ledger's salts, from where `private/salts.json` says unless told.

    Raises:
        InputError: It is not there, or not a secret.
    """
    if path is not None:
        return Salts.load(path)
    place = folder / layout.SALTS
    mend = "give the file that was made when the run began: --salts"
    try:
        said = parse_json(read_bounded(place, max_bytes=65_536), where=str(place))
        named = said.get("path") if isinstance(said, dict) else None
        if not isinstance(named, str):
            raise InputError("it does not say where the secret is", where=str(place))
        return Salts.load(named)
    except InputError as fault:
        what = f"no secret of the salts: {fault.what}"
        raise InputError(what, where=fault.where, mend=mend) from fault


def disclose(folder: Path, salts: Salts) -> Disclosure:
    """Write `private/disclosure.json`, once it is shown that the secret is this ledger's.

    Args:
        folder: The `governed/` folder.
        salts: The secret of the commitments.

    Raises:
        UsageError: The secret is another run's, or the rows are not those that were committed to.
        InputError: A file cannot be read, or has not all rows.
    """
    first = next(read_records(folder), None)
    header = None if first is None else first.record
    if not isinstance(header, Header):
        raise InputError("a ledger without its header", where=str(folder))
    _check_commits(folder, salts.example_key, header.dataset.n)
    disclosure = Disclosure(run_id=header.run_id, example_key=salts.example_key.hex())
    atomic_write(folder / layout.DISCLOSURE, disclosure.to_bytes(), mode=0o600)
    return disclosure


def _check_commits(folder: Path, key: bytes, n: int) -> None:
    rows, admission = folder / layout.ROWS, folder / layout.ADMISSION
    contents = read_lines(rows, max_line_bytes=MAX_DETAIL_BYTES)
    commits = read_lines(admission, max_line_bytes=MAX_DETAIL_BYTES)
    for at in range(n):
        number, content = next(contents, (0, b""))
        _, line = next(commits, (0, b""))
        if not (content and line):  # a key that is held against nothing would pass
            raise InputError(
                f"{n} rows were committed to, and here are {at}",
                where=str(admission if content else rows),
                mend="disclose from the folder in which the run was made",
            )
        row = RowLine.from_line(content, where=f"{rows}:{number}")
        stated = AdmissionLine.from_line(line, where=f"{admission}:{number}").example
        if format_digest(example_commit(key, at, parse_digest(row.content))) != stated:
            raise UsageError(
                f"row {at} is not committed to under this secret",
                where=str(folder),
                mend="give the secret that was made for this run: --salts",
            )


def hand_over(folder: Path, out: Path) -> list[str]:
    """Copy a disclosed ledger to a new folder: the public files, and what V2 needs.

    Args:
        folder: The `governed/` folder, after `disclose`.
        out: The folder that is made.

    Returns:
        The names of the files that were copied.

    Raises:
        UsageError: Something is there already.
        OSError: A file cannot be copied.
    """
    check_new(out)
    public = sorted(
        entry.name for entry in folder.iterdir() if entry.is_file() and not entry.is_symlink()
    )
    (out / layout.PRIVATE).mkdir(parents=True, mode=0o700)
    names = [*public, *(name for name in _HANDED_OVER if (folder / name).exists())]
    for name in names:
        with open_regular(folder / name, follow_symlinks=False) as stream:
            mode = 0o644 if name in public else 0o600
            write_new(out / name, iter(lambda: stream.read(_PIECE), b""), mode=mode)
    return names
