"""Two identities of a model: one of its tensors, one of its files.

* **Tensor root**: RFC 6962 root over the leaves JCS(`{"name","dtype","shape","sha256"}`), sorted by
  name. It says the same weights however they are cut into shards. Files in a sub-folder name their
  tensors `<folder>/<tensor>`, so that `unet/` and `vae/` of one pipeline do not collide.
* **Directory hash**: `dirHash1` of in-toto, Hash1 of Go's `golang.org/x/mod/sumdb/dirhash` over
  relative names, in lower-case hex. It binds every byte of every file, configuration and tokenizer
  included, and every name. Empty folders are outside it and listed in `ignored`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from provenir.attest.statement import Subject
from provenir.core.canonical import canonical_bytes
from provenir.core.digest import format_digest, parse_digest
from provenir.core.errors import InputError
from provenir.core.merkle import merkle_root
from provenir.provenance.tree_scan import Progress, ScannedFile, Tensor, TreeScan, scan_tree

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = [
    "FILES_SUFFIX",
    "TENSORS_SUFFIX",
    "ArtifactIdentity",
    "FileEntry",
    "FilesIdentity",
    "TensorsIdentity",
    "dir_hash1",
    "identify_artifact",
    "identify_files",
    "identify_tensors",
    "identity_of",
    "subjects",
]

TENSORS_SUFFIX: Final = "/tensors"
FILES_SUFFIX: Final = "/files"

FileEntry = tuple[str, str, int]
"""Relative name, lower-case hex SHA-256, size in bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactIdentity:
    """What a folder or file of weights is.

    Attributes:
        name: what the subjects are called; the folder's or file's name unless chosen.
        kind: `model`, `adapter`, or another word of the lineage.
        path: where it was read, as given.
        tensor_root: `sha256:<hex>`; None when there is no safetensors file, or when two files of
            one folder hold a tensor of the same name, as the variants of one model do.
        n_tensors: leaves under the tensor root.
        dir_hash: lower-case hex of `dirHash1`.
        files: (name, sha256 hex, size), bytewise by name.
        ignored: what was not taken: empty folders, which neither identity covers, and why there
            is no tensor root where tensors are there.
    """

    name: str
    kind: str
    path: str
    tensor_root: str | None
    n_tensors: int
    dir_hash: str
    files: tuple[FileEntry, ...]
    ignored: tuple[str, ...] = ()

    @property
    def total_bytes(self) -> int:
        """Size of all files together."""
        return sum(size for _, _, size in self.files)

    def to_dict(self) -> dict[str, Any]:
        """Return the identity as plain JSON values, without the local path."""
        return {
            "name": self.name,
            "kind": self.kind,
            "tensor_root": self.tensor_root,
            "n_tensors": self.n_tensors,
            "dir_hash": self.dir_hash,
            "files": [{"name": n, "sha256": s, "size": z} for n, s, z in self.files],
            "ignored": list(self.ignored),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorsIdentity:
    """What the weights of a folder or file are, whatever else lies beside them.

    Attributes:
        tensor_root: as in `ArtifactIdentity`.
        n_tensors: leaves under the tensor root.
        ignored: why there is no tensor root where tensors are there.
    """

    tensor_root: str | None
    n_tensors: int
    ignored: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class FilesIdentity:
    """What the files of a folder are.

    Attributes:
        dir_hash: lower-case hex of `dirHash1`.
        files: (name, sha256 hex, size), bytewise by name.
        ignored: empty folders, which the hash does not cover.
    """

    dir_hash: str
    files: tuple[FileEntry, ...]
    ignored: tuple[str, ...] = ()


def identify_artifact(
    path: str | Path,
    *,
    kind: str = "model",
    name: str | None = None,
    progress: Progress | None = None,
) -> ArtifactIdentity:
    """Identify a model folder or a single file; each byte is read once.

    Args:
        path: folder or file; links inside a folder are refused.
        kind: what it is in the lineage.
        name: name of the subjects; default the last part of the path.
        progress: called with the bytes read since the last call.

    Raises:
        InputError: nothing there, a link, FIFO or odd name inside, or a malformed safetensors file.
    """
    place = Path(path)
    scan = scan_tree(place, progress=progress)
    _refuse_faults(scan, place)
    label = name or place.resolve().name or "artifact"
    label = label.encode("utf-8", "backslashreplace").decode()
    return identity_of(scan, kind=kind, name=label, path=place)


def identify_tensors(path: str | Path, *, progress: Progress | None = None) -> TensorsIdentity:
    """Identify the tensors alone: one pass of SHA-256 over the safetensors files, no other is read.

    Args:
        path: folder or file; links inside a folder are refused.
        progress: called with the bytes read since the last call.

    Raises:
        InputError: as `identify_artifact`; a folder without safetensors files.
    """
    place = Path(path)
    scan = scan_tree(place, files=False, progress=progress)
    _refuse_faults(scan, place, wanted="safetensors file")
    root, count, left_out = _tensors_of(scan.files)
    return TensorsIdentity(tensor_root=root, n_tensors=count, ignored=left_out)


def identify_files(path: str | Path, *, progress: Progress | None = None) -> FilesIdentity:
    """Identify the files alone: one pass of SHA-256 over each.

    Args:
        path: folder or file; links inside a folder are refused.
        progress: called with the bytes read since the last call.

    Raises:
        InputError: as `identify_artifact`.
    """
    place = Path(path)
    scan = scan_tree(place, tensors=False, progress=progress)
    _refuse_faults(scan, place)
    return FilesIdentity(
        dir_hash=dir_hash1((file.name, file.sha256) for file in scan.files),
        files=tuple((file.name, file.sha256, file.size) for file in scan.files),
        ignored=tuple(sorted(scan.empty_folders)),
    )


def _refuse_faults(scan: TreeScan, place: Path, *, wanted: str = "file") -> None:
    for odd, fault in scan.refused.items():
        raise InputError(
            f"{fault} cannot be part of an artifact",
            where=f"{place}: {odd!r}",
            mend="copy the folder with its links resolved (`cp -rL`) or remove the entry",
        )
    for file in scan.files:
        if file.problem is not None:
            raise InputError(file.problem, where=f"{place}: {file.name!r}", mend="save it again")
    if not scan.files:
        raise InputError(f"an artifact without any {wanted}", where=str(place))


def identity_of(scan: TreeScan, *, kind: str, name: str, path: Path) -> ArtifactIdentity:
    """Compute the identities of a scan without faults."""
    root, count, left_out = _tensors_of(scan.files)
    return ArtifactIdentity(
        name=name,
        kind=kind,
        path=str(path),
        tensor_root=root,
        n_tensors=count,
        dir_hash=dir_hash1((file.name, file.sha256) for file in scan.files),
        files=tuple((file.name, file.sha256, file.size) for file in scan.files),
        ignored=(*sorted(scan.empty_folders), *left_out),
    )


def dir_hash1(files: Iterable[tuple[str, str]]) -> str:
    """Return in-toto's `dirHash1` over (relative name, sha256 hex) pairs, in lower-case hex.

    https://github.com/in-toto/attestation/blob/main/spec/v1/digest_set.md
    """
    ordered = sorted(files, key=lambda pair: pair[0].encode())
    text = "".join(f"{digest}  {name}\n" for name, digest in ordered)
    return hashlib.sha256(text.encode()).hexdigest()


def subjects(identity: ArtifactIdentity) -> list[Subject]:
    """Return the identities as in-toto subjects.

    They are `<name>/tensors` (sha256) and `<name>/files` (dirHash1); without safetensors only the
    second.
    """
    files = Subject(name=identity.name + FILES_SUFFIX, digest={"dirHash1": identity.dir_hash})
    if identity.tensor_root is None:
        return [files]
    root = parse_digest(identity.tensor_root).hex()
    return [Subject(name=identity.name + TENSORS_SUFFIX, digest={"sha256": root}), files]


def _tensors_of(
    files: Sequence[ScannedFile],
) -> tuple[str | None, int, tuple[str, ...]]:
    """The tensor root, its leaves, and why there is none: a name says which tensor is meant."""
    tensors: dict[str, Tensor] = {}
    owner: dict[str, str] = {}
    for file in files:
        folder = file.name.rpartition("/")[0]
        for tensor in file.tensors:
            entry = tensor.entry
            name = f"{folder}/{entry.name}" if folder else entry.name
            if name in tensors:
                why = f"tensors: {name!r} stands in {owner[name]!r} and in {file.name!r}"
                return None, 0, (why,)
            owner[name] = file.name
            tensors[name] = tensor
    if not tensors:
        return None, 0, ()
    leaves = (_tensor_leaf(name, tensors[name]) for name in sorted(tensors))
    return format_digest(merkle_root(leaves)), len(tensors), ()


def _tensor_leaf(name: str, tensor: Tensor) -> bytes:
    entry = tensor.entry
    leaf = {"name": name, "dtype": entry.dtype, "shape": entry.shape, "sha256": tensor.sha256}
    return canonical_bytes(leaf)
