"""Model folders against the artifacts that a passport names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from provenir.core.errors import InputError
from provenir.governance.predicate import identity_of_component
from provenir.governance.run_files import shown_names
from provenir.governance.verdict import Check
from provenir.provenance.artifact import compare, identify_artifact
from provenir.provenance.tree_scan import empty_folders, listing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence
    from pathlib import Path

    from provenir.governance.bom import ArtifactComponent, ModelBOM
    from provenir.provenance.artifact import ArtifactIdentity

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
        InputError: A path is neither a folder nor a file.
    """
    checks = []
    seen: set[str] = set()
    for path in paths:
        if not bom.artifacts:
            detail = f"{path.name or path}: the passport names no artifact"
            checks.append(_row("artifact", detail))
            continue
        same = _same(bom.artifacts, path, seen, progress)
        artifact = same or _meant(bom.artifacts, path)
        seen.add(artifact.name)
        fault = None if same else _differences(identity_of_component(artifact), path, progress)
        checks.append(_row(f"artifact:{artifact.name}", fault))
        checks += _beyond(artifact.name, empty_folders(path))
    if not bom.artifacts and not paths:
        checks.append(Check(name="artifact", status="not-checked", reason="not-stated"))
    checks += [_not_given(artifact) for artifact in bom.artifacts if artifact.name not in seen]
    return checks


def _same(
    artifacts: Sequence[ArtifactComponent],
    path: Path,
    seen: Collection[str],
    progress: Callable[[int], None] | None,
) -> ArtifactComponent | None:
    """The artifact that the path holds, the first that was not seen yet; a good one is read once.

    Snapshots of one model have files of the same names and sizes: only their bytes tell them apart.
    """
    try:
        found = identify_artifact(path, kind="model", progress=progress)
    except InputError:
        return None  # something in it cannot be part of an artifact: named by the comparison
    equal = [a for a in artifacts if _stated(identity_of_component(a)) == _stated(found)]
    return next((a for a in equal if a.name not in seen), equal[0] if equal else None)


def _differences(
    expected: ArtifactIdentity, path: Path, progress: Callable[[int], None] | None
) -> str:
    """Say in what a path is not the expected artifact."""
    details = [difference.detail for difference in compare(expected, path, progress=progress)]
    more = len(details) - _SHOWN
    text = "; ".join(details[:_SHOWN]) + (f"; and {more} more" if more > 0 else "")
    return text or "the sizes or the number of tensors are not those that are stated"


def _stated(identity: ArtifactIdentity) -> tuple[object, ...]:
    """What a signer states of an artifact and a verifier can measure."""
    return (identity.dir_hash, identity.tensor_root, identity.n_tensors, sorted(identity.files))


def _beyond(name: str, folders: list[str]) -> list[Check]:
    if not folders:
        return []
    detail = f"empty folders, which no digest covers: {shown_names(folders)}"
    row = Check(name=f"beside:{name}", status="not-checked", reason="not-recorded", detail=detail)
    return [row]


def _row(name: str, fault: str | None) -> Check:
    if fault is not None:
        return Check(name=name, status="fail", reason="artifact-mismatch", detail=fault)
    return Check(name=name, status="pass", detail="every file and every tensor as signed")


def _not_given(artifact: ArtifactComponent) -> Check:
    return Check(
        name=f"artifact:{artifact.name}",
        status="not-checked",
        reason="not-given",
        detail=f"hand over the {artifact.kind} to have it compared",
    )


def _meant(artifacts: Sequence[ArtifactComponent], path: Path) -> ArtifactComponent:
    """The artifact that a path which is none of them is most likely meant to be.

    By most files of the same name and size, then by the name of the folder, then the first.
    """
    found = set(listing(path))
    name = path.resolve().name
    return max(
        artifacts,
        key=lambda artifact: (
            len(found & {(file.name, file.size) for file in artifact.files}),
            artifact.name == name,
        ),
    )
