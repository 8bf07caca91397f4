"""The state of the code: commit, whether tracked files differ from it, and how.

Git is asked with its own optional writes switched off; nothing in the repository changes.
Untracked files do not count (a run's own output would make every tree dirty).
"""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from provenir.core.digest import digest_value

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["GitState", "git_state"]

_TIMEOUT_S: Final = 10.0
_MAX_HASHED_BYTES: Final = 256 * 2**20
_FOREIGN: Final = frozenset(
    {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_NAMESPACE", "GIT_COMMON_DIR"}
)  # set inside hooks, for another repository than the one of `cwd`

_STATUS: Final = (
    "status", "--porcelain=v2", "-z", "--branch", "--untracked-files=no", "--no-renames",
    "--ignore-submodules=none",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class GitState:
    """What git says of a folder.

    Attributes:
        sha: the commit, lower-case hex; None outside a repository or before the first commit.
        dirty: whether a tracked file differs from the commit; None when unknown.
        diff_digest: digest of [path, state, sha256 of the present content] of the files that
            differ, independent of git's version and settings; None when clean or unknown.
        problem: why something is unknown, else None.
    """

    sha: str | None = None
    dirty: bool | None = None
    diff_digest: str | None = None
    problem: str | None = None


def git_state(cwd: str | Path | None = None) -> GitState:
    """Look at the repository around a folder; never raises.

    Args:
        cwd: the folder; default the working directory.
    """
    try:
        output = _git(cwd, *_STATUS)
    except FileNotFoundError:
        return GitState(problem="git is not installed, or the folder is gone")
    except subprocess.TimeoutExpired:
        return GitState(problem=f"git took longer than {_TIMEOUT_S:.0f} s")
    except (OSError, ValueError, subprocess.CalledProcessError) as error:
        return GitState(problem=_reason(error))
    return _read_status(output, cwd)


def _git(cwd: str | Path | None, *arguments: str) -> bytes:
    environment = {k: v for k, v in os.environ.items() if k not in _FOREIGN}
    environment |= {"GIT_OPTIONAL_LOCKS": "0", "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0"}
    return subprocess.run(
        ["git", "-c", "core.fsmonitor=false", "-c", "status.branch=true", *arguments],
        cwd=cwd,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=_TIMEOUT_S,
    ).stdout


def _reason(error: Exception) -> str:
    if isinstance(error, subprocess.CalledProcessError):
        lines = bytes(error.stderr or b"").decode("utf-8", "replace").splitlines()
        return lines[0][:200] if lines else f"git ended with {error.returncode}"
    return f"git could not be asked ({error})"[:200]


def _read_status(output: bytes, cwd: str | Path | None) -> GitState:
    """Read `git status --porcelain=v2 -z` (git-status(1), Porcelain Format Version 2)."""
    sha: str | None = None
    changed: list[tuple[bytes, str]] = []
    for record in output.split(b"\0"):
        if record.startswith(b"# branch.oid "):
            oid = record.removeprefix(b"# branch.oid ").decode("ascii", "replace")
            sha = None if oid == "(initial)" else oid
        elif record.startswith(b"1 "):
            fields = record.split(b" ", 8)
            changed.append((fields[8], fields[1].decode("ascii", "replace")))
        elif record.startswith(b"u "):
            fields = record.split(b" ", 10)
            changed.append((fields[10], fields[1].decode("ascii", "replace")))
    if not changed:
        return GitState(sha=sha, dirty=False)
    try:
        top = _git(cwd, "rev-parse", "--show-toplevel").removesuffix(b"\n")
        return GitState(sha=sha, dirty=True, diff_digest=_diff_digest(top, changed))
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        return GitState(sha=sha, dirty=True, problem=_reason(error))


def _diff_digest(top: bytes, changed: list[tuple[bytes, str]]) -> str:
    left = _MAX_HASHED_BYTES
    rows: list[list[str | None]] = []
    for path, state in sorted(changed):
        content, size = _content_digest(os.path.join(top, path), left)  # noqa: PTH118 - bytes
        left -= size
        rows.append([path.decode("utf-8", "backslashreplace"), state, content])
    return digest_value(rows)


def _content_digest(path: bytes, bound: int) -> tuple[str | None, int]:
    """Hex SHA-256 and size of a file or link; None for a deleted file, folder or submodule."""
    try:
        status = os.lstat(path)
        if stat.S_ISLNK(status.st_mode):
            target = os.readlink(path)  # noqa: PTH115 - a path of bytes
            return "link:" + hashlib.sha256(target).hexdigest(), len(target)
        if not stat.S_ISREG(status.st_mode):
            return None, 0
        if status.st_size > bound:
            raise ValueError(f"over {_MAX_HASHED_BYTES} bytes of changed files")
        with open(path, "rb") as stream:  # noqa: PTH123 - a path of bytes
            return hashlib.file_digest(stream, "sha256").hexdigest(), status.st_size
    except FileNotFoundError:
        return None, 0
