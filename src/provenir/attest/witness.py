"""A witness in a file: it remembers what it saw of each log and cosigns only what extends it.

Rules (c2sp.org/tlog-cosignature): never a smaller size than the remembered one, never another root
at the same size, never a larger one without a consistency proof that holds. What it is about to
sign is on disk before the signature exists, under a lock, so neither a crash nor another process
makes it sign two roots for one size. Where its state cannot be read it signs nothing.

It does not ask who signed the checkpoint: a witness vouches for the order of what it saw. It is
worth as much as the distance between its state and whoever writes the log.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, Protocol

from pydantic import Field

from provenir.attest.checkpoint import Checkpoint, cosign
from provenir.attest.log_check import LogState
from provenir.attest.log_proofs import consistency_holds
from provenir.attest.note import check_key_name
from provenir.core.clock import Clock, SystemClock
from provenir.core.document import DigestText, Document, Part
from provenir.core.errors import BoundsError, EvidenceError
from provenir.core.files import FileLock
from provenir.core.limits import MAX_SAFE_INTEGER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from provenir.attest.ed25519 import Ed25519Signer
    from provenir.attest.note import SignedNote

__all__ = ["FileWitness", "Witness", "WitnessState"]

_LOCK_TIMEOUT_S: Final = 10.0
_MAX_LOGS: Final = 10_000
_REASON: Final = "log-inconsistent"
_MEND: Final = "keep both checkpoints: together they show what happened to the log"


class Witness(Protocol):
    """Whoever cosigns a log's checkpoints."""

    def known_size(self, origin: str) -> int:
        """The size of the last checkpoint that it cosigned for this log, 0 for none."""

    def cosign(self, note: SignedNote, proof: Mapping[str, Any] | None) -> SignedNote:
        """Add a cosignature where the checkpoint extends the last one.

        Args:
            note: A checkpoint.
            proof: `EventLog.consistency(known_size, size)`.

        Raises:
            EvidenceError: It does not extend it, reason `log-inconsistent`.
        """


class _Seen(Part):
    """The last checkpoint of one log."""

    size: Annotated[int, Field(ge=0, le=MAX_SAFE_INTEGER)]
    root: DigestText


class WitnessState(Document):
    """What a witness remembers.

    Attributes:
        logs: Origin → the last checkpoint that it cosigned.
    """

    schema_version: Literal["log-witness/1"] = "log-witness/1"
    logs: Annotated[dict[str, _Seen], Field(max_length=_MAX_LOGS)] = {}  # noqa: RUF012 - pydantic copies it


class FileWitness:
    """A witness whose memory is one file, kept where whoever writes the log does not write.

    Args:
        state_path: The file; made by the first cosignature, with a lock file beside it.
        signer: The witness's key, used for this alone.
        name: The witness's name, such as `example.org/witness`.
        clock: Where the time of a cosignature comes from.

    Raises:
        InputError: The name is none.
    """

    def __init__(
        self,
        state_path: str | Path,
        signer: Ed25519Signer,
        name: str,
        *,
        clock: Clock | None = None,
    ) -> None:
        self.path = Path(state_path)
        self.name = check_key_name(name)
        self._signer = signer
        self._clock = SystemClock() if clock is None else clock

    def known_size(self, origin: str) -> int:
        """The size of the last checkpoint that it cosigned for this log, 0 for none.

        Raises:
            DocumentError: The state cannot be read.
        """
        seen = self._state().logs.get(origin)
        return 0 if seen is None else seen.size

    def cosign(self, note: SignedNote, proof: Mapping[str, Any] | None = None) -> SignedNote:
        """Add a cosignature where the checkpoint extends the last one.

        Args:
            note: A checkpoint; the signatures that it has are kept.
            proof: `EventLog.consistency(known_size, size)`; none is needed for a log that was not
                seen before, nor for the same checkpoint again.

        Returns:
            The note with the cosignature.

        Raises:
            EvidenceError: A smaller size, another root at the same size, or a proof that does not
                hold; reason `log-inconsistent`.
            InputError: The note is no checkpoint, the state cannot be read, or it has no room for
                a log of that size or for one more log.
            LockedError: Another process holds the state for longer than ten seconds.
            OSError: The state cannot be written; nothing was signed.
        """
        checkpoint = Checkpoint.of(note)
        lock = FileLock(self.path.with_name(f"{self.path.name}.lock"), timeout_s=_LOCK_TIMEOUT_S)
        with lock:
            state = self._state()
            new = LogState(size=checkpoint.size, root=checkpoint.root_digest)
            self._refuse_what_does_not_extend(state.logs.get(checkpoint.origin), new, proof)
            self._refuse_what_cannot_be_kept(state, checkpoint)
            seen = _Seen(size=new.size, root=new.root)
            if state.logs.get(checkpoint.origin) != seen:
                WitnessState(logs={**state.logs, checkpoint.origin: seen}).write(self.path)
            return cosign(note, self._signer, self.name, int(self._clock.now().timestamp()))

    def _refuse_what_does_not_extend(
        self, seen: _Seen | None, new: LogState, proof: Mapping[str, Any] | None
    ) -> None:
        if seen is None:
            return
        if new.size < seen.size:
            what = f"a checkpoint of {new.size} entries, after one of {seen.size}"
        elif new.size == seen.size and new.root != seen.root:
            what = f"another root over the same {new.size} entries"
        elif new.size > seen.size and not _extends(seen, new, proof):
            what = f"no proof that {new.size} entries extend the {seen.size} that were seen"
        else:
            return
        raise EvidenceError(what, reason=_REASON, where=str(self.path), mend=_MEND)

    def _refuse_what_cannot_be_kept(self, state: WitnessState, checkpoint: Checkpoint) -> None:
        if checkpoint.size > MAX_SAFE_INTEGER:
            what = f"a checkpoint of {checkpoint.size} entries: no log has as many"
            raise BoundsError(what, where=str(self.path))
        if checkpoint.origin not in state.logs and len(state.logs) >= _MAX_LOGS:
            what = f"a witness remembers at most {_MAX_LOGS:,} logs"
            raise BoundsError(what, where=str(self.path), mend="begin another witness")

    def _state(self) -> WitnessState:
        """What is remembered; a file that is there and cannot be read is no empty memory."""
        if not self.path.is_symlink() and not self.path.exists():
            return WitnessState()
        return WitnessState.read(self.path)


def _extends(seen: _Seen, new: LogState, proof: Mapping[str, Any] | None) -> bool:
    old = LogState(size=seen.size, root=seen.root)
    return proof is not None and consistency_holds(proof, old, new)
