"""Who signed the checkpoint of a proof: the log's keys, and the witnesses of a trust policy."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from provenir.attest.checkpoint import Checkpoint, cosignatures_by, verify_note_signature
from provenir.attest.ed25519 import PublicKey
from provenir.attest.note import SignedNote
from provenir.core.errors import InputError
from provenir.governance.verdict import Check

if TYPE_CHECKING:
    from collections.abc import Iterator

    from provenir.attest.log import LogState
    from provenir.attest.trust_policy import TrustKey, TrustPolicy
    from provenir.governance.predicate import PassportPredicate

__all__ = ["CheckpointCheck"]

_NAME: Final = "checkpoint"
_LOG: Final = "log"
_WITNESS: Final = "witness"


class CheckpointCheck:
    """One signed note under one trust policy.

    Args:
        text: The note, None without one.
        tree: The size and root that it must be over.
        policy: Whose signatures count; None where there is no trust policy.
        at: The verifier's clock.

    Attributes:
        origin: The log's origin by the note; None without one.
    """

    def __init__(
        self, text: str | None, tree: LogState | None, policy: TrustPolicy | None, at: datetime
    ) -> None:
        self._policy = policy
        self._at = at
        self._note: SignedNote | None = None
        self._fault: Check | None = None
        self.origin: str | None = None
        if text is None or tree is None:
            return
        try:
            self._note = SignedNote.parse(text.encode("utf-8", "replace"))
            checkpoint = Checkpoint.of(self._note)
        except InputError as fault:
            self._fault = _fail("malformed", fault.what)
            return
        self.origin = checkpoint.origin
        if (checkpoint.size, checkpoint.root_digest) != (tree.size, tree.root):
            self._fault = _fail("log-inconsistent", "it is over another tree than the proof")

    @property
    def holds(self) -> bool:
        """Whether enough log keys signed it."""
        return self.row().status == "pass"

    def row(self) -> Check:
        """The row `checkpoint`."""
        if self._fault is not None:
            return self._fault
        if self._note is None:
            return Check(name=_NAME, status="not-checked", reason="no-checkpoint")
        policy = self._policy
        if policy is None:
            return Check(name=_NAME, status="not-checked", reason="no-trust-policy")
        keys = policy.keys_of(_LOG)
        if not keys:
            return Check(name=_NAME, status="not-checked", reason="no-key", detail=_NO_KEY)
        if self.origin not in {key.id for key in keys}:
            return _fail("wrong-log", f"{self.origin} is no log of the trust policy")
        return self._enough(_NAME, _LOG)

    def roles(self, predicate: PassportPredicate) -> list[Check]:
        """The rows `role:log` and `role:witness`, where they are required."""
        policy = self._policy
        if policy is None:
            return []
        wanted = (*policy.required(predicate.assurance), *predicate.required_roles)
        return [self._role(role) for role in dict.fromkeys(wanted) if role in (_LOG, _WITNESS)]

    def witnessed_before(self, instant: datetime) -> bool:
        """Whether a witness of the policy co-signed it before an instant."""
        if self._fault is not None or self._note is None or self._policy is None:
            return False
        return any(time < instant for _, time in self._cosignatures())

    def _role(self, role: str) -> Check:
        name = f"role:{role}"
        if self._policy is not None and not self._policy.keys_of(role):
            return Check(name=name, status="undecided", reason="no-key", detail=_NO_KEY)
        if self._note is None and self._fault is None:
            return Check(name=name, status="fail", reason="missing-checkpoint")
        if role == _LOG or self._fault is not None:
            held = self.row()
            return Check(name=name, status=held.status, reason=held.reason, detail=held.detail)
        return self._enough(name, role)

    def _enough(self, name: str, role: str) -> Check:
        """Whether as many keys of a role as needed signed the note."""
        policy = self._policy
        needed = 1 if policy is None else policy.threshold(role)
        signers = self._signers() if role == _LOG else (key for key, _ in self._cosignatures())
        found = {key.key.material: key.id for key in signers}
        if len(found) >= needed:
            return Check(name=name, status="pass", detail=", ".join(sorted(found.values())))
        reason = "below-threshold" if found else "bad-signature"
        detail = f"{needed} needed, {len(found)} signed"
        return Check(name=name, status="fail", reason=reason, detail=detail)

    def _signers(self) -> Iterator[TrustKey]:
        for key, public, note in self._current(_LOG):
            if key.id == self.origin and verify_note_signature(note, key.id, public):
                yield key

    def _cosignatures(self) -> Iterator[tuple[TrustKey, datetime]]:
        for key, public, note in self._current(_WITNESS):
            seconds = cosignatures_by(note, key.id, public)
            if seconds is not None and seconds <= _LAST_SECOND:
                yield key, datetime.fromtimestamp(seconds, UTC)

    def _current(self, role: str) -> Iterator[tuple[TrustKey, PublicKey, SignedNote]]:
        """Keys that count now; what a compromised witness writes as time is worth nothing."""
        if self._policy is None or self._note is None:
            return
        for key in self._policy.keys_of(role):
            # Notes know no other algorithm.
            if key.counts_at(self._at) and isinstance(key.key, PublicKey):
                yield key, key.key, self._note


_LAST_SECOND: Final = 253_402_300_799  # the end of the year 9999, of datetime too
_NO_KEY: Final = "the trust policy names no key for it"


def _fail(reason: str, detail: str) -> Check:
    return Check(name=_NAME, status="fail", reason=reason, detail=detail)
