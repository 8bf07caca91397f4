"""Metadata of examples: strict lines, one for each content, one root."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.core.canonical import canonical_bytes
from provenir.core.digest import digest_bytes, format_digest
from provenir.core.errors import InputError, UsageError
from provenir.core.merkle import merkle_root
from provenir.data.dataset import Dataset
from provenir.governance.metadata import CONSENTS, PII, RIGHTS, ExampleMetadata, Metadata

A, B = sorted((digest_bytes(b"a"), digest_bytes(b"b")))
FULL = {
    "content": A,
    "source": "acme-wiki",
    "rights": "licensed",
    "license": "CC-BY-4.0",
    "license_expires": "2026-12-31",
    "consent": "given",
    "jurisdiction": "EU",
    "pii": "none",
    "content_class": "prose",
}
texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
examples = st.builds(
    ExampleMetadata,
    content=st.binary(max_size=2).map(digest_bytes),
    source=texts,
    rights=st.sampled_from(RIGHTS),
    license=st.none() | texts,
    license_expires=st.none() | st.dates(),
    consent=st.sampled_from(CONSENTS),
    jurisdiction=st.none() | texts,
    pii=st.sampled_from(PII),
    content_class=st.from_regex(r"[a-z0-9_-]{1,64}", fullmatch=True),
)


def write(path, *values):
    path.write_text("".join(json.dumps(value) + "\n" for value in values))
    return path


@given(examples)
def test_a_line_comes_back_and_is_canonical(one):
    value = json.loads(one.line())
    assert ExampleMetadata.from_value(value, where="test") == one
    assert one.line() == canonical_bytes(value)


@given(st.lists(examples, max_size=6, unique_by=lambda one: one.content), st.randoms())
def test_a_sidecar_is_the_same_in_any_order(tmp_path_factory, many, random):
    shuffled = random.sample(many, len(many))
    one, other = Metadata(many), Metadata(shuffled)
    assert one == other
    assert one.root() == other.root() == format_digest(merkle_root(one.lines()))
    path = tmp_path_factory.mktemp("sidecar") / "metadata.jsonl"
    one.write(path)
    assert Metadata.read(path, stored=True) == one
    assert all(one.get(example.content) == example for example in many)
    assert one.get(digest_bytes(b"nobody")) is None


def test_what_nobody_stated_is_unknown():
    assert json.loads(ExampleMetadata(content=A).line()) == {
        **dict.fromkeys(FULL, "unknown"),
        **dict.fromkeys(("license", "license_expires", "jurisdiction")),
        "content": A,
    }


def test_the_content_of_a_row_is_the_digest_in_the_dataset(tmp_path):
    path = write(tmp_path / "rows.jsonl", {"text": "a"}, {"text": "b", "n": 2**53})
    dataset = Dataset(path)
    leaves = [ExampleMetadata.of(row, source="here").content for row in dataset]
    root = merkle_root(bytes.fromhex(leaf.removeprefix("sha256:")) for leaf in leaves)
    assert format_digest(root) == dataset.identity().records_root


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("content", "sha256:1"),
        ("content", A.upper()),
        ("content", None),
        ("source", ""),
        ("source", None),
        ("source", "x" * 1001),
        ("source", 1),
        ("rights", "licenced"),
        ("rights", None),
        ("rights", ["open"]),
        ("rights", {}),
        ("license", ""),
        ("license", 4),
        ("license_expires", "2026-02-30"),
        ("license_expires", "2026-2-3"),
        ("license_expires", ""),
        ("license_expires", 20260101),
        ("license_expires", True),
        ("consent", "yes"),
        ("consent", True),
        ("jurisdiction", []),
        ("pii", False),
        ("content_class", "Prose"),
        ("content_class", ""),
        ("content_class", "x" * 65),
        ("content_class", "prose\n"),
        ("content_class", "prosé"),
        ("unknown", 1),
    ],
)
def test_a_field_that_is_not_what_it_should_be_is_refused_with_its_line(tmp_path, field, value):
    path = write(tmp_path / "metadata.jsonl", FULL | {"content": B}, FULL | {field: value})
    with pytest.raises(InputError) as fault:
        Metadata.read(path)
    assert fault.value.where == f"{path}:2"
    assert field in fault.value.what or "date" in fault.value.what


@pytest.mark.parametrize("field", FULL)
def test_a_field_that_is_missing_is_refused_by_name(tmp_path, field):
    value = {name: FULL[name] for name in FULL if name != field}
    with pytest.raises(InputError, match=field):
        Metadata.read(write(tmp_path / "metadata.jsonl", value))


@pytest.mark.parametrize(
    "line",
    [
        *("", "null", "[]", "{", '{"a": NaN}', '{"source": "a", "source": "b"}', "[" * 100),
        *('"\\ud800"', "\ufeff{}", "{} {}", f'{{"content": {"1" * 5_000}}}', '{"x": {"y": {}}}'),
    ],
)
def test_a_line_that_is_no_strict_object_is_refused(tmp_path, line):
    path = tmp_path / "metadata.jsonl"
    path.write_text(json.dumps(FULL) + "\n" + line + "\n")
    with pytest.raises(InputError) as fault:
        Metadata.read(path)
    assert fault.value.where.startswith(f"{path}:2")


def test_a_content_twice_is_refused_with_both_lines(tmp_path):
    path = write(tmp_path / "metadata.jsonl", FULL, FULL | {"content": B}, FULL)
    with pytest.raises(InputError, match="line 1") as fault:
        Metadata.read(path)
    assert fault.value.where == f"{path}:3"
    with pytest.raises(UsageError, match="twice"):
        Metadata([ExampleMetadata(content=A)] * 2)


def test_a_torn_last_line_is_refused(tmp_path):
    path = tmp_path / "metadata.jsonl"
    path.write_text(json.dumps(FULL))
    with pytest.raises(InputError, match="no newline"):
        Metadata.read(path)


def test_a_long_line_is_refused(tmp_path):
    path = write(tmp_path / "metadata.jsonl", FULL | {"source": "x" * 70_000})
    with pytest.raises(InputError, match="longer"):
        Metadata.read(path)


def test_a_stored_sidecar_is_sorted_and_canonical(tmp_path):
    first, second = FULL, FULL | {"content": B}
    lines = [canonical_bytes(one).decode() for one in (first, second)]
    path = tmp_path / "metadata.jsonl"
    for text in (f"{lines[1]}\n{lines[0]}\n", json.dumps(first) + "\n"):
        path.write_text(text)
        assert Metadata.read(path)
        with pytest.raises(InputError, match="not sorted, or not a canonical line"):
            Metadata.read(path, stored=True)


def test_a_time_is_no_day():
    with pytest.raises(UsageError, match="license_expires"):
        ExampleMetadata(content=A, license_expires=dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
