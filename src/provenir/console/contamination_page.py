"""The page of a contamination report: verdict, counts, eval sets, hits side by side."""

from __future__ import annotations

import math
from dataclasses import dataclass
from heapq import nsmallest
from typing import TYPE_CHECKING, Final

from provenir.console.badge import Badge
from provenir.console.contamination_hits import HitView, read_hit
from provenir.console.html import write
from provenir.console.view import Cell, CheckItem, Column, Notice, Pair, Table, Tile, Tone, table
from provenir.console.wording import count, instant, share, shorten
from provenir.core.clock import SystemClock
from provenir.eval.contamination.report import worst_first

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenir.core.clock import Clock
    from provenir.eval.contamination import ContaminationReport
    from provenir.eval.contamination.document import EvalSetPart

__all__ = ["ContaminationPage", "build_contamination", "render_contamination"]

SHOWN_HITS: Final = 100
SHOWN_SETS: Final = 100
SHOWN_FILES: Final = 100
_TEMPLATE: Final = "contamination.html.j2"
_NAME_CHARS: Final = 160


@dataclass(frozen=True, slots=True, kw_only=True)
class ContaminationPage:
    """What the template reads.

    Attributes:
        name: The training data.
        badge: The verdict.
        facts: What was looked for.
        notices: What must not be overlooked.
        tiles: The figures at a glance.
        evals: The eval sets.
        hits: The worst hits.
        omitted: How many hits are not shown, in words; empty where all are.
        open: What was not examined.
        files: The files of the training data.
        bound: The digests that the report is bound to.
        written_at: When the page was written.
    """

    name: str
    badge: Badge
    facts: tuple[Pair, ...]
    notices: tuple[Notice, ...]
    tiles: tuple[Tile, ...]
    evals: Table
    hits: tuple[HitView, ...]
    omitted: str
    open: tuple[CheckItem, ...]
    files: Table
    bound: tuple[Pair, ...]
    written_at: str


def render_contamination(report: ContaminationReport, *, clock: Clock | None = None) -> bytes:
    """Return one self-contained page about a report: no script, no address, no network.

    Args:
        report: The report.
        clock: Tells when the page is written.
    """
    page = build_contamination(report, written_at=instant((clock or SystemClock()).now()))
    return write(page, _TEMPLATE).encode("utf-8", "replace")


def build_contamination(report: ContaminationReport, *, written_at: str) -> ContaminationPage:
    """Build every section of the page.

    Args:
        report: The report.
        written_at: When the page is written, in words.
    """
    worst = nsmallest(SHOWN_HITS, report.hits, key=worst_first)
    left_out = report.hits_total - len(worst)
    return ContaminationPage(
        name=shorten(report.corpus.name, _NAME_CHARS),
        badge=_badge(report),
        facts=tuple(_facts(report)),
        notices=tuple(_notices(report)),
        tiles=_tiles(report),
        evals=_evals(report),
        hits=tuple(read_hit(hit) for hit in worst),
        omitted=f"{count(left_out, 'further hit')} not shown." if left_out > 0 else "",
        open=tuple(_open(report)),
        files=_files(report),
        bound=tuple(_bound(report)),
        written_at=written_at,
    )


def _badge(report: ContaminationReport) -> Badge:
    rows = f"{report.contaminated:,} of {count(report.rows_examined, 'examined row')}"
    word = report.verdict
    if word == "CONTAMINATED":
        return Badge(word=word, note=rows, tone="critical")
    if word == "CLEAN":
        return Badge(word=word, note=f"{count(report.rows_examined, 'row')} examined", tone="good")
    if word == "NOTHING EXAMINED":
        return Badge(word=word, note="this says nothing of the data", tone="warning")
    return Badge(word=word, note="not everything was examined", tone="warning")


def _facts(report: ContaminationReport) -> Iterator[Pair]:
    config = report.config
    yield Pair("Method", config.method)
    yield Pair("Rule", f"{config.rule}, version {config.rule_version}")
    if config.threshold is not None:
        yield Pair("Threshold", f"{config.threshold:g}")
    if config.n is not None:
        yield Pair("N-grams of", count(config.n, "word"))
    if config.exhaustive:
        yield Pair("Search", "exhaustive")


def _notices(report: ContaminationReport) -> Iterator[Notice]:
    if report.skips.count:
        rows = count(report.skips.count, "row")
        yield Notice(f"{rows} could not be examined.", "Nothing is known of them; see below.")
    for part in report.evals:
        if not part.examined:
            yield Notice(
                f"No item of {shorten(part.name, _NAME_CHARS)} could be examined.",
                "This check says nothing of the eval set.",
            )


_SKIPS: Final = ("every row could be read", "their places are below")


def _tiles(report: ContaminationReport) -> tuple[Tile, ...]:
    rate = None if math.isnan(report.contamination_rate) else report.contamination_rate
    items = sum(part.items for part in report.evals)
    examined = sum(part.examined for part in report.evals)
    leaked = sum(part.leaked_items for part in report.evals)
    found: Tone = "critical" if report.contaminated else "plain"
    unread: Tone = "warning" if report.skips.count else "plain"
    short: Tone = "warning" if examined < items else "plain"
    return (
        Tile("Rows examined", f"{report.rows_examined:,}", f"of {report.corpus.rows:,}"),
        Tile(
            "Rows not examined", f"{report.skips.count:,}", _SKIPS[bool(report.skips.count)], unread
        ),
        Tile("Contaminated rows", f"{report.contaminated:,}", f"{share(rate)} of examined", found),
        Tile("Eval items", f"{items:,}", f"in {count(len(report.evals), 'set')}"),
        Tile("Leaked items", f"{leaked:,}", f"of {examined:,} examined", found),
        Tile("Too short", f"{items - examined:,}", "items that were not examined", short),
    )


def _evals(report: ContaminationReport) -> Table:
    return table(
        (
            Column("Eval set", wide=True),
            Column("Items", numeric=True),
            Column("Leaked", numeric=True),
            Column("Rate", numeric=True),
            Column("Too short", numeric=True),
            Column("Digest", digest=True),
        ),
        [_eval_cells(part) for part in report.evals],
        limit=SHOWN_SETS,
        noun="eval sets",
    )


def _eval_cells(part: EvalSetPart) -> tuple[Cell, ...]:
    return (
        Cell(shorten(part.name, _NAME_CHARS)),
        Cell(f"{part.items:,}"),
        Cell(f"{part.leaked_items:,}", tone="critical" if part.leaked_items else None),
        Cell(share(part.eval_leak_rate)),
        Cell(f"{part.items - part.examined:,}"),
        Cell(part.digest, code=True),
    )


def _open(report: ContaminationReport) -> Iterator[CheckItem]:
    for skip in report.skips.first:
        where = f"{skip.file}:{skip.line}" if skip.line else f"{skip.file or ''} row {skip.row}"
        yield CheckItem("skipped", where.strip(), skip.reason, "warning")
    more = report.skips.count - len(report.skips.first)
    if more > 0 and report.skips.first:
        silent = any(what.startswith("rows without") for what in report.not_examined)
        why = "those without text are among them" if silent else ""
        yield CheckItem("skipped", count(more, "further row"), why, "warning")
    for what, why in report.not_examined.items():
        if not what.startswith("rows: "):  # said above, place by place
            yield CheckItem("left out", what, why, "warning")
    if report.config.method == "ngram":
        yield CheckItem("not sought", "rephrasings and translations", _WORDS_ONLY)


_WORDS_ONLY: Final = "common words are compared; the method embedding looks for rephrasings"


def _files(report: ContaminationReport) -> Table:
    return table(
        (
            Column("File", wide=True),
            Column("Bytes", numeric=True),
            Column("Rows", numeric=True),
            Column("SHA-256", digest=True),
        ),
        [
            (
                Cell(shorten(file.name, _NAME_CHARS)),
                Cell(f"{file.size:,}"),
                Cell(f"{file.rows:,}"),
                Cell(file.sha256 or "by its chunks alone", code=file.sha256 is not None),
            )
            for file in report.corpus.files
        ],
        limit=SHOWN_FILES,
        noun="files",
    )


def _bound(report: ContaminationReport) -> Iterator[Pair]:
    yield Pair("Report", report.to_document().digest(), code=True)
    yield Pair("Eval items", report.index, code=True)
    yield Pair("Rows", report.corpus.records_root or "not known", code=True)
    yield Pair("Files' bytes", report.corpus.merkle_root or "no files", code=True)
