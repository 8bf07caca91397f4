"""A model's identity, and a folder against what a passport says it should be.

`compare` names the files that differ. Nothing the folder holds makes it raise: a link, a damaged
header, a missing file are differences. Only a path that does not exist at all is an `InputError`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from provenir.core.text import printable
from provenir.provenance.artifact_identity import (
    FILES_SUFFIX,
    TENSORS_SUFFIX,
    ArtifactIdentity,
    FileEntry,
    FilesIdentity,
    TensorsIdentity,
    dir_hash1,
    identify_artifact,
    identify_files,
    identify_tensors,
    identity_of,
    subjects,
)
from provenir.provenance.tree_scan import Progress, ScannedFile, TreeScan, scan_tree

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "FILES_SUFFIX",
    "TENSORS_SUFFIX",
    "ArtifactDifference",
    "ArtifactIdentity",
    "FileEntry",
    "FilesIdentity",
    "TensorsIdentity",
    "compare",
    "compare_scan",
    "dir_hash1",
    "identify_artifact",
    "identify_files",
    "identify_tensors",
    "subjects",
]

DifferenceKind = Literal[
    "changed", "added", "removed", "renamed", "refused", "damaged", "tensors", "files"
]


@dataclass(frozen=True, slots=True)
class ArtifactDifference:
    """One way in which a folder is not the expected artifact.

    Attributes:
        kind: `changed`, `added`, `removed`, `renamed` name a file; `refused` something that cannot
            be part of an artifact (a link, a FIFO); `damaged` a malformed safetensors file;
            `tensors` and `files` an identity that differs.
        name: the file's name relative to the folder, or the artifact's name. Untrusted text.
        detail: one sentence, made safe for a terminal.
    """

    kind: DifferenceKind
    name: str
    detail: str

    def __str__(self) -> str:
        return self.detail


def compare(
    expected: ArtifactIdentity, path: str | Path, *, progress: Progress | None = None
) -> list[ArtifactDifference]:
    """Compare a folder or file with an identity; an empty list means it is the artifact.

    Args:
        expected: the identity. Its file list is believed as far as it agrees with its digest.
        path: the folder or file to look at; each byte is read once.
        progress: called with the bytes read since the last call.

    Raises:
        InputError: the path does not exist.
    """
    tensors = expected.tensor_root is not None
    return compare_scan(expected, scan_tree(Path(path), tensors=tensors, progress=progress))


def compare_scan(expected: ArtifactIdentity, scan: TreeScan) -> list[ArtifactDifference]:
    """Compare what was read of a folder or file with an identity; see `compare`."""
    found = [_difference("refused", n, f"{_show(n)}: {why}") for n, why in scan.refused.items()]
    found += [
        _difference("damaged", file.name, f"{_show(file.name)}: {file.problem}")
        for file in scan.files
        if file.problem is not None
    ]
    if expected.tensor_root not in (None, _tensor_root(scan)):
        text = f"the tensors are not those of {_show(expected.name)}"
        found.append(_difference("tensors", expected.name, text))
    if dir_hash1((file.name, file.sha256) for file in scan.files) != expected.dir_hash:
        found += _file_differences(expected, scan)
    return found


def _tensor_root(scan: TreeScan) -> str | None:
    if any(file.problem for file in scan.files):
        return None
    return identity_of(scan, kind="model", name="", path=Path()).tensor_root


def _file_differences(expected: ArtifactIdentity, scan: TreeScan) -> list[ArtifactDifference]:
    summary = f"the files are not those of {_show(expected.name)}"
    if dir_hash1((name, digest) for name, digest, _ in expected.files) != expected.dir_hash:
        text = f"{summary}; the file list does not agree with the digest and was not used"
        return [_difference("files", expected.name, text)]
    found = _by_file({name: digest for name, digest, _ in expected.files}, scan)
    return [_difference("files", expected.name, f"{summary}: {_counts(found)}"), *found]


def _by_file(expected: Mapping[str, str], scan: TreeScan) -> list[ArtifactDifference]:
    actual: dict[str, ScannedFile] = {file.name: file for file in scan.files}
    missing = {name: digest for name, digest in expected.items() if name not in actual}
    added = [name for name in actual if name not in expected]
    by_digest: dict[str, list[str]] = {}
    for name in reversed(added):
        by_digest.setdefault(actual[name].sha256, []).append(name)
    found = [
        _difference("changed", name, f"{_show(name)} was changed")
        for name, file in actual.items()
        if name in expected and expected[name] != file.sha256
    ]
    renamed = set()
    for old, digest in missing.items():
        if not by_digest.get(digest):
            found.append(_difference("removed", old, f"{_show(old)} is missing"))
            continue
        new = by_digest[digest].pop()
        renamed.add(new)
        found.append(_difference("renamed", old, f"{_show(old)} is now {_show(new)}"))
    found += [
        _difference("added", name, f"{_show(name)} was added")
        for name in added
        if name not in renamed
    ]
    return found


def _counts(found: Sequence[ArtifactDifference]) -> str:
    kinds: dict[str, int] = {}
    for difference in found:
        kinds[difference.kind] = kinds.get(difference.kind, 0) + 1
    # A link in place of a file is missing here and named as `refused` beside it.
    return ", ".join(f"{count} {kind}" for kind, count in kinds.items()) or "entries refused"


def _difference(kind: DifferenceKind, name: str, detail: str) -> ArtifactDifference:
    return ArtifactDifference(kind, name, detail)


def _show(text: str) -> str:
    return printable(text, max_chars=200)
