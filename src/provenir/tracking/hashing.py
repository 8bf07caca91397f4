"""Identities of what a run is given, with a bar on the terminal while they are taken."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir.core.progress import progress_bar
from provenir.provenance.artifact import identify_artifact
from provenir.provenance.tree_scan import listing

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from provenir.data.dataset import Dataset
    from provenir.data.identity import DatasetIdentity
    from provenir.provenance.artifact import ArtifactIdentity

__all__ = ["hash_artifact", "hash_dataset"]


def hash_dataset(dataset: Dataset) -> DatasetIdentity:
    """The identity of a dataset; raises as `Dataset.identity`."""
    total, unit = dataset.size
    with progress_bar(total, unit=unit, label="hashing the dataset") as advance:
        return dataset.identity(progress=advance)


def hash_artifact(
    path: Path, kind: str, *, progress: Callable[[int], None] | None = None
) -> ArtifactIdentity:
    """The identity of a model folder or file; raises as `identify_artifact`.

    Args:
        path: The folder or file.
        kind: What it is in the lineage.
        progress: Called with the bytes read since the last call, in the place of a bar.
    """
    if progress is not None:
        return identify_artifact(path, kind=kind, progress=progress)
    total = sum(size for _, size in listing(path))
    with progress_bar(total, label="hashing the artifact") as advance:
        return identify_artifact(path, kind=kind, progress=advance)
