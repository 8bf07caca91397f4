"""What the training data is compared with: eval sets, or an index that was made of them before."""

from __future__ import annotations

from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import AlteredDocumentError, InputError, UsageError
from provenir.core.extras import require
from provenir.eval.contamination.eval_sets import EvalSet, check_fields, read_eval_sets
from provenir.eval.contamination.scanners import make_scanner

if TYPE_CHECKING:
    from provenir.data.overlap.index import EvalIndex
    from provenir.eval.contamination.config import ContaminationConfig
    from provenir.eval.contamination.scanner import Scanner

__all__ = ["INDEX_SUFFIX", "is_index", "open_evals"]

INDEX_SUFFIX: Final = ".idx"
"""By this ending a file is known as an index (`provenir.data.overlap.index`)."""


def open_evals(evals: Any, config: ContaminationConfig) -> tuple[tuple[EvalSet, ...], Scanner]:
    """Read eval sets, or open an index of them, and make what compares.

    Args:
        evals: What `read_eval_sets` takes; or an `EvalIndex`, or the path of one, alone.
        config: The settings.

    Raises:
        InputError: A set that cannot be read, or is empty; no index, or one that was altered.
        UsageError: Not eval sets; a field that no record has; an index together with others, or
            with settings that it was not made for.
    """
    require("data", "numpy")
    index = _index(evals)
    if index is None:
        sets = read_eval_sets(evals)
        scanner = make_scanner({one.name: one.rows for one in sets}, config)
        check_fields(sets, config.eval_fields or ())
        return sets, scanner
    if config.method != "ngram":
        raise _unfit(f"an index is for the method ngram, not for {config.method}")
    if config.eval_fields is not None:
        raise _unfit("the fields of an index were chosen when it was made")
    if config.exhaustive and not index.exhaustive:
        raise _unfit("the index does not keep what an exhaustive search needs")
    from provenir.eval.contamination.ngram import NgramScanner

    rows: dict[str, list[Any]] = {}
    for item in index.items:
        rows.setdefault(item.eval_set, []).append(item)
    sets = tuple(EvalSet(name=name, rows=tuple(rows[name]), files=()) for name in rows)
    asked = replace(config, exhaustive=index.exhaustive, eval_fields=index.fields)
    return sets, NgramScanner.over(index, asked)


def is_index(one: Any) -> bool:
    """Whether something is an index, or the name of one."""
    if isinstance(one, str | PathLike):
        return Path(one).suffix == INDEX_SUFFIX
    from provenir.data.overlap.index import EvalIndex

    return isinstance(one, EvalIndex)


def _index(evals: Any) -> EvalIndex | None:
    from provenir.data.overlap.index import EvalIndex

    if isinstance(evals, EvalIndex):
        return evals
    several = list(evals) if isinstance(evals, list | tuple) else [evals]
    if not any(map(is_index, several)):
        return None
    if len(several) > 1:
        raise UsageError(
            "an index is compared alone", mend="make one index of all eval sets, or give the sets"
        )
    if isinstance(several[0], EvalIndex):
        return several[0]
    try:
        return EvalIndex.open(several[0])
    except AlteredDocumentError as error:
        # Of the training data this says nothing: it must not look like a leak.
        raise InputError(error.what, where=error.where, mend="make the index again") from error


def _unfit(what: str) -> UsageError:
    return UsageError(what, where="evals", mend="give the eval sets themselves")
