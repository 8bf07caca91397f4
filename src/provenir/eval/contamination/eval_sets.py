"""The eval sets that a user hands over, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from provenir.core.errors import InputError, UsageError
from provenir.core.text import is_encodable
from provenir.data.dataset import Dataset, as_dataset
from provenir.data.overlap.fields import field_texts
from provenir.data.sources import Files, resolve

__all__ = ["EvalSet", "check_fields", "read_eval_sets"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalSet:
    """One eval set, in memory.

    Attributes:
        name: Its name.
        rows: Its records; the `EvalItem`s of an index, which keeps no records.
        files: Names of the files that it was read from.
    """

    name: str
    rows: tuple[Any, ...]
    files: tuple[str, ...]


def read_eval_sets(evals: Any) -> tuple[EvalSet, ...]:
    """Read eval sets, sorted by name.

    Args:
        evals: A mapping of names to sources, a list of paths or `Dataset`s, or one source; a
            source is what `provenir.data.Dataset` takes. A set without a name is called after its
            file or data set.

    Raises:
        InputError: A set that cannot be read, or is empty.
        UsageError: Not eval sets; two sets of one name; no set; a `Dataset` with fields, for what
            it leaves out would be said nowhere.
    """
    named = _named(evals)
    if not named:
        raise UsageError("no eval set given", mend="give at least one")
    names = [name for name, _ in named]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(
            f"two eval sets are called {twice!r}",
            mend="name them: {'first': …, 'second': …}, or first=PATH on the command line",
        )
    return tuple(_read(name, source) for name, source in sorted(named, key=lambda one: one[0]))


def check_fields(sets: Sequence[EvalSet], fields: Sequence[str]) -> None:
    """Refuse a field in which no record of any set has text.

    Raises:
        UsageError: There is such a field.
    """
    absent = set(fields)
    for row in (row for one in sets for row in one.rows):
        if not absent:
            return
        absent -= {name for name in absent if field_texts(row, (name,))}
    if absent:
        raise UsageError(
            f"no eval record has text in {', '.join(sorted(absent))}",
            where=", ".join(one.name for one in sets),
            mend="check the names",
        )


def _named(evals: Any) -> list[tuple[str, Any]]:
    if isinstance(evals, Mapping):
        if not all(isinstance(name, str) and name and is_encodable(name) for name in evals):
            raise UsageError("the name of an eval set is text", mend="write {'gsm8k': source}")
        return list(evals.items())
    if isinstance(evals, list | tuple) and evals and not isinstance(evals[0], Mapping):
        return [(_name(one), one) for one in evals]
    return [(_name(evals), evals)]


def _name(source: Any) -> str:
    if isinstance(source, Dataset):
        return str(source.name)
    if isinstance(source, str | PathLike):
        name = Path(source).name
        return name.split(".")[0] or name
    found = as_dataset(source).name
    return "eval" if found in (None, "records") else str(found)


def _read(name: str, source: Any) -> EvalSet:
    dataset = as_dataset(source)
    if not dataset.readable:
        raise UsageError(
            f"the eval set {name} is a stream, which is never consumed",
            mend="pass the rows as a list, a file, or a datasets.Dataset",
        )
    if dataset.fields is not None:
        raise UsageError(
            f"the eval set {name} is a Dataset with fields",
            mend="give eval_fields to ContaminationConfig",
        )
    rows = tuple(dataset.rows())
    if not rows:
        raise InputError(f"the eval set {name} has no records", mend="check its file")
    found = resolve(dataset.source)
    files = tuple(file.name for file in found.files) if isinstance(found, Files) else ()
    return EvalSet(name=name, rows=rows, files=files)
