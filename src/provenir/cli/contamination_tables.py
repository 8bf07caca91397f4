"""What a check of contamination looks like on a terminal: counts, eval sets, the worst hits."""

from __future__ import annotations

import math
import re
from heapq import nsmallest
from typing import TYPE_CHECKING, Final

from rich import box
from rich.table import Column, Table
from rich.text import Text

from provenir.cli.output import say, show_line, stdout, table
from provenir.cli.verdicts import WORDS
from provenir.core.text import printable
from provenir.eval.contamination.quoting import quoted
from provenir.eval.contamination.report import worst_first

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from provenir.eval.contamination import ContaminationHit, ContaminationReport
    from provenir.eval.contamination.document import EvalSetPart
    from provenir.eval.contamination.quoting import Side
    from provenir.eval.contamination.recheck import Rechecked
    from provenir.flows.contamination import Checked

__all__ = ["show_check", "show_recheck", "verdict"]

SHOWN_HITS: Final = 5
SHOWN_FILES: Final = 5
SHOWN_SKIPS: Final = 3
TIMED_BYTES: Final = 100_000_000
"""Below, what is timed is mostly the start."""
TEXT_CHARS: Final = 420
BESIDE_COLUMNS: Final = 100
"""From so many columns on the two texts of a hit stand beside each other."""
COMMON: Final = "bold green"
MARKS: Final = ("«", "»")
"""Around what is common, where no colour shows it."""


def verdict(report: ContaminationReport) -> tuple[str, str]:
    """Return the verdict, and its style."""
    styles = {"CONTAMINATED": "bold red", "CLEAN": "bold green"}
    return report.verdict, styles.get(report.verdict, "bold yellow")


def show_check(checked: Checked) -> None:
    """Show what a check found, what it looked at, and what not."""
    report = checked.report
    _show_hits(report)
    console = stdout()
    console.print(table("training data", ("item", "value"), _counts(report)))
    head = ("eval set", "items", "leaked", "rate", "too short")
    console.print(table("eval sets", head, map(_set_cells, report.evals)))
    for what, why in report.not_examined.items():
        if not what.startswith("rows: "):  # the table says where they are
            say(f"not examined: {what}: {why}", "yellow")
    if pace := _pace(checked):
        say(pace, "dim")
    word, style = verdict(report)
    rows = f"{report.contaminated:,} of {report.rows_examined:,} examined rows hold eval items"
    show_line(Text(f"{word}:", style), Text(rows))


def show_recheck(outcome: Rechecked, subject: str) -> None:
    """Show the steps of a recheck and what they come to."""
    rows = ((check.name, check.status, check.detail) for check in outcome.checks)
    stdout().print(table(None, ("check", "result", "detail"), rows))
    word, style = WORDS[outcome.exit_code]
    drawn = f"{outcome.hits:,} hits and {outcome.sampled:,} other rows, seed {outcome.seed}"
    show_line(Text(f"{word}:", style), Text(printable(subject)), Text(f"({drawn})", "dim"))


def _counts(report: ContaminationReport) -> Iterator[tuple[str, str]]:
    corpus, config = report.corpus, report.config
    names = [file.name for file in corpus.files[:SHOWN_FILES]] or [corpus.name]
    more = len(corpus.files) - len(names)
    yield (
        "files" if corpus.files else "data",
        ", ".join(names) + (f" and {more:,} more" if more > 0 else ""),
    )
    yield "rows", f"{corpus.rows:,}"
    yield "examined", f"{report.rows_examined:,}"
    if report.skips.count:
        yield "not examined", f"{report.skips.count:,}: {_skips(report)}"
    else:
        yield "not examined", "0"
    yield "contaminated", f"{report.contaminated:,} ({_rate(report.contamination_rate)})"
    threshold = "" if config.threshold is None else f", threshold {config.threshold:g}"
    grams = "" if config.n is None else f", {config.n} words"
    how = ", exhaustive" if config.exhaustive else ""
    yield "rule", f"{config.rule} {config.rule_version}{threshold}{grams}{how}"


def _skips(report: ContaminationReport) -> str:
    told = [
        f"{_where(skip.file, skip.line, skip.row)}: {skip.reason}"
        for skip in report.skips.first[:SHOWN_SKIPS]
    ]
    if not told:
        return "they have no text" + (" in the fields" if report.config.fields else "")
    return "; ".join(told) + (" …" if report.skips.count > len(told) else "")


def _where(file: str | None, line: int | None, row: int) -> str:
    return f"{file}:{line}" if line else f"{file}, row {row}" if file else f"row {row}"


def _set_cells(part: EvalSetPart) -> Sequence[str]:
    rate = "unknown" if part.eval_leak_rate is None else _rate(part.eval_leak_rate)
    return (
        part.name,
        f"{part.items:,}",
        f"{part.leaked_items:,}",
        rate,
        f"{part.items - part.examined:,}",
    )


def _rate(share: float) -> str:
    return "unknown" if math.isnan(share) else f"{share:.2%}"


def _pace(checked: Checked) -> str:
    """How fast it was, where there was enough to tell."""
    if checked.unit != "bytes" or checked.size < TIMED_BYTES:
        return ""
    pace = checked.size / 1e6 / max(checked.seconds, 1e-3)
    return f"{checked.size / 1e6:,.0f} MB in {checked.seconds:.1f} s: {pace:,.0f} MB/s"


def _show_hits(report: ContaminationReport) -> None:
    worst = nsmallest(SHOWN_HITS, report.hits, key=worst_first)
    if not worst:
        return
    console = stdout()
    coloured = console.is_terminal and console.color_system is not None and not console.no_color
    title = "hits" if report.hits_total == len(worst) else f"the worst {len(worst)} hits"
    if console.is_terminal and console.width >= BESIDE_COLUMNS:
        console.print(_beside(title, worst, coloured=coloured))
    else:
        say(title, "bold")
        for hit in worst:
            _show_stacked(hit, coloured=coloured)
    if report.hits_total > len(worst):
        say(f"{report.hits_total - len(worst):,} more hits; --html or --output keeps them")


def _beside(title: str, hits: Sequence[ContaminationHit], *, coloured: bool) -> Table:
    drawn = Table(
        title=Text(title),
        title_justify="left",
        title_style="bold",
        header_style="dim",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        show_lines=True,
    )
    drawn.add_column("hit", overflow="fold", width=22)
    drawn.add_column("eval item", overflow="fold", ratio=1)
    drawn.add_column("training row", overflow="fold", ratio=1)
    for hit in hits:
        about = Text("\n").join([Text(line) for line in _about(hit)])
        ours, theirs = _text(hit, "eval", coloured=coloured), _text(hit, "train", coloured=coloured)
        drawn.add_row(about, ours, theirs)
    return drawn


def _show_stacked(hit: ContaminationHit, *, coloured: bool) -> None:
    show_line(Text(" · ".join(_about(hit))))
    sides: tuple[tuple[str, Side], ...] = (("   eval │", "eval"), ("  train │", "train"))
    if not stdout().is_terminal:
        for label, side in sides:
            show_line(Text(label, "dim"), _text(hit, side, coloured=coloured))
        return
    grid = Table.grid(Column(no_wrap=True, style="dim"), Column(overflow="fold"), padding=(0, 1))
    for label, side in sides:
        grid.add_row(label, _text(hit, side, coloured=coloured))
    stdout().print(grid)


def _about(hit: ContaminationHit) -> list[str]:
    where = _where(hit.place.file, hit.place.line, hit.train_index)
    what = "the item" if hit.role == "item" else f"its {hit.role}"
    grave = "" if hit.severity != "info" else " (info)"
    return [
        printable(f"{hit.eval_set}[{hit.eval_index}]"),
        f"{hit.score:.0%} of {printable(what)}{grave}",
        printable(where),
    ]


def _text(hit: ContaminationHit, side: Side, *, coloured: bool) -> Text:
    pieces = quoted(hit, side)
    if not pieces:
        return Text("(no text is quoted)", "dim")
    shown, left = Text(), TEXT_CHARS
    before, behind = ("", "") if coloured else MARKS
    for piece in pieces:
        words = printable(re.sub(r"\s+", " ", piece.text[:left]), max_chars=TEXT_CHARS)
        marked = f"{before}{words}{behind}" if piece.common else words
        shown.append(marked, COMMON if piece.common and coloured else "")
        left -= len(piece.text)
        if left <= 0:
            shown.append(" …")
            break
    return shown
