"""The conformance cases about the log: proofs, checkpoints, witnesses, compromised keys."""

from __future__ import annotations

import json
import shutil
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from conformance_cases import Asked, base_arguments
from conformance_desk import ALICE, OLGA, OTHER, TIME, Desk, entry, key, policy

from provenir.attest.checkpoint import Checkpoint, cosign, sign_checkpoint
from provenir.attest.dsse import Envelope
from provenir.attest.event import Actor, LogEvent
from provenir.attest.log import EventLog
from provenir.attest.note import SignedNote
from provenir.core.clock import FixedClock
from provenir.core.digest import digest_bytes, parse_digest
from provenir.governance.issue import issue_event
from provenir.governance.passport_proof import ConsistencyProof, PassportProof
from provenir.governance.predicate import LogCheckpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from provenir.governance.model_passport import ModelPassport

__all__ = ["LOG_CASES"]

ORIGIN: Final = "example.org/log"
OTHER_ORIGIN: Final = "example.org/another"
LEA: Final = entry(key("lea"), "log", id=ORIGIN)
WENDY: Final = entry(key("wendy"), "witness", id="witness.example")
WALT: Final = entry(key("walt"), "witness", id="walt.example")
STOLEN: Final = entry(key("alice"), "operator", id="alice", compromised_at="2026-05-01T00:00:00Z")
MARCH: Final = 1_775_000_000
MAY: Final = 1_779_000_000
BEFORE: Final = 3
_ACTOR: Final = Actor(id="conformance")


@dataclass(slots=True)
class Logged:
    """A passport in a log.

    Attributes:
        log: The log, outside the case's folder until it is handed over.
        proof: The proof, to be changed and written.
        passport: The passport.
        size_before: Entries before it.
    """

    log: EventLog
    proof: dict[str, Any]
    passport: ModelPassport
    size_before: int


class LogDesk:
    """Makes a log beside a case's files.

    Args:
        desk: The case's files.
        origin: The log's name.
    """

    def __init__(self, desk: Desk, *, origin: str = ORIGIN) -> None:
        self.desk = desk
        self.place = desk.folder / ".making" / origin.rpartition("/")[2]
        self.place.mkdir(parents=True)
        self.origin = origin
        self.log = EventLog(self.place, origin=origin)

    def fill(self, count: int, text: str = "filler") -> None:
        """Append entries about nothing."""
        for number in range(count):
            self.log.append(_filler(f"{text} {self.log.size} {number}"))

    def issue(self, signer: str = "alice", *, stated: bool = True, more: int = 2) -> Logged:
        """Sign a passport, log it, and prove it for the log as it is then."""
        self.fill(BEFORE)
        before = self.log.state()
        fields: dict[str, Any] = {
            "log_checkpoint": LogCheckpoint(size=before.size, root=before.root)
        }
        passport = self.desk.passport([key(signer)], **(fields if stated else {}))
        index = self._enter(passport.envelope)
        self.fill(more)
        return Logged(self.log, self.prove(index, before.size), passport, before.size)

    def prove(self, index: int, *earlier: int) -> dict[str, Any]:
        """The proof of an entry for the present size, with consistency proofs."""
        found = self.log.inclusion(index)
        links = [ConsistencyProof(**self.log.consistency(size)) for size in earlier]
        proof = PassportProof(event={}, checkpoint=None, consistency=links, **found)
        document: dict[str, Any] = proof.model_dump(mode="json")
        return document

    def note(self, signer: str = "lea", *, witness: tuple[str, int] | None = None) -> str:
        """A checkpoint of the log as it is, signed."""
        state = self.log.state()
        return signed(
            Checkpoint(self.origin, state.size, parse_digest(state.root)), signer, witness
        )

    def hand_over(self) -> str:
        """Put the log's lines into the case; returns the folder's name."""
        target = self.desk.folder / "log"
        target.mkdir()
        for path in sorted(self.place.glob("events-*.jsonl")):
            shutil.copy(path, target / path.name)
        return "log"

    def done(self) -> None:
        """Take the making of it out of the case."""
        shutil.rmtree(self.desk.folder / ".making")

    def _enter(self, envelope: Envelope) -> int:
        event = issue_event(
            "my-run", envelope, (), actor=_ACTOR, clock=FixedClock(TIME), payload={}
        )
        fixed = LogEvent(
            type=event.type,
            name=event.name,
            time=TIME,
            actor=_ACTOR,
            subjects=event.subjects,
            id=str(uuid.uuid5(uuid.NAMESPACE_URL, "the passport")),
        )
        return self.log.append(fixed).index


def signed(
    checkpoint: Checkpoint, signer: str = "lea", witness: tuple[str, int] | None = None
) -> str:
    """A signed note over a checkpoint, perhaps with a witness's name and time."""
    note: SignedNote = sign_checkpoint(checkpoint, key(signer), checkpoint.origin)
    if witness is not None:
        name = {"wendy": "witness.example", "walt": "walt.example"}[witness[0]]
        note = cosign(note, key(witness[0]), name, witness[1])
    return note.to_bytes().decode()


def _filler(text: str) -> LogEvent:
    return LogEvent(
        type="evaluation",
        name="filler",
        time=TIME,
        actor=_ACTOR,
        subjects={"thing": digest_bytes(text.encode())},
        id=str(uuid.uuid5(uuid.NAMESPACE_URL, text)),
    )


def _write_proof(desk: Desk, proof: dict[str, Any]) -> None:
    desk.write("passport.proof.json", json.dumps(proof).encode())


def _case(
    desk: Desk,
    says: str,
    *,
    reasons: list[str] | None = None,
    code: int | None = None,
    keys: tuple[str, ...] = (ALICE, LEA),
    change: Callable[[Logged, LogDesk], Any] | None = None,
    signer: str | None = "lea",
    witness: tuple[str, int] | None = None,
    more: tuple[str, ...] = (),
    **trust: Any,
) -> Asked:
    """A logged passport under a policy with a log, with one thing changed."""
    desk.write("trust.toml", policy(*keys, **trust))
    making = LogDesk(desk)
    logged = making.issue()
    if signer is not None:
        logged.proof["checkpoint"] = making.note(signer, witness=witness)
    if change is not None:
        change(logged, making)
    _write_proof(desk, logged.proof)
    making.done()
    expected = reasons or []
    return Asked(
        says, base_arguments(*more), expected, (1 if expected else 0) if code is None else code
    )


def logged(desk: Desk) -> Asked:
    return _case(desk, "The log's key signed a checkpoint over the tree that holds the passport.")


def logged_required(desk: Desk) -> Asked:
    return _case(
        desk,
        "The policy requires the log and a witness, and both signed.",
        keys=(ALICE, LEA, WENDY),
        witness=("wendy", MARCH),
        require={"declared": ["operator", "log", "witness"]},
    )


def logged_unsigned(desk: Desk) -> Asked:
    return _case(desk, "No checkpoint was signed, and none is required.", signer=None)


def log_required_fail(desk: Desk) -> Asked:
    return _case(
        desk,
        "The policy requires the log's signature, and the checkpoint is not signed.",
        reasons=["missing-checkpoint"],
        signer=None,
        require={"declared": ["operator", "log"]},
    )


def log_required_no_proof_fail(desk: Desk) -> Asked:
    desk.trust(ALICE, LEA, require={"declared": ["operator", "log"]})
    desk.passport([key("alice")])
    return Asked(
        "The policy requires the log's signature, and there is no proof at all.",
        base_arguments(),
        ["missing-checkpoint"],
        1,
    )


def witness_required_fail(desk: Desk) -> Asked:
    return _case(
        desk,
        "The policy requires a witness, and none co-signed.",
        keys=(ALICE, LEA, WENDY),
        reasons=["bad-signature"],
        require={"declared": ["operator", "witness"]},
    )


def witness_threshold_fail(desk: Desk) -> Asked:
    return _case(
        desk,
        "Two witnesses are needed, and one co-signed.",
        keys=(ALICE, LEA, WENDY, WALT),
        witness=("wendy", MARCH),
        reasons=["below-threshold"],
        require={"declared": ["operator", "witness"]},
        thresholds={"witness": 2},
    )


def checkpoint_by_operator_fail(desk: Desk) -> Asked:
    return _case(
        desk,
        "The operator's key signed the checkpoint under the log's name.",
        signer="alice",
        reasons=["bad-signature"],
    )


def checkpoint_of_unknown_log_fail(desk: Desk) -> Asked:
    def other(made: Logged, making: LogDesk) -> None:
        state = making.log.state()
        foreign = Checkpoint(OTHER_ORIGIN, state.size, parse_digest(state.root))
        made.proof["checkpoint"] = signed(foreign)

    return _case(
        desk,
        "The checkpoint names a log that the policy does not know.",
        reasons=["wrong-log"],
        change=other,
    )


def checkpoint_over_other_tree_fail(desk: Desk) -> Asked:
    def other(made: Logged, making: LogDesk) -> None:
        state = making.log.state()
        made.proof["checkpoint"] = signed(Checkpoint(ORIGIN, state.size, parse_digest(OTHER)))

    return _case(
        desk,
        "The signed checkpoint is over another tree than the proof.",
        reasons=["log-inconsistent"],
        change=other,
    )


def checkpoint_of_other_size_fail(desk: Desk) -> Asked:
    def other(made: Logged, making: LogDesk) -> None:
        making.fill(1)
        made.proof["checkpoint"] = making.note()

    return _case(
        desk,
        "The signed checkpoint is over a later size than the proof.",
        reasons=["log-inconsistent"],
        change=other,
    )


def checkpoint_cut_fail(desk: Desk) -> Asked:
    def cut(made: Logged, _: LogDesk) -> None:
        made.proof["checkpoint"] = made.proof["checkpoint"][:-20]

    return _case(desk, "The note was cut off.", reasons=["malformed"], change=cut)


def compromised_log_key_fail(desk: Desk) -> Asked:
    stolen = entry(key("lea"), "log", id=ORIGIN, compromised_at="2026-05-01T00:00:00Z")
    return _case(desk, "The log's key is stolen.", keys=(ALICE, stolen), reasons=["bad-signature"])


def proof_of_another_fail(desk: Desk) -> Asked:
    def another(made: Logged, making: LogDesk) -> None:
        made.proof.update(making.prove(0, made.size_before))
        made.proof["checkpoint"] = making.note()

    return _case(
        desk, "The proof is of another entry of the log.", reasons=["not-in-log"], change=another
    )


def proof_hash_fail(desk: Desk) -> Asked:
    def flipped(made: Logged, _: LogDesk) -> None:
        made.proof["proof"][0] = OTHER

    return _case(
        desk,
        "One hash of the inclusion proof was changed.",
        reasons=["log-inconsistent"],
        change=flipped,
    )


def proof_line_fail(desk: Desk) -> Asked:
    def rewritten(made: Logged, _: LogDesk) -> None:
        made.proof["entry"] = made.proof["entry"].replace("2026-03-01", "2026-02-01")

    return _case(
        desk, "The log's line was dated back.", reasons=["log-inconsistent"], change=rewritten
    )


def proof_unreadable_fail(desk: Desk) -> Asked:
    def more(made: Logged, _: LogDesk) -> None:
        made.proof["approved"] = True

    return _case(
        desk, "The proof has a field that no proof has.", reasons=["malformed"], change=more
    )


def log_before_issue_fail(desk: Desk) -> Asked:
    desk.write("trust.toml", policy(ALICE, LEA))
    making = LogDesk(desk)
    making.fill(BEFORE)
    fork = LogDesk(desk, origin="example.org/fork")
    fork.fill(BEFORE, "fork")
    before = fork.log.state()
    stated = LogCheckpoint(size=before.size, root=before.root)
    passport = desk.passport([key("alice")], log_checkpoint=stated)
    proof = making.prove(making._enter(passport.envelope), BEFORE)
    proof["checkpoint"] = making.note()
    _write_proof(desk, proof)
    making.done()
    return Asked(
        "The log that the passport names as the one before its issue is not the proof's log.",
        base_arguments(),
        ["log-inconsistent"],
        1,
    )


def _held(desk: Desk, says: str, **options: Any) -> Asked:
    """A case in which the verifier kept a checkpoint from after the passport's issue."""

    def kept(made: Logged, making: LogDesk) -> None:
        desk.write("kept.checkpoint", options.pop("note", lambda m: m.note())(making).encode())
        del made

    return _case(
        desk,
        says,
        change=options.pop("change", kept),
        more=("--checkpoint", "kept.checkpoint"),
        **options,
    )


def held(desk: Desk) -> Asked:
    return _held(desk, "The verifier kept the very checkpoint of the proof.")


def held_earlier(desk: Desk) -> Asked:
    def kept(made: Logged, making: LogDesk) -> None:
        old = made.proof["consistency"][0]
        earlier = Checkpoint(ORIGIN, old["old_size"], parse_digest(old["old_root"]))
        desk.write("kept.checkpoint", signed(earlier).encode())

    return _held(
        desk, "The verifier kept an earlier checkpoint, and a proof leads on.", change=kept
    )


def held_later_with_log(desk: Desk) -> Asked:
    def kept(made: Logged, making: LogDesk) -> None:
        del made
        making.fill(2)
        desk.write("kept.checkpoint", making.note().encode())
        making.hand_over()

    asked = _held(desk, "The verifier kept a later checkpoint, and has the log.", change=kept)
    asked.arguments.extend(("--log", "log"))
    return asked


def held_without_link(desk: Desk) -> Asked:
    def kept(made: Logged, making: LogDesk) -> None:
        making.fill(2)
        desk.write("kept.checkpoint", making.note().encode())
        del made

    return _held(
        desk,
        "The verifier kept a later checkpoint, and nothing leads from the proof to it.",
        change=kept,
        reasons=["no-consistency-proof"],
        code=3,
    )


def forked_log_fail(desk: Desk) -> Asked:
    def kept(made: Logged, making: LogDesk) -> None:
        fork = LogDesk(desk, origin="example.org/fork")
        fork.fill(made.proof["size"], "fork")
        state = fork.log.state()
        note = signed(Checkpoint(ORIGIN, state.size, parse_digest(state.root)))
        desk.write("kept.checkpoint", note.encode())

    return _held(
        desk,
        "The log's keeper signed two trees of one size: one for the verifier, one for the proof.",
        change=kept,
        reasons=["log-inconsistent"],
    )


def forked_earlier_fail(desk: Desk) -> Asked:
    def kept(made: Logged, making: LogDesk) -> None:
        note = signed(Checkpoint(ORIGIN, made.size_before, parse_digest(OTHER)))
        desk.write("kept.checkpoint", note.encode())

    return _held(
        desk,
        "The tree that the verifier kept is not the beginning of the proof's.",
        change=kept,
        reasons=["log-inconsistent"],
    )


def other_logs_checkpoint_fail(desk: Desk) -> Asked:
    def kept(made: Logged, making: LogDesk) -> None:
        state = making.log.state()
        foreign = Checkpoint(OTHER_ORIGIN, state.size, parse_digest(state.root))
        desk.write("kept.checkpoint", signed(foreign).encode())
        del made

    return _held(desk, "The kept checkpoint is of another log.", change=kept, reasons=["wrong-log"])


def cut_tail_fail(desk: Desk) -> Asked:
    def kept(made: Logged, making: LogDesk) -> None:
        making.fill(3)
        desk.write("kept.checkpoint", making.note().encode())
        making.hand_over()
        lines = (desk.folder / "log/events-000000.jsonl").read_bytes().splitlines(keepends=True)
        desk.write("log/events-000000.jsonl", b"".join(lines[: made.proof["size"]]))

    asked = _held(
        desk,
        "The log lost its tail: it is shorter than the checkpoint that the verifier kept.",
        change=kept,
        reasons=["log-truncated"],
    )
    asked.arguments.extend(("--log", "log"))
    return asked


def rewritten_log_fail(desk: Desk) -> Asked:
    def kept(made: Logged, making: LogDesk) -> None:
        desk.write("kept.checkpoint", making.note().encode())
        making.hand_over()
        path = desk.folder / "log/events-000000.jsonl"
        path.write_bytes(path.read_bytes().replace(b'"filler"', b'"killer"', 1))
        del made

    asked = _held(
        desk,
        "A line in the middle of the log was written anew.",
        change=kept,
        reasons=["log-inconsistent"],
    )
    asked.arguments.extend(("--log", "log"))
    return asked


def not_in_the_log_fail(desk: Desk) -> Asked:
    desk.trust(ALICE)
    making = LogDesk(desk)
    making.fill(BEFORE)
    desk.passport([key("alice")])
    making.hand_over()
    making.done()
    return Asked(
        "The log was handed over, and has no line about this passport.",
        base_arguments("--log", "log"),
        ["not-in-log"],
        1,
    )


def compromised_but_held(desk: Desk) -> Asked:
    return _held(
        desk,
        "The operator's key was stolen in May; the verifier kept a checkpoint that covers the "
        "passport.",
        keys=(STOLEN, LEA),
    )


def compromised_but_witnessed(desk: Desk) -> Asked:
    return _case(
        desk,
        "The operator's key was stolen in May; a witness co-signed the log in March.",
        keys=(STOLEN, LEA, WENDY),
        witness=("wendy", MARCH),
    )


def compromised_but_witnessed_twice(desk: Desk) -> Asked:
    def again(made: Logged, making: LogDesk) -> None:
        note = SignedNote.parse(made.proof["checkpoint"].encode())
        later = cosign(note, key("wendy"), "witness.example", MAY)
        made.proof["checkpoint"] = later.to_bytes().decode()
        del making

    return _case(
        desk,
        "The operator's key was stolen at the beginning of May; the witness co-signed in March, "
        "and once more afterwards.",
        keys=(STOLEN, LEA, WENDY),
        witness=("wendy", MARCH),
        change=again,
    )


def compromised_witnessed_later_fail(desk: Desk) -> Asked:
    return _case(
        desk,
        "The operator's key was stolen at the beginning of May; the witness came later.",
        keys=(STOLEN, LEA, WENDY),
        witness=("wendy", MAY),
        reasons=["compromised-key"],
    )


def compromised_unwitnessed_fail(desk: Desk) -> Asked:
    return _case(
        desk,
        "The operator's key was stolen in May; the log's own checkpoint says nothing of time.",
        keys=(STOLEN, LEA),
        reasons=["compromised-key"],
    )


def compromised_foreign_witness_fail(desk: Desk) -> Asked:
    return _case(
        desk,
        "The operator's key was stolen in May; the witness is not one of the policy's.",
        keys=(STOLEN, LEA, WENDY),
        witness=("walt", MARCH),
        reasons=["compromised-key"],
    )


def compromised_signed_again_fail(desk: Desk) -> Asked:
    def again(made: Logged, making: LogDesk) -> None:
        desk.write("kept.checkpoint", making.note().encode())
        desk.passport([key("alice")], inventory=made.passport.bom)

    return _case(
        desk,
        "The operator's key was stolen in May; another passport than the logged one is shown with "
        "the logged one's proof.",
        keys=(STOLEN, LEA),
        change=again,
        more=("--checkpoint", "kept.checkpoint"),
        reasons=["compromised-key"],
    )


def _signed_later(made: Logged, desk: Desk, signer: str) -> None:
    """Add a signature behind those of the logged envelope."""
    whole = made.passport.envelope
    more = Envelope.sign(whole.payload, [key(signer)])
    signatures = (*whole.signatures, *more.signatures)
    desk.write("passport.json", Envelope(whole.payload, whole.payload_type, signatures).to_bytes())


def signed_later(desk: Desk) -> Asked:
    return _case(
        desk,
        "A second operator signed when the passport was in the log already.",
        keys=(ALICE, OLGA, LEA),
        thresholds={"operator": 2},
        change=lambda made, making: _signed_later(made, making.desk, "olga"),
    )


def compromised_but_first(desk: Desk) -> Asked:
    def kept(made: Logged, making: LogDesk) -> None:
        desk.write("kept.checkpoint", making.note().encode())
        _signed_later(made, desk, "mallory")

    return _held(
        desk,
        "The operator's key was stolen in May; its signature is in the log from before, and a "
        "stranger's was added behind it.",
        keys=(STOLEN, LEA),
        change=kept,
    )


def compromised_added_later_fail(desk: Desk) -> Asked:
    def kept(made: Logged, making: LogDesk) -> None:
        desk.write("kept.checkpoint", making.note().encode())
        _signed_later(made, desk, "olga")

    stolen = entry(key("olga"), "operator", id="olga", compromised_at="2026-05-01T00:00:00Z")
    return _held(
        desk,
        "The passport is in the log from before; the stolen key signed it only afterwards.",
        keys=(stolen, LEA),
        change=kept,
        reasons=["compromised-key"],
    )


def remembered_fork_fail(desk: Desk) -> Asked:
    def remember(made: Logged, making: LogDesk) -> None:
        kept = {"size": made.proof["size"], "root": OTHER, "seen_at": TIME}
        state = {
            "schema_version": "verifier-state/1",
            "policies": {},
            "passports": {},
            "checkpoints": {ORIGIN: [kept]},
        }
        desk.write("state.json", json.dumps(state).encode())

    return _case(
        desk,
        "The verifier remembers another tree of this size.",
        change=remember,
        more=("--state", "state.json"),
        reasons=["log-inconsistent"],
    )


LOG_CASES: Final[tuple[Callable[[Desk], Asked], ...]] = tuple(
    made
    for name, made in sorted(globals().items())
    if not name.startswith("_") and getattr(made, "__annotations__", {}).get("return") == "Asked"
)
