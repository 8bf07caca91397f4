"""`provenir log`: what a workspace's log holds, proves, and is worth."""

from __future__ import annotations

import re
import sys
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.text import Text

from provenir.cli.output import (
    note,
    print_json,
    reading_bar,
    say,
    say_lines,
    show_line,
    stdout,
    table,
    warn,
)
from provenir.core.errors import InputError, UndecidedError, UsageError
from provenir.core.files import atomic_write, read_bounded
from provenir.core.text import printable

if TYPE_CHECKING:
    from provenir.attest.ed25519 import Ed25519Signer
    from provenir.attest.log import EventLog
    from provenir.attest.log_verdict import LogKey, LogVerdict
    from provenir.attest.witness import FileWitness

BAR_FROM_BYTES: Final = 16_000_000
MAX_SHOWN: Final = 1_000_000
LEAST_COLUMNS: Final = {"actor": 130, "time": 100}
WORDS: Final = {0: ("good", "bold green"), 1: ("REFUSED", "bold red"), 3: ("undecided", "yellow")}

app = typer.Typer(help="The event log.", no_args_is_help=True)
LogDir = Annotated[Path, typer.Argument(help="A workspace, or its log folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Out = Annotated[Path | None, typer.Option("--out", help="Write it to this file.")]
DEFAULT: Final = Path("artifacts")


@app.callback()
def nouns() -> None:
    """The event log."""


@app.command()
def show(
    log: LogDir = DEFAULT,
    last: Annotated[
        int, typer.Option("--last", min=1, max=MAX_SHOWN, help="How many entries.")
    ] = 20,
    type: Annotated[  # noqa: A002 - the option's environment variable is named after it
        str | None, typer.Option("--type", help="Entries of this type only.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Show the newest entries. Showing them verifies nothing."""
    opened = _opened(log)
    with _bar(opened) as progress:
        rows, size = _newest(opened, last, type, progress)
    if json:
        print_json(
            {"log": str(opened.folder), "origin": opened.origin, "size": size, "entries": rows}
        )
        return
    say(f"{opened.folder}: {size} entries, origin {opened.origin or 'not recorded yet'}")
    _print_entries(rows)


@app.command()
def verify(
    log: LogDir = DEFAULT,
    checkpoint: Annotated[
        list[Path] | None,
        typer.Option(
            "--checkpoint", metavar="<path>", help="A checkpoint that was kept outside; repeatable."
        ),
    ] = None,
    public_key: Annotated[
        Path | None, typer.Option("--public-key", help="The log's public key (PEM).")
    ] = None,
    origin: Annotated[
        str | None, typer.Option("--origin", help="The log's name, as you know it.")
    ] = None,
    json: AsJson = False,
) -> None:
    """Find what was cut or rewritten.

    Every line is read. What was cut can be told only against a checkpoint kept outside.
    """
    from provenir.attest.log_verdict import verify_log
    from provenir.attest.note import MAX_NOTE_BYTES

    if origin is not None and public_key is None:
        raise UsageError("--origin names the key that is to have signed", mend="give --public-key")
    opened = _opened(log)
    kept = [(str(path), read_bounded(path, max_bytes=MAX_NOTE_BYTES)) for path in checkpoint or []]
    with _bar(opened) as progress:
        verdict = verify_log(
            opened, checkpoints=kept, key=_key(public_key, origin), progress=progress
        )
    inside = [path for path in checkpoint or [] if path.resolve().parent == opened.folder.resolve()]
    if inside:
        warn(f"{inside[0]} lies in the log's own folder: whoever cut the log could put it there")
    raise typer.Exit(_show_verdict(verdict, opened, as_json=json))


@app.command()
def checkpoint(
    log: LogDir = DEFAULT,
    signing_key: Annotated[
        Path | None, typer.Option("--signing-key", help="The log's own key (PEM).")
    ] = None,
    origin: Annotated[
        str | None, typer.Option("--origin", help="Name a log that has none yet.")
    ] = None,
    witness: Annotated[
        Path | None, typer.Option("--witness", help="A witness's key (PEM): it cosigns.")
    ] = None,
    witness_name: Annotated[
        str | None, typer.Option("--witness-name", help="Such as example.org/witness.")
    ] = None,
    witness_state: Annotated[
        Path | None, typer.Option("--witness-state", help="What the witness remembers.")
    ] = None,
    out: Out = None,
    json: AsJson = False,
) -> None:
    """State the log's size and root.

    Signed where a key is given. Keep the result where nobody who writes the log can write.
    """
    opened = _opened(log, origin)
    signer = _signer(signing_key)
    data = opened.checkpoint(signer, witness=_witness(witness, witness_name, witness_state))
    if signer is None:
        warn("this checkpoint is not signed: to anybody but you it proves nothing")
    text = data.decode("utf-8")
    if out is not None:
        atomic_write(out, data)
    if json:
        print_json(_checkpoint_facts(text, signer))
    elif out is None and sys.stdout.isatty():
        say_lines(text)  # the origin of a foreign log is data; a pipe gets the exact bytes
    elif out is None:
        sys.stdout.write(text)
    else:
        say(f"{out}  keep it where whoever writes the log cannot write")
    if signer is not None and not json:
        note(f"verification key: {_checkpoint_facts(text, signer)['vkey']}")


@app.command()
def prove(
    log: LogDir = DEFAULT,
    index: Annotated[int | None, typer.Option("--index", min=0, help="An entry, from 0.")] = None,
    digest: Annotated[
        str | None, typer.Option("--digest", help="The newest entry about this sha256: digest.")
    ] = None,
    size: Annotated[
        int | None, typer.Option("--size", min=0, help="For the log of that size.")
    ] = None,
    from_size: Annotated[
        int | None,
        typer.Option("--from-size", min=0, help="That the log of this size is its beginning."),
    ] = None,
    out: Out = None,
) -> None:
    """Prove an entry, or that the log grew.

    The proof is JSON: that an entry is in the log, or that one size is the beginning of another.
    """
    if [index, digest, from_size].count(None) != 2:
        raise UsageError(
            "one of --index, --digest and --from-size says what to prove", mend="give one of them"
        )
    opened = _opened(log)
    if from_size is not None:
        proof = opened.consistency(from_size, size)
    else:
        if digest is not None:
            index = _index_of(opened, digest, size)
        proof = opened.inclusion(index or 0, size=size)
    if out is None:
        print_json(proof)
        return
    from provenir.core.canonical import canonical_bytes

    atomic_write(out, canonical_bytes(proof))
    say(str(out))


@app.command()
def export(
    tiles: Annotated[Path, typer.Option("--tiles", help="The folder to write.")],
    log: LogDir = DEFAULT,
    json: AsJson = False,
) -> None:
    """Write the log as tlog-tiles.

    Static files that other tools read and any web server can offer.
    """
    from provenir.attest.tile_export import export_tiles

    opened = _opened(log)
    with _bar(opened) as progress:
        written = export_tiles(opened, tiles, progress=progress)
    if json:
        facts = {"folder": str(tiles), "origin": written.origin, "size": written.size}
        print_json({**facts, "root": written.root_digest})
        return
    say(f"{tiles}: {written.size} entries of {written.origin}")


def _opened(path: Path, origin: str | None = None) -> EventLog:
    from provenir.attest.log import EventLog
    from provenir.attest.workspace import find_log

    return EventLog(find_log(path), origin=origin)


@contextmanager
def _bar(log: EventLog) -> Iterator[Callable[[int], None]]:
    with reading_bar(sorted(log.folder.glob("events-*.jsonl")), from_bytes=BAR_FROM_BYTES) as bar:
        yield bar


def _newest(
    log: EventLog, last: int, kind: str | None, progress: Callable[[int], None]
) -> tuple[list[dict[str, Any]], int]:
    """The newest entries of a type, and how many entries there are in all."""
    from provenir.attest.event import EVENT_TYPES

    if kind is not None and kind not in EVENT_TYPES:
        raise UsageError(f"no type of event: {kind}", mend="one of " + ", ".join(EVENT_TYPES))
    kept: deque[tuple[int, bytes]] = deque(maxlen=last)
    size = read = 0
    # The type stands in a line as these bytes; what only looks like it is sorted out below.
    mark = b"" if kind is None else f'"{kind}"'.encode()
    for line in log.lines():
        if mark in line and (kind is None or _row(size, line)["type"] == kind):
            kept.append((size, line))
        size += 1
        read += len(line) + 1
        if not size % 4_096:
            progress(read)
            read = 0
    return [_row(index, line) for index, line in kept], size


def _row(index: int, line: bytes) -> dict[str, Any]:
    """An entry for people; a line that is none is shown as such."""
    from provenir.attest.event import LogEntry

    row: dict[str, Any] = {"index": index, "time": None, "name": None, "actor": None}
    try:
        entry = LogEntry.from_bytes(line, where=f"entry {index}")
    except InputError:
        return {**row, "type": "malformed", "subjects": None, "id": None}
    return {
        "index": index,
        "time": entry.time,
        "type": entry.type,
        "name": entry.name,
        "actor": entry.actor.id,
        "subjects": " ".join(f"{each.name}={each.digest}" for each in entry.subjects) or None,
        "id": entry.id,
    }


def _print_entries(rows: list[dict[str, Any]]) -> None:
    """The entries as a table; a terminal gets digests cut, and fewer columns where it is narrow."""
    console = stdout()
    columns = ["index", "time", "type", "name", "actor", "subjects"]
    if console.is_terminal:
        for column, least in LEAST_COLUMNS.items():
            if console.width < least:
                columns.remove(column)
        rows = [{**row, "subjects": _cut_digests(row["subjects"])} for row in rows]
    console.print(table(None, columns, ([row[column] for column in columns] for row in rows)))


def _cut_digests(text: str | None) -> str | None:
    return text and re.sub(r"(=sha256:[0-9a-f]{8})[0-9a-f]{56}", r"\1", text)


def _index_of(log: EventLog, digest: str, size: int | None) -> int:
    """The newest entry that has a digest among its subjects, or as its payload's."""
    from provenir.core.digest import parse_digest

    parse_digest(digest)
    found = None
    with _bar(log) as progress:
        read = 0
        for index, line in enumerate(log.lines(size)):
            read += len(line) + 1
            if digest.encode() in line and _is_about(line, digest):
                found = index
            if not index % 4_096:
                progress(read)
                read = 0
    if found is None:
        raise UndecidedError("no entry is about this digest", where=str(log.folder))
    return found


def _is_about(line: bytes, digest: str) -> bool:
    from provenir.attest.event import LogEntry

    try:
        entry = LogEntry.from_bytes(line, where="an entry")
    except InputError:
        return False
    return digest in (entry.payload_digest, *(subject.digest for subject in entry.subjects))


def _signer(path: Path | None) -> Ed25519Signer | None:
    from provenir.attest.ed25519 import Ed25519Signer

    return None if path is None else Ed25519Signer.from_pem(path)


def _key(path: Path | None, origin: str | None) -> LogKey | None:
    from provenir.attest.ed25519 import PublicKey
    from provenir.attest.log_verdict import LogKey

    return None if path is None else LogKey(public_key=PublicKey.from_pem(path), name=origin)


def _witness(key: Path | None, name: str | None, state: Path | None) -> FileWitness | None:
    from provenir.attest.witness import FileWitness

    signer = _signer(key)
    if signer is not None and name is not None and state is not None:
        return FileWitness(state, signer, name)
    if (signer, name, state) != (None, None, None):
        raise UsageError(
            "a witness needs its key, its name and its memory",
            mend="give --witness, --witness-name and --witness-state together",
        )
    return None


def _checkpoint_facts(text: str, signer: Ed25519Signer | None) -> dict[str, Any]:
    from provenir.attest.checkpoint import Checkpoint
    from provenir.attest.note import SignedNote, format_vkey

    body = text if signer is None else SignedNote.parse(text.encode()).text
    read = Checkpoint.parse(body)
    vkey = None if signer is None else format_vkey(read.origin, signer.verification_key)
    facts = {"origin": read.origin, "size": read.size, "root": read.root_digest}
    return {**facts, "vkey": vkey, "signed": signer is not None, "note": text}


def _show_verdict(verdict: LogVerdict, log: EventLog, *, as_json: bool) -> int:
    code = verdict.exit_code
    if as_json:
        print_json({"log": str(log.folder), **verdict.to_dict()})
        return code
    rows = (
        [
            row.name,
            row.status,
            f"{row.reason}: {row.detail}" if row.reason else row.detail,
            row.subject,
        ]
        for row in verdict.rows
    )
    stdout().print(table(None, ("check", "result", "detail", "subject"), rows))
    for line in verdict.notes:
        say(f"note: {line}", "yellow")
    word, style = WORDS[code]
    tail = f": {', '.join(verdict.reasons)}" if verdict.reasons else ""
    if code == 3:
        tail = ": consistent; truncation not checked"
    show_line(Text(f"{word}{tail}", style), Text(printable(str(log.folder))))
    return code
