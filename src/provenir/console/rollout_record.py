"""One rollout of a run as the page reads it: its rewards, its signals, its texts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from provenir.console.marked import mark, places
from provenir.console.said import Said, read_said
from provenir.console.shapes import mapping, mappings, number, text, whole
from provenir.console.view import severity_tone
from provenir.console.wording import figure
from provenir.observability.hacking.response import read_response
from provenir.observability.hacking.rollout import plain_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from provenir.console.view import Tone

WEIGHT: Final = {"critical": 2, "warning": 1, "info": 0}
PROMPT_CHARS: Final = 800
GRADES: Final = ("confirmed", "suspected", "noted")
_PROMPTS: Final = ("prompt", "messages", "question")
_ANSWERS: Final = ("prediction", "response", "completion")
_GROUP_CHARS: Final = 80

Signals = dict[int, list["Mapping[str, Any]"]]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalText:
    """One signal of a rollout.

    Attributes:
        label: Its kind.
        text: What was found.
        tone: The colour of its severity.
        grade: `confirmed`, `suspected`, or `noted` for what is information only.
        known: How it is known and how sure that is, in words.
    """

    label: str
    text: str
    tone: Tone
    grade: str
    known: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutRecord:
    """One line of ``trajectories.jsonl`` with the signals about it.

    Attributes:
        order: Its place in the file, from 0.
        index: The index that its user gave, else its place.
        fields: What was logged.
        proxy: The reward that the training saw.
        true: The reward that was meant, where it was measured.
        signals: The signals that are about it.
    """

    order: int
    index: int
    fields: Mapping[str, Any]
    proxy: float | None
    true: float | None
    signals: tuple[Mapping[str, Any], ...]

    @property
    def weight(self) -> int:
        """How grave its signals are: 0 without one, then information, warning, critical."""
        return max((WEIGHT.get(str(s.get("severity")), 1) + 1 for s in self.signals), default=0)

    @property
    def is_confirmed(self) -> bool:
        """Whether one of its signals is confirmed."""
        return any(signal.get("confirmed") is True for signal in self.signals)

    @property
    def gap(self) -> float:
        """Proxy minus true reward; 0 where one of them is missing."""
        return self.proxy - self.true if self.proxy is not None and self.true is not None else 0.0

    @property
    def step(self) -> int | None:
        """The step that it belongs to, where it says so."""
        return whole(self.fields.get("step"))

    @property
    def group(self) -> str | None:
        """The group that it belongs to, where it says so."""
        group = self.fields.get("group_id")
        return None if group is None or isinstance(group, (dict, list)) else str(group)

    @property
    def group_name(self) -> str:
        """The group's name, cut to what a page has room for."""
        return (self.group or "")[:_GROUP_CHARS]

    def signal_texts(self, most: int) -> tuple[SignalText, ...]:
        """Return the first signals in words, the confirmed ones before the others."""
        ordered = sorted(self.signals, key=lambda s: GRADES.index(grade(s)))
        return tuple(signal_text(raw) for raw in ordered[:most])

    def prompt(self) -> Said | None:
        """Return what the model was asked."""
        asked = next((self.fields[name] for name in _PROMPTS if name in self.fields), None)
        return None if asked is None else read_said("Prompt", asked, PROMPT_CHARS)

    def response(self, limit: int) -> Said | None:
        """Return what the model answered, with the places that its signals point at."""
        answer = next((self.fields[name] for name in _ANSWERS if name in self.fields), None)
        if answer is None:
            return None
        where, bad = places(self.signals)
        given = self._judged(answer) if where else None
        if given is None:
            said = read_said("Response", answer, limit)
            unfit = bad + len(where)
            note = mark("", where, limit, bad=bad).note if unfit else ""
            return replace(said, note=note)
        marked = mark(given, where, limit, bad=bad)
        return Said(
            label="Response",
            text=given[:limit],
            cut="",
            pieces=marked.pieces,
            note=marked.note,
            length=len(given),
        )

    def _judged(self, answer: object) -> str | None:
        """The response as the detectors read it, whose characters the spans count."""
        if isinstance(answer, str):
            return answer
        response = read_response(self.fields)
        return None if response is None else response.text


def read_record(at: int, record: Mapping[str, Any], signals: Signals) -> RolloutRecord:
    """Read the record at a place of the file."""
    fields = mapping(record.get("trajectory")) or record
    stated = whole(fields.get("index"))
    index = at if stated is None else stated
    proxy = _first_number(fields, "proxy_reward", "reward")
    true = _first_number(fields, "true_reward", "held_out_reward")
    found = tuple(s for s in signals.get(index, ()) if _fits(s, fields, proxy, true))
    return RolloutRecord(
        order=at, index=index, fields=fields, proxy=proxy, true=true, signals=found
    )


def _first_number(fields: Mapping[str, Any], *names: str) -> float | None:
    return next((v for name in names if (v := number(fields.get(name))) is not None), None)


def signals_by_index(hacking: Mapping[str, Any]) -> Signals:
    """Return the signals about single rollouts of rank 0 by the index of the rollout."""
    found: Signals = {}
    for raw in mappings(hacking.get("signals")):
        at = whole(raw.get("index"))
        if at is not None and not mapping(raw.get("data")).get("rank"):
            found.setdefault(at, []).append(raw)
    return found


def _fits(
    signal: Mapping[str, Any], fields: Mapping[str, Any], proxy: float | None, true: float | None
) -> bool:
    """Tell whether a signal with this index is about this rollout: users may repeat indices."""
    data = mapping(signal.get("data"))
    stated = ((data.get("proxy"), proxy), (data.get("true"), true))
    if any(value is not None and number(value) != held for value, held in stated):
        return False
    group = signal.get("group_id")
    if group is None or "group_id" not in fields:
        return True
    return str(group) == str(plain_id(fields["group_id"]))


def grade(signal: Mapping[str, Any]) -> str:
    """Return whether a signal is confirmed, suspected, or information only."""
    if signal.get("confirmed") is True:
        return "confirmed"
    return "noted" if signal.get("severity") == "info" else "suspected"


def known(signal: Mapping[str, Any]) -> str:
    """Return in words how a signal is known and how sure that is."""
    evidence = text(signal.get("evidence")) or "evidence not stated"
    confidence = number(signal.get("confidence"))
    if confidence is None:
        return f"{evidence}, not calibrated"
    calibration = text(signal.get("calibration"))
    where = f" on {calibration}" if calibration else ", on an unnamed set"
    return f"{evidence}, {figure(confidence)}{where}"


def signal_text(raw: Mapping[str, Any]) -> SignalText:
    """Return one signal in words."""
    return SignalText(
        label=str(raw.get("kind", "unnamed")),
        text=str(raw.get("detail", "")),
        tone=severity_tone(raw.get("severity", "warning")),
        grade=grade(raw),
        known=known(raw),
    )


def distinct(said: Sequence[Said]) -> tuple[tuple[str, str], ...]:
    """Return what makes rollouts that read the same alike."""
    return tuple((one.label, one.text + one.cut) for one in said)
