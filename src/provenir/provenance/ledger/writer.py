"""`LedgerWriter`: appends what happened, and nothing that could not have.

::

    writer = LedgerWriter.create(folder, plan, salts, salts_path=path)
    writer.step(StepOutcome(...))
    writer.snapshot(...)
    closed = writer.close(...)          # root and digest for the operator's statement

After a crash: `LedgerWriter.reopen(folder, salts)` cuts what is torn, `resume` goes on from a
snapshot. What a record states is derived where it can be (weights, states, roots, the least
clipping coefficient); the rest is what the loop reports. One process writes at a time.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from pydantic import ValidationError

from provenir.core.clock import parse_utc, utc_text
from provenir.core.digest import digest_bytes
from provenir.core.document import first_fault
from provenir.core.errors import LockedError, UsageError
from provenir.core.files import FileLock, atomic_write
from provenir.provenance.ledger import layout
from provenir.provenance.ledger.entries import step_lines
from provenir.provenance.ledger.journal import Journal, keep_discarded
from provenir.provenance.ledger.plan import lay_down, lines_root
from provenir.provenance.ledger.records import (
    Close,
    FinalTensors,
    Intervention,
    Resume,
    Snapshot,
    Step,
)
from provenir.provenance.ledger.sampler import seed_commit
from provenir.provenance.ledger.tensors import leaf_root
from provenir.provenance.ledger.weights import RouteTable, read_route_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from types import TracebackType

    from provenir.provenance.ledger.chain import Chain
    from provenir.provenance.ledger.commitments import Salts
    from provenir.provenance.ledger.entries import StepOutcome
    from provenir.provenance.ledger.plan import Plan
    from provenir.provenance.ledger.records import FinalTensor, Header, Record

__all__ = ["ClosedLedger", "LedgerWriter"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedLedger:
    """What the operator signs.

    Attributes:
        run_id: The run.
        n: Lines of the ledger, the close included.
        root: The ledger root.
        close: Digest of the close line.
    """

    run_id: str
    n: int
    root: str
    close: str


class LedgerWriter:
    """The one writer of a ledger; made by `create` or `reopen`.

    Attributes:
        folder: The `governed/` folder.
        table: Blocks and routes of the run.
    """

    def __init__(self, folder: Path, salts: Salts) -> None:
        self.folder = folder
        self.table: RouteTable
        self._salts = salts
        self._lock = FileLock(folder / layout.PRIVATE / "lock", mode=0o600)
        if not self._lock.acquire(blocking=False):
            raise LockedError(
                f"process {self._lock.holder() or 'unknown'} writes this ledger",
                where=str(folder),
                mend="wait for that process or end it",
            )
        try:
            self.table = read_route_table(folder)
            self._journal = Journal(folder)
        except BaseException:
            self._lock.release()
            raise

    @classmethod
    def create(
        cls,
        folder: str | Path,
        plan: Plan,
        salts: Salts,
        *,
        salts_path: str | Path,
        publish: Callable[[str], None] | None = None,
    ) -> Self:
        """Lay down the files that are there before the first step, and begin the ledger.

        Args:
            folder: The `governed/` folder; made when it is missing.
            plan: What was planned and decided.
            salts: The secret of the commitments.
            salts_path: Where the secret is kept, outside the run folder.
            publish: Called with the digest of the intent before the header is written: the place
                to enter it into the workspace's log.

        Raises:
            UsageError: A ledger is there already, or the plan contradicts itself.
            OSError: A file cannot be written.
        """
        place = Path(folder)
        header = lay_down(place, plan, salts, salts_path=salts_path, publish=publish)
        writer = cls(place, salts)
        writer._append(header)
        writer._journal.mark(0, header.initial.root)
        return writer

    @classmethod
    def reopen(cls, folder: str | Path, salts: Salts, *, closed: bool = False) -> Self:
        """Open a ledger whose process died, and cut what it left half-written.

        One that was closed as interrupted can be opened too: its close is a record after the
        snapshot that `resume` goes on from, and is kept with the others that are discarded.

        Args:
            folder: The `governed/` folder.
            salts: The run's.
            closed: Open one that was closed as completed or halted as well: its process died
                before anything was issued on it.

        Raises:
            EvidenceError: The records do not follow each other.
            InputError: A file cannot be read.
            LockedError: A process that is alive writes it.
            UsageError: It was closed otherwise, or has no header.
        """
        writer = cls(Path(folder), salts)
        last = writer.chain.last
        ended = isinstance(last, Close) and last.status != "interrupted" and not closed
        fault = "was closed" if ended else "has no header"
        if writer.chain.header is None or ended:
            writer.release()
            raise UsageError(
                f"the ledger {fault}", where=str(folder), mend="begin a new run for more steps"
            )
        return writer

    @property
    def chain(self) -> Chain:
        """The records so far: last step, header, interventions that stand."""
        return self._journal.chain

    @property
    def header(self) -> Header:
        """The header."""
        header = self.chain.header
        if header is None:
            raise UsageError("the ledger has no header")
        return header

    @property
    def snapshots(self) -> list[int]:
        """Steps that `resume` can go on from; 0 is the start."""
        return sorted(self._journal.marks)

    def stamp(self, instant: datetime) -> str:
        """Write a time that no record contradicts: never before that of the last record.

        What depends on a step's date is to be decided at this time, not at the clock's.
        """
        last = self.chain.last
        text = utc_text(instant)
        return text if last is None else max(text, last.time)

    def step(self, outcome: StepOutcome) -> str:
        """Append a step; return the digest of its line.

        Raises:
            UsageError: It cannot follow, or contradicts the routes or the interventions.
            OSError: The disk refused it; open the ledger again.
        """
        try:
            details, facts, fields = step_lines(outcome, self.table, self.chain, self._salts)
        except ValidationError as error:
            raise _misuse(Step, error) from error
        record = self._record(Step, outcome.time, fields)
        line = self._checked(record)
        self._journal.append_step(facts, details, line)
        self.chain.take(record, line)
        return digest_bytes(line)

    def intervention(
        self,
        *,
        time: str,
        row: int,
        action: str,
        reason: str,
        measure: str,
        factor: int | None = None,
    ) -> str:
        """Append what becomes of a row from the next step on; return the digest of the line.

        Args:
            time: As `stamp` wrote it.
            row: The row.
            action: `annotate`, `lower`, `exclude` or `halt`.
            reason: Why, in a word or a sentence.
            measure: The number behind it, as text.
            factor: For `lower`, the weight that is left, in thousandths.

        Raises:
            UsageError: A value is not one of those.
        """
        fields = {"step": self.chain.step, "row": row, "action": action, "factor": factor}
        return self._append_new(Intervention, time, **fields, reason=reason, measure=measure)

    def snapshot(
        self,
        *,
        time: str,
        param_root: str,
        opt_root: str | None,
        rng_digest: str | None,
        files: str,
    ) -> str:
        """Append that the state after the last step was saved; return the digest of the line.

        Args:
            time: As `stamp` wrote it.
            param_root: Digest of the trained parameters, as the last step states it.
            opt_root: Digest of the optimizer's state.
            rng_digest: Digest of the generators' states.
            files: Digest of the list of the snapshot's files.

        Raises:
            UsageError: The last step did not end a segment, or with other parameters.
        """
        fields = {"param_root": param_root, "opt_root": opt_root, "rng_digest": rng_digest}
        digest = self._append_new(Snapshot, time, step=self.chain.step, **fields, files=files)
        self._journal.mark(self.chain.step, param_root)
        self._journal.sync()
        return digest

    def resume(
        self,
        step: int,
        *,
        time: str,
        param_root: str,
        opt_root: str | None,
        rng_digest: str | None,
        env: Mapping[str, str],
    ) -> str:
        """Go on from the snapshot after a step; return the digest of the line.

        The records after the snapshot are moved to `ledger.discarded-<i>.jsonl`.

        Args:
            step: One of `snapshots`.
            time: As `stamp` wrote it.
            param_root: Digest of the trained parameters as they were loaded.
            opt_root: Digest of the optimizer's state as it was loaded.
            rng_digest: Digest of the generators' states.
            env: The environment, as in the header.

        Raises:
            UsageError: There is no such snapshot, or the parameters are others.
        """
        mark = self._journal.marks.get(step)
        if mark is None or mark.param_root != param_root:
            raise UsageError(
                f"no snapshot after step {step}"
                if mark is None
                else f"the parameters are not those of the snapshot after step {step}",
                where=str(self.folder),
                mend=f"go on from one of {self.snapshots}",
            )
        lines = self._journal.tail(mark)
        if lines:
            keep_discarded(self.folder, mark, lines)
            self._cut_back(mark.end)
        fields = {"param_root": param_root, "opt_root": opt_root, "rng_digest": rng_digest}
        discarded = lines_root(lines) if lines else None
        return self._append_new(
            Resume, time, step=step, **fields, env=dict(env), discarded=discarded
        )

    def close(
        self,
        *,
        time: str,
        status: str,
        tensors: Sequence[FinalTensor],
        sampler_seed: bytes | None,
        aborted: Sequence[str] = (),
    ) -> ClosedLedger:
        """Write `final.json` and the last line.

        Args:
            time: As `stamp` wrote it.
            status: `completed`, `halted` or `interrupted`.
            tensors: Every tensor at the end.
            sampler_seed: The 32 bytes that `seed_commit` is of; None with a foreign sampler.
            aborted: Intents of earlier runs on this dataset that never closed.

        Raises:
            UsageError: The seed is another, or a value is out of range.
        """
        sampler = self.header.sampler
        opened = None if sampler_seed is None else seed_commit(sampler_seed)
        if opened != sampler.seed_commit:
            raise UsageError(
                "this is not the seed that the header commits to", mend="give the run's own"
            )
        listed = sorted(tensors, key=lambda tensor: tensor.name)
        atomic_write(self.folder / layout.FINAL, FinalTensors(tensors=tuple(listed)).to_bytes())
        released = [tensor.leaf() for tensor in listed if tensor.released]
        digest = self._append_new(
            Close,
            time,
            status=status,
            n_steps=self.chain.step,
            final=leaf_root(t.leaf() for t in listed if t.trainable),
            frozen_after=leaf_root(t.leaf() for t in listed if not t.trainable),
            released=leaf_root(released) if released else None,
            records=self.chain.root(),
            sampler_seed=None if sampler_seed is None else sampler_seed.hex(),
            aborted=tuple(aborted),
        )
        self.release()
        root = self.chain.root()
        return ClosedLedger(run_id=self.header.run_id, n=root.n, root=root.root, close=digest)

    def release(self) -> None:
        """Sync the files and let others write; a run that goes on is reopened."""
        if self._lock.held:
            self._journal.close()
            self._lock.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

    def _record(self, kind: type[Record], time: str, fields: Mapping[str, Any]) -> Record:
        chained = {"seq": self.chain.n, "prev": self.chain.prev, "time": utc_text(parse_utc(time))}
        try:
            return kind.model_validate({**chained, **fields})
        except ValidationError as error:
            raise _misuse(kind, error) from error

    def _append_new(self, kind: type[Record], time: str, **fields: Any) -> str:
        return self._append(self._record(kind, time, fields))

    def _append(self, record: Record) -> str:
        line = self._checked(record)
        self._journal.append_record(line)
        self.chain.take(record, line)
        return digest_bytes(line)

    def _checked(self, record: Record) -> bytes:
        refusal = self.chain.refusal(record)
        if refusal is not None:
            raise UsageError(refusal.what, where=str(self.folder), mend="mend what reports it")
        return record.line()

    def _cut_back(self, end: int) -> None:
        """Cut the ledger, and read it again from its files."""
        self._journal.close()
        path = self.folder / layout.LEDGER
        with path.open("rb") as stream:
            kept = stream.read(end)
        atomic_write(path, kept)
        self._journal = Journal(self.folder)


def _misuse(kind: type[Record], error: ValidationError) -> UsageError:
    what, place = first_fault(error)
    return UsageError(f"no {kind.__name__.lower()} can say this: {what}", where=place)
