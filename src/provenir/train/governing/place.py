"""Where a governed training keeps its records, and whom it tells of them."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from provenir.core.errors import ProvenirError, UsageError
from provenir.core.files import read_json
from provenir.core.findings import Finding, Report
from provenir.core.ids import new_run_id
from provenir.core.text import printable
from provenir.provenance.ledger import layout
from provenir.provenance.ledger.commitments import Salts
from provenir.tracking.governed import log_close, log_intent, open_intents
from provenir.tracking.run import Run, current_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from provenir.attest.log import EventLog
    from provenir.core.clock import Clock
    from provenir.governance.statements import RoleStatement
    from provenir.train.governing.settings import Governance

__all__ = ["Place"]

logger = logging.getLogger("provenir")
_MAX_SALTS_BYTES = 64 * 2**10


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A run folder, with the tracked run that it is of where there is one.

    Attributes:
        folder: The `governed/` folder.
        run_id: The run.
        run: The tracked run; None where nobody tracks.
        secret: File of the salts' secret.
        clock: Where the times come from.
    """

    folder: Path
    run_id: str
    run: Run | None
    secret: Path
    clock: Clock

    @classmethod
    def of(cls, governance: Governance) -> Self:
        """The place of a training: the folder that was asked for, else that of the open run.

        Raises:
            UsageError: There is neither, or the open run has another folder.
        """
        run = current_run()
        own = None if run is None else run.output_dir
        if governance.folder is None and own is None:
            raise UsageError(
                "a governed training needs a folder for its ledger",
                mend='train inside "with provenir.track(…):", or give Governance(folder=…)',
            )
        if governance.folder is not None and Path(governance.folder).resolve() != own:
            run = None
        parent = Path(governance.folder or str(own)).resolve()
        secret = governance.secret or _own_secret(parent)
        folder = parent / layout.GOVERNED
        run_id = run.run_id if run is not None else None
        run_id = run_id or _known_run_id(folder) or new_run_id(parent.name, clock=governance.clock)
        return cls(
            folder=folder, run_id=run_id, run=run, secret=Path(secret), clock=governance.clock
        )

    @property
    def has_ledger(self) -> bool:
        """Whether a ledger was begun here."""
        return (self.folder / layout.LEDGER).exists()

    def salts(self) -> Salts:
        """The secret of the commitments; drawn unless a ledger was begun.

        One that lies there is another run's and never used again: the same row would have the same
        commitment in both, and what one run discloses would open the other.

        Raises:
            UsageError: A file is there already.
            InputError: The secret of the ledger is gone.
        """
        if not self.has_ledger:
            self.folder.mkdir(parents=True, exist_ok=True)
            return Salts.create(self.secret, run_folder=self.folder.parent)
        noted = read_json(self.folder / layout.SALTS, max_bytes=_MAX_SALTS_BYTES)
        return Salts.load(Path(str(noted["path"])) if isinstance(noted, dict) else self.secret)

    def note(self, finding: Finding) -> None:
        """Tell of a finding: the run, else the process's log."""
        if self.run is not None:
            self.run.add_finding(finding)
        else:
            logger.warning("%s: %s", finding.kind, printable(finding.detail))

    def attach(self, evidence: Report | RoleStatement) -> None:
        """Have the passport bind a report or a statement; without a run a report is logged."""
        if self.run is not None:
            self.run.attach(evidence)
        elif isinstance(evidence, Report):
            for finding in evidence.findings:
                self.note(finding)

    def publish_intent(self, intent: str, dataset: str) -> None:
        """Enter into the workspace's log what is intended."""
        self._enter(
            "intent", lambda log, clock: log_intent(log, self.run_id, intent, dataset, clock)
        )

    def publish_close(self, intent: str, root: str) -> None:
        """Enter into the workspace's log that the ledger was closed."""
        self._enter("close", lambda log, clock: log_close(log, self.run_id, intent, root, clock))

    def earlier_intents(self, intent: str, dataset: str) -> list[str]:
        """Intents of earlier trainings on the dataset that were never closed."""
        log = None if self.run is None else self.run.workspace_log
        if log is None:
            return []
        try:
            return [one for one in open_intents(log, dataset) if one != intent]
        except (ProvenirError, OSError) as fault:
            detail = f"intents of earlier trainings cannot be read from the log: {fault}"
            self.note(Finding(kind="log_fault", severity="warning", detail=detail))
            return []

    def _enter(self, what: str, enter: Callable[[EventLog, Clock], object]) -> None:
        """Tell the log; that it cannot be told is a finding, and governs nothing less."""
        log = None if self.run is None else self.run.workspace_log
        if log is None:
            return
        try:
            enter(log, self.clock)
        except (ProvenirError, OSError) as fault:
            detail = f"the {what} of the training is not in the workspace's log: {fault}"
            self.note(Finding(kind="log_fault", severity="warning", detail=detail, subject=what))

    def check_dataset(self, root: str) -> None:
        """Refuse rows that are not those that the run was told of.

        Raises:
            UsageError: The run tracks another dataset, or none: no verifier would accept it.
        """
        manifest = None if self.run is None else self.run.manifest
        if manifest is not None and manifest.dataset_hash != root:
            what = "the run has no dataset to compare the rows to be trained on with"
            if manifest.dataset_hash is not None:
                what = "the rows to be trained on are not the dataset of the run"
            raise UsageError(
                what,
                where="train_dataset",
                mend="give track(dataset=…) and the trainer the same rows",
            )


def _own_secret(parent: Path) -> Path:
    """A file beside the run folder that no earlier run there keeps its secret in."""
    names = (f".{n}" if n > 1 else "" for n in count(1))
    places = (parent.with_name(f"{parent.name}{name}.salts") for name in names)
    return next(place for place in places if not place.exists())


def _known_run_id(folder: Path) -> str | None:
    """The run of the ledger that was begun in a folder."""
    intent: Any = None
    if (folder / layout.LEDGER).exists():
        intent = read_json(folder / layout.INTENT)
    return str(intent["run_id"]) if isinstance(intent, dict) and "run_id" in intent else None
