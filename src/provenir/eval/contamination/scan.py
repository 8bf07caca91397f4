"""The scan of a corpus by threads: pieces go out in order, results are taken in order."""

from __future__ import annotations

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

from provenir.data.overlap.blocks import Buffers
from provenir.eval.contamination.examining import examine

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from provenir.eval.contamination.config import ContaminationConfig
    from provenir.eval.contamination.corpus import Corpus
    from provenir.eval.contamination.examining import Examined
    from provenir.eval.contamination.gathering import Gathering
    from provenir.eval.contamination.scanner import Scanner

__all__ = ["SLACK_BYTES", "scan_corpus", "usable_cores"]

SLACK_BYTES: Final = 1 << 17
"""What a buffer holds beyond a piece, for the row that goes over its end."""


def scan_corpus(
    corpus: Corpus,
    scanner: Scanner,
    gathering: Gathering,
    config: ContaminationConfig,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Scan every row of a corpus.

    Args:
        corpus: The training data.
        scanner: What compares.
        gathering: Takes what was found.
        config: Fields and threads.
        progress: Called with the bytes (of rows in memory: the rows) since the last call.

    Raises:
        InputError: The data cannot be read.
    """
    workers = config.workers or usable_cores()
    buffers = Buffers(corpus.piece_bytes + SLACK_BYTES)
    pending: deque[tuple[int, Future[Examined]]] = deque()

    def take_one() -> None:
        number, future = pending.popleft()
        examined = future.result()
        gathering.take(number, examined)
        if progress is not None and examined.advance:
            progress(examined.advance)

    pool = ThreadPoolExecutor(workers, "provenir-scan")
    try:
        for number in range(max(len(corpus.files), 1)):
            leaves: list[bytes] = []
            for piece in corpus.pieces(number, leaves):
                while len(pending) > workers:
                    take_one()
                job = pool.submit(
                    examine, piece, scanner, buffers, fields=config.fields, floor=gathering.floor
                )
                pending.append((number, job))
            while pending and pending[0][0] != number:
                take_one()
            if leaves:
                gathering.leaves[number] = leaves
        while pending:
            take_one()
        gathering.finish()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def usable_cores() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
