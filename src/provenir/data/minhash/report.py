"""What was found: clusters of near-duplicates, which row of each is kept, what was passed over."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from provenir.core.findings import Finding, Report

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from provenir.data.minhash.rows import Places, Skip
    from provenir.data.reading import FileIdentity

MOST_FINDINGS: Final = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A row of a cluster.

    Attributes:
        row: Its number, from 0; in a file of JSON lines, among the lines that are not blank.
        where: Its place: "file:line", "file, row n" or "row n".
        similarity: Jaccard similarity with the row that is kept.
        exact: Whether `similarity` was counted; else it was estimated from the signatures.
    """

    row: int
    where: str
    similarity: float
    exact: bool

    def to_dict(self) -> dict[str, Any]:
        """The member as plain data."""
        return {
            "row": self.row,
            "where": self.where,
            "similarity": round(self.similarity, 4),
            "exact": self.exact,
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cluster:
    """Rows that are near each other, by a chain of pairs at or above the threshold.

    Attributes:
        kept: Number of the row that is kept.
        rows: Numbers of all rows in order, that one too (int64).
        similarities: Similarity of each with the one that is kept (float32).
        counted: Whether each similarity is exact (bool).
        places: Where rows stand.
    """

    kept: int
    rows: Any
    similarities: Any
    counted: Any
    places: Places = field(repr=False)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def members(self) -> Iterator[Member]:
        """The members in the order of their rows."""
        for row, similarity, exact in zip(
            self.rows.tolist(), self.similarities.tolist(), self.counted.tolist(), strict=True
        ):
            yield Member(row=row, where=self.places.where(row), similarity=similarity, exact=exact)

    @property
    def dropped(self) -> Iterator[Member]:
        """The members that are not kept."""
        return (member for member in self.members if member.row != self.kept)

    def to_dict(self) -> dict[str, Any]:
        """The cluster as plain data."""
        return {
            "kept": {"row": self.kept, "where": self.places.where(self.kept)},
            "dropped": [member.to_dict() for member in self.dropped],
        }


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NearDuplicates:
    """The near-duplicates of a source.

    Attributes:
        threshold: Least Jaccard similarity of a pair that joins.
        keep: The policy by which one row of each cluster is kept.
        fields: The top-level fields that were compared, None for every text of a row.
        rows: How many rows were compared.
        empty: How many rows have no word; they are compared with nothing and kept.
        clusters: The clusters, the largest first.
        skips: Lines that are no rows, the first thousand of them.
        skipped: How many there are.
        not_compared: How many pairs of rows that met in a band were not compared.
        files: The files with their digests.
        findings: What a reader should know about the reading.
    """

    threshold: float
    keep: str
    fields: tuple[str, ...] | None
    rows: int
    empty: int
    clusters: tuple[Cluster, ...]
    skips: tuple[Skip, ...]
    skipped: int
    not_compared: int
    files: tuple[FileIdentity, ...]
    findings: tuple[Finding, ...]
    places: Places = field(repr=False)

    @property
    def dropped(self) -> Any:
        """Numbers of the rows that are not kept, in order (int64)."""
        lost = [cluster.rows[cluster.rows != cluster.kept] for cluster in self.clusters]
        return np.sort(np.concatenate(lost)) if lost else np.zeros(0, np.int64)

    def report(self) -> Report:
        """The clusters as findings, the largest `MOST_FINDINGS` of them, for `run.attach`."""
        return Report(
            name="near-duplicates",
            findings=(*self.findings, *map(_finding, self.clusters[:MOST_FINDINGS])),
            examined={"rows": self.rows, "clusters": len(self.clusters)},
            not_examined=self._not_examined(),
        )

    def _not_examined(self) -> Mapping[str, str]:
        counts = {
            "lines": (self.skipped, "no rows"),
            "rows": (self.empty, "without words"),
            "pairs": (self.not_compared, "too many rows in one band"),
        }
        return {name: f"{count:,}: {why}" for name, (count, why) in counts.items() if count}

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data."""
        return {
            "threshold": self.threshold,
            "keep": self.keep,
            "fields": None if self.fields is None else list(self.fields),
            "rows": self.rows,
            "dropped": len(self.dropped),
            "clusters": [cluster.to_dict() for cluster in self.clusters],
            "files": [file.to_dict() for file in self.files],
            "empty": self.empty,
            "skipped": self.skipped,
            "skips": [{"where": skip.where, "reason": skip.reason} for skip in self.skips],
            "not_compared": self.not_compared,
            "findings": [finding.to_dict() for finding in self.findings],
        }


def _finding(cluster: Cluster) -> Finding:
    kept = cluster.places.where(cluster.kept)
    return Finding(
        kind="near_duplicates",
        severity="warning",
        detail=f"{len(cluster):,} rows are nearly the same; {kept} is kept",
        subject=kept,
        data={"rows": cluster.rows[:100].tolist(), "count": len(cluster)},
    )
