"""Training data against eval sets, as a command asks for it: check, write what was asked, judge."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import UsageError
from provenir.core.new_files import check_new, write_new
from provenir.core.progress import progress_bar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from provenir.eval.contamination import ContaminationConfig, ContaminationReport

__all__ = [
    "CLEAN",
    "CONTAMINATED",
    "UNDECIDED",
    "Checked",
    "Wanted",
    "WrittenIndex",
    "check_contamination",
    "eval_source",
    "exit_code",
    "write_index",
]

CLEAN: Final = 0
CONTAMINATED: Final = 1
UNDECIDED: Final = 3

BAR_FROM_BYTES: Final = 64_000_000
BAR_FROM_ROWS: Final = 100_000
"""About a second's worth."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What came of a check.

    Attributes:
        report: The report.
        exit_code: See `exit_code`.
        size: Bytes of the training files, or the rows that were in memory.
        unit: ``bytes`` or ``rows``.
        seconds: How long the check took.
        written: What was written, in words, with its place.
    """

    report: ContaminationReport
    exit_code: int
    size: int
    unit: str
    seconds: float
    written: tuple[tuple[str, Path], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is to be written, each to a place where nothing is yet.

    Attributes:
        output: Where the report goes.
        page: Where its page goes.
        render: Makes the page; needed where one is wanted.
        filter_to: Where the clean rows go.

    Raises:
        UsageError: A page without what makes it.
    """

    output: Path | None = None
    page: Path | None = None
    render: Callable[[ContaminationReport], bytes] | None = None
    filter_to: Path | None = None

    def __post_init__(self) -> None:
        if self.page is not None and self.render is None:
            raise UsageError("a page needs what makes it", where="Wanted", mend="give render")


def check_contamination(
    train: Sequence[str],
    evals: Sequence[str],
    config: ContaminationConfig,
    wanted: Wanted | None = None,
) -> Checked:
    """Compare training data with eval sets, and write what is asked for.

    Args:
        train: Files, folders or globs.
        evals: The same, each with ``NAME=`` before it where it needs a name; or one index file.
        config: The settings.
        wanted: What is to be written.

    Raises:
        InputError: The data cannot be read, or there is nothing to examine.
        UsageError: A file is there already, or its folder is not, or two outputs have one name;
            see `ContaminationChecker`.
        OSError: A file cannot be written.
    """
    from provenir.data.minhash.writing import check_output
    from provenir.eval.contamination import ContaminationChecker
    from provenir.eval.contamination.corpus import open_corpus

    wanted = wanted or Wanted()
    source = train[0] if len(train) == 1 else list(train)
    _refuse_early(wanted, train)
    if wanted.filter_to is not None:
        check_output(source, wanted.filter_to)
    size, unit = open_corpus(source).size
    least = BAR_FROM_BYTES if unit == "bytes" else BAR_FROM_ROWS
    began = time.monotonic()
    with progress_bar(size, unit=unit, label="scanning", least=least) as progress:
        report = ContaminationChecker(config).check_datasets(
            source, [eval_source(one) for one in evals], progress=progress
        )
    seconds = time.monotonic() - began
    return Checked(
        report=report,
        exit_code=exit_code(report),
        size=size or 0,
        unit=unit,
        seconds=seconds,
        written=tuple(_written(wanted, source, report)),
    )


def _refuse_early(wanted: Wanted, train: Sequence[str]) -> None:
    """Refuse what cannot be written before anything is read."""
    places: set[Path] = set()
    for path in (wanted.output, wanted.page, wanted.filter_to):
        if path is None:
            continue
        check_new(path)
        place = path.resolve()
        if place in places:
            raise UsageError("two outputs have one name", where=str(path), mend="give each its own")
        places.add(place)
        if any(Path(one).is_dir() and place.is_relative_to(Path(one).resolve()) for one in train):
            # It would be read as training data by the next check, and by a recheck of this one.
            raise UsageError(
                "this would lie within the training data",
                where=str(path),
                mend="write it elsewhere",
            )


def _written(
    wanted: Wanted, source: Any, report: ContaminationReport
) -> Iterator[tuple[str, Path]]:
    from provenir.eval.contamination.clean_rows import write_clean_rows

    if wanted.output is not None:
        write_new(wanted.output, report.to_document().to_bytes())
        yield "report", wanted.output
    if wanted.page is not None and wanted.render is not None:
        write_new(wanted.page, wanted.render(report))
        yield "page", wanted.page
    if wanted.filter_to is not None:
        rows = write_clean_rows(source, report, wanted.filter_to)
        yield f"{rows:,} clean rows", wanted.filter_to


def exit_code(report: ContaminationReport) -> int:
    """Return 1 where a row holds an eval item, 3 where that was not decided for all, else 0.

    Undecided are rows that could not be read, and eval sets of which no item could be examined.
    Single items with too few words, and fields that were not asked about, are said and decide
    nothing.
    """
    if report.contaminated:
        return CONTAMINATED
    blind = any(not part.examined for part in report.evals)
    return UNDECIDED if blind or report.skips.count or not report.rows_examined else CLEAN


def eval_source(given: str) -> Any:
    """Return a path as given, or a data set with the name that stands before it (``NAME=``)."""
    from provenir.data.dataset import Dataset

    name, sign, path = given.partition("=")
    if not sign or not name or "/" in name or Path(given).exists():
        return given
    return Dataset(path, name=name)


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenIndex:
    """An index that was written: its digest, and how many items each eval set has."""

    digest: str
    items: dict[str, int]


def write_index(evals: Sequence[str], path: Path, *, exhaustive: bool = False) -> WrittenIndex:
    """Make an index of eval sets and write it to a file that is not there yet.

    Args:
        evals: The sets, as in `check_contamination`.
        path: The file.
        exhaustive: Whether it keeps what an exhaustive search needs.

    Raises:
        InputError: A set that cannot be read, or is empty.
        UsageError: The file has another ending than ``.idx`` or is there already, or its folder is
            not; two sets have one name.
        OSError: The file cannot be written.
    """
    from provenir.core.extras import require

    require("data", "numpy")
    from provenir.data.overlap.index import EvalIndex
    from provenir.eval.contamination.compared import INDEX_SUFFIX
    from provenir.eval.contamination.eval_sets import read_eval_sets

    if path.suffix != INDEX_SUFFIX:
        raise UsageError(
            "an index is known by its name",
            where=str(path),
            mend=f"choose one that ends in {INDEX_SUFFIX}",
        )
    check_new(path)
    sets = read_eval_sets([eval_source(one) for one in evals])
    index = EvalIndex.build({one.name: one.rows for one in sets}, exhaustive=exhaustive)
    digest = index.save(path)
    return WrittenIndex(digest=digest, items={one.name: len(one.rows) for one in sets})
