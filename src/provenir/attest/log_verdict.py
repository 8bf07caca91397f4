"""Judging a log against checkpoints that somebody kept: one row a question, each with its reason.

Reasons: `malformed` (lines, segments or a checkpoint that no honest log has), `bad-signature`,
`wrong-log`, `log-truncated`, `log-inconsistent`. Without a checkpoint from outside nobody can say
whether entries are missing: that row stays undecided.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from provenir.attest.checkpoint import read_checkpoint, verify_note_signature
from provenir.attest.log_check import LogState
from provenir.core.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from provenir.attest.checkpoint import Checkpoint
    from provenir.attest.ed25519 import PublicKey
    from provenir.attest.log import EventLog
    from provenir.attest.log_check import LogExamination
    from provenir.attest.note import SignedNote

__all__ = ["LogKey", "LogRow", "LogVerdict", "verify_log"]

Status = Literal["pass", "fail", "undecided", "not-checked"]
_REASONS: Final = {"log_truncated": "log-truncated", "log_rewritten": "log-inconsistent"}
_SHOWN_FINDINGS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class LogKey:
    """The key that a log's checkpoints have to be signed by.

    Attributes:
        public_key: The key.
        name: Its name, which is the log's origin; None for whatever the checkpoint says.
    """

    public_key: PublicKey
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """One question and its answer.

    Attributes:
        name: What was asked.
        status: `pass`, `fail`, `undecided` or `not-checked`.
        reason: Why it failed, None unless it did.
        detail: In a sentence.
        subject: What it is about: a folder, or the file of a checkpoint.
    """

    name: str
    status: Status
    detail: str
    subject: str
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LogVerdict:
    """What verifying a log showed.

    Attributes:
        state: Size and root over the lines.
        origin: The origin that the log records, None where it records none.
        rows: The questions.
        notes: What is worth knowing and decides nothing.
    """

    state: LogState
    origin: str | None
    rows: tuple[LogRow, ...]
    notes: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """0 good, 1 a row failed, 3 nothing failed and something asked was not decided."""
        statuses = {row.status for row in self.rows}
        return 1 if "fail" in statuses else 3 if "undecided" in statuses else 0

    @property
    def reasons(self) -> tuple[str, ...]:
        """The reasons of the rows that failed, each once."""
        return tuple(dict.fromkeys(row.reason for row in self.rows if row.reason))

    def to_dict(self) -> dict[str, Any]:
        """The verdict as JSON values."""
        return {
            "origin": self.origin,
            **self.state.to_dict(),
            "checks": [
                {
                    "name": row.name,
                    "status": row.status,
                    "reason": row.reason,
                    "detail": row.detail,
                    "subject": row.subject,
                }
                for row in self.rows
            ],
            "notes": list(self.notes),
            "reasons": list(self.reasons),
            "exit_code": self.exit_code,
        }


def verify_log(
    log: EventLog,
    *,
    checkpoints: Sequence[tuple[str, bytes]] = (),
    key: LogKey | None = None,
    progress: Callable[[int], None] | None = None,
) -> LogVerdict:
    """Read every line of a log and compare it with what somebody kept of it.

    Args:
        log: The log.
        checkpoints: Name and bytes of each: signed notes, or unsigned texts of checkpoints.
        key: The log's key; without it signatures are not checked.
        progress: Called now and then with the bytes read since.

    Raises:
        InputError: The log or its recorded origin cannot be read.
        LockedError: A writer holds the log for too long.
    """
    origin = log.origin
    read = [_Kept.read(where, data) for where, data in checkpoints]
    sizes = [kept.checkpoint.size for kept in read if kept.checkpoint is not None]
    seen = log.examine(sizes=sizes, progress=progress)
    rows = [*_about_lines(seen, str(log.folder))]
    for kept in read:
        rows += kept.rows(seen, origin, key)
    if not checkpoints:
        detail = "consistent; truncation not checked: no checkpoint from outside was given"
        rows.append(
            LogRow(name="truncation", status="undecided", detail=detail, subject=str(log.folder))
        )
    notes = [f"{each.detail} ({each.subject})" for each in seen.findings if _is_note(each.severity)]
    return LogVerdict(state=seen.state, origin=origin, rows=tuple(rows), notes=tuple(notes))


def _is_note(severity: str) -> bool:
    return severity != "critical"


def _about_lines(seen: LogExamination, folder: str) -> list[LogRow]:
    wrong = [finding for finding in seen.findings if not _is_note(finding.severity)]
    if not wrong:
        detail = f"{seen.state.size} entries, root {seen.state.root}"
        return [LogRow(name="entries", status="pass", detail=detail, subject=folder)]
    rows = [
        LogRow(
            name="entries",
            status="fail",
            reason="malformed",
            detail=finding.detail,
            subject=finding.subject or folder,
        )
        for finding in wrong[:_SHOWN_FINDINGS]
    ]
    if len(wrong) > _SHOWN_FINDINGS:
        detail = f"and {len(wrong) - _SHOWN_FINDINGS} more such findings"
        rows.append(
            LogRow(name="entries", status="fail", reason="malformed", detail=detail, subject=folder)
        )
    return rows


@dataclass(frozen=True, slots=True)
class _Kept:
    """A checkpoint as it was handed over; `fault` says why it is none."""

    where: str
    note: SignedNote | None
    checkpoint: Checkpoint | None
    fault: str

    @classmethod
    def read(cls, where: str, data: bytes) -> _Kept:
        try:
            checkpoint, note = read_checkpoint(data, where=where)
        except InputError as fault:
            return cls(where, None, None, fault.what)
        return cls(where, note, checkpoint, "")

    def rows(self, seen: LogExamination, origin: str | None, key: LogKey | None) -> list[LogRow]:
        """Who signed it, which log it is of, and whether this log extends it."""
        if self.checkpoint is None:
            return [self._row("checkpoint", "fail", self.fault, "malformed")]
        return [
            self._signature(self.checkpoint, key),
            self._log(self.checkpoint, seen, origin, key),
        ]

    def _signature(self, checkpoint: Checkpoint, key: LogKey | None) -> LogRow:
        if key is None:
            detail = "no public key was given: who made the checkpoint was not checked"
            return self._row("signature", "not-checked", detail)
        name = checkpoint.origin if key.name is None else key.name
        if self.note is not None and verify_note_signature(self.note, name, key.public_key):
            return self._row("signature", "pass", f"signed by {name}")
        detail = f"no signature by {name} and the given key"
        return self._row("signature", "fail", detail, "bad-signature")

    def _log(
        self, checkpoint: Checkpoint, seen: LogExamination, origin: str | None, key: LogKey | None
    ) -> LogRow:
        expected = key.name if key is not None and key.name is not None else origin
        for wanted in (expected, origin):
            if wanted is not None and checkpoint.origin != wanted:
                detail = f"a checkpoint of {checkpoint.origin}, and this is {wanted}"
                return self._row("checkpoint", "fail", detail, "wrong-log")
        known = LogState(size=checkpoint.size, root=checkpoint.root_digest)
        for finding in seen.against(known, self.where):
            return self._row("checkpoint", "fail", finding.detail, _REASONS[finding.kind])
        detail = f"the log extends its {checkpoint.size} entries"
        return self._row("checkpoint", "pass", detail)

    def _row(self, name: str, status: Status, detail: str, reason: str | None = None) -> LogRow:
        return LogRow(name=name, status=status, detail=detail, subject=self.where, reason=reason)
