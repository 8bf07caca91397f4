"""The files of a run folder as a verifier sees them: by digest, and never outside the folder.

Names come from documents that may be hostile. A name that leads out of the folder, through a link
or to anything but a regular file counts as a file that is not there.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from provenir.core.digest import digest_bytes, digest_file, format_digest
from provenir.core.errors import InputError
from provenir.core.files import read_bounded, read_lines
from provenir.governance.statements import by_payload
from provenir.governance.verdict import Check
from provenir.provenance import run_layout

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Mapping

    from provenir.core.manifest import RunManifest

__all__ = ["RunFiles", "shown_names"]

_PAGES: Final = frozenset({run_layout.PASSPORT_PAGE, run_layout.PASSPORT_PROOF, "report.html"})
_SHOWN: Final = 5
_MAX_ROWS: Final = 50


class RunFiles:
    """A run folder, each file of which is hashed at most once.

    Args:
        folder: The run folder.

    Raises:
        InputError: It is no folder.
    """

    def __init__(self, folder: str | Path) -> None:
        self.folder = Path(folder)
        if not self.folder.is_dir():
            raise InputError(
                "no such run folder",
                where=str(folder),
                mend="give the folder that holds manifests/",
            )
        self._root = self.folder.resolve()
        self._digests: dict[str, str | None] = {}

    def path(self, name: str) -> Path | None:
        """Where a file of that name lies, or None when there is no such file inside the folder."""
        inner = PurePosixPath(name)
        if inner.is_absolute() or ".." in inner.parts or "\0" in name:
            return None
        path = self.folder / inner
        try:
            if path.is_symlink() or not path.resolve().is_relative_to(self._root):
                return None
            return path if path.is_file() else None
        except (OSError, RuntimeError):  # RuntimeError: links in a circle, before Python 3.13
            return None  # a name that the file system cannot hold is not there

    def digest(self, name: str) -> str | None:
        """Digest of a file, or None when it is not there or cannot be read."""
        if name not in self._digests:
            path = self.path(name)
            try:
                self._digests[name] = None if path is None else digest_file(path)
            except InputError:
                self._digests[name] = None
        return self._digests[name]

    def read(self, name: str, digest: str) -> bytes:
        """Read a file, and make sure that what was read is what was recorded.

        Raises:
            InputError: It is not there, too large, or another one by now.
        """
        data = read_bounded(self.folder / name, follow_symlinks=False)
        if digest_bytes(data) != digest:
            raise InputError("changed while it was read", where=name)
        return data

    def lines(self, name: str, digest: str) -> Iterator[bytes]:
        """Yield the whole lines of a file; at the end make sure that they are what was recorded.

        Nothing may be concluded from them before the end: the file may change while it is read.

        Raises:
            InputError: It is not there, a line is too long, or it is another one by now.
        """
        path = self.path(name)
        if path is None:
            raise InputError("no such file", where=name)
        reader, hashed = read_lines(path), hashlib.sha256()
        for _, line in reader:
            hashed.update(line + b"\n")
            yield line
        hashed.update(reader.torn or b"")
        if format_digest(hashed.digest()) != digest:
            raise InputError("changed while it was read", where=name)

    def compare(self, name: str, expected: Mapping[str, str]) -> list[Check]:
        """Compare files with their expected digests.

        Args:
            name: What the row is called when all of them hold.
            expected: Name inside the folder to digest.

        Returns:
            One passing row for all, or one failing row for each file that is missing or changed,
            the first fifty of them.
        """
        rows = [
            row
            for file, digest in sorted(expected.items())
            if (row := self._row(file, digest)) is not None
        ]
        if len(rows) > _MAX_ROWS:
            more = f"{len(rows) - _MAX_ROWS} more files are missing or changed"
            last = replace(rows[_MAX_ROWS], name=name, detail=more)
            return [*rows[:_MAX_ROWS], last]
        if rows:
            return rows
        return [Check(name=name, status="pass", detail=f"{len(expected)} files as recorded")]

    def others(self, manifest: RunManifest, *, judged: Iterable[str] = ()) -> list[Check]:
        """Name what lies in the folder and is not judged by the manifest.

        Args:
            manifest: The run's manifest.
            judged: Names that have a row of their own.

        Returns:
            A row for the pages that were made from the run, whose text is not compared, and a row
            for anything else.
        """
        names = self.not_among((*manifest.files, *judged)) + self.other_manifests(manifest.run_id)
        groups = {
            "pages": [name for name in names if name in _PAGES],
            "other files": [name for name in names if name not in _PAGES],
        }
        return [
            Check(name=what, status="not-checked", reason="not-recorded", detail=shown_names(found))
            for what, found in groups.items()
            if found
        ]

    def statements(self, listed: Container[str]) -> dict[str, str]:
        """Name to digest of the statements of the roles whose payloads have the listed digests."""
        found = {}
        for entry in sorted(self._entries(self.folder / run_layout.STATEMENTS)):
            name = f"{run_layout.STATEMENTS}/{entry.name}"
            if self.path(name) is None:
                continue
            try:
                digest, _ = by_payload(entry, follow_symlinks=False)
            except InputError:
                continue
            if digest in listed:
                found[name] = digest
        return found

    def not_among(self, covered: Iterable[str]) -> list[str]:
        """Names of files and folders in the run folder that are not among `covered`.

        Manifests, the lock and older runs are the frame of a run folder, not its content, and are
        left out.
        """
        known = {*covered, run_layout.MANIFESTS, run_layout.LOCK, run_layout.OLD_RUNS}
        folders = {PurePosixPath(name).parts[0] for name in known if "/" in name}
        found = [entry.name for entry in self._entries(self.folder)]
        for folder in sorted(folders & set(found)):
            found += [f"{folder}/{entry.name}" for entry in self._entries(self.folder / folder)]
        return sorted(name for name in found if name not in known | folders)

    def other_manifests(self, run_id: str) -> list[str]:
        """Names of what lies beside the manifest of a run."""
        folder = self.folder / run_layout.MANIFESTS
        names = sorted(entry.name for entry in self._entries(folder))
        return [f"{run_layout.MANIFESTS}/{n}" for n in names if n != f"{run_id}.json"]

    def _row(self, file: str, expected: str) -> Check | None:
        found = self.digest(file)
        if found == expected:
            return None
        if found is None:
            detail, reason = f"{file} is not in the run folder", "missing-report"
        else:
            detail, reason = f"{file} is not the file that was recorded", "changed-report"
        return Check(name=f"file:{file}", status="fail", reason=reason, detail=detail)

    @staticmethod
    def _entries(folder: Path) -> list[Path]:
        try:
            return list(folder.iterdir())
        except OSError:
            return []  # a file where a folder was: `digest` already finds nothing below it


def shown_names(names: list[str], *, shown: int = _SHOWN) -> str:
    """The first few names, and how many more there are."""
    more = len(names) - shown
    return ", ".join(names[:shown]) + (f" and {more} more" if more > 0 else "")
