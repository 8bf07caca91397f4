"""Close a governed training's ledger and sign what it ended with."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from provenir.core.clock import utc_text
from provenir.core.extras import require
from provenir.core.files import atomic_write
from provenir.eval.memorization import probe_report
from provenir.governance.statements import LedgerCloseStatement, sign_statement
from provenir.provenance.ledger import layout

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from provenir.core.findings import Report
    from provenir.train.governing.governor import Governor
    from provenir.train.governing.place import Place
    from provenir.train.governing.preparing import Prepared

torch: Any = require("train", "torch")

__all__ = ["Status", "close_ledger", "end_training"]

Status: TypeAlias = Literal["completed", "halted", "interrupted"]
"""How a training ended: with all its steps, before them, or by a fault or Ctrl-C."""

logger = logging.getLogger("provenir")
_ROWS = 100  # rows of one content that a finding names


def end_training(
    governor: Governor,
    prepared: Prepared,
    status: Status,
    *,
    lr: float,
    losses_of: Callable[[Sequence[Mapping[str, Any]]], list[float]],
) -> None:
    """End a training however it ended; a fault does not hide the one that ended it.

    One that was broken off inside a segment of `hash_every` steps has no last parameters to state:
    its ledger stays open, to be resumed from a snapshot.

    Args:
        governor: Conducts the training.
        prepared: What was decided before it.
        status: How it ended.
        lr: Learning rate of an update that was made and is not recorded yet.
        losses_of: Gives the losses of rows under the model as it is.

    Raises:
        UsageError: The ledger cannot be closed as it is.
        OSError: The disk refuses it.
    """
    try:
        ends_segment = governor.settle(lr=lr)
        _report(governor, prepared.place, losses_of)
        if ends_segment:
            close_ledger(governor, prepared, status)
        else:
            logger.warning("the ledger stays open inside a segment; resume from a snapshot")
    except Exception:
        if status != "interrupted":
            raise
        logger.exception("the ledger of the interrupted training could not be closed")
    finally:
        governor.release()


def _report(
    governor: Governor,
    place: Place,
    losses_of: Callable[[Sequence[Mapping[str, Any]]], list[float]],
) -> None:
    """Have the run keep what was seen of memorization, and what could not be looked at."""
    if governor.monitor is not None:
        place.attach(sealed(governor.monitor.report(), governor.rows.rows_of))
    probes = governor.governance.probes
    if probes is not None:
        losses, references = losses_of(probes.planted), losses_of(probes.references)
        place.attach(probe_report(losses, references, bits=probes.bits))


def sealed(report: Report, rows_of: Mapping[str, Sequence[int]]) -> Report:
    """A report on contents as a run folder holds it, which strangers read.

    The ledger names rows by salted commitments and seals their losses: a report that named the
    content, or how far its loss fell, would open both. What is left stands in the ledger too.

    Args:
        report: Findings whose subjects are digests of contents.
        rows_of: The rows of each content.
    """
    findings = []
    for finding in report.findings:
        rows = rows_of[str(finding.subject)]
        z, visits = finding.data["z"], finding.data["visits"]
        detail = (
            f"its loss fell by {z:.1f} robust standard deviations more than its cohort's, by visit"
            f" {visits}; the content of {len(rows)} rows"
        )
        data = {"z": z, "visits": visits, "step": finding.data["step"], "rows": list(rows[:_ROWS])}
        findings.append(replace(finding, subject=f"row {rows[0]}", detail=detail, data=data))
    return replace(report, findings=tuple(findings))


def close_ledger(governor: Governor, prepared: Prepared, status: Status) -> None:
    """Write the last line, and sign the root.

    Args:
        governor: Conducts the training.
        prepared: What was decided before it.
        status: How it ended.

    Raises:
        UsageError: The ledger cannot be closed as it is.
        OSError: The disk refuses it.
    """
    governance, place = governor.governance, prepared.place
    writer = governor.writer
    intent = writer.header.intent
    closed = writer.close(
        time=writer.stamp(governance.clock.now()),
        status=status,
        tensors=prepared.tensors.at_the_end(threads=torch.get_num_threads()),
        sampler_seed=prepared.sampler.seed,
        aborted=place.earlier_intents(intent, prepared.dataset.root),
    )
    statement = sign_statement(
        LedgerCloseStatement(
            run_id=closed.run_id,
            n=closed.n,
            root=closed.root,
            close=closed.close,
            issued_at=utc_text(governance.clock.now()),
        ),
        list(governance.signers),
    )
    atomic_write(place.folder / layout.CLOSE, statement.envelope.to_bytes())
    for one in governance.statements:
        place.attach(one)
    place.publish_close(intent, closed.root)
