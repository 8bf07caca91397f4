"""Events: what the log keeps an order of, and the form in which it keeps them.

An event has a payload; its log entry has only the payload's digest. The log can be handed to
anyone: it holds names, digests and times, no bodies and no training text.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, Field, ValidationError, model_validator

from provenir.core.clock import SystemClock, utc_text
from provenir.core.digest import digest_value
from provenir.core.document import DigestText, Document, Part, UtcText
from provenir.core.errors import UsageError
from provenir.core.text import printable

__all__ = ["EVENT_TYPES", "TRAINING_RUN_NAMES", "Actor", "EntrySubject", "LogEntry", "LogEvent"]

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

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


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


_Name = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_plain)]
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
    subjects: Annotated[tuple[EntrySubject, ...], Field(max_length=256)]
    parents: Annotated[tuple[_EventId, ...], Field(max_length=64)]
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
    return str(uuid.uuid4())


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
        entry: The log's form of this event, made here.

    Raises:
        UsageError: A part does not have the form that the log accepts.
        CanonicalizationError: The payload holds what a document cannot.
    """

    type: str
    name: str
    subjects: Mapping[str, str] = field(default_factory=dict)
    payload: Mapping[str, Any] = field(default_factory=dict)
    parents: tuple[str, ...] = ()
    actor: Actor = field(default_factory=Actor)
    id: str = field(default_factory=_new_id)
    time: str = field(default_factory=_now)
    entry: LogEntry = field(init=False, repr=False, compare=False)

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
        try:
            entry = LogEntry.model_validate(form)
        except ValidationError as fault:
            first = fault.errors(include_url=False, include_input=False)[0]
            place = ".".join(str(part) for part in first["loc"])
            raise UsageError(f"no event for the log: {first['msg']}", where=place) from fault
        object.__setattr__(self, "entry", entry)

    def to_dict(self) -> dict[str, Any]:
        """The whole event, payload included: for keeping beside the log, never in it."""
        return {**self.entry.model_dump(mode="json"), "payload": dict(self.payload)}
