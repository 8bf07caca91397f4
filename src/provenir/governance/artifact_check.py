"""Model folders against the artifacts that a passport names."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from provenir.governance.predicate import identity_of_component
from provenir.governance.run_files import shown_names
from provenir.governance.verdict import Check
from provenir.provenance.artifact import compare_scan
from provenir.provenance.artifact_identity import identity_of
from provenir.provenance.tree_scan import scan_tree

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from provenir.governance.bom import ArtifactComponent, ModelBOM
    from provenir.provenance.artifact import ArtifactIdentity
    from provenir.provenance.tree_scan import TreeScan

__all__ = ["check_artifacts"]

_SHOWN: Final = 5


def check_artifacts(
    bom: ModelBOM, paths: Sequence[Path], *, progress: Callable[[int], None] | None = None
) -> list[Check]:
    """Compare each path with the artifact that it is meant to be.

    Args:
        bom: The signed bill of materials.
        paths: Folders or single files that were handed over.
        progress: Called with the number of bytes read since the last call; each byte is read once.

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
        scan = scan_tree(path, progress=progress)
        same = _same(bom.artifacts, scan, seen)
        artifact = same or _meant(bom.artifacts, scan, path)
        seen.add(artifact.name)
        fault = None if same else _differences(identity_of_component(artifact), scan)
        checks.append(_row(f"artifact:{artifact.name}", fault))
        checks += _beyond(artifact.name, sorted(scan.empty_folders))
    if not bom.artifacts and not paths:
        checks.append(Check(name="artifact", status="not-checked", reason="not-stated"))
    checks += [_not_given(artifact) for artifact in bom.artifacts if artifact.name not in seen]
    return checks


def _same(
    artifacts: Sequence[ArtifactComponent], scan: TreeScan, seen: Collection[str]
) -> ArtifactComponent | None:
    """The artifact that was read, the first that was not seen yet.

    Snapshots of one model have files of the same names and sizes: only their bytes tell them apart.
    """
    if not scan.is_sound:
        return None  # something in it cannot be part of an artifact: named by the comparison
    found = _stated(identity_of(scan, kind="model", name="", path=Path()))
    equal = [a for a in artifacts if _stated(identity_of_component(a)) == found]
    return next((a for a in equal if a.name not in seen), equal[0] if equal else None)


def _differences(expected: ArtifactIdentity, scan: TreeScan) -> str:
    """Say in what a path is not the expected artifact."""
    details = [difference.detail for difference in compare_scan(expected, scan)]
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


def _meant(artifacts: Sequence[ArtifactComponent], scan: TreeScan, path: Path) -> ArtifactComponent:
    """The artifact that a path which is none of them is most likely meant to be.

    By most files of the same name and size, then by the name of the folder, then the first.
    """
    found = {(file.name, file.size) for file in scan.files}
    name = path.resolve().name
    return max(
        artifacts,
        key=lambda artifact: (
            len(found & {(file.name, file.size) for file in artifact.files}),
            artifact.name == name,
        ),
    )
