"""What a ledger holds, in one value: for people and for pages."""

from __future__ import annotations

from collections import Counter, deque
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import InputError
from provenir.provenance.ledger.chain import Chain
from provenir.provenance.ledger.reader import read_records
from provenir.provenance.ledger.records import Step

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["summarize"]

_LAST_STEPS: Final = 20
_MAX_EVENTS: Final = 1_000


def summarize(
    folder: Path,
    *,
    first: int | None = None,
    last: int | None = None,
    progress: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """Read a ledger and say what it holds.

    Args:
        folder: The `governed/` folder.
        first: First step of those that are listed.
        last: Last of them; without either, the last 20 are listed.
        progress: Called with the bytes that were read since the last call.

    Returns:
        `header`, `close` (None while the run goes on), `root` over the lines so far, `records`
        by kind, `skipped` by reason, `steps` as asked, and `events`: the first 1,000 records that
        are neither header, step nor close.

    Raises:
        InputError: A line is not what it should be.
        EvidenceError: A record does not follow the one before.
    """
    chain = Chain()
    kinds: Counter[str] = Counter()
    skipped: Counter[str] = Counter()
    listed = first is not None or last is not None
    steps: deque[dict[str, Any]] = deque(maxlen=None if listed else _LAST_STEPS)
    events: list[dict[str, Any]] = []
    for placed in read_records(folder, chain):
        record = placed.record
        kinds[record.kind] += 1
        if progress is not None:
            progress(len(placed.line) + 1)
        if isinstance(record, Step):
            skipped[record.skipped or ""] += 1
            if (first or 1) <= record.step and (last is None or record.step <= last):
                steps.append(record.model_dump())
        elif record.kind not in ("header", "close") and len(events) < _MAX_EVENTS:
            events.append(record.model_dump())
    if chain.header is None or chain.last is None:
        raise InputError("a ledger without its header", where=str(folder))
    return {
        "header": chain.header.model_dump(),
        "close": chain.last.model_dump() if chain.is_closed else None,
        "root": chain.root().model_dump(),
        "records": dict(sorted(kinds.items())),
        "skipped": {reason: count for reason, count in sorted(skipped.items()) if reason},
        "steps": list(steps),
        "events": events,
    }
