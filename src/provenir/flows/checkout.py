"""Find the files that the repository ships beside the package: word problems, the small run."""

from __future__ import annotations

from pathlib import Path

from provenir.core.errors import InputError

__all__ = ["shipped"]

_CHECKOUT = Path(__file__).resolve().parents[3]
"""The checkout, where the package is installed from one in editable form."""


def shipped(relative: str, *, holds: str | None = None) -> Path:
    """Return the path of a shipped file or folder.

    The current folder and its parents are looked at first, then the checkout that the package was
    installed from. A path below the current folder comes back relative.

    Args:
        relative: Path inside the repository, such as `data/train.jsonl`.
        holds: For a folder, the name of a file that it must hold.

    Raises:
        InputError: It is in neither place.
    """
    here = Path.cwd()
    for root in (here, *here.parents, _CHECKOUT):
        found = root / relative
        if (found / holds).is_file() if holds else found.is_file():
            return found.relative_to(here) if root == here else found
    raise InputError(
        f"{relative} is not here: it is shipped with the repository, not with the package",
        where=str(here),
        mend="run the command inside a clone of the repository",
    )
