"""Every error that Provenir raises on purpose.

::

    ProvenirError                           what, where, mend; the command line's exit code
    ├── UsageError             ValueError   2  called or configured wrongly
    ├── MissingExtraError      ImportError  2  an optional dependency is not installed
    ├── InputError                          2  input that cannot be read
    │   ├── CanonicalizationError ValueError   a value without canonical bytes
    │   ├── DocumentError                      not the document that it should be
    │   │   └── AlteredDocumentError        1  a document that contradicts its own digest
    │   └── BoundsError                        too large, too deep, too long
    ├── LockedError                         2  held by a process that is alive
    ├── EvidenceError                       1  checked and failed; carries a reason
    │   ├── AlteredDocumentError               (the same class as above)
    │   └── LineageCycleError  ValueError      an edge that would close a circle
    └── UndecidedError                      3  a key, evidence or trust root is missing

A message says what is wrong, where, and how to mend it, in one line: the command line prints it
after ``error:`` and nothing else. Faults during a run are findings (`core.findings`), not errors.
"""

from __future__ import annotations

from typing import ClassVar

from provenir.core.text import printable

__all__ = [
    "AlteredDocumentError",
    "BoundsError",
    "CanonicalizationError",
    "DocumentError",
    "EvidenceError",
    "InputError",
    "LineageCycleError",
    "LockedError",
    "MissingExtraError",
    "ProvenirError",
    "UndecidedError",
    "UsageError",
]


class ProvenirError(Exception):
    """Base of all errors of this package.

    Args:
        what: What is wrong, as a clause without a full stop.
        where: The place: a file, ``file:line``, an argument's name.
        mend: What the reader can do about it.

    Attributes:
        exit_code: What the command line exits with (2 misuse or unreadable input, 1 checked and
            failed, 3 could not decide).
    """

    exit_code: ClassVar[int] = 2

    def __init__(self, what: str, *, where: str | None = None, mend: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.mend = mend

    def __str__(self) -> str:
        """Return ``what, where: mend`` in one line, safe to print on a terminal."""
        message = self.what
        if self.where:
            message += f", {self.where}"
        if self.mend:
            message += f": {self.mend}"
        return printable(message, max_chars=4_000)


class UsageError(ProvenirError, ValueError):
    """A function, class or command was called or configured in a way that cannot work."""


class MissingExtraError(ProvenirError, ImportError):
    """An optional dependency is missing; the message holds the line that installs it."""


class InputError(ProvenirError):
    """A file, a line or a value that was handed in cannot be read."""


class CanonicalizationError(InputError, ValueError):
    """A value that has no canonical bytes: NaN, too large an integer, a type JSON lacks."""


class DocumentError(InputError):
    """Bytes that are not the document they should be: syntax, schema, or version."""


class BoundsError(InputError):
    """Input larger, longer or deeper than the reader accepts."""


class LockedError(ProvenirError):
    """Another process that is alive holds what was asked for."""


class EvidenceError(ProvenirError):
    """Evidence was checked and does not hold.

    Args:
        what: What is wrong.
        reason: Machine-readable reason, one word with hyphens, such as ``wrong-predicate``.
        where: The place.
        mend: What the reader can do about it.
    """

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        what: str,
        *,
        reason: str = "invalid-evidence",
        where: str | None = None,
        mend: str | None = None,
    ) -> None:
        super().__init__(what, where=where, mend=mend)
        self.reason = reason


class AlteredDocumentError(DocumentError, EvidenceError):
    """A well-formed document whose content does not have the digest that it states."""

    exit_code: ClassVar[int] = 1

    def __init__(
        self,
        what: str,
        *,
        reason: str = "altered-document",
        where: str | None = None,
        mend: str | None = None,
    ) -> None:
        EvidenceError.__init__(self, what, reason=reason, where=where, mend=mend)


class LineageCycleError(EvidenceError, ValueError):
    """An edge that would make an artifact its own ancestor."""


class UndecidedError(ProvenirError):
    """What was asked cannot be decided: a key, evidence, or a trust root is missing."""

    exit_code: ClassVar[int] = 3
