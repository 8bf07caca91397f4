"""Run ids: readable, sortable by time within a name, and safe as a file name.

``<slug>-<UTC yyyymmddThhmmssZ>-<8 hex>``: a name may hold any text, only its slug reaches the
file system, and the eight random digits keep two runs of one second apart.
"""

from __future__ import annotations

import re
import secrets
from datetime import UTC
from typing import TYPE_CHECKING, Final

from provenir.core.errors import InputError, UsageError
from provenir.core.text import slug

if TYPE_CHECKING:
    from provenir.core.clock import Clock

__all__ = ["check_file_id", "is_run_id", "new_run_id"]

_RUN_ID: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?-\d{8}T\d{6}Z-[0-9a-f]{8}")
_FILE_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_TOKEN: Final = re.compile(r"[0-9a-f]{8}")


def new_run_id(name: str, *, clock: Clock, token: str | None = None) -> str:
    """Return a new run id.

    Args:
        name: What the user calls the run; any text.
        clock: Gives the time in the id.
        token: The eight hexadecimal digits; random by default.

    Raises:
        UsageError: `token` is not eight lower-case hexadecimal digits.
    """
    if token is None:
        token = secrets.token_hex(4)
    elif _TOKEN.fullmatch(token) is None:
        raise UsageError("a run id's token has eight lower-case hexadecimal digits")
    return f"{slug(name)}-{clock.now().astimezone(UTC):%Y%m%dT%H%M%SZ}-{token}"


def is_run_id(text: str) -> bool:
    """Say whether `text` has the form of `new_run_id`."""
    return text.isascii() and _RUN_ID.fullmatch(text) is not None


def check_file_id(text: str) -> str:
    """Return an id that came from outside if it can name a file in one folder and no other.

    Ids of foreign systems are accepted too, so this is wider than `is_run_id`: letters, digits,
    ``.``, ``_`` and ``-``, at most 128, beginning with a letter or digit.

    Raises:
        InputError: The text could leave the folder, hide, or pass as an option.
    """
    if _FILE_ID.fullmatch(text) is None or ".." in text:
        raise InputError(
            f"{text[:80]!r} cannot be an id",
            mend="an id has letters, digits, dots, hyphens and underscores only",
        )
    return text
