"""The parameters from the first step to the last: each segment begins with what the last left.

A segment is a stretch of steps of which the first states the parameters before it and the last
those after it (`docs/reference/ledger.md`, "ledger.jsonl"). Where no block moved, nothing changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir.governance.ledger_check.files import need

if TYPE_CHECKING:
    from collections.abc import Container

    from provenir.governance.blocks import BlockMap
    from provenir.provenance.ledger.records import Close, Header, Resume, Root, Snapshot, Step

__all__ = ["Parameters"]

_BREAK = "parameter-break"


class Parameters:
    """Follows the roots of the trained parameters through a ledger.

    Args:
        header: Where they begin.
        blocks: Which of them are trained; None where that cannot be read.
        discarded: The root over each file of records that were discarded.
    """

    def __init__(
        self, header: Header, blocks: BlockMap | None, discarded: Container[Root | None]
    ) -> None:
        self._header = header
        self._blocks = blocks
        self._discarded = discarded
        self._root = header.initial.root
        self._open_steps = 0
        self._moved = False
        self._opt_root: str | None = None
        self._snapshot: Snapshot | None = None

    def step(self, step: Step, *, moved: bool) -> None:
        """Go on by a step.

        Args:
            step: The record.
            moved: Whether any block is said to have moved.

        Raises:
            EvidenceError: `endpoint-mismatch` at the first step, else `parameter-break`.
        """
        where = f"step {step.step}"
        if self._open_steps == 0:
            reason = "endpoint-mismatch" if step.step == 1 else _BREAK
            what = "the parameters before it are not those that were left"
            need(step.param_pre == self._root, reason, what, where)
            self._moved = False
        else:
            need(step.param_pre is None, _BREAK, "a segment begins inside another one", where)
        self._moved |= moved
        self._opt_root = step.opt_root
        self._open_steps += 1
        if step.param_post is None:
            ended = self._open_steps < self._header.hash_every
            need(ended, _BREAK, "its segment should end here, without parameters", where)
            return
        changed = step.param_post != self._root
        need(self._moved or not changed, _BREAK, "parameters changed, and no block moved", where)
        self._root = step.param_post
        self._open_steps = 0

    def snapshot(self, snapshot: Snapshot) -> None:
        """Compare saved state with the step before it.

        Raises:
            EvidenceError: `parameter-break`.
        """
        where = f"snapshot after step {snapshot.step}"
        need(self._is_at(snapshot.param_root), _BREAK, "it is of other parameters", where)
        same = self._opt_root in (None, snapshot.opt_root)
        need(same, _BREAK, "it is of another state of the optimizer", where)
        self._snapshot = snapshot

    def resume(self, resume: Resume) -> None:
        """Compare the state that a run went on from with the one that was saved.

        Raises:
            EvidenceError: `parameter-break`, `missing-report`.
        """
        where = f"resume after step {resume.step}"
        need(self._is_at(resume.param_root), _BREAK, "it is of other parameters", where)
        there = resume.discarded is None or resume.discarded in self._discarded
        need(there, "missing-report", "the records that were discarded are not there", where)
        if resume.step == 0:
            return
        saved = self._snapshot
        state = (resume.step, resume.param_root, resume.opt_root, resume.rng_digest)
        same = saved is not None and state == (
            *(saved.step, saved.param_root, saved.opt_root, saved.rng_digest),
        )
        need(same, _BREAK, "nothing of this state was saved", where)

    def close(self, close: Close) -> None:
        """Compare the end with what the last step left.

        A run that ended before its time may leave a segment open: `final` is then its end.

        Raises:
            EvidenceError: `parameter-break`, `endpoint-mismatch`, `frozen-changed`.
        """
        header = self._header
        ended = self._open_steps == 0 or close.status != "completed"
        need(ended, _BREAK, "the last segment has no end", "close")
        free = self._open_steps > 0 and self._moved
        same = close.final.n == header.initial.n and (free or close.final.root == self._root)
        need(same, "endpoint-mismatch", "the last step left other parameters", "close")
        frozen = close.frozen_after == header.frozen
        need(frozen, "frozen-changed", "what was frozen has changed", "close")
        if self._blocks is not None:
            self._check_base(self._blocks)

    def _check_base(self, blocks: BlockMap) -> None:
        """Make sure that the run began with its base, as far as roots over whole sets can tell."""
        header, every = self._header, blocks.parameters
        base = [one for one in every if not (blocks.adapter and one.released)]
        same = header.base.n == len(base)
        for root, trained in ((header.frozen, False), (header.initial, True)):
            if base and base == [one for one in every if one.trainable == trained]:
                same = same and header.base == root
        need(same, "endpoint-mismatch", "it did not begin with the base that it names", "header")

    def _is_at(self, root: str) -> bool:
        return self._open_steps == 0 and root == self._root
