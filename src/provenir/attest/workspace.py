"""The workspace: which folder's log an output belongs to."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Final

from provenir.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["WORKSPACE_VARIABLE", "find_log", "find_workspace", "log_folder"]

WORKSPACE_VARIABLE: Final = "PROVENIR_WORKSPACE"

_ARTIFACTS = "artifacts"
_LOG = "log"


def find_workspace(
    path: str | Path,
    explicit: str | Path | None = None,
    *,
    environ: Mapping[str, str] | None = None,
) -> Path:
    """Find the workspace of an output or store folder.

    In this order: the argument; the variable `PROVENIR_WORKSPACE`; the nearest folder named
    `artifacts`, from `path` itself upwards; the parent of `path`. Names are taken as written:
    links are not followed, so that `artifacts` may be a link to a large disk.

    Args:
        path: The output or store folder; it need not exist.
        explicit: A `workspace=` that the user gave.
        environ: The environment, `os.environ` unless given.

    Returns:
        An absolute path; nothing is made.
    """
    variables = os.environ if environ is None else environ
    named = explicit if explicit is not None else variables.get(WORKSPACE_VARIABLE, "").strip()
    if named:
        return _absolute(named)
    start = _absolute(path)
    for folder in (start, *start.parents):
        if folder.name == _ARTIFACTS:
            return folder
    return start.parent


def log_folder(workspace: str | Path) -> Path:
    """The folder of a workspace's log."""
    return Path(workspace) / _LOG


def find_log(path: str | Path) -> Path:
    """The log's folder from what a user names: that folder itself, or a workspace that has one.

    Raises:
        InputError: Neither is there.
    """
    named = Path(path)
    for folder in (log_folder(named), named):
        if any(folder.glob("events-*.jsonl")) or (folder / "origin").is_file():
            return folder
    raise InputError(
        "there is no log here",
        where=str(named),
        mend="give a workspace (a folder that has log/) or the log's own folder",
    )


def _absolute(path: str | Path) -> Path:
    return Path(os.path.abspath(path))  # noqa: PTH100 -- Path.resolve would follow links
