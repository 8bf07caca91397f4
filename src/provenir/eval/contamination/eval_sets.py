"""The eval sets that a user hands over, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from provenir.core.errors import InputError, UsageError
from provenir.core.text import is_encodable
from provenir.data.dataset import Dataset, as_dataset
from provenir.data.sources import Files, resolve

__all__ = ["EvalSet", "read_eval_sets"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalSet:
    """One eval set, in memory.

    Attributes:
        name: Its name.
        rows: Its records.
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
        UsageError: Not eval sets; two sets of one name; no set.
    """
    named = _named(evals)
    if not named:
        raise UsageError("no eval set given", mend="give at least one")
    names = [name for name, _ in named]
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise UsageError(
            f"two eval sets are called {twice!r}", mend="name them: {'first': …, 'second': …}"
        )
    return tuple(_read(name, source) for name, source in sorted(named, key=lambda one: one[0]))


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
    rows = tuple(dataset.rows())
    if not rows:
        raise InputError(f"the eval set {name} has no records", mend="check its file")
    found = resolve(dataset.source)
    files = tuple(file.name for file in found.files) if isinstance(found, Files) else ()
    return EvalSet(name=name, rows=rows, files=files)
