"""Documents: what is written to disk or sent to somebody.

A document is a pydantic model with a schema version, no unknown fields, and canonical bytes
(`core.canonical`), over which its digest is taken. Values that stay in the process are frozen
dataclasses instead.

::

    class Note(Document):
        schema_version: Literal["note/1"] = "note/1"
        text: str

Laws: ``D.from_bytes(d.to_bytes(), where=...) == d``; equal documents have equal bytes; reading
refuses whatever the strict reader (`core.strict_json`) refuses, a missing or foreign schema
version, unknown fields, and values of another JSON type than the field's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

import orjson
from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from provenir.core.canonical import canonical_bytes
from provenir.core.clock import parse_utc, utc_text
from provenir.core.digest import digest_bytes, is_digest
from provenir.core.errors import DocumentError, InputError, ProvenirError, UsageError
from provenir.core.files import atomic_write, parse_json, read_bounded
from provenir.core.limits import MAX_DOCUMENT_BYTES, MAX_DOCUMENT_ITEMS

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["DigestText", "Document", "Part", "UtcText", "first_fault"]

_SHOWN_ERRORS = 3


def _check_digest(text: str) -> str:
    if not is_digest(text):
        raise ValueError("not a digest: sha256: and 64 lower-case hexadecimal digits")
    return text


DigestText = Annotated[str, AfterValidator(_check_digest)]
"""A field that holds a digest in its one form (`core.digest`)."""


def _check_utc(text: str) -> str:
    try:
        written = utc_text(parse_utc(text))
    except InputError as fault:
        raise ValueError(fault.what) from fault
    if written != text:
        raise ValueError(f"write the time as {written}: RFC 3339 in UTC with milliseconds")
    return text


UtcText = Annotated[str, AfterValidator(_check_utc)]
"""A field that holds an instant in its one form (`core.clock.utc_text`)."""


class Part(BaseModel):
    """Base of the records inside a document: frozen, no unknown fields, finite numbers."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        allow_inf_nan=False,
        validate_default=True,
        # In a field of any type NaN reaches the canonicaliser, which refuses it; pydantic's own
        # default would write null in silence.
        ser_json_inf_nan="constants",
    )


class Document(Part):
    """Base of every document.

    Attributes:
        schema_version: Name and version of the format; each subclass narrows it to a literal
            such as ``run-manifest/1``.
        max_bytes: Largest stored document that `read` accepts, in bytes.
        max_depth: Most nested containers that `from_bytes` accepts.
        max_items: Most brackets and commas that `from_bytes` accepts; a value costs a reader some
            sixty bytes of memory for each, however short it is spelled.
    """

    max_bytes: ClassVar[int] = MAX_DOCUMENT_BYTES
    max_depth: ClassVar[int] = 64
    max_items: ClassVar[int] = MAX_DOCUMENT_ITEMS

    schema_version: str

    @classmethod
    def made_of(cls, **fields: Any) -> Self:
        """Make a document of what a user gave.

        Args:
            **fields: Its fields.

        Raises:
            UsageError: The first field that is wrong, in one line.
        """
        try:
            return cls(**fields)
        except ValidationError as error:
            what, place = first_fault(error)
            raise UsageError(f"not a {cls.format_name()}: {what}", where=place) from error

    def to_bytes(self) -> bytes:
        """Return the canonical bytes: what is stored, digested and signed.

        Raises:
            CanonicalizationError: A field holds a value without canonical bytes.
        """
        return canonical_bytes(self.model_dump(mode="json"))

    def digest(self) -> str:
        """Return the digest of `to_bytes`."""
        return digest_bytes(self.to_bytes())

    def write(self, path: str | Path) -> None:
        """Write `to_bytes` to a file, atomically.

        Raises:
            OSError: The file cannot be written.
        """
        atomic_write(path, self.to_bytes())

    @classmethod
    def from_bytes(cls, data: bytes, *, where: str) -> Self:
        """Return the document that the bytes hold.

        Args:
            data: A JSON text, in any layout; the bytes as received stay the evidence.
            where: What to call the input in an error.

        Raises:
            DocumentError: Not strict JSON, another schema version, or not what the schema says.
        """
        try:
            value = parse_json(
                data, where=where, max_depth=cls.max_depth, max_items=cls.max_items, doubles=True
            )
        except InputError as error:
            raise DocumentError(error.what, where=error.where, mend=error.mend) from error
        return cls.from_value(value, where=where)

    @classmethod
    def from_value(cls, value: Any, *, where: str) -> Self:
        """Return the document that a value holds, for a document that stands in another one.

        Args:
            value: What the strict reader made of a JSON text, with `doubles`.
            where: What to call the input in an error.

        Raises:
            DocumentError: Another schema version, or not what the schema says.
        """
        cls._check_version(value, where)
        try:
            # orjson prints every float with a point or an exponent, so that a field of any type
            # gets back the float or integer that was written.
            return cls.model_validate_json(orjson.dumps(value), strict=True)
        except ValidationError as error:
            raise DocumentError(
                f"not a {cls.format_name()} document: {_summary(error)}",
                where=where,
                mend="read another copy, or the file that was meant",
            ) from error
        except ProvenirError as error:
            error.where = error.where or where
            raise

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Return the document stored in a file.

        Raises:
            DocumentError: The file cannot be read, is too large, or is not the document.
        """
        try:
            data = read_bounded(path, max_bytes=cls.max_bytes)
        except InputError as error:
            raise DocumentError(error.what, where=error.where, mend=error.mend) from error
        return cls.from_bytes(data, where=str(path))

    @classmethod
    def format_name(cls) -> str:
        """Return the schema version that this class reads, or the class's name without one."""
        return str(cls.model_fields["schema_version"].default or cls.__name__)

    @classmethod
    def json_schema(cls) -> dict[str, Any]:
        """Return the JSON Schema (draft 2020-12) of the stored form."""
        schema = cls.model_json_schema(mode="serialization")
        required = sorted({*schema.get("required", ()), "schema_version"})
        return {
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            **schema,
            "required": required,
        }

    @classmethod
    def _check_version(cls, value: Any, where: str) -> None:
        expected = cls.model_fields["schema_version"].default
        found = value.get("schema_version") if isinstance(value, dict) else None
        if not isinstance(found, str):
            raise DocumentError(
                f"not a {cls.format_name()} document: no schema_version",
                where=where,
                mend="check that this is the file that was meant",
            )
        if isinstance(expected, str) and found != expected:
            raise DocumentError(
                f"the schema version is {found[:80]!r}",
                where=where,
                mend=f"this reads {expected} only",
            )


def first_fault(error: ValidationError) -> tuple[str, str | None]:
    """Say what is wrong with the first wrong field, and which field it is.

    Args:
        error: What pydantic said; the values that were given are not repeated.

    Returns:
        The sentence, and the path of the field, such as `data.0.name`; None for the whole.
    """
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    place = ".".join(str(part) for part in first["loc"])
    return first["msg"], place or None


def _summary(error: ValidationError) -> str:
    """Name the first faulty fields in one line, without quoting their values."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    shown = [
        f"{'.'.join(str(step)[:60] for step in item['loc']) or 'the whole'}: {item['msg']}"
        for item in details[:_SHOWN_ERRORS]
    ]
    if len(details) > _SHOWN_ERRORS:
        shown.append(f"and {len(details) - _SHOWN_ERRORS} more")
    return "; ".join(shown)
