"""Defaults of the options, read from files.

An option's value comes from the flag, else from `PROVENIR_<COMMAND>_<OPTION>`, else from
`provenir.toml` or `[tool.provenir]` of `pyproject.toml` in this folder or the nearest one above,
else from `provenir.toml` in the user's configuration folder. In a file, `[passport.verify]` with
`public-key = "team.pub.pem"` gives `provenir passport verify --public-key`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from provenir.core.errors import InputError

FILE_NAME: Final = "provenir.toml"


def load_defaults(start: Path) -> dict[str, Any]:
    """Defaults for every command, nearest file over the user's own.

    Raises:
        InputError: when a file that was found is not TOML.
    """
    merged: dict[str, Any] = {}
    for table in (_user_table(), _project_table(start)):
        merged = _merge(merged, _option_names(table))
    return merged


def _project_table(start: Path) -> Mapping[str, Any]:
    for folder in (start, *start.parents):
        own = folder / FILE_NAME
        if own.is_file():
            return _read(own)
        project = folder / "pyproject.toml"
        if project.is_file():
            table = _read(project).get("tool", {}).get("provenir")
            if isinstance(table, Mapping):
                return table
    return {}


def _user_table() -> Mapping[str, Any]:
    from platformdirs import user_config_path

    path = user_config_path("provenir") / FILE_NAME
    return _read(path) if path.is_file() else {}


def _read(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as fault:
        raise InputError(
            f"the settings cannot be read ({fault})", where=str(path), mend="correct or remove it"
        ) from fault


def _option_names(table: Mapping[str, Any]) -> dict[str, Any]:
    """Click's parameter names have underscores, where the flags and the file have dashes."""
    return {
        key.replace("-", "_") if not isinstance(value, Mapping) else key: (
            _option_names(value) if isinstance(value, Mapping) else value
        )
        for key, value in table.items()
    }


def _merge(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(under)
    for key, value in over.items():
        below = merged.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[key] = _merge(below, value) if both else value  # type: ignore[arg-type]
    return merged
