"""What is known of one example's content, and the file in which a data source says it.

A line of `metadata.jsonl` is one `ExampleMetadata`; each content has one at most
(`docs/reference/ledger.md`, "private/metadata.jsonl"). What nobody stated is `unknown`, or null
where the field may be null: it is never read as good news.

Laws: ``ExampleMetadata.from_line(m.line()) == m``; equal sidecars have equal lines and roots, in
whatever order they were made.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any, Final, Literal, Self, get_args

import orjson

from provenir.core.canonical import canonical_bytes, example_digest
from provenir.core.digest import format_digest, is_digest
from provenir.core.errors import BoundsError, InputError, UsageError
from provenir.core.files import atomic_write, parse_json, read_lines
from provenir.core.merkle import Frontier
from provenir.core.text import is_encodable
from provenir.governance.expressions import parse_day

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from provenir.governance.expressions import Fact

__all__ = [
    "CONSENTS",
    "MAX_METADATA_LINES",
    "MAX_TEXT_CHARS",
    "PII",
    "RIGHTS",
    "Consent",
    "ExampleMetadata",
    "Metadata",
    "Pii",
    "Rights",
    "is_content_class",
    "read_metadata",
]

Rights = Literal["licensed", "open", "scraped-public", "restricted", "unknown"]
Consent = Literal["given", "withdrawn", "not-needed", "unknown"]
Pii = Literal["none", "masked", "present", "unknown"]

RIGHTS: Final[tuple[str, ...]] = get_args(Rights)
CONSENTS: Final[tuple[str, ...]] = get_args(Consent)
PII: Final[tuple[str, ...]] = get_args(Pii)

MAX_METADATA_LINES: Final = 10_000_000
"""Most lines of a sidecar that is read."""
MAX_TEXT_CHARS: Final = 1_000
"""Longest source, licence or jurisdiction."""

_MAX_LINE_BYTES: Final = 65_536
_CLASS_CHARS: Final = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_-")
_MAX_CLASS_CHARS: Final = 64
_FIELDS: Final = (
    *("content", "source", "rights", "license", "license_expires", "consent", "jurisdiction"),
    *("pii", "content_class"),
)


def is_content_class(word: object) -> bool:
    """Say whether a word may name a content class: ``[a-z0-9_-]{1,64}``."""
    return isinstance(word, str) and 0 < len(word) <= _MAX_CLASS_CHARS and set(word) <= _CLASS_CHARS


@dataclass(frozen=True, slots=True, kw_only=True)
class ExampleMetadata:
    """What a data source says of one content.

    Attributes:
        content: Digest of the example (`core.canonical.example_digest`).
        source: Where it came from, in the owner's words.
        rights: By which right it may be used.
        license: SPDX expression or the owner's words; None where there is none.
        license_expires: Last day on which the licence holds (UTC); None without an end.
        consent: Whether the people in it agreed.
        jurisdiction: Whose law it is under; None where not stated.
        pii: Whether it holds personal data.
        content_class: What kind of content it is, a word of the owner's.

    Raises:
        UsageError: A field is not what it should be.
    """

    content: str
    source: str = "unknown"
    rights: Rights = "unknown"
    license: str | None = None
    license_expires: date | None = None
    consent: Consent = "unknown"
    jurisdiction: str | None = None
    pii: Pii = "unknown"
    content_class: str = "unknown"

    def __post_init__(self) -> None:
        _need(is_digest(self.content), "content", "a digest: sha256: and 64 hex digits")
        _need(_is_text(self.source), "source", f"text of 1 to {MAX_TEXT_CHARS} characters")
        given: tuple[tuple[str, object, tuple[str, ...]], ...] = (
            ("rights", self.rights, RIGHTS),
            ("consent", self.consent, CONSENTS),
            ("pii", self.pii, PII),
        )
        for name, value, words in given:
            _need(isinstance(value, str) and value in words, name, f"one of {' '.join(words)}")
        for name, text in (("license", self.license), ("jurisdiction", self.jurisdiction)):
            _need(text is None or _is_text(text), name, f"null or 1 to {MAX_TEXT_CHARS} characters")
        # A datetime is a date to isinstance and compares with none.
        _need(type(self.license_expires) in (date, type(None)), "license_expires", "a date or null")
        _need(is_content_class(self.content_class), "content_class", "a word of [a-z0-9_-]{1,64}")

    @classmethod
    def of(cls, example: Any, **stated: Any) -> Self:
        """Say something of an example that is at hand.

        Args:
            example: The row, as `provenir.data.Dataset` yields it.
            **stated: The other fields.

        Raises:
            UsageError: A field is not what it should be.
            CanonicalizationError: The row has no digest.
        """
        return cls(content=format_digest(example_digest(example)), **stated)

    @classmethod
    def from_value(cls, value: Any, *, where: str) -> Self:
        """Read one line's value: all nine fields, and no other.

        Raises:
            InputError: It is not that.
        """
        if not isinstance(value, dict) or value.keys() != set(_FIELDS):
            found = value.keys() if isinstance(value, dict) else set()
            odd = sorted(map(str, set(_FIELDS) ^ found))
            raise InputError(
                f"exactly the nine fields are stated; look at {', '.join(odd)[:120]}",
                where=where,
                mend="write unknown, or null, for what is not known",
            )
        given = dict(value)
        try:
            if given["license_expires"] is not None:
                given["license_expires"] = parse_day(given["license_expires"])
            return cls(**given)
        except (UsageError, InputError) as fault:
            raise InputError(fault.what, where=where, mend=fault.mend) from fault

    def line(self) -> bytes:
        """The canonical line, without its newline: the leaf of the sidecar's tree."""
        value: dict[str, Any] = {name: getattr(self, name) for name in _FIELDS}
        if self.license_expires is not None:
            value["license_expires"] = self.license_expires.isoformat()
        return canonical_bytes(value)

    def facts(self) -> tuple[Fact, ...]:
        """All but the content, in the order of the fields: what a decision may depend on."""
        return (
            *(self.source, self.rights, self.license, self.license_expires),
            *(self.consent, self.jurisdiction, self.pii, self.content_class),
        )


class Metadata:
    """A sidecar: the metadata of many contents.

    Args:
        examples: In any order.

    Raises:
        UsageError: A content twice.
    """

    def __init__(self, examples: Iterable[ExampleMetadata] = ()) -> None:
        found: dict[str, ExampleMetadata] = {}
        for one in examples:
            if one.content in found:
                raise UsageError("a content twice", where=one.content, mend="state each once")
            found[one.content] = one
        self._of: Mapping[str, ExampleMetadata] = {name: found[name] for name in sorted(found)}

    @classmethod
    def read(cls, path: str | Path, *, stored: bool = False) -> Self:
        """Read a sidecar, line by line.

        Args:
            path: The file, JSON Lines.
            stored: Whether it must be as `write` leaves it: canonical lines, sorted. Otherwise
                any order and layout will do.

        Raises:
            InputError: A line that is no metadata, a content twice, no newline at the end; the
                message names file and line.
            BoundsError: A line or the file is too long.
        """
        return cls(read_metadata(path, stored=stored))

    def write(self, path: str | Path) -> None:
        """Write the sorted lines, atomically.

        Raises:
            OSError: It cannot be written.
        """
        atomic_write(path, (line + b"\n" for line in self.lines()))

    def get(self, content: str) -> ExampleMetadata | None:
        """What is known of a content; None where no line speaks of it."""
        return self._of.get(content)

    def lines(self) -> Iterator[bytes]:
        """The canonical lines, sorted by content."""
        return (one.line() for one in self._of.values())

    def root(self) -> str:
        """Digest form of the RFC 6962 root over the lines; state `len` with it."""
        tree = Frontier()
        tree.extend(self.lines())
        return format_digest(tree.root())

    def __len__(self) -> int:
        return len(self._of)

    def __iter__(self) -> Iterator[ExampleMetadata]:
        return iter(self._of.values())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Metadata) and self._of == other._of

    __hash__ = None  # type: ignore[assignment]


def read_metadata(path: str | Path, *, stored: bool = False) -> Iterator[ExampleMetadata]:
    """Yield what each line of a sidecar says, in the order of the file; see `Metadata.read`."""
    lines = read_lines(path, max_line_bytes=_MAX_LINE_BYTES)
    seen: dict[str, int] = {}
    before = ""
    for number, data in lines:
        where = f"{path}:{number}"
        if number > MAX_METADATA_LINES:
            raise BoundsError(f"more than {MAX_METADATA_LINES:,} lines", where=where)
        own = _canonical(data)
        one = own or ExampleMetadata.from_value(
            parse_json(data, where=where, max_depth=2), where=where
        )
        if (first := seen.setdefault(one.content, number)) != number:
            raise InputError(
                f"this content stands in line {first} already", where=where, mend="state it once"
            )
        if stored and (one.content < before or own is None):
            raise InputError("not sorted, or not a canonical line", where=where)
        before = one.content
        yield one
    if lines.torn is not None:
        raise InputError(
            "the last line has no newline", where=str(path), mend="check that the file is whole"
        )


def _canonical(data: bytes) -> ExampleMetadata | None:
    """What a canonical line says; None for any other, which the strict reader then explains.

    A line that comes back byte for byte has no key twice and no number or escape of its own.
    """
    try:
        one = ExampleMetadata.from_value(orjson.loads(data), where="")
    except (InputError, orjson.JSONDecodeError):
        return None
    return one if one.line() == data else None


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_TEXT_CHARS and is_encodable(value)


def _need(holds: bool, field: str, what: str) -> None:
    if not holds:
        raise UsageError(f"{field} must be {what}")
