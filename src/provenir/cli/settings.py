"""Defaults of the options, read from files.

An option's value comes from the flag, else from `PROVENIR_<COMMAND>_<OPTION>`, else from
`provenir.toml` or `[tool.provenir]` of `pyproject.toml` in this folder or the nearest one above,
else from `provenir.toml` in the user's configuration folder. In a file, `[passport.verify]` with
`public-key = "team.pub.pem"` gives `provenir passport verify --public-key`; a relative path is
meant from the file's own folder.

The file above may be a stranger's: whoever verifies a downloaded folder may stand in it. So it is
read with bounds, every name and value in it must fit an option, a command that decides something
says which of its options came from one, and what a verdict or a signature rests on (`DECIDING`) is
never taken from it: that comes from the flag, the environment, or the user's own folder. A folder
in which other users can write is passed over.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, get_args

from provenir.core.errors import InputError
from provenir.core.files import read_bounded
from provenir.core.strict_toml import parse_toml

__all__ = ["Settings", "load_settings"]

FILE_NAME: Final = "provenir.toml"
MAX_BYTES: Final = 2**20
DECIDING: Final = frozenset(
    (
        *("--key", "--public-key", "--at", "--trust", "--state"),
        *("--checkpoint", "--origin", "--statement", "--revocation"),
        *("--proof", "--log", "--reports"),
        # What is signed, by whom and as what; and what a policy asks for.
        *("--new", "--signing-key", "--threshold", "--require", "--compromised-at"),
        *("--policy", "--name", "--license", "--reason"),
        *("--witness", "--witness-name", "--witness-state"),
        # Which canaries are looked for.
        *("--id", "--recipient", "--key-file", "--register"),
        # What a report of contamination is held against, and how much of it.
        *("--train", "--eval", "--hits", "--sample", "--seed"),
        # What a proof of the ledger leads to, and which secret opens it.
        *("--root", "--n", "--salts"),
    )
)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the files say.

    Attributes:
        defaults: Click's `default_map`: by command and parameter name.
        origins: `passport verify --public-key` to the file that it came from.
        ignored: What was found and not taken, in one sentence, with the command that it is for;
            () for every command.
    """

    defaults: dict[str, Any] = field(default_factory=dict)
    origins: dict[str, Path] = field(default_factory=dict)
    ignored: list[tuple[tuple[str, ...], str]] = field(default_factory=list)


def load_settings(command: Any) -> Settings:
    """Read the defaults for every option of a command and its sub-commands.

    Args:
        command: The root command, as click holds it.

    Raises:
        InputError: When a file that was found is not TOML, or names what is no option.
    """
    settings = Settings()
    for path, table in _user_table():
        _adapt(command, table, _Place(path, (), own=True), settings.defaults, settings)
    for path, table in _project_table(settings):
        _adapt(command, table, _Place(path, (), own=False), settings.defaults, settings)
    return settings


@dataclass(frozen=True, slots=True)
class _Place:
    """Where in which file we are; `own` where it is the user's own folder."""

    path: Path
    words: tuple[str, ...]
    own: bool

    def below(self, word: str) -> _Place:
        return _Place(self.path, (*self.words, word), self.own)

    def fault(self, what: str, mend: str) -> InputError:
        return InputError(f"{'.'.join(self.words)}: {what}", where=str(self.path), mend=mend)


def _adapt(
    command: Any,
    table: Mapping[str, Any],
    place: _Place,
    defaults: dict[str, Any],
    settings: Settings,
) -> None:
    commands = getattr(command, "commands", {})
    options = {flag: param for param in command.params for flag in param.opts}
    for key, value in table.items():
        here = place.below(key)
        flag = "--" + key.replace("_", "-")
        if key in commands and isinstance(value, Mapping):
            _adapt(commands[key], value, here, defaults.setdefault(key, {}), settings)
        elif flag in DECIDING and flag in options and not here.own:
            settings.ignored.append((place.words, f"{'.'.join(here.words)} in {here.path} {_NOT}"))
        elif key not in commands and flag in options:
            defaults[options[flag].name] = _value(options[flag], value, here)
            settings.origins[" ".join((*place.words, flag))] = place.path
        else:
            known = ", ".join((*commands, *(flag[2:] for flag in options if flag[:2] == "--")))
            raise here.fault("no such setting", f"known here are: {known}")


def _value(option: Any, value: object, place: _Place) -> object:
    """A value of the kind that the option takes; a path from the file's own folder."""
    if option.multiple:
        items = value if isinstance(value, list) else [value]
        return [_single(option, item, place) for item in items]
    return _single(option, value, place)


def _single(option: Any, value: object, place: _Place) -> object:
    kind = _kind(option)
    wanted: type = bool if option.is_flag else kind if kind in (int, float) else str
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not wanted or value == "":
        words = {bool: "true or false", int: "a whole number", float: "a number", str: "text"}
        raise place.fault(f"not {words[wanted]}", "correct or remove it")
    return str(place.path.parent / str(value)) if kind is Path else value


def _kind(option: Any) -> Any:
    """The type of one value; typer with its own parameter classes and typer over click differ."""
    described = getattr(option, "type_descriptor", None)
    if described is None:
        return {"path": Path, "integer": int, "float": float}.get(option.type.name, str)
    inner = get_args(described.annotation)
    return inner[0] if inner else described.annotation


_NOT: Final = (
    "is not used: what a verdict rests on is not read from a file beside the evidence; give it as"
    " a flag, in the environment, or in the settings of your own folder"
)


def _project_table(settings: Settings) -> Iterator[tuple[Path, Mapping[str, Any]]]:
    try:
        start = Path.cwd()
    except FileNotFoundError:
        return  # the current folder was removed: there is nothing above it
    for folder in (start, *start.parents):
        own, project = folder / FILE_NAME, folder / "pyproject.toml"
        if _others_write_in(folder):
            if own.is_file():
                said = f"{own} is not read: other users can write in its folder"
                settings.ignored.append(((), said))
            continue
        if own.is_file():
            yield own, _read(own)
            return
        if project.is_file():
            tools = _read(project).get("tool")
            table = tools.get("provenir") if isinstance(tools, Mapping) else None
            if isinstance(table, Mapping):
                yield project, table
                return


def _others_write_in(folder: Path) -> bool:
    """Whether somebody else may have put a file there, as into the folder for temporary files."""
    try:
        about = folder.stat()
    except OSError:
        return True
    return about.st_uid not in (os.geteuid(), 0) or bool(about.st_mode & stat.S_IWOTH)


def _user_table() -> Iterator[tuple[Path, Mapping[str, Any]]]:
    from platformdirs import user_config_path

    try:
        path = user_config_path("provenir") / FILE_NAME
    except RuntimeError:
        return  # no HOME, and no such user: nobody's settings
    if path.is_file():
        yield path, _read(path)


def _read(path: Path) -> Mapping[str, Any]:
    data = read_bounded(path, max_bytes=MAX_BYTES)
    return parse_toml(data, where=str(path), what="the settings")
