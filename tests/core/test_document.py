"""Documents: round trips, and what reading refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import jsonschema_rs
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field, ValidationError

from provenir.core.canonical import canonical_bytes
from provenir.core.digest import digest_bytes
from provenir.core.document import DigestText, Document, Part, UtcText
from provenir.core.errors import CanonicalizationError, DocumentError, EvidenceError, UsageError
from strategies import finite_floats, json_objects, unicode_text


class Line(Part):
    name: str
    weight: float = 1.0


class Note(Document):
    schema_version: Literal["note/1"] = "note/1"
    text: str
    count: int | None = None
    lines: tuple[Line, ...] = ()
    extra: dict[str, Any] = Field(default_factory=dict)
    content: DigestText | None = None


notes = st.builds(
    Note,
    text=unicode_text,
    count=st.none() | st.integers(-(2**53) + 1, 2**53 - 1),
    lines=st.lists(st.builds(Line, name=unicode_text, weight=finite_floats), max_size=3),
    extra=json_objects,
)


@given(notes)
@settings(max_examples=50)
def test_round_trip(note: Note) -> None:
    data = note.to_bytes()
    back = Note.from_bytes(data, where="x")
    assert back == note
    assert back.to_bytes() == data
    assert note.digest() == digest_bytes(data)


@given(notes)
@settings(max_examples=50)
def test_the_json_schema_accepts_what_is_written(note: Note) -> None:
    value = json.loads(note.to_bytes())
    jsonschema_rs.validator_for(Note.json_schema()).validate(value)


def test_large_floats_survive_in_free_fields() -> None:
    note = Note(text="", extra={"a": [1e17, 2.0**53, -1e300, 3.0]})
    back = Note.from_bytes(note.to_bytes(), where="x")
    assert back == note
    assert back.to_bytes() == note.to_bytes()


def test_any_layout_is_read() -> None:
    data = b' {"text": "x", "schema_version" : "note/1" }\n'
    assert Note.from_bytes(data, where="x") == Note(text="x")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not JSON"),
        (b"[]", "no schema_version"),
        (b'{"text":"x"}', "no schema_version"),
        (b'{"schema_version":1,"text":"x"}', "no schema_version"),
        (b'{"schema_version":"note/2","text":"x"}', "note/2.*note/1 only"),
        (b'{"schema_version":"note/1"}', "text: Field required"),
        (b'{"schema_version":"note/1","text":"x","more":1}', "more: Extra inputs"),
        (b'{"schema_version":"note/1","text":1}', "text: Input should be a valid string"),
        (b'{"schema_version":"note/1","text":"x","count":"1"}', "valid integer"),
        (b'{"schema_version":"note/1","text":"x","count":1.5}', "valid integer"),
        (b'{"schema_version":"note/1","text":"x","text":"y"}', "twice"),
        (b'{"schema_version":"note/1","text":"\\ud800"}', "surrogate"),
        (b'{"schema_version":"note/1","text":"x","content":"abc"}', "not a digest"),
        (b'{"schema_version":"note/1","text":"x","lines":[{"name":"a","w":1}]}', r"lines\.0\.w"),
        (b'{"schema_version":"note/1","text":"x","extra":' + b"[" * 100, "64 levels"),
        (b'{"schema_version":"note/1","text":"x","lines":[{"weight":NaN}]}', "NaN"),
    ],
)
def test_refusals(data: bytes, why: str) -> None:
    with pytest.raises(DocumentError, match=why) as caught:
        Note.from_bytes(data, where="n.json")
    assert str(caught.value.where).startswith("n.json")
    assert not isinstance(caught.value, EvidenceError)
    assert "\n" not in str(caught.value)


def test_errors_do_not_quote_values_and_are_few() -> None:
    data = canonical_bytes({"schema_version": "note/1", **{f"k{n}": "SECRET" for n in range(50)}})
    with pytest.raises(DocumentError, match="and 48 more") as caught:
        Note.from_bytes(data, where="x")
    assert "SECRET" not in str(caught.value)


def test_what_a_user_gave_is_refused_in_one_line() -> None:
    assert Note.made_of(text="a", count=2) == Note(text="a", count=2)
    with pytest.raises(UsageError) as refused:
        Note.made_of(text="a", lines=[{"name": "b"}, {"name": [12345]}])
    assert refused.value.where == "lines.1.name"
    assert "12345" not in refused.value.what
    assert "\n" not in refused.value.what


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "note.json"
    note = Note(text="x")
    note.write(path)
    assert path.read_bytes() == note.to_bytes()
    assert Note.read(path) == note
    for other in (tmp_path, tmp_path / "missing.json"):
        with pytest.raises(DocumentError):
            Note.read(other)


def test_a_file_that_is_too_large(tmp_path: Path) -> None:
    class Small(Note):
        max_bytes = 10

    path = tmp_path / "note.json"
    Note(text="x").write(path)
    with pytest.raises(DocumentError, match="larger than 10 bytes"):
        Small.read(path)


def test_an_instant_has_one_form() -> None:
    class Timed(Part):
        at: UtcText

    assert Timed(at="2026-01-02T03:04:05.678Z").at == "2026-01-02T03:04:05.678Z"
    for text in ("2026-01-02T03:04:05Z", "2026-01-02T04:04:05.678+01:00", "2026-13-02", ""):
        with pytest.raises(ValidationError):
            Timed(at=text)


def test_a_document_of_too_many_values() -> None:
    class Few(Note):
        max_items = 3

    assert Few.from_bytes(b'{"schema_version":"note/1","text":"x"}', where="x").text == "x"
    with pytest.raises(DocumentError, match="more than 3 values"):
        Few.from_bytes(b'{"schema_version":"note/1","text":",,"}', where="x")


def test_a_document_in_another_one() -> None:
    value = {"schema_version": "note/1", "text": "x", "count": 1}
    assert Note.from_value(value, where="x") == Note(text="x", count=1)
    for odd in ({**value, "count": "1"}, {**value, "schema_version": "note/2"}, [], None):
        with pytest.raises(DocumentError):
            Note.from_value(odd, where="x")


def test_documents_are_frozen_and_finite() -> None:
    note = Note(text="x")
    with pytest.raises(ValidationError):
        note.text = "y"  # type: ignore[misc]
    with pytest.raises(ValidationError):
        Line(name="x", weight=float("nan"))
    with pytest.raises(CanonicalizationError):
        Note(text="x", extra={"a": [float("inf")]}).to_bytes()


def test_schema_names_the_version() -> None:
    schema = Note.json_schema()
    assert schema["properties"]["schema_version"]["const"] == "note/1"
    assert "schema_version" in schema["required"]
    assert schema["additionalProperties"] is False
    assert Note.format_name() == "note/1"
