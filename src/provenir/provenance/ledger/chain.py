"""The chain: what may follow what in `ledger.jsonl`.

Rules, in the order in which they are asked:

1. The header is first, and nothing follows the close.
2. `seq` counts from 0, `prev` is the digest of the line before, times do not go back.
3. Steps count from 1 without a gap, and none follows a halt; every other record names the step
   after which it stands.
4. The first step of a segment states the parameters before it, and they are those after the former
   segment (`initial` for the first); no segment is longer than `hash_every`. A step without an
   update leaves them as they were.
5. A snapshot states the parameters of the segment that ended last, and one did end. A resume stands
   behind a snapshot and states the same, or behind the header and states `initial`.
6. The close counts the steps and has the root over all lines before it.

The writer asks before it appends, so that a ledger that breaks them is never written; a reader asks
line by line. Whether `final` follows from the last step is the verifier's question: a run that ends
otherwise is closed all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from provenir.core.digest import format_digest
from provenir.core.merkle import Frontier
from provenir.provenance.ledger.lines import line_digest
from provenir.provenance.ledger.records import (
    Close,
    Header,
    Intervention,
    Resume,
    Root,
    Snapshot,
    Step,
)

if TYPE_CHECKING:
    from provenir.provenance.ledger.records import Record

__all__ = ["Chain", "Refusal"]


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a record cannot follow.

    Attributes:
        reason: One word with hyphens, as in docs/reference/ledger.md.
        what: What is wrong, as a clause.
    """

    reason: str
    what: str


class Chain:
    """The records so far, as far as the next one depends on them.

    Attributes:
        header: The first record; None before it.
        last: The last record; None before the header.
        step: Number of the last step, 0 before the first.
        standing: For each row the last intervention that lowered or excluded it.
        params: Digest of the trained parameters where the last segment ended.
        open_steps: Steps since then.
        is_halted: Whether an intervention halted the run.
    """

    def __init__(self) -> None:
        self.header: Header | None = None
        self.last: Record | None = None
        self.step = 0
        self.standing: dict[int, Intervention] = {}
        self.params: str | None = None
        self.open_steps = 0
        self.is_halted = False
        self._digest: str | None = None
        self._frontier = Frontier()
        self._hash_every = 1

    @property
    def n(self) -> int:
        """How many lines there are."""
        return self._frontier.n

    @property
    def prev(self) -> str | None:
        """Digest of the last line."""
        return self._digest

    @property
    def is_closed(self) -> bool:
        """Whether the close was written."""
        return isinstance(self.last, Close)

    def root(self) -> Root:
        """Return the root over the lines so far."""
        return Root(n=self.n, root=format_digest(self._frontier.root()))

    def refusal(self, record: Record) -> Refusal | None:
        """Say why a record cannot be the next one, None if it can."""
        return self._place(record) or self._content(record)

    def take(self, record: Record, line: bytes) -> None:
        """Go on to a record that was not refused."""
        self.last = record
        self._digest = line_digest(line)
        self._frontier.append(line)
        if isinstance(record, Header):
            self.header = record
            self.params = record.initial.root
            self._hash_every = record.hash_every
        elif isinstance(record, Step):
            self.step = record.step
            self.open_steps += 1
            if record.param_post is not None:
                self.params = record.param_post
                self.open_steps = 0
        elif isinstance(record, Intervention):
            self.is_halted = self.is_halted or record.action == "halt"
            if record.action in ("lower", "exclude"):
                self.standing[record.row] = record

    def _place(self, record: Record) -> Refusal | None:
        if self.is_closed:
            return Refusal("out-of-order", "a record after the close")
        if isinstance(record, Header) != (self.last is None):
            return Refusal("out-of-order", f"a {record.kind} where it cannot stand")
        if record.seq != self.n:
            return Refusal("ledger-gap", f"record {record.seq} where {self.n} is due")
        if record.prev != self._digest:
            return Refusal("ledger-fork", f"record {record.seq} does not follow the one before")
        if self.last is not None and record.time < self.last.time:
            return Refusal("out-of-order", f"record {record.seq} is earlier than the one before")
        return None

    def _content(self, record: Record) -> Refusal | None:
        if isinstance(record, Step):
            return self._step(record)
        if isinstance(record, Header):
            return None
        stated = record.n_steps if isinstance(record, Close) else record.step
        if stated != self.step:
            what = f"a {record.kind} after step {stated} where step {self.step} was the last"
            return Refusal("ledger-gap", what)
        if isinstance(record, Snapshot | Resume):
            return self._state(record)
        if isinstance(record, Close) and record.records != self.root():
            return Refusal("ledger-mismatch", "the close has another root over the records")
        return None

    def _step(self, step: Step) -> Refusal | None:
        if step.step != self.step + 1:
            return Refusal("ledger-gap", f"step {step.step} where {self.step + 1} is due")
        if self.is_halted:
            return Refusal("out-of-order", f"step {step.step} after the run was to halt")
        break_ = self._segment(step)
        return None if break_ is None else Refusal("parameter-break", break_)

    def _segment(self, step: Step) -> str | None:
        """What is wrong with the parameters that a step states."""
        if self.open_steps == 0 and step.param_pre is None:
            return f"step {step.step} begins a segment and states no parameters before it"
        if self.open_steps and step.param_pre is not None:
            return f"step {step.step} is inside a segment and states parameters before it"
        if step.param_pre is not None and step.param_pre != self.params:
            return f"the parameters before step {step.step} are not those after the step before"
        unmoved = step.skipped is not None and step.param_pre is not None
        if unmoved and step.param_post not in (None, step.param_pre):
            return f"step {step.step} was skipped and states other parameters after it"
        if step.param_post is None and self.open_steps + 1 >= self._hash_every:
            return f"step {step.step} ends a segment and states no parameters after it"
        return None

    def _state(self, record: Snapshot | Resume) -> Refusal | None:
        if self.open_steps:
            return Refusal("parameter-break", f"a {record.kind} inside a segment")
        if record.param_root != self.params:
            what = f"the {record.kind} after step {record.step} has other parameters than the step"
            return Refusal("parameter-break", what)
        if isinstance(record, Resume) and not self._goes_on_from(record):
            what = f"the resume after step {record.step} is not from the state of a snapshot"
            return Refusal("parameter-break", what)
        return None

    def _goes_on_from(self, record: Resume) -> bool:
        last = self.last
        if isinstance(last, Snapshot):
            saved, loaded = (last.opt_root, last.rng_digest), (record.opt_root, record.rng_digest)
            return saved == loaded
        return isinstance(last, Header)
