"""Reading a unified diff, or the patch format of coding agents, line by line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

__all__ = ["FileChange", "Line", "is_diff", "read_diff"]

_HEAD: Final = re.compile(
    r"^(?:diff --git |\+\+\+ [^\n]+\n@@|--- [^\n]+\n\+\+\+ |@@ -\d|"
    r"\*\*\* (?:Begin Patch|(?:Update|Add|Delete) File:))",
    re.MULTILINE,
)
_MAX_FILES: Final = 200


@dataclass(slots=True)
class Line:
    """A line of a diff without its mark: its text and where that begins in the diff."""

    text: str
    start: int


@dataclass(slots=True)
class FileChange:
    """What a diff does to one file.

    Attributes:
        path: The file, by its new name unless it is deleted.
        start: Where the part about the file begins.
        end: Where its heading ends.
        created: Whether the file is new.
        deleted: Whether it is deleted.
        renamed_from: Its old name where that is another.
        added: The lines that are added.
        removed: The lines that are removed.
        after: The lines after the change, context included, each with whether it is added.
    """

    path: str
    start: int
    end: int
    created: bool = False
    deleted: bool = False
    renamed_from: str = ""
    added: list[Line] = field(default_factory=list)
    removed: list[Line] = field(default_factory=list)
    after: list[tuple[Line, bool]] = field(default_factory=list)


def is_diff(text: str) -> bool:
    """Whether a text has the heading of a diff."""
    return ("@@" in text or "diff --git" in text or "*** " in text or "+++ " in text) and (
        _HEAD.search(text) is not None
    )


def read_diff(text: str) -> list[FileChange]:
    """Return the changes of a diff, file by file."""
    changes: list[FileChange] = []
    current: FileChange | None = None
    old, at, in_hunk = "", 0, False
    for raw in text.splitlines(keepends=True):
        line, start = raw.rstrip("\r\n"), at
        at += len(raw)
        heading = _heading(line)
        if heading is not None and len(changes) < _MAX_FILES:
            path, kind = heading
            current = FileChange(
                path, start, start + len(line), created=kind == "add", deleted=kind == "delete"
            )
            changes.append(current)
            old, in_hunk = "", kind != "git"
        elif line.startswith("--- ") and not in_hunk:
            old = _path(line[4:])
            if current and old == "/dev/null":
                current.created = True
        elif line.startswith("--- ") and _next_is_new(text, at):
            old, in_hunk = _path(line[4:]), False
            current = None
        elif line.startswith("+++ ") and not in_hunk:
            path = _path(line[4:])
            gone = path == "/dev/null"
            renamed = current is not None and current.renamed_from and path != current.path
            if current is None or current.after or renamed:
                current = FileChange(old if gone else path, start, start + len(line))
                changes.append(current)
            current.deleted = gone
            current.created = current.created or old == "/dev/null"
            if not gone:
                current.path = path
        elif line.startswith("@@"):
            in_hunk = True
            if current is None:
                current = FileChange("", start, start + len(line))
                changes.append(current)
        elif current is not None and in_hunk:
            _take(current, raw, start)
        elif current is not None:
            _note(current, line)
    return changes


def _heading(line: str) -> tuple[str, str] | None:
    if line.startswith("diff --git "):
        return _path(line.rpartition(" ")[2]), "git"
    for mark, kind in (
        ("*** Add File: ", "add"),
        ("*** Update File: ", "update"),
        ("*** Delete File: ", "delete"),
    ):
        if line.startswith(mark):
            return line[len(mark) :].strip(), kind
    return None


def _path(name: str) -> str:
    name = name.partition("\t")[0].strip().strip('"')
    return name[2:] if name[:2] in {"a/", "b/"} else name


def _next_is_new(text: str, at: int) -> bool:
    return text.startswith("+++ ", at)


def _note(change: FileChange, line: str) -> None:
    if line.startswith("deleted file"):
        change.deleted = True
    elif line.startswith("new file"):
        change.created = True
    elif line.startswith("rename from "):
        change.renamed_from = line[12:].strip()


def _take(change: FileChange, raw: str, start: int) -> None:
    mark, line = raw[:1], Line(raw[1:], start + 1)
    if mark == "+":
        change.added.append(line)
        change.after.append((line, True))
    elif mark == "-":
        change.removed.append(line)
    elif mark == " " or not raw.strip():
        change.after.append((line if mark == " " else Line(raw, start), False))
