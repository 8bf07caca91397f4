"""`Dataset`: a source of training rows together with what its owner declares about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from provenir.core.errors import UsageError
from provenir.data.identity import DatasetIdentity, identify, projected
from provenir.data.reading import Reading, Row, Source
from provenir.data.sources import Files, resolve


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Dataset:
    """An ordered set of examples.

    Args:
        source: a list of dicts; a path of .jsonl, .ndjson, .json (each also .gz or .zst) or
            .parquet, a folder, a glob, or a list of paths; a `datasets.Dataset`; a
            `pyarrow.Table`; a `pandas.DataFrame`. A generator, a `datasets.IterableDataset`, a
            torch data set or loader is accepted and never read: its identity is unknown.
        name: what it is called in reports; by default the name of the file or folder.
        license: SPDX expression or other text, None when not known.
        pii_scanned: whether its owner declares it scanned for personal data.
        contamination_checked: whether its owner declares it checked against evaluation sets.
        consent: what its owner declares about consent.
        fields: the only top-level fields to read; None for all.
        strict: refuse duplicate JSON keys and NaN, Infinity or a number too large for a double
            in JSON, and raise instead of an unknown identity where a value has no digest.

    Raises:
        UsageError: an object that is no data set, or an argument of the wrong type.
        InputError: a path where nothing lies.
    """

    source: Any
    name: str | None = field(default=None, kw_only=True)
    license: str | None = field(default=None, kw_only=True)
    pii_scanned: bool = field(default=False, kw_only=True)
    contamination_checked: bool = field(default=False, kw_only=True)
    consent: str | Mapping[str, Any] | None = field(default=None, kw_only=True)
    fields: tuple[str, ...] | None = field(default=None, kw_only=True)
    strict: bool = field(default=False, kw_only=True)
    _rows: Source = field(init=False)

    def __post_init__(self) -> None:
        for flag in ("pii_scanned", "contamination_checked", "strict"):
            if not isinstance(getattr(self, flag), bool):
                raise UsageError(f"{flag} is True or False", where="Dataset")
        for text in ("name", "license"):
            if not isinstance(getattr(self, text), (str, type(None))):
                raise UsageError(f"{text} is text or None", where="Dataset")
        if not isinstance(self.consent, (str, Mapping, type(None))):
            raise UsageError("consent is text, a mapping or None", where="Dataset")
        source = self.source.source if isinstance(self.source, Dataset) else self.source
        rows = resolve(source)
        object.__setattr__(self, "source", source)
        object.__setattr__(self, "fields", _checked_fields(self.fields))
        object.__setattr__(self, "_rows", rows)
        object.__setattr__(self, "name", self.name or _default_name(source, rows))

    def __repr__(self) -> str:
        return f"Dataset({self.name!r}, {self._rows.label})"

    def __iter__(self) -> Iterator[Row]:
        return self.rows()

    @property
    def readable(self) -> bool:
        """Whether the rows may be read (False for streams)."""
        return self._rows.refusal is None

    @property
    def size(self) -> tuple[int | None, str]:
        """What `identity(progress=…)` adds up to, and its unit: "bytes" or "rows"."""
        return self._rows.total, self._rows.unit

    def rows(self) -> Iterator[Row]:
        """Yield the rows in order, one at a time.

        Raises:
            UsageError: the source is a stream, which is never consumed.
            InputError: the data cannot be read; `where` says the file and line.
        """
        reading = Reading(strict=self.strict, digest_files=False, fields=self.fields)
        return projected(self._rows.read(reading), self.fields)

    def identity(self, progress: Callable[[int], None] | None = None) -> DatasetIdentity:
        """Read the data once and return its identity.

        Args:
            progress: called with increments; see `size` for their sum and unit.

        Returns:
            The identity. For a stream, and for rows with a value of a type that the leaf rule
            does not cover, `known` is False and `reason` says why.

        Raises:
            InputError: the data cannot be read; `where` says the file and line.
            MissingExtraError: a format needs the extra `files`.
        """
        return identify(self._rows, strict=self.strict, fields=self.fields, progress=progress)

    def declarations(self) -> dict[str, Any]:
        """What the owner declares, for the bill of materials. Declared is not checked."""
        return {
            "name": self.name,
            "license": self.license,
            "pii_scanned": self.pii_scanned,
            "contamination_checked": self.contamination_checked,
            "consent": dict(self.consent) if isinstance(self.consent, Mapping) else self.consent,
        }


def as_dataset(source: Any) -> Dataset:
    """Return `source` itself when it is a `Dataset`, else a `Dataset` over it.

    Raises:
        UsageError: an object that is no data set.
        InputError: a path where nothing lies.
    """
    return source if isinstance(source, Dataset) else Dataset(source)


def _checked_fields(fields: Any) -> tuple[str, ...] | None:
    if fields is None:
        return None
    names = list(fields) if isinstance(fields, Iterable) and not isinstance(fields, str) else []
    if not names or not all(isinstance(name, str) for name in names):
        raise UsageError(
            "fields is a list of field names", where="Dataset", mend="write fields=['prompt']"
        )
    return tuple(dict.fromkeys(names))


def _default_name(source: Any, rows: Source) -> str:
    if isinstance(rows, Files):
        if isinstance(source, (list, tuple)):
            return rows.files[0].path.parent.name or rows.label
        return Path(source).name or rows.label
    info = getattr(source, "info", None)
    named = getattr(info, "dataset_name", None)
    return named if isinstance(named, str) and named else rows.label
