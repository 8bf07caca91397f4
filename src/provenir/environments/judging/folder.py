"""Files that a test and a program both see.

The two processes have a working folder each. A test that writes a file and hands over its name
means one file, so before each message the files of either side that changed go along with it and
are written on the other. Only where the test speaks of files; only regular files and folders below
the working folder; only so much.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

import os
import stat
from typing import Any, Final

__all__ = ["Folder"]

# As they are before a test patches them.
_WALK, _LSTAT, _OPEN = os.walk, os.lstat, os.open
_MAX_FILES: Final = 256
_MAX_BYTES: Final = 8 * 1024 * 1024


class Folder:
    """The working folder of one side.

    Args:
        root: Its path, the same on both sides.
    """

    def __init__(self, root: str) -> None:
        self._root = os.path.realpath(root)
        self._seen: dict[str, tuple[int, int, int]] = {}

    def changes(self) -> list[list[Any]]:
        """What changed: path, and its content, None for a folder, False for what is gone."""
        now: dict[str, tuple[int, int, int]] = {}
        found: list[list[Any]] = []
        room = _MAX_BYTES
        for path, info in self._walk():
            kind = stat.S_IFMT(info.st_mode)
            now[path] = (kind, info.st_size, info.st_mtime_ns)
            if self._seen.get(path) == now[path]:
                continue
            if kind == stat.S_IFDIR:
                if path not in self._seen:
                    found.append([path, None])
                continue
            if info.st_size > room:
                continue
            descriptor = _OPEN(os.path.join(self._root, path), os.O_RDONLY | os.O_NOFOLLOW)  # noqa: PTH118
            with os.fdopen(descriptor, "rb") as file:
                content = file.read(room)
            room -= len(content)
            found.append([path, content.decode("latin-1")])
        gone = [path for path in self._seen if path not in now]
        found += [[path, False] for path in sorted(gone, reverse=True)]
        self._seen = now
        return found

    def _walk(self) -> list[tuple[str, os.stat_result]]:
        found: list[tuple[str, os.stat_result]] = []
        for folder, names, files in _WALK(self._root):
            for name in (*sorted(names), *sorted(files)):
                path = os.path.join(folder, name)  # noqa: PTH118
                info = _LSTAT(path)
                if stat.S_ISREG(info.st_mode) or stat.S_ISDIR(info.st_mode):
                    found.append((os.path.relpath(path, self._root), info))
            if len(found) > _MAX_FILES:
                break
        return found[:_MAX_FILES]

    def apply(self, changes: list[list[Any]]) -> None:
        """Do to this folder what the other side did to its own.

        Raises:
            ValueError: A path that leads out of the folder, or content that is none.
        """
        for path, content in changes:
            self._write(self._inside(path), content)
        # What was just written is no news to the other side.
        self._seen = {
            path: (stat.S_IFMT(info.st_mode), info.st_size, info.st_mtime_ns)
            for path, info in self._walk()
        }

    def _inside(self, path: Any) -> str:
        if not isinstance(path, str) or "\0" in path:
            raise ValueError("a path that is none")
        full = os.path.normpath(os.path.join(self._root, path))  # noqa: PTH118
        parent = os.path.realpath(os.path.dirname(full))  # noqa: PTH120
        if not f"{parent}/".startswith(f"{self._root}/") or full == self._root:
            raise ValueError("a path that leads out of the folder")
        return full

    @staticmethod
    def _write(full: str, content: Any) -> None:
        if content is False:
            if os.path.isdir(full) and not os.path.islink(full):  # noqa: PTH112, PTH114
                if not os.listdir(full):  # noqa: PTH208
                    os.rmdir(full)  # noqa: PTH106
            elif os.path.lexists(full):
                os.unlink(full)  # noqa: PTH108
        elif content is None:
            os.makedirs(full, exist_ok=True)  # noqa: PTH103
        else:
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
            descriptor = os.open(full, flags, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content.encode("latin-1"))
