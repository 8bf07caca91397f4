"""Close a governed training's ledger and sign what it ended with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from provenir.core.clock import utc_text
from provenir.core.extras import require
from provenir.core.files import atomic_write
from provenir.governance.statements import LedgerCloseStatement, sign_statement
from provenir.provenance.ledger import layout

if TYPE_CHECKING:
    from typing import Literal

    from provenir.train.governing.governor import Governor
    from provenir.train.governing.preparing import Prepared

torch: Any = require("train", "torch")

__all__ = ["close_ledger"]


def close_ledger(
    governor: Governor,
    prepared: Prepared,
    status: Literal["completed", "halted", "interrupted"],
) -> None:
    """Write the last line, sign the root, and give the model back unrouted.

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
    try:
        closed = writer.close(
            time=writer.stamp(governance.clock.now()),
            status=status,
            tensors=prepared.tensors.at_the_end(threads=torch.get_num_threads()),
            sampler_seed=prepared.sampler.seed,
            aborted=place.earlier_intents(writer.header.intent, prepared.dataset.root),
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
        place.publish_close(writer.header.intent, closed.root)
    finally:
        governor.release()
