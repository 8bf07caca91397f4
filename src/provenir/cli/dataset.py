"""`provenir dataset`: what can be done with training rows before they are used."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from provenir.cli.indexing import index
from provenir.cli.output import note, print_json, say, stdout, table, warn
from provenir.core.progress import progress_bar

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from provenir.data.dataset import Dataset
    from provenir.data.minhash.report import Cluster, NearDuplicates
    from provenir.data.reading import Advance

app = typer.Typer(help="Rows: near-duplicates, indexes.", no_args_is_help=True)

BAR_FROM_BYTES: Final = 32_000_000
"""About a second's worth of rows."""
SHOWN: Final = 10
TOLD: Final = 3
TEXT_CHARS: Final = 240
OTHER_COLUMNS: Final = 42


@app.callback()
def nouns() -> None:
    """Rows: near-duplicates, indexes of eval sets."""


app.command()(index)


@app.command()
def dedup(
    source: Annotated[
        list[str], typer.Argument(metavar="SOURCE...", help="Files, folders or globs.")
    ],
    threshold: Annotated[
        float, typer.Option("--threshold", help="Least similarity, 0.2 to 1.")
    ] = 0.8,
    keep: Annotated[
        str,
        typer.Option("--keep", metavar="<policy>", help="first, longest, max:FIELD, min:FIELD."),
    ] = "first",
    fields: Annotated[
        list[str] | None,
        typer.Option("--fields", metavar="<name>", help="Compare only these; repeatable."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the kept rows: a new file.")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Refuse lines that are no rows.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Find near-duplicates; keep one of each."""
    from provenir.data.dataset import Dataset
    from provenir.data.minhash import find_near_duplicates, write_kept
    from provenir.data.minhash.writing import check_output

    dataset = Dataset(source if len(source) > 1 else source[0])
    if output is not None:
        check_output(dataset, output)

    def bar(label: str) -> AbstractContextManager[Advance]:
        return progress_bar(dataset.size[0], label=label, least=BAR_FROM_BYTES)

    found = find_near_duplicates(
        dataset, threshold=threshold, keep=keep, fields=fields, strict=strict, bar=bar
    )
    if output is not None:
        with bar("writing") as advance:
            write_kept(dataset, found, output, advance=advance)
    _tell_skips(found)
    if json:
        print_json(found.to_dict())
        return
    _show(dataset, found)
    if output is not None:
        say(f"written: {output}")


def _tell_skips(found: NearDuplicates) -> None:
    for skip in found.skips[:TOLD]:
        warn(f"no row, {skip.where}: {skip.reason}")
    if found.skipped > TOLD:
        warn(f"{found.skipped:,} lines in all are no rows")
    if found.not_compared:
        warn(f"{found.not_compared:,} pairs of too crowded a band were not compared")
    for finding in found.findings:
        note(f"{finding.kind}: {finding.detail}")


def _show(dataset: Dataset, found: NearDuplicates) -> None:
    facts = {
        "rows": f"{found.rows:,}",
        "without words": f"{found.empty:,}",
        "lines that are no rows": f"{found.skipped:,}",
        "clusters": f"{len(found.clusters):,}",
        "rows to drop": f"{len(found.dropped):,}",
    }
    stdout().print(table(None, ("item", "value"), facts.items()))
    if found.clusters:
        largest = found.clusters[:SHOWN]
        title = "clusters"
        if len(found.clusters) > SHOWN:
            title = f"the largest {SHOWN} clusters"
        cells = _cells(dataset, found, largest)
        stdout().print(table(title, ("rows", "similarity", "where", "text"), cells))


def _cells(
    dataset: Dataset, found: NearDuplicates, clusters: tuple[Cluster, ...]
) -> list[tuple[str, ...]]:
    """Of each cluster the row that is kept and the one that is least like it."""
    from provenir.data.minhash.excerpts import excerpts, read_texts
    from provenir.data.sources import resolve

    pairs = [(one, min(one.dropped, key=lambda member: member.similarity)) for one in clusters]
    rows = {row for one, other in pairs for row in (one.kept, other.row)}
    texts = read_texts(resolve(dataset.source), rows, found.fields)
    console, cells = stdout(), list[tuple[str, ...]]()
    chars = TEXT_CHARS
    if console.is_terminal:  # some four lines of what the other columns leave
        chars = min(TEXT_CHARS, 4 * max(console.width - OTHER_COLUMNS, 20))
    for one, other in pairs:
        own, near = excerpts(texts.get(one.kept, ""), texts.get(other.row, ""), chars=chars)
        about = "" if other.exact else "about "
        cells += [
            (f"{len(one):,}", "kept", found.places.where(one.kept), own),
            ("", f"{about}{other.similarity:.2f}", other.where, near),
        ]
    return cells
