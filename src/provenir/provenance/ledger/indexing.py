"""Making the index of a ledger: one pass over its files, in which every binding is checked."""

from __future__ import annotations

import contextlib
import tempfile
from array import array
from itertools import compress, pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from provenir.attest.tiles import HASH_BYTES, TILE_WIDTH, tile_root
from provenir.core.digest import digest_bytes
from provenir.core.errors import EvidenceError, InputError, ProvenirError
from provenir.core.files import read_bounded, read_lines
from provenir.core.merkle import leaf_hash
from provenir.provenance.ledger import layout
from provenir.provenance.ledger.chain import Chain
from provenir.provenance.ledger.contributions import Fed
from provenir.provenance.ledger.index import (
    INDEX_VERSION,
    Built,
    LedgerIndex,
    fingerprint,
    index_path,
    is_own,
)
from provenir.provenance.ledger.plan import lines_root
from provenir.provenance.ledger.reader import MAX_DETAIL_BYTES, read_records, read_steps
from provenir.provenance.ledger.records import AdmissionLine, FactsLine, RowLine
from provenir.provenance.ledger.weights import read_route_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from provenir.provenance.ledger.reader import PlacedRecord, ReadStep
    from provenir.provenance.ledger.records import Header
    from provenir.provenance.ledger.weights import RouteTable

__all__ = ["build_index", "open_index"]

_NAN: Final = float("nan")
_OF_STEPS: Final = ("seq", "at", "size", "d_at", "d_size", "first", "skipped")
_OF_ENTRIES: Final = ("row", "route", "factor")


def open_index(
    folder: Path, *, cache: Path | None = None, progress: Callable[[int], None] | None = None
) -> LedgerIndex:
    """Open the index of a ledger, made anew where it does not fit the files or is another's.

    Args:
        folder: The `governed/` folder.
        cache: The index's file; the user's cache folder unless given.
        progress: Called with the bytes of the ledger that were read since the last call.

    Raises:
        InputError: A file cannot be read, or a line is not what it should be.
        EvidenceError: The files contradict each other.
    """
    path = index_path(folder) if cache is None else cache
    now = fingerprint(folder)
    with contextlib.suppress(ProvenirError):
        if is_own(path):
            index = LedgerIndex(path)
            if index.meta.get("files") == now:
                return index
            index.close()
    built = build_index(folder, progress=progress)
    built.meta["files"] = now
    try:
        return LedgerIndex.saved(path, built)
    except OSError:
        # No place of the user's own: an index for this process alone.
        with tempfile.TemporaryDirectory() as place:
            return LedgerIndex.saved(Path(place) / "index.sqlite", built)


def build_index(folder: Path, *, progress: Callable[[int], None] | None = None) -> Built:
    """Read a whole ledger.

    Raises:
        InputError: A file cannot be read, or a line is not what it should be.
        EvidenceError: The files contradict each other.
    """
    table = read_route_table(folder)
    columns: dict[str, array[Any]] = {name: array("Q") for name in _OF_STEPS + _OF_ENTRIES}
    norms = {block: array("d") for block in table.blocks}
    chain, leaves = Chain(), bytearray()
    records = _counted(read_records(folder, chain), leaves, progress)
    facts = _facts(folder)
    for step in read_steps(folder, records):
        _take(step, columns, table)
        if facts is not None:
            _take_norms(next(facts, None), step, norms)
    header = chain.header
    if header is None:
        raise InputError("a ledger without its header", where=str(folder))
    _check_table(folder, header)
    packed = {name: column.tobytes() for name, column in columns.items()}
    kept = [] if facts is None else [f"norm {block}" for block in table.blocks]
    packed |= {f"norm {block}": norms[block].tobytes() for block in table.blocks if kept}
    packed |= {f"level {k}": hashes for k, hashes in enumerate(_levels(bytes(leaves)))}
    examples = _examples(folder, header.admission.root)
    if max(columns["row"], default=-1) >= len(examples):
        raise EvidenceError(
            "a row in a batch that is none of the dataset",
            reason="not-admitted",
            where=str(folder / layout.DETAILS),
        )
    for block in table.blocks:
        totals = _fed(table, block, columns, norms[block] if kept else None)
        packed[f"total {block}"] = totals.totals(columns["row"], len(examples)).tobytes()
    root = chain.root()
    meta = {
        "version": INDEX_VERSION,
        "run_id": header.run_id,
        "n": root.n,
        "root": root.root,
        "steps": chain.step,
        "entries": len(columns["row"]),
        "rows": len(examples),
        "closed": chain.is_closed,
        "norms": kept,
    }
    return Built(packed, examples, meta)


def _check_table(folder: Path, header: Header) -> None:
    """Hold what weights are read from against the header: no line of the ledger repeats them."""
    for name, bound in ((layout.ROUTES, header.routes), (layout.BLOCKS, header.blocks)):
        if digest_bytes(read_bounded(folder / name)) != bound:
            raise EvidenceError(
                "not the file that the header binds",
                reason="changed-report",
                where=str(folder / name),
            )


def _fed(
    table: RouteTable, block: str, columns: dict[str, array[Any]], norms: array[float] | None
) -> Fed:
    bounds = pairwise((*columns["first"], len(columns["row"])))
    return Fed.of(
        table,
        block,
        low=0,
        routes=columns["route"],
        factors=columns["factor"],
        skipped=compress(bounds, columns["skipped"]),
        norms=norms,
    )


def _counted(
    records: Iterator[PlacedRecord], leaves: bytearray, progress: Callable[[int], None] | None
) -> Iterator[PlacedRecord]:
    for placed in records:
        leaves += leaf_hash(placed.line)
        if progress is not None:
            progress(len(placed.line) + 1)
        yield placed


def _take(step: ReadStep, columns: dict[str, array[Any]], table: RouteTable) -> None:
    place = (
        step.record.seq,
        step.placed.at,
        len(step.placed.line),
        step.at,
        len(step.line),
        len(columns["row"]),
        step.record.skipped is not None,
    )
    for name, value in zip(_OF_STEPS, place, strict=True):
        columns[name].append(value)
    for entry in step.details.batch:
        table.weights(entry.route)  # there is such a route
        for name in _OF_ENTRIES:
            columns[name].append(getattr(entry, name))


def _facts(folder: Path) -> Iterator[tuple[str, FactsLine]] | None:
    path = folder / layout.FACTS
    if not path.exists():
        return None
    return (
        (f"{path}:{number}", FactsLine.from_line(line, where=f"{path}:{number}"))
        for number, line in read_lines(path, max_line_bytes=MAX_DETAIL_BYTES)
    )


def _take_norms(
    found: tuple[str, FactsLine] | None, step: ReadStep, norms: dict[str, array[float]]
) -> None:
    batch = step.details.batch
    if found is None or (found[1].step, len(found[1].facts)) != (step.details.step, len(batch)):
        raise EvidenceError(
            f"the facts of step {step.details.step} are missing",
            reason="details-mismatch",
            where=layout.FACTS if found is None else found[0],
            mend="remove the file: without it what is asked is answered by weights alone",
        )
    for sealed in found[1].facts:
        if len(sealed.norms) != len(norms):
            raise InputError(f"{len(sealed.norms)} norms for {len(norms)} blocks", where=found[0])
        for column, text in zip(norms.values(), sealed.norms, strict=True):
            column.append(_NAN if text is None else float(text))  # spelled as `parse_real` asks


def _levels(leaves: bytes) -> list[bytes]:
    levels = [leaves]
    width = TILE_WIDTH * HASH_BYTES
    while len(levels[-1]) >= width:
        row = levels[-1]
        whole = len(row) - len(row) % width
        levels.append(b"".join(tile_root(row[at : at + width]) for at in range(0, whole, width)))
    return levels


def _examples(folder: Path, root: str) -> list[tuple[int, str, str | None]]:
    path = folder / layout.ADMISSION
    lines = [line for _, line in read_lines(path, max_line_bytes=MAX_DETAIL_BYTES)]
    if lines_root(lines).root != root:
        raise EvidenceError(
            "not the admission that the header binds", reason="changed-report", where=str(path)
        )
    contents = _contents(folder, len(lines))
    commits = [
        AdmissionLine.from_line(line, where=f"{path}:{number}").example
        for number, line in enumerate(lines, 1)
    ]
    return list(zip(range(len(commits)), commits, contents, strict=True))


def _contents(folder: Path, n: int) -> Sequence[str | None]:
    path = folder / layout.ROWS
    if not path.exists():
        return [None] * n
    found = [
        RowLine.from_line(line, where=f"{path}:{number}")
        for number, line in read_lines(path, max_line_bytes=MAX_DETAIL_BYTES)
    ]
    if [line.row for line in found] != list(range(n)):
        raise EvidenceError(
            f"not one line for each of {n} rows", reason="dataset-mismatch", where=str(path)
        )
    return [line.content for line in found]
