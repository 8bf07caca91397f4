"""Model folders against the artifacts that a passport names."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from provenir.core.errors import InputError
from provenir.governance.predicate import identity_of_component
from provenir.governance.verdict import Check
from provenir.provenance.artifact import compare

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from provenir.governance.bom import ArtifactComponent, ModelBOM

__all__ = ["check_artifacts"]

_SHOWN: Final = 5


def check_artifacts(
    bom: ModelBOM, paths: Sequence[Path], *, progress: Callable[[int], None] | None = None
) -> list[Check]:
    """Compare each path with the artifact that it is meant to be.

    Args:
        bom: The signed bill of materials.
        paths: Folders or single files that were handed over.
        progress: Called with the number of bytes read since the last call.

    Returns:
        One row for each path, and one for each artifact that was not handed over; one row for a
        passport that names no artifact.

    Raises:
        InputError: A path does not exist.
    """
    checks = []
    seen = set()
    for path in paths:
        if not path.exists():
            raise InputError("no such artifact", where=str(path), mend="give a folder or a file")
        artifact = _meant(bom.artifacts, path)
        if artifact is None:
            detail = f"{path.name or path}: the passport names no artifact"
            checks.append(_row("artifact", detail))
            continue
        seen.add(artifact.name)
        differences = compare(identity_of_component(artifact), path, progress=progress)
        details = [difference.detail for difference in differences]
        more = len(details) - _SHOWN
        text = "; ".join(details[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")
        checks.append(_row(f"artifact:{artifact.name}", text))
    if not bom.artifacts and not paths:
        checks.append(Check(name="artifact", status="not-checked", reason="not-stated"))
    checks += [_not_given(artifact) for artifact in bom.artifacts if artifact.name not in seen]
    return checks


def _row(name: str, differences: str) -> Check:
    if differences:
        return Check(name=name, status="fail", reason="artifact-mismatch", detail=differences)
    return Check(name=name, status="pass", detail="every file and every tensor as signed")


def _not_given(artifact: ArtifactComponent) -> Check:
    return Check(
        name=f"artifact:{artifact.name}",
        status="not-checked",
        reason="not-given",
        detail=f"hand over the {artifact.kind} to have it compared",
    )


def _meant(artifacts: Sequence[ArtifactComponent], path: Path) -> ArtifactComponent | None:
    """The artifact that a path is most likely meant to be; only then are its bytes read.

    By most files of the same name and size, then by the name of the folder, then the first.
    """
    if len(artifacts) < 2:
        return artifacts[0] if artifacts else None
    found = _listing(path)
    name = path.resolve().name
    return max(
        artifacts,
        key=lambda artifact: (
            len(found & {(file.name, file.size) for file in artifact.files}),
            artifact.name == name,
        ),
    )


def _listing(path: Path) -> set[tuple[str, int]]:
    if path.is_file():
        return {(path.name, path.stat().st_size)}
    found = set()
    for folder, _, names in os.walk(path, followlinks=False):
        for name in names:
            file = Path(folder, name)
            try:
                size = file.lstat().st_size
            except OSError:
                continue  # gone since it was listed: the comparison itself will miss it
            found.add((file.relative_to(path).as_posix(), size))
    return found
