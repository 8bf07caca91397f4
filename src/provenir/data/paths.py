"""Which files a path, a folder, a glob or a list of paths stands for, and in which order.

* A folder stands for the data files below it, sorted by their path relative to it (as UTF-8
  bytes); names that begin with `.` or `_` are left out, linked folders are not entered, and what
  has another suffix is left out and named in a finding.
* A glob stands for the files that match, sorted the same way; every one must be a data file.
* A list or tuple of paths keeps its order.

A name in the identity is relative to the folder, to the part of the glob before the first
wildcard, or to the common folder of the list, so that moving the whole changes nothing.
"""

from __future__ import annotations

import glob
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

from provenir.core.errors import InputError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

Format: TypeAlias = Literal["lines", "json", "parquet"]
PathLike: TypeAlias = str | os.PathLike[str]

_FORMATS: Final[dict[str, Format]] = {
    ".jsonl": "lines",
    ".ndjson": "lines",
    ".json": "json",
    ".parquet": "parquet",
}
_COMPRESSIONS: Final = (".gz", ".zst")
_KNOWN: Final = ".jsonl, .ndjson or .json (each also .gz or .zst), .parquet"
_ABOUT_DATA: Final = re.compile(
    r"(^|/)(readme|licen[cs]e|notice|citation|authors|changelog)[^/]*$"
    r"|\.(md|rst|ya?ml|py|sha256|png|svg)$",
    re.IGNORECASE,
)
_HUB_ID: Final = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class DataFile:
    """One file to read.

    Attributes:
        path: where it lies.
        name: its name in the identity (see the module).
        format: what is inside.
        compression: ".gz", ".zst" or None.
    """

    path: Path
    name: str
    format: Format
    compression: str | None


def may_hold_data(name: str) -> bool:
    """Whether a file that is not read may be part of a data set, by its name.

    What tells of a data set or makes it, such as a README or a script, is no part of it.
    """
    return _ABOUT_DATA.search(name) is None


def expand(source: PathLike | Sequence[PathLike]) -> tuple[tuple[DataFile, ...], tuple[str, ...]]:
    """Find the files that `source` stands for.

    Returns:
        The files in reading order, and the names in a folder that were left out.

    Raises:
        InputError: nothing lies there, or it cannot be looked at.
        UsageError: a format that is not read, an address, a folder with a layout of its own.
    """
    if isinstance(source, (str, os.PathLike)):
        return _expand_one(source)
    found = [_expand_one(one) for one in source]
    paths = [Path(os.path.abspath(file.path)) for files, _ in found for file in files]  # noqa: PTH100
    base = Path(os.path.commonpath([path.parent for path in paths]))
    files = tuple(_data_file(path, path.relative_to(base).as_posix()) for path in paths)
    return files, tuple(name for _, ignored in found for name in ignored)


def _expand_one(source: PathLike) -> tuple[tuple[DataFile, ...], tuple[str, ...]]:
    text = os.fspath(source)
    if not isinstance(text, str):
        raise UsageError("a path of bytes is not read", mend="pass it as text (os.fsdecode)")
    if "://" in text:
        raise UsageError(
            "addresses are not read",
            where=_shorten(text),
            mend="download the file and pass its path",
        )
    path = Path(os.path.expanduser(text))  # noqa: PTH111 - Path.expanduser raises on ~nobody
    kind = _kind_of(path) if text else None
    if kind == "folder":
        return _in_folder(path)
    if kind == "file":
        return (_data_file(path, path.name),), ()
    if glob.has_magic(text) and (found := _matching(str(path))):
        return found, ()
    what = "no file matches" if glob.has_magic(text) else "no such file or folder"
    raise InputError(what, where=_shorten(text), mend=_mend_missing(text))


def _shorten(text: str) -> str:
    """The text in a length that leaves the rest of a message readable."""
    return text if len(text) <= 200 else f"{text[:120]}…{text[-60:]}"


def _kind_of(path: Path) -> str | None:
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError):
        # Missing, not to be entered, too long, or with a NUL: nothing lies there for us.
        return None
    return "folder" if stat.S_ISDIR(mode) else "file"


def _mend_missing(text: str) -> str:
    if text.lstrip().startswith(("{", "[{", "[\n", '["')) or "\n" in text:
        return "a string is read as a path; pass JSON text as json.loads(text)"
    if _HUB_ID.fullmatch(text) and not Path(text).parent.exists():
        return (
            "check the path; a data set of the Hugging Face hub is loaded first, "
            "with datasets.load_dataset"
        )
    return "check the path, its rights and the working folder"


def _matching(pattern: str) -> tuple[DataFile, ...]:
    parts = Path(pattern).parts
    fixed = next(number for number, part in enumerate(parts) if glob.has_magic(part))
    base, wild = Path(*parts[:fixed]), list(parts[fixed:])
    if wild[-1] == "**":
        wild.append("*")
    try:
        # Path.glob follows no linked folder below **, so a link to a parent is no endless tree.
        paths = [path for path in base.glob("/".join(wild)) if _kind_of(path) == "file"]
    except ValueError as error:
        raise UsageError(
            f"not a pattern ({error})", where=_shorten(pattern), mend="write ** as a part by itself"
        ) from error
    names = {path: path.relative_to(base) for path in paths}
    if not any(part.startswith(".") for part in wild):
        names = {path: name for path, name in names.items() if not _hidden(name)}
    return _sorted({path: name.as_posix() for path, name in names.items()})


def _hidden(name: Path) -> bool:
    return any(part.startswith(".") for part in name.parts)


def _in_folder(folder: Path) -> tuple[tuple[DataFile, ...], tuple[str, ...]]:
    if (folder / "state.json").is_file() and any(folder.glob("*.arrow")):
        raise UsageError(
            "the folder was written by Dataset.save_to_disk",
            where=str(folder),
            mend="pass datasets.load_from_disk(folder)",
        )
    names: dict[Path, str] = {}
    ignored: list[str] = []
    for parent, folders, files in os.walk(folder, onerror=_raise):
        folders[:] = [name for name in folders if name[0] not in "._"]
        for file in files:
            path = Path(parent, file)
            name = path.relative_to(folder).as_posix()
            if file[0] in "._":
                continue
            if _format_of(path) is None:
                ignored.append(name)
            else:
                names[path] = name
    if not names:
        raise InputError(
            "the folder holds no data file", where=str(folder), mend=f"it needs {_KNOWN}"
        )
    return _sorted(names), tuple(sorted(ignored))


def _raise(error: OSError) -> None:
    raise InputError(
        f"the folder cannot be read ({error.strerror})",
        where=str(error.filename),
        mend="check its rights",
    ) from error


def _sorted(names: dict[Path, str]) -> tuple[DataFile, ...]:
    ordered = sorted(names.items(), key=lambda item: os.fsencode(item[1]))
    return tuple(_data_file(path, name) for path, name in ordered)


def _format_of(path: Path) -> tuple[Format, str | None] | None:
    suffixes = [suffix.lower() for suffix in path.suffixes]
    compression = suffixes.pop() if suffixes and suffixes[-1] in _COMPRESSIONS else None
    found = _FORMATS.get(suffixes[-1]) if suffixes else None
    if found is None or (found == "parquet" and compression is not None):
        return None
    return found, compression


def _data_file(path: Path, name: str) -> DataFile:
    found = _format_of(path)
    if found is None:
        raise UsageError(
            "files of this kind are not read",
            where=str(path),
            mend=f"read are {_KNOWN}; anything else as a list of dicts",
        )
    # A file name need not be UTF-8; a document is.
    printable = os.fsencode(name).decode("utf-8", "replace")
    return DataFile(path=path, name=printable, format=found[0], compression=found[1])
