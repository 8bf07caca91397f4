"""`ContaminationChecker`: eval sets against training data."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from provenir.core.digest import format_digest
from provenir.core.errors import InputError, UsageError
from provenir.core.extras import require
from provenir.core.merkle import merkle_root
from provenir.eval.contamination.config import ContaminationConfig
from provenir.eval.contamination.report import ContaminationReport

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from provenir.eval.contamination.corpus import Corpus
    from provenir.eval.contamination.document import ConfigPart, EvalSetPart
    from provenir.eval.contamination.eval_sets import EvalSet
    from provenir.eval.contamination.gathering import Gathering
    from provenir.eval.contamination.scanner import Scanner

__all__ = ["ContaminationChecker", "set_digests"]

_NAMES_TOLD: Final = 8


class ContaminationChecker:
    """Tells whether eval items are in training data, and where.

    Args:
        config: The settings; the defaults unless given.
    """

    def __init__(self, config: ContaminationConfig | None = None) -> None:
        if not isinstance(config, ContaminationConfig | None):
            raise UsageError(
                f"a {type(config).__name__} is no ContaminationConfig", where="ContaminationChecker"
            )
        self.config = config or ContaminationConfig()

    def check_datasets(
        self, train: Any, evals: Any, *, progress: Callable[[int], None] | None = None
    ) -> ContaminationReport:
        """Compare training data with eval sets.

        Args:
            train: What `provenir.data.Dataset` takes: a list of dicts, paths, folders, globs, a
                Hugging Face data set, a table.
            evals: One eval set, a list of paths, a mapping of names to sets; or an `EvalIndex`,
                or the path of one (`*.idx`).
            progress: Called with the bytes (of rows in memory: the rows) since the last call.

        Raises:
            InputError: The data cannot be read, or there is nothing to examine; with `strict`,
                the first row that cannot be examined.
            MissingExtraError: The extra `data` is not installed, or what the method needs.
            UsageError: What was given are no data sets, or the method cannot run.
        """
        require("data", "numpy")
        from provenir.eval.contamination.compared import open_evals
        from provenir.eval.contamination.corpus import open_corpus
        from provenir.eval.contamination.gathering import Gathering

        sets, scanner = open_evals(evals, self.config)
        corpus = open_corpus(train)
        gathering = Gathering(scanner, self.config, [one.file.name for one in corpus.files])
        scan_corpus = _engine(self.config.engine)
        scan_corpus(corpus, scanner, gathering, self.config, progress)
        self._check_examined(corpus, gathering)
        return self._report(sets, scanner, corpus, gathering)

    def check(
        self,
        train: Any,
        texts: Iterable[str],
        *,
        name: str = "texts",
        progress: Callable[[int], None] | None = None,
    ) -> ContaminationReport:
        """Compare training data with single texts; see `check_datasets`.

        Args:
            train: The training data.
            texts: The texts; each is an eval item.
            name: What the set of them is called.
            progress: As in `check_datasets`.

        Raises:
            UsageError: No list of texts, or an empty one; else as in `check_datasets`.
        """
        given: Any = texts
        found = list(given) if isinstance(given, Iterable) and not isinstance(given, str) else []
        if not found or not all(isinstance(text, str) for text in found):
            raise UsageError("texts is a list of one or more texts", mend="check(train, [text, …])")
        rows = [{"text": text} for text in found]
        return self.check_datasets(train, {name: rows}, progress=progress)

    def filter_contaminated(self, train: Any, report: ContaminationReport) -> Any:
        """Return the training data without the rows that a report calls contaminated.

        Rows that could not be examined are kept; `report.skips` names them.

        Args:
            train: The training data that the report is about.
            report: The report.

        Returns:
            The same type as `train`; for paths a `provenir.data.Dataset`.

        Raises:
            InputError: The report is about other data.
        """
        require("data", "numpy")
        from provenir.eval.contamination.filtering import without_contaminated

        return without_contaminated(train, report)

    def _check_examined(self, corpus: Corpus, gathering: Gathering) -> None:
        """Refuse what would be clean for want of having been looked at."""
        absent = [name for name in self.config.fields or () if name not in gathering.used]
        if absent and _readable(gathering):
            raise UsageError(
                f"no row has text in {', '.join(absent)}", where=corpus.name, mend="check the names"
            )
        if not gathering.all_rows:
            raise InputError("nothing to examine: the training data is empty", where=corpus.name)
        skips = gathering.skips()
        first = skips.first[0] if skips.first else None
        if first is not None and (self.config.strict or skips.count >= gathering.all_rows):
            what = "" if self.config.strict else "no row can be examined; the first: "
            place = first.file or corpus.name
            raise InputError(
                what + first.reason,
                where=f"{place}:{first.line}" if first.line else f"{place}, row {first.row}",
                mend="store one JSON object per line, as UTF-8",
            )
        named = f" in {', '.join(self.config.fields)}" if self.config.fields else ""
        if gathering.lost >= gathering.all_rows:
            raise InputError(f"nothing to examine: no row has text{named}", where=corpus.name)
        if self.config.strict and gathering.textless:
            raise InputError(
                f"{gathering.textless} rows have no text{named}",
                where=f"{corpus.name}, row {min(gathering.lost_rows)}",
                mend="take them out, name other fields, or leave strict out",
            )

    def _report(
        self, sets: tuple[EvalSet, ...], scanner: Scanner, corpus: Corpus, gathering: Gathering
    ) -> ContaminationReport:
        from provenir.eval.contamination.corpus import describe
        from provenir.eval.contamination.row_set import format_rows

        digests = set_digests(scanner)
        config = scanner.config()
        parts = gathering.eval_parts(sets, digests)
        skips = gathering.skips()
        examined = gathering.all_rows - skips.count
        return ContaminationReport(
            findings=tuple(gathering.hits),
            examined={
                "rows": examined,
                "items": sum(part.examined for part in parts),
                "set_aside": gathering.set_aside,
            },
            not_examined=_not_examined(corpus, gathering, parts, config),
            config=config,
            index=scanner.digest,
            evals=tuple(parts),
            corpus=describe(corpus, gathering.leaves, gathering.rows),
            rows_examined=examined,
            contaminated=len(gathering.contaminated),
            contaminated_rows=format_rows(gathering.contaminated),
            hits_total=gathering.hits_total,
            skips=skips,
        )


def _engine(name: str) -> Callable[..., None]:
    """What scans: threads of this process, or a Ray cluster."""
    if name == "ray":
        from provenir.eval.contamination.ray_engine import scan_by_ray

        return scan_by_ray
    from provenir.eval.contamination.scan import scan_corpus

    return scan_corpus


def _readable(gathering: Gathering) -> int:
    return gathering.all_rows - (gathering.lost - gathering.textless)


def set_digests(scanner: Scanner) -> dict[str, str]:
    """The Merkle root over the digests of each set's records: the set's `dataset_hash`."""
    leaves: dict[str, list[bytes]] = {}
    for item in scanner.items:
        leaves.setdefault(item.eval_set, []).append(bytes.fromhex(item.digest.rpartition(":")[2]))
    return {name: format_digest(merkle_root(hashes)) for name, hashes in leaves.items()}


def _not_examined(
    corpus: Corpus, gathering: Gathering, parts: Sequence[EvalSetPart], config: ConfigPart
) -> dict[str, str]:
    found: dict[str, str] = {}
    if others := corpus.left_out:
        shown = ", ".join(others[:_NAMES_TOLD]) + (", …" if len(others) > _NAMES_TOLD else "")
        found["other files"] = f"{len(others)} in the folder are of no kind that is read: {shown}"
    for reason, count in gathering.reasons.items():
        found[f"rows: {reason}"] = f"{count} of {gathering.all_rows}; skips.first says where"
    if gathering.textless:
        what = "rows without the fields" if config.fields else "rows without any text"
        found[what] = f"{gathering.textless} of {gathering.all_rows}"
    if config.fields:
        found["other fields"] = f"only {', '.join(config.fields)} of each row was examined"
    if config.eval_fields:
        names = ", ".join(config.eval_fields)
        found["other eval fields"] = f"only {names} of each eval record was compared"
    for part in parts:
        if part.examined < part.items:
            few = part.items - part.examined
            found[f"eval {part.name}"] = f"{few} of {part.items} items have too few words"
    if gathering.set_aside:
        # Phrases that recur are boilerplate as a rule, and a leak that was copied looks like them.
        found["hits set aside"] = f"{gathering.set_aside} share what recurs in the corpus alone"
    return found
