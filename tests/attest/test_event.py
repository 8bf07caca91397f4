from __future__ import annotations

import copy
import json
import uuid
from datetime import UTC
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from provenir.attest.event import (
    EVENT_TYPES,
    TRAINING_RUN_NAMES,
    Actor,
    LogEntry,
    LogEvent,
    read_plain_line,
)
from provenir.core.canonical import canonical_bytes
from provenir.core.clock import parse_utc, utc_text
from provenir.core.digest import digest_value
from provenir.core.errors import CanonicalizationError, InputError, UsageError
from provenir.core.text import printable

ID = "12345678-1234-4234-8234-123456789abc"
DIGEST = "sha256:" + "ab" * 32
TIME = "2026-01-02T03:04:05.678Z"


def _event(**changes: Any) -> LogEvent:
    base: dict[str, Any] = {"type": "training_run", "name": "start", "id": ID, "time": TIME}
    return LogEvent(**(base | changes))


def test_an_entry_has_the_published_form() -> None:
    event = _event(
        type="model_release",
        name="my model",
        subjects={"model": DIGEST},
        payload={"score": 0.5},
        parents=(ID,),
        actor=Actor(id="ann@example.org", type="human", roles=("operator",)),
    )
    assert json.loads(event.entry.to_bytes()) == {
        "schema_version": "log-event/1",
        "id": ID,
        "type": "model_release",
        "name": "my model",
        "time": TIME,
        "actor": {"id": "ann@example.org", "type": "human", "roles": ["operator"]},
        "subjects": [{"name": "model", "digest": DIGEST}],
        "parents": [ID],
        "payload_digest": digest_value({"score": 0.5}),
    }


def test_the_body_stays_out_of_the_entry() -> None:
    event = _event(payload={"prompt": "raw training text"})
    assert b"raw training text" not in event.entry.to_bytes()
    assert event.to_dict()["payload"] == {"prompt": "raw training text"}
    assert event.to_dict()["payload_digest"] == digest_value({"prompt": "raw training text"})


def test_what_is_printable_does_not_change_with_the_interpreter() -> None:
    # U+1FAE9 came with Unicode 16: no version of Python before 3.14 calls it printable.
    assert _event(type="incident", name="face \U0001fae9").entry.name.endswith("\U0001fae9")


def test_ids_and_times_are_made_when_not_given() -> None:
    one, two = LogEvent(type="incident", name="x"), LogEvent(type="incident", name="x")
    assert one.id != two.id
    made = [uuid.UUID(LogEvent(type="incident", name="x").id) for _ in range(50)]
    assert {(each.version, each.variant) for each in made} == {(4, uuid.RFC_4122)}
    assert parse_utc(one.time) <= parse_utc(two.time)


def test_the_types_are_a_closed_set() -> None:
    assert " ".join(EVENT_TYPES) == (
        "admission dataset_approval dataset_ingest drift_check evaluation gate_decision incident "
        "model_release passport_issued quarantine revocation staged_release training_run"
    )
    for name in TRAINING_RUN_NAMES:
        assert _event(name=name).entry.name == name
    for kind in set(EVENT_TYPES) - {"training_run"}:
        assert _event(type=kind, name="anything").entry.type == kind


@pytest.mark.parametrize(
    "changes",
    [
        {"type": "other"},
        {"type": ""},
        {"type": None},
        {"name": "begin"},
        {"type": "incident", "name": ""},
        {"type": "incident", "name": "x" * 201},
        {"type": "incident", "name": "two\nlines"},
        {"type": "incident", "name": "\x1b[31m"},
        {"type": "incident", "name": "\u202egpj"},
        {"type": "incident", "name": "\ud800"},
        {"id": "1"},
        {"id": ID.upper()},
        {"time": "2026-01-02"},
        {"time": "2026-01-02T03:04:05.678+00:00"},
        {"time": "2026-13-02T03:04:05.678Z"},
        {"time": 7},
        {"subjects": {"m": "ab" * 32}},
        {"subjects": {"m": DIGEST.upper()}},
        {"subjects": {"m": None}},
        {"subjects": {"": DIGEST}},
        {"subjects": {"m\n": DIGEST}},
        {"subjects": {f"m{i}": DIGEST for i in range(300)}},
        {"subjects": 7},
        {"parents": ("x",)},
        {"parents": (ID,) * 65},
        {"parents": 7},
        {"actor": None},
        {"payload": 7},
    ],
)
def test_what_the_log_does_not_accept_is_misuse(changes: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        _event(**changes)


def test_a_payload_without_canonical_bytes_is_refused() -> None:
    with pytest.raises(CanonicalizationError):
        _event(payload={"loss": float("inf")})


@settings(max_examples=50)
@given(
    kind=st.sampled_from(EVENT_TYPES),
    name=st.text(min_size=1, max_size=20).filter(lambda text: printable(text) == text),
    roles=st.lists(st.sampled_from(["operator", "governance"]), max_size=3),
)
def test_entries_round_trip_through_one_line(kind: str, name: str, roles: list[str]) -> None:
    name = "end" if kind == "training_run" else name
    event = _event(type=kind, name=name, actor=Actor(id="me", roles=tuple(roles)))
    entry, data = event.entry, event.line
    assert entry.to_bytes() == data
    assert b"\n" not in data
    assert LogEntry.from_bytes(data, where="x") == entry


@pytest.mark.parametrize(
    "change",
    [
        {"payload": {"text": "a body"}},
        {"schema_version": "log-event/2"},
        {"subjects": [{"name": "m", "digest": DIGEST, "text": "a body"}]},
        {"actor": {"id": "me", "type": "robot", "roles": []}},
        {"actor": {"id": "me", "type": "human", "roles": [], "text": "a body"}},
        {"parents": "x"},
        {"time": 1767322800},
    ],
)
def test_a_line_with_more_or_other_fields_is_no_entry(change: dict[str, Any]) -> None:
    document = json.loads(_event().entry.to_bytes()) | change
    with pytest.raises(InputError):
        LogEntry.from_bytes(json.dumps(document).encode(), where="x")


_NAMES = st.one_of(
    st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=200),
    st.text(min_size=0, max_size=210),
    st.just(7),
)
_IDS = st.one_of(st.uuids().map(str), st.sampled_from(["", ID.upper(), ID + "\n", None]))
_TIMES = st.one_of(
    st.datetimes(timezones=st.just(UTC)).map(utc_text),
    st.sampled_from(
        [
            "2026-02-28T23:59:59.999Z",
            "2026-02-29T00:00:00.000Z",
            "2024-02-29T00:00:00.000Z",
            "2026-02-30T00:00:00.000Z",
            "2026-04-31T00:00:00.000Z",
            "2026-12-30T00:00:00.000Z",
            "2026-01-02T24:00:00.000Z",
            "2026-01-02T23:59:60.000Z",
            "0000-01-01T00:00:00.000Z",
            "2026-01-02T03:04:05.678Z\n",
            "2026-01-02T03:04:05.67Z",
            7,
        ]
    ),
)
_DIGESTS = st.sampled_from([DIGEST, "sha256:" + "0" * 64, DIGEST.upper(), DIGEST + "\n", "x", None])


@settings(max_examples=400, deadline=None)
@given(
    changes=st.fixed_dictionaries(
        {
            "type": st.sampled_from([*EVENT_TYPES, "other", None]),
            "name": st.one_of(_NAMES, st.sampled_from(TRAINING_RUN_NAMES)),
            "time": _TIMES,
            "id": _IDS,
            "subjects": st.dictionaries(_NAMES, _DIGESTS, max_size=4),
            "parents": st.lists(_IDS, max_size=66).map(tuple),
            "actor": st.sampled_from([Actor(), Actor(id='Zoë "\\', roles=("a", "b")), {"id": "x"}]),
            "payload": st.dictionaries(st.text(max_size=3), st.integers(0, 9), max_size=3),
        }
    )
)
def test_the_short_way_writes_what_the_model_writes_and_admits_no_more(
    changes: dict[str, Any],
) -> None:
    form = changes | {
        "subjects": [{"name": name, "digest": of} for name, of in changes["subjects"].items()],
        "payload_digest": digest_value(changes.pop("payload", {})),
    }
    form.pop("payload", None)
    try:
        expected = LogEntry.model_validate(form).to_bytes()
    except ValidationError:
        expected = None
    try:
        line = LogEvent(**changes).line
    except UsageError:
        line = None
    if expected is not None:
        expected = expected.replace(form["payload_digest"].encode(), digest_value({}).encode())
    assert line == expected


def test_a_plain_line_is_read_without_the_model() -> None:
    event = _event(type="incident", name='a "b" \\', parents=(ID,), subjects={"m": DIGEST})
    assert read_plain_line(event.line) == (ID, (ID,))
    roled = _event(actor=Actor(id="Zoë", roles=("operator",)))
    assert read_plain_line(roled.line) == (ID, ())


@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_what_is_read_without_the_model_is_an_entry_in_its_canonical_form(
    data: st.DataObject,
) -> None:
    document = json.loads(_event(subjects={"m": DIGEST}, parents=(ID,)).line)
    junk = st.sampled_from([None, True, 7, 1.5, "x", [], {}, [[]], [{}], "\x1b", "end"]).map(
        copy.deepcopy
    )
    names = st.sampled_from([*document, "extra", "name"])
    for name in data.draw(st.lists(names, max_size=2)):
        document[name] = data.draw(junk)
    subjects = document["subjects"] if isinstance(document["subjects"], list) else []
    for part in (document["actor"], *subjects):
        if isinstance(part, dict) and data.draw(st.booleans()):
            part[data.draw(st.sampled_from(["id", "type", "roles", "name", "extra"]))] = data.draw(
                junk
            )
    line = data.draw(
        st.sampled_from(
            [
                canonical_bytes(document),
                json.dumps(document).encode(),
                canonical_bytes(document)[:-1] + b',"id":"x"}',
                b'{"id":"x",' + canonical_bytes(document)[1:],
                canonical_bytes(document) + b" ",
            ]
        )
    )
    found = read_plain_line(line)
    try:
        entry = LogEntry.from_bytes(line, where="x")
    except InputError:
        assert found is None
    else:
        if found is not None:
            assert entry.to_bytes() == line
            assert found == (entry.id, entry.parents)


@pytest.mark.parametrize("line", [b"", b"null", b"[]", b"{}", b"\xff", b"[" * 5000, b"9" * 400])
def test_junk_is_not_read_without_the_model(line: bytes) -> None:
    assert read_plain_line(line) is None
