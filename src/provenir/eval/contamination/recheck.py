"""A report checked again by somebody who has the data and need not trust its writer.

The steps, each a row of the outcome that passes, fails with the place and the reason, or is not
checked with the reason:

1. *report*: what it says is not at odds with itself (`recheck_claims`);
2. *rule*: its method, rule, version and settings are those of this installation (not checked
   where its embedder is the writer's own: a model is no part of a report);
3. *eval items*: the eval records have the digests, the numbers and the index that it names;
4. *training data*: the files have its sizes, rows and chunks, so nothing in them was changed;
5. *hits*: each row lies at its place with its digest, and scanned alone gives the same hit;
6. *other contaminated rows*: rows of which no hit is kept hold some item;
7. *skipped rows*: they cannot be read, or hold no text;
8. *other rows*: rows drawn at random hold nothing, found without the index of seeds.

Nothing here sees a row that is neither named by the report nor drawn. Of a report whose writer left
out k of n rows everywhere, a draw of s rows misses all k with a chance of about (1 - k/n)^s.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING, Any, Final, Literal

from provenir.core.errors import UsageError
from provenir.core.text import printable
from provenir.eval.contamination.config import ContaminationConfig
from provenir.eval.contamination.corpus import describe, open_corpus
from provenir.eval.contamination.recheck_binding import corpus_faults, eval_faults
from provenir.eval.contamination.recheck_claims import claim_faults
from provenir.eval.contamination.recheck_draw import Drawn, draw_rows
from provenir.eval.contamination.scanner import kept_hits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from provenir.eval.contamination.document import ContaminationReportDocument
    from provenir.eval.contamination.picking import Picked
    from provenir.eval.contamination.recheck_rows import RowJudge
    from provenir.eval.contamination.scanner import Scanner

__all__ = ["DEFAULT_SAMPLE", "Recheck", "Rechecked", "recheck"]

DEFAULT_SAMPLE: Final = 200
_FEW: Final = 3
_NAME_CHARS: Final = 80
TOLD: Final = 5
"""Faults that a row tells; the others are counted."""

Status = Literal["pass", "fail", "not-checked"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Recheck:
    """One step: its name, how it ended, and why or what was looked at."""

    name: str
    status: Status
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rechecked:
    """What came of it.

    Attributes:
        checks: The steps in order.
        hits: How many hits were scored again.
        sampled: How many rows were drawn.
        seed: What they were drawn by.
    """

    checks: tuple[Recheck, ...]
    hits: int
    sampled: int
    seed: int

    @property
    def exit_code(self) -> int:
        """1 where a step failed, 3 where one could not be made, else 0."""
        found = {check.status for check in self.checks}
        return 1 if "fail" in found else 3 if "not-checked" in found else 0

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as JSON-safe values."""
        return {
            "exit_code": self.exit_code,
            "hits": self.hits,
            "sampled": self.sampled,
            "seed": self.seed,
            "checks": [
                {"name": one.name, "status": one.status, "detail": one.detail}
                for one in self.checks
            ],
        }


def recheck(
    report: ContaminationReportDocument,
    *,
    train: Any = None,
    evals: Any = None,
    hits: int | None = None,
    sample: int = DEFAULT_SAMPLE,
    seed: int = 0,
    progress: Callable[[int], None] | None = None,
) -> Rechecked:
    """Check a report again.

    Args:
        report: The report as it is stored.
        train: The training data, as `ContaminationChecker.check_datasets` takes it; None where it
            is not at hand.
        evals: The eval sets by the names in the report, or their index; None likewise.
        hits: How many of the hits, drawn at random; None for all.
        sample: How many of the rows that are no hits; more than there are means all.
        seed: What is drawn depends on it alone.
        progress: Called with the bytes read since the last call.

    Raises:
        InputError: Data that was given cannot be read.
        UsageError: A number below 0.
    """
    if sample < 0 or (hits is not None and hits < 0):
        raise UsageError("a sample has 0 or more rows", where="recheck")
    faults = list(claim_faults(report))
    checks = [_judged("report", faults, "nothing in it is at odds with the rest")]
    if faults:
        train = evals = None
    config = _config(report, checks)
    scanner = _scanner(report, config, evals, checks)
    drawn, picked = draw_rows(report, hits, sample, Random(seed)), None  # noqa: S311 - no secret
    if train is None:
        checks.append(_left_out("training data", "it was not given", faults))
    else:
        picked = _picked(report, train, drawn, checks, progress)
    if scanner is None or picked is None or config is None:
        why = "it takes the training data, the eval sets and the rule"
        names = ("hits", "other contaminated rows", "skipped rows", "other rows")
        checks += [_left_out(name, why, faults) for name in names]
        return Rechecked(checks=tuple(checks), hits=0, sampled=0, seed=seed)
    from provenir.eval.contamination.recheck_rows import RowJudge

    judge = RowJudge(report, scanner, config, picked)
    checks += _row_checks(judge, drawn)
    return Rechecked(
        checks=tuple(checks), hits=len(drawn.hits), sampled=len(drawn.others), seed=seed
    )


def _row_checks(judge: RowJudge, drawn: Drawn) -> Iterator[Recheck]:
    """The steps that look at single rows; where none of those that there are was drawn, none."""
    for name, kind, judged, does, none in (
        ("hits", "hits", judge.hit_faults, "gave the same at their places", "there are none"),
        (
            "other contaminated rows",
            "unkept",
            judge.unkept_faults,
            "hold an item",
            "every one has a hit",
        ),
        (
            "skipped rows",
            "skipped",
            judge.skip_faults,
            "cannot be read or hold no text",
            "there are none",
        ),
    ):
        rows, every = getattr(drawn, kind), drawn.of[kind]
        if every and not rows:
            yield _undrawn(name, every)
            continue
        faults = [fault for row in rows for fault in judged(row)]
        share = f"{len(rows):,}" if len(rows) == every else f"{len(rows):,} of {every:,}"
        yield _judged(name, faults, f"{share} {does}" if rows else none)
    yield _other_rows(judge, drawn)


def _other_rows(judge: RowJudge, drawn: Drawn) -> Recheck:
    every = drawn.of["others"]
    if every and not drawn.others:
        return _undrawn("other rows", every)
    faults, open_rows = judge.other_faults(drawn.others)
    if open_rows and not faults:
        return Recheck(name="other rows", status="not-checked", detail=_told(open_rows))
    return _judged("other rows", faults, _sampled(len(drawn.others), every))


def _undrawn(name: str, every: int) -> Recheck:
    return Recheck(name=name, status="not-checked", detail=f"none of {every:,} was drawn")


def _sampled(drawn: int, of: int) -> str:
    """What a draw without a finding says of all: the rule of three."""
    if drawn == of:
        return f"all {of:,} hold nothing" if of else "there are none"
    said = f"{drawn:,} of {of:,}, drawn at random, hold nothing"
    return f"{said}: with 95% confidence fewer than {3 / drawn:.1%} do" if drawn > _FEW else said


def _judged(name: str, faults: list[str], good: str) -> Recheck:
    return Recheck(
        name=name, status="fail" if faults else "pass", detail=_told(faults) if faults else good
    )


def _left_out(name: str, why: str, faults: list[str]) -> Recheck:
    reason = "the report contradicts itself" if faults else why
    return Recheck(name=name, status="not-checked", detail=reason)


def _told(faults: Iterable[str]) -> str:
    every = list(faults)
    more = f"; and {len(every) - TOLD:,} more" if len(every) > TOLD else ""
    return "; ".join(every[:TOLD]) + more


def _config(
    report: ContaminationReportDocument, checks: list[Recheck]
) -> ContaminationConfig | None:
    """The settings of the report, where this installation knows such."""
    part = report.config
    try:
        config = ContaminationConfig(
            method=part.method,
            rule=part.rule if part.method == "ngram" else None,
            threshold=part.threshold,
            n=part.n,
            fields=None if part.fields is None else tuple(part.fields),
            eval_fields=None if part.eval_fields is None else tuple(part.eval_fields),
            exhaustive=part.exhaustive,
            max_hits=kept_hits(part),
        )
    except UsageError as error:
        checks.append(_judged("rule", [error.what], ""))
        return None
    return config


def _foreign_embedder(report: ContaminationReportDocument) -> str:
    """The embedder that a report names, where it is the writer's own; else empty.

    A model is code: none is loaded because a stranger's report says so.
    """
    if report.config.method != "embedding":
        return ""
    from provenir.data.paraphrase.embedders import DEFAULT_EMBEDDER

    named = str(report.config.settings.get("embedder"))
    return "" if named == DEFAULT_EMBEDDER else printable(named, max_chars=_NAME_CHARS)


def _scanner(
    report: ContaminationReportDocument,
    config: ContaminationConfig | None,
    evals: Any,
    checks: list[Recheck],
) -> Scanner | None:
    """What compares, made of the eval sets; None where they or the settings do not fit."""
    if config is None:
        checks.append(_left_out("eval items", "its settings are none", []))
        return None
    foreign = _foreign_embedder(report)
    if evals is None or foreign:
        why = "the eval sets were not given"
        if foreign:
            why = f"its embedder {foreign} is none that comes with this installation"
        checks += [_left_out(name, why, []) for name in ("rule", "eval items")]
        return None
    from provenir.eval.contamination.compared import is_index, open_evals

    # The fields of an index were chosen when it was made, and it tells them in an order of its own.
    asked = replace(config, eval_fields=None) if is_index(evals) else config
    _, scanner = open_evals(evals, asked)
    ours, stated = scanner.config(), report.config.eval_fields
    if sorted(ours.eval_fields or ()) == sorted(stated or ()):
        ours = ours.model_copy(update={"eval_fields": stated})
    faults = [
        f"{name} is {getattr(report.config, name)!r} in the report, {getattr(ours, name)!r} here"
        for name in type(ours).model_fields
        if getattr(ours, name) != getattr(report.config, name)
    ]
    known = f"{report.config.rule}, version {report.config.rule_version}, as it is here"
    checks.append(_judged("rule", faults, known))
    wrong = list(eval_faults(report, scanner))
    count = f"{len(scanner.items):,} with the digests that the report names"
    checks.append(_judged("eval items", wrong, count))
    return None if faults or wrong else scanner


def _picked(
    report: ContaminationReportDocument,
    train: Any,
    drawn: Drawn,
    checks: list[Recheck],
    progress: Callable[[int], None] | None,
) -> Picked:
    from provenir.eval.contamination.picking import pick_rows

    corpus = open_corpus(train)
    wanted = {report.hits[number].train_index for number in drawn.hits}
    wanted.update(drawn.unkept, drawn.skipped, drawn.others)
    picked = pick_rows(corpus, wanted, progress)
    known = report.corpus.records_root is not None or any(
        file.sha256 is not None for file in report.corpus.files
    )
    here = describe(corpus, picked.leaves, picked.rows, identified=known)
    faults = list(corpus_faults(report, here))
    places = "1 file" if len(here.files) == 1 else f"{len(here.files):,} files"
    size = f"{here.rows:,} rows in {places}, byte for byte"
    good = size if report.corpus.files else f"{here.rows:,} rows with the root that it names"
    checks.append(_judged("training data", faults, good))
    return picked
