"""A folder of passports. Nothing in it is ever overwritten, and the log tells what came in."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Final

from provenir.attest.event import Actor
from provenir.attest.log import EventLog, find_workspace, log_folder
from provenir.core.clock import SystemClock
from provenir.core.digest import digest_bytes
from provenir.core.errors import EvidenceError, InputError, ProvenirError
from provenir.core.files import FileLock, atomic_write, read_bounded
from provenir.core.text import printable, slug
from provenir.governance.issue import issue_event
from provenir.governance.model_passport import ModelPassport

if TYPE_CHECKING:
    from provenir.core.clock import Clock
    from provenir.governance.predicate import PassportPredicate

__all__ = ["PassportStore"]

logger = logging.getLogger("provenir")

_HEX_CHARS: Final = 8
_LOCK: Final = ".store.lock"


class PassportStore:
    """Keeps passports as `<slug(model_id)>-<8 hex>.json`, the digits taken from their digest.

    Args:
        root: The folder; made by the first `save`.
        workspace: Whose log to append to; found from `root` unless given.
        clock: Where the time of a log entry comes from.
    """

    def __init__(
        self,
        root: str | Path,
        *,
        workspace: str | Path | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.root = Path(root)
        self._workspace = workspace
        self._clock = clock or SystemClock()

    def save(self, passport: ModelPassport) -> Path:
        """Write a passport and append a line to the workspace's log.

        Saving the same passport again leaves the file as it is and appends another line. What the
        append comes upon, such as a torn tail that it cuts, is a warning of the logger `provenir`.

        Returns:
            The file.

        Raises:
            InputError: It is no Model Passport.
            EvidenceError: It is an envelope of another kind.
            ProvenirError: The file is written but the log took no line; save it again.
            OSError: The folder cannot be written.
        """
        data = passport.envelope.to_bytes()
        predicate = passport.predicate
        stem = slug(predicate.bom.model_id)
        self.root.mkdir(parents=True, exist_ok=True)
        with FileLock(self.root / _LOCK):
            path = self._place(stem, data)
            if not path.exists():
                atomic_write(path, data)
        self._log(passport, predicate, path)
        return path

    def list(self) -> list[Path]:
        """The stored files, by name."""
        return sorted(path for path in self.root.glob("*-*.json") if path.is_file())

    def load(self, name: str | Path) -> ModelPassport:
        """Read a stored passport by its file name.

        Raises:
            InputError: There is none of that name, or it cannot be read.
        """
        if Path(name).name != str(name):
            raise InputError("not the name of a stored passport", where=str(name))
        return ModelPassport.read(self.root / name)

    def _place(self, stem: str, data: bytes) -> Path:
        """The first free name, or the name under which this very passport already lies."""
        digits = digest_bytes(data).partition(":")[2]
        for start in range(0, len(digits), _HEX_CHARS):
            path = self.root / f"{stem}-{digits[start : start + _HEX_CHARS]}.json"
            if not path.exists() and not path.is_symlink():
                return path
            try:
                if read_bounded(path, follow_symlinks=False, max_bytes=len(data)) == data:
                    return path
            except InputError:
                continue  # not a passport of ours: take the next name
        raise EvidenceError(
            "every name for this passport is taken by something else", where=str(self.root)
        )

    def _log(self, passport: ModelPassport, predicate: PassportPredicate, path: Path) -> None:
        event = issue_event(
            path.stem,
            passport.envelope,
            (),
            actor=Actor(id="provenir.governance", type="service"),
            clock=self._clock,
            payload={
                "file": path.name,
                "payload_digest": passport.digest(),
                "version": predicate.version,
                "assurance": predicate.assurance,
                "risk_flags": list(predicate.risk_flags),
            },
        )
        workspace = find_workspace(self.root, explicit=self._workspace)
        try:
            receipt = EventLog(log_folder(workspace)).append(event)
        except (ProvenirError, OSError) as fault:
            raise ProvenirError(
                f"the passport is saved, but the log took no line: {fault}",
                where=str(path),
                mend="mend the log's folder and save the passport again",
            ) from fault
        for finding in receipt.findings:
            logger.warning("%s: %s", finding.kind, printable(finding.detail))
