"""A model's identity, and a folder against what a passport says it should be.

`compare` names the files that differ. Nothing the folder holds makes it raise: a link, a damaged
header, a missing file are differences. Only a path that does not exist at all is an `InputError`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from provenir.core.errors import InputError
from provenir.core.text import printable
from provenir.provenance.artifact_identity import (
    FILES_SUFFIX,
    TENSORS_SUFFIX,
    ArtifactIdentity,
    FileEntry,
    dir_hash1,
    identify_artifact,
    identity_of,
    subjects,
)
from provenir.provenance.tree_scan import Progress, ScannedFile, TreeScan, scan_tree

if TYPE_CHECKING:
    from provenir.attest.statement import Subject

__all__ = [
    "FILES_SUFFIX",
    "TENSORS_SUFFIX",
    "ArtifactDifference",
    "ArtifactIdentity",
    "FileEntry",
    "compare",
    "dir_hash1",
    "file_entries",
    "identify_artifact",
    "subjects",
]

DifferenceKind = Literal[
    "changed", "added", "removed", "renamed", "refused", "damaged", "tensors", "files", "subject"
]


@dataclass(frozen=True, slots=True)
class ArtifactDifference:
    """One way in which a folder is not the expected artifact.

    Attributes:
        kind: `changed`, `added`, `removed`, `renamed` name a file; `refused` something that cannot
            be part of an artifact (a link, a FIFO); `damaged` a malformed safetensors file;
            `tensors` and `files` an identity that differs; `subject` subjects of no artifact.
        name: the file's name relative to the folder, or the subject's name. Untrusted text.
        detail: one sentence, made safe for a terminal.
    """

    kind: DifferenceKind
    name: str
    detail: str

    def __str__(self) -> str:
        return self.detail


def compare(
    expected: Iterable[Subject] | ArtifactIdentity,
    path: str | Path,
    *,
    files: Iterable[FileEntry | Mapping[str, Any]] | None = None,
    progress: Progress | None = None,
) -> list[ArtifactDifference]:
    """Compare a folder or file with expected subjects; an empty list means it is the artifact.

    Args:
        expected: subjects of one or several artifacts, or an identity with its own file list.
        path: the folder or file to look at; each byte is read once.
        files: the expected files, (name, sha256, size) or mappings with these keys; with them the
            differences name files. They are only believed as far as they agree with the subjects.
        progress: called with the bytes read since the last call.

    Raises:
        InputError: the path does not exist, or `files` is malformed.
    """
    place = Path(path)
    if isinstance(expected, ArtifactIdentity):
        listed: Sequence[FileEntry] | None = expected.files
        wanted = subjects(expected)
    else:
        listed = None if files is None else file_entries(files)
        wanted = list(expected)
    if not wanted:
        return [_difference("subject", "", "no subject to compare the artifact with")]
    scan = scan_tree(place, progress=progress)
    found = [_difference("refused", n, f"{_show(n)}: {why}") for n, why in scan.refused.items()]
    found += [
        _difference("damaged", file.name, f"{_show(file.name)}: {file.problem}")
        for file in scan.files
        if file.problem is not None
    ]
    found += _identity_differences(_group_for(wanted, scan, place), scan, place, listed)
    return found


def file_entries(files: Iterable[FileEntry | Mapping[str, Any]]) -> list[FileEntry]:
    """Read a file list from tuples or from mappings with `name`, `sha256`, `size`.

    Raises:
        InputError: an entry of another shape.
    """
    entries: list[FileEntry] = []
    for item in files:
        row: tuple[Any, ...]
        if isinstance(item, Mapping):
            row = (item.get("name"), item.get("sha256"), item.get("size"))
        else:
            row = tuple(item)
        match row:
            case (str(name), str(digest), int(size)):
                entries.append((name, digest, size))
            case _:
                raise InputError(f"a file list needs name, sha256 and size, got {row!r:.200}")
    return entries


def _group_for(wanted: Sequence[Subject], scan: TreeScan, place: Path) -> list[Subject]:
    """Pick the artifact that the path is meant to be: by content, by name, else the first one."""
    groups: dict[str, list[Subject]] = {}
    for subject in wanted:
        groups.setdefault(_artifact_name(subject.name), []).append(subject)
    digest = dir_hash1((file.name, file.sha256) for file in scan.files)
    for group in groups.values():
        if any(dict(subject.digest).get("dirHash1") == digest for subject in group):
            return group
    return groups.get(place.resolve().name) or next(iter(groups.values()))


def _artifact_name(subject: str) -> str:
    for suffix in (TENSORS_SUFFIX, FILES_SUFFIX):
        if subject.endswith(suffix):
            return subject.removesuffix(suffix)
    return subject


def _identity_differences(
    wanted: Sequence[Subject], scan: TreeScan, place: Path, listed: Sequence[FileEntry] | None
) -> list[ArtifactDifference]:
    actual = _actual_digests(scan, place)
    found: list[ArtifactDifference] = []
    for subject in wanted:
        for algorithm, expected in dict(subject.digest).items():
            kind = _kind(subject.name, algorithm)
            if kind is None:
                text = f"{_show(subject.name)} is no identity of an artifact ({_show(algorithm)})"
                found.append(_difference("subject", subject.name, text))
            elif kind == "tensors" and actual["tensors"] != expected:
                text = f"the tensors are not those of {_show(_artifact_name(subject.name))}"
                found.append(_difference("tensors", subject.name, text))
            elif kind == "files" and actual["files"] != expected:
                found += _file_differences(subject.name, expected, scan, listed)
    return found


def _kind(name: str, algorithm: str) -> Literal["tensors", "files"] | None:
    if name.endswith(TENSORS_SUFFIX) and algorithm == "sha256":
        return "tensors"
    return "files" if name.endswith(FILES_SUFFIX) and algorithm == "dirHash1" else None


def _actual_digests(scan: TreeScan, place: Path) -> dict[str, str | None]:
    if any(file.problem for file in scan.files):
        return {"tensors": None, "files": dir_hash1((f.name, f.sha256) for f in scan.files)}
    identity = identity_of(scan, kind="model", name="", path=place)
    root = identity.tensor_root
    return {"tensors": root and root.partition(":")[2], "files": identity.dir_hash}


def _file_differences(
    subject: str, expected: str, scan: TreeScan, listed: Sequence[FileEntry] | None
) -> list[ArtifactDifference]:
    summary = f"the files are not those of {_show(_artifact_name(subject))}"
    if listed is None:
        return [_difference("files", subject, f"{summary}; no file list says which")]
    if dir_hash1((name, digest) for name, digest, _ in listed) != expected:
        text = f"{summary}; the file list does not agree with the subject and was not used"
        return [_difference("files", subject, text)]
    found = _by_file({name: digest for name, digest, _ in listed}, scan)
    return [_difference("files", subject, f"{summary}: {_counts(found)}"), *found]


def _by_file(expected: Mapping[str, str], scan: TreeScan) -> list[ArtifactDifference]:
    actual: dict[str, ScannedFile] = {file.name: file for file in scan.files}
    missing = {name: digest for name, digest in expected.items() if name not in actual}
    extra = {name: file.sha256 for name, file in actual.items() if name not in expected}
    found = [
        _difference("changed", name, f"{_show(name)} was changed")
        for name, file in actual.items()
        if name in expected and expected[name] != file.sha256
    ]
    for old, digest in missing.items():
        new = next((name for name, other in extra.items() if other == digest), None)
        if new is None:
            found.append(_difference("removed", old, f"{_show(old)} is missing"))
        else:
            del extra[new]
            found.append(_difference("renamed", old, f"{_show(old)} is now {_show(new)}"))
    found += [_difference("added", name, f"{_show(name)} was added") for name in extra]
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
