from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenir.attest.statement import (
    PASSPORT_PREDICATE,
    PREDICATE_BASE,
    STATEMENT_TYPE,
    Statement,
    Subject,
)
from provenir.core.canonical import canonical_bytes
from provenir.core.errors import (
    BoundsError,
    CanonicalizationError,
    EvidenceError,
    InputError,
    UsageError,
)

HEX = "ab" * 32
SUBJECT = Subject("model/tensors", {"sha256": HEX})

_text = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=10)
_json = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53) + 1, 2**53 - 1)
    | st.floats(-(2.0**53) + 1, 2.0**53 - 1)  # larger ones read back as integers out of range
    | _text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_text, inner, max_size=3),
    max_leaves=10,
)


def _document(**changes: Any) -> dict[str, Any]:
    base = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": "m", "digest": {"sha256": HEX}}],
        "predicateType": PASSPORT_PREDICATE,
        "predicate": {},
    }
    return {name: value for name, value in (base | changes).items() if value is not ...}


@settings(max_examples=60)
@given(predicate=st.dictionaries(_text, _json, max_size=4), name=_text.filter(bool))
def test_what_is_written_is_read_back(predicate: dict[str, Any], name: str) -> None:
    made = Statement((SUBJECT, Subject(name, {"dirHash1": HEX})), PASSPORT_PREDICATE, predicate)
    data = made.to_bytes()
    read = Statement.parse(data, expect=PASSPORT_PREDICATE)
    assert read == made
    assert read.to_bytes() == data == canonical_bytes(json.loads(data))


def test_the_form_is_that_of_the_specification() -> None:
    made = Statement((SUBJECT,), PASSPORT_PREDICATE, {"b": 1, "a": None})
    assert json.loads(made.to_bytes()) == {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "model/tensors", "digest": {"sha256": HEX}}],
        "predicateType": PREDICATE_BASE + "/passport/v1",
        "predicate": {"a": None, "b": 1},
    }


def test_any_layout_of_the_signed_bytes_is_read() -> None:
    data = json.dumps(_document(), indent=2).encode()
    assert Statement.parse(data, expect=PASSPORT_PREDICATE).subjects[0].name == "m"


def test_another_predicate_is_evidence_that_fails() -> None:
    data = json.dumps(_document(predicateType=PREDICATE_BASE + "/policy/v1")).encode()
    with pytest.raises(EvidenceError) as caught:
        Statement.parse(data, expect=PASSPORT_PREDICATE, where="passport.json")
    assert caught.value.reason == "wrong-predicate"
    assert "passport.json" in str(caught.value)


@pytest.mark.parametrize(
    "predicate_type", [None, 7, [], "", PASSPORT_PREDICATE + "/", PASSPORT_PREDICATE.upper(), ...]
)
def test_a_near_miss_of_the_predicate_type_is_a_miss(predicate_type: Any) -> None:
    data = json.dumps(_document(predicateType=predicate_type)).encode()
    with pytest.raises(EvidenceError):
        Statement.parse(data, expect=PASSPORT_PREDICATE)


@pytest.mark.parametrize(
    "document",
    [
        None,
        [],
        {},
        _document(_type="https://in-toto.io/Statement/v0.1"),
        _document(_type=...),
        _document(subject=...),
        _document(subject=[]),
        _document(subject={}),
        _document(subject=["m"]),
        _document(subject=[{"name": "m"}]),
        _document(subject=[{"digest": {"sha256": HEX}}]),
        _document(subject=[{"name": "", "digest": {"sha256": HEX}}]),
        _document(subject=[{"name": 7, "digest": {"sha256": HEX}}]),
        _document(subject=[{"name": "m", "digest": {}}]),
        _document(subject=[{"name": "m", "digest": []}]),
        _document(subject=[{"name": "m", "digest": {"sha256": HEX.upper()}}]),
        _document(subject=[{"name": "m", "digest": {"sha256": HEX + "\n"}}]),
        _document(subject=[{"name": "m", "digest": {"sha256": "sha256:" + HEX}}]),
        _document(subject=[{"name": "m", "digest": {"sha256": None}}]),
        _document(subject=[{"name": "m", "digest": {"md5": "ab" * 16}}]),
        _document(subject=[{"name": "m", "digest": {"sha256": HEX, "x": "y"}}]),
        _document(subject=[{"name": "m", "digest": {"sha256": HEX}, "uri": "http://x"}]),
        _document(subject=[{"name": "m", "digest": {"sha256": HEX}}] * 2),
        _document(subject=[{"name": "m", "digest": {"sha256": HEX}}] * 5000),
        _document(predicate=...),
        _document(predicate=None),
        _document(predicate=[]),
        _document(note="not in the specification"),
    ],
)
def test_what_is_no_statement_is_refused(document: Any) -> None:
    with pytest.raises(InputError) as caught:
        Statement.parse(json.dumps(document).encode(), expect=PASSPORT_PREDICATE, where="evil")
    assert "evil" in str(caught.value)


def test_more_values_than_a_statement_has_are_not_built() -> None:
    data = json.dumps(_document(predicate={"a": "," * 1_000_000})).encode()
    with pytest.raises(BoundsError, match="values"):
        Statement.parse(data, expect=PASSPORT_PREDICATE)


@pytest.mark.parametrize(
    "inner",
    [
        b'{"a":1,"a":2}',
        b'{"a":NaN}',
        b'{"a":1e999}',
        b'{"a":"\\ud800"}',
        b'{"a":' + b"[" * 200 + b"]" * 200 + b"}",
    ],
)
def test_a_predicate_with_two_readings_is_refused(inner: bytes) -> None:
    data = json.dumps(_document(predicate="@")).encode().replace(b'"@"', inner)
    with pytest.raises(InputError):
        Statement.parse(data, expect=PASSPORT_PREDICATE)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    with pytest.raises((InputError, EvidenceError)):
        Statement.parse(data, expect=PASSPORT_PREDICATE)


def test_misuse_is_told_at_once() -> None:
    for make in (
        lambda: Subject("", {"sha256": HEX}),
        lambda: Subject("m", {}),
        lambda: Subject("m", {"sha256": "short"}),
        lambda: Statement((), PASSPORT_PREDICATE, {}),
        lambda: Statement((SUBJECT, SUBJECT), PASSPORT_PREDICATE, {}),
        lambda: Statement((SUBJECT,), "passport", {}),
        lambda: Statement((SUBJECT,), PASSPORT_PREDICATE, []),  # type: ignore[arg-type]
    ):
        with pytest.raises(UsageError):
            make()


def test_a_predicate_without_canonical_bytes_cannot_be_signed() -> None:
    with pytest.raises(CanonicalizationError):
        Statement((SUBJECT,), PASSPORT_PREDICATE, {"loss": float("nan")}).to_bytes()


def test_digests_cannot_be_changed_through_the_callers_mapping() -> None:
    digests = {"sha256": HEX}
    subject = Subject("m", digests)
    digests["sha256"] = "00" * 32
    assert subject.digest == {"sha256": HEX}
