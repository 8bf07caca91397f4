"""Events: what the log keeps an order of, and the form in which it keeps them.

An event has a payload; its log entry has only the payload's digest. The log can be handed to
anyone: it holds names, digests and times, no bodies and no training text.

The line of an event is made without the document's model where its parts are plainly good (ASCII
names, times and ids in their one form); whatever is not goes through the model, whose refusals are
the ones that a user sees. Both ways write the same bytes.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Annotated, Any, Final, Literal

import orjson
from pydantic import AfterValidator, Field, ValidationError, model_validator

from provenir.core.canonical import canonical_bytes
from provenir.core.clock import SystemClock, utc_text
from provenir.core.digest import digest_value, is_digest
from provenir.core.document import DigestText, Document, Part, UtcText, first_fault
from provenir.core.errors import UsageError
from provenir.core.text import printable

__all__ = [
    "EVENT_TYPES",
    "TRAINING_RUN_NAMES",
    "Actor",
    "EntrySubject",
    "LogEntry",
    "LogEvent",
    "read_plain_line",
]

EventType = Literal[
    "admission",
    "dataset_approval",
    "dataset_ingest",
    "drift_check",
    "evaluation",
    "gate_decision",
    "incident",
    "model_release",
    "passport_issued",
    "quarantine",
    "revocation",
    "staged_release",
    "training_run",
]
EVENT_TYPES: Final[tuple[str, ...]] = EventType.__args__  # type: ignore[attr-defined]
TRAINING_RUN_NAMES: Final = ("start", "end", "fail", "interrupted")

_MAX_NAME = 200
_MAX_SUBJECTS = 256
_MAX_PARENTS = 64
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_ASCII_NAME = re.compile(r"[ -~]{1,200}")
# Times that are in their one form whatever the month: the 31st and the end of February are judged.
_PLAIN_TIME = re.compile(
    r"[1-9][0-9]{3}-(?:(?:0[1-9]|1[0-2])-(?:0[1-9]|1[0-9]|2[0-8])|(?:0[13-9]|1[0-2])-(?:29|30))"
    r"T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\.[0-9]{3}Z"
)


def _plain(text: str) -> str:
    """One line without control, bidi or other invisible characters.

    By the table of `core.text`: `str.isprintable` changes with the interpreter, and an entry that
    one version writes would be refused by another.
    """
    if printable(text, max_chars=len(text)) != text:
        raise ValueError("printable characters only")
    return text


def _event_id(text: str) -> str:
    if not _UUID.fullmatch(text):
        raise ValueError("a lower-case UUID")
    return text


_Name = Annotated[str, Field(min_length=1, max_length=_MAX_NAME), AfterValidator(_plain)]
_EventId = Annotated[str, AfterValidator(_event_id)]


class Actor(Part):
    """Who did it, as the writer of the log says; the log alone does not prove it.

    Attributes:
        id: A name or address.
        type: `human` or `service`.
        roles: Such as `operator`.
    """

    id: _Name = "provenir"
    type: Literal["human", "service"] = "service"
    roles: Annotated[tuple[_Name, ...], Field(max_length=16)] = ()


_SERVICE: Final = Actor()


class EntrySubject(Part):
    """What the event is about, by digest."""

    name: _Name
    digest: DigestText


class LogEntry(Document):
    """One line of the log: an event without its payload."""

    schema_version: Literal["log-event/1"] = "log-event/1"
    id: _EventId
    type: EventType
    name: _Name
    time: UtcText
    actor: Actor
    subjects: Annotated[tuple[EntrySubject, ...], Field(max_length=_MAX_SUBJECTS)]
    parents: Annotated[tuple[_EventId, ...], Field(max_length=_MAX_PARENTS)]
    payload_digest: DigestText

    @model_validator(mode="after")
    def _name_fits_type(self) -> LogEntry:
        if self.type == "training_run" and self.name not in TRAINING_RUN_NAMES:
            raise ValueError("a training_run is named " + " | ".join(TRAINING_RUN_NAMES))
        return self


def _mapping(value: object, name: str) -> dict[Any, Any]:
    if not isinstance(value, Mapping):
        raise UsageError(f"no event for the log: not a mapping, {type(value).__name__}", where=name)
    return dict(value)


def _now() -> str:
    return utc_text(SystemClock().now())


def _new_id() -> str:
    """A random UUID (RFC 9562 section 5.4), spelled without making the object first."""
    drawn = os.urandom(16).hex()
    variant = "89ab"[int(drawn[16], 16) & 3]
    return f"{drawn[:8]}-{drawn[8:12]}-4{drawn[13:16]}-{variant}{drawn[17:20]}-{drawn[20:]}"


def _is_name(value: object) -> bool:
    return type(value) is str and _ASCII_NAME.fullmatch(value) is not None


@lru_cache(maxsize=256)
def _actor_json(actor: Actor) -> orjson.Fragment:
    return orjson.Fragment(canonical_bytes(actor.model_dump(mode="json")))


@lru_cache(maxsize=256)
def _read_actor(data: bytes) -> orjson.Fragment | None:
    """An actor as it stands in a line, where that is its canonical form."""
    try:
        actor = Actor.model_validate_json(data, strict=True)
    except ValidationError:
        return None
    canonical = canonical_bytes(actor.model_dump(mode="json"))
    return orjson.Fragment(data) if canonical == data else None


def _plain_line(form: dict[str, Any], actor: orjson.Fragment | None) -> bytes | None:
    """The line of an entry whose parts are plainly good, None where the model has to judge."""
    kind, name, time, event_id = form["type"], form["name"], form["time"], form["id"]
    parents, subjects, payload_digest = form["parents"], form["subjects"], form["payload_digest"]
    if not (
        actor is not None
        and type(kind) is str
        and kind in EVENT_TYPES
        and _is_name(name)
        and (kind != "training_run" or name in TRAINING_RUN_NAMES)
        and type(time) is str
        and _PLAIN_TIME.fullmatch(time)
        and type(event_id) is str
        and _UUID.fullmatch(event_id)
        and type(parents) in (tuple, list)
        and len(parents) <= _MAX_PARENTS
        and all(type(parent) is str and _UUID.fullmatch(parent) for parent in parents)
        and len(subjects) <= _MAX_SUBJECTS
        and all(_is_name(each["name"]) and is_digest(each["digest"]) for each in subjects)
        and is_digest(payload_digest)
    ):
        return None
    # The keys stand in the order of RFC 8785.
    ordered = {
        "actor": actor,
        "id": event_id,
        "name": name,
        "parents": parents,
        "payload_digest": payload_digest,
        "schema_version": "log-event/1",
        "subjects": [{"digest": each["digest"], "name": each["name"]} for each in subjects],
        "time": time,
        "type": kind,
    }
    return orjson.dumps(ordered)


def read_plain_line(line: bytes) -> tuple[str, tuple[str, ...]] | None:
    """Id and parents of a line that is plainly an entry in its canonical form.

    Returns:
        None where the model has to judge: the line may still be an entry.
    """
    try:
        form = orjson.loads(line)
        actor = _read_actor(orjson.dumps(form["actor"]))
        # Whatever the reader passed over, such as a key that stands twice, is missing here.
        if _plain_line(form, actor) == line:
            return form["id"], tuple(form["parents"])
    except (orjson.JSONDecodeError, orjson.JSONEncodeError, KeyError, TypeError):
        return None
    return None


def _judged_line(form: dict[str, Any]) -> bytes:
    """The line of any event, by the model.

    Raises:
        UsageError: A part does not have the form that the log accepts.
    """
    try:
        return LogEntry.model_validate(form).to_bytes()
    except ValidationError as fault:
        what, place = first_fault(fault)
        raise UsageError(f"no event for the log: {what}", where=place) from fault


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEvent:
    """Something that happened and belongs into the log.

    Attributes:
        type: One of `EVENT_TYPES`.
        name: For a `training_run` one of `TRAINING_RUN_NAMES`; else a short plain name.
        subjects: Name → digest (`sha256:<hex>`) of what it is about.
        payload: Details as canonical JSON values; only their digest reaches the log.
        parents: Ids of earlier events that this one follows from.
        actor: Who did it.
        id: A UUID, made unless given.
        time: RFC 3339 in UTC, now unless given.
        line: The log's form of this event, canonical and without a newline; made here.

    Raises:
        UsageError: A part does not have the form that the log accepts.
        CanonicalizationError: The payload holds what a document cannot.
    """

    type: str
    name: str
    subjects: Mapping[str, str] = field(default_factory=dict)
    payload: Mapping[str, Any] = field(default_factory=dict)
    parents: tuple[str, ...] = ()
    actor: Actor = _SERVICE
    id: str = field(default_factory=_new_id)
    time: str = field(default_factory=_now)
    line: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        subjects = _mapping(self.subjects, "subjects")
        form = {
            "id": self.id,
            "type": self.type,
            "name": self.name,
            "time": self.time,
            "actor": self.actor,
            "subjects": [{"name": name, "digest": subjects[name]} for name in subjects],
            "parents": self.parents,
            "payload_digest": digest_value(_mapping(self.payload, "payload")),
        }
        actor = _actor_json(self.actor) if type(self.actor) is Actor else None
        line = _plain_line(form, actor)
        if line is None:
            line = _judged_line(form)
        object.__setattr__(self, "line", line)

    @property
    def entry(self) -> LogEntry:
        """The log's form of this event as a document."""
        return LogEntry.from_bytes(self.line, where="the event")

    def to_dict(self) -> dict[str, Any]:
        """The whole event, payload included: for keeping beside the log, never in it."""
        return {**self.entry.model_dump(mode="json"), "payload": dict(self.payload)}
