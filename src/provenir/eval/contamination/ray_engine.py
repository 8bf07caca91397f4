"""The scan of a corpus by a Ray cluster: the same pieces, the same results in the same order.

The driver only names byte ranges; each worker reads its own, so every host must see the files
under the same path. What is no plain JSON Lines file is read by the driver and sent. The scanner,
with its index, is put into Ray's object store once: the workers of a host map its arrays into
memory and share them. These are plain tasks of Ray; why no Ray Data set:
`docs/decisions/0019-ray-tasks.md`.

A cluster that the process is connected to is used and left as it is. Else the one that
`RAY_ADDRESS` names, or a local one of `workers` processes, is used for this scan. On a cluster that
was there before, `workers` bounds how many tasks are under way at a time.
"""

from __future__ import annotations

import os
import socket
from collections import deque
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import InputError, ProvenirError
from provenir.core.extras import require
from provenir.data.overlap.blocks import Buffers
from provenir.eval.contamination.examining import Examined, examine
from provenir.eval.contamination.scan import SLACK_BYTES, usable_cores

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from provenir.eval.contamination.config import ContaminationConfig
    from provenir.eval.contamination.corpus import Corpus, Piece
    from provenir.eval.contamination.gathering import Gathering
    from provenir.eval.contamination.scanner import Scanner

__all__ = ["scan_by_ray"]

PIECES_A_TASK: Final = 16
"""So many, of 1 MiB or more each, that what a task costs is little beside its work."""

TASKS_A_CORE: Final = 2
_RETRIES: Final = 1
_ANSWER_SECONDS: Final = 10.0


def scan_by_ray(
    corpus: Corpus,
    scanner: Scanner,
    gathering: Gathering,
    config: ContaminationConfig,
    progress: Callable[[int], None] | None = None,
) -> None:
    """Scan every row of a corpus; see `scan.scan_corpus`.

    Raises:
        InputError: The data cannot be read, or a worker died.
        MissingExtraError: The extra `ray` is not installed.
    """
    with _cluster(config.workers) as ray:
        held = ray.put(scanner)
        task = ray.remote(max_retries=_RETRIES)(_examine_all)
        cores = max(1, int(ray.cluster_resources().get("CPU", 1)))
        limit = TASKS_A_CORE * cores
        if config.workers is not None and config.workers < cores:
            limit = config.workers
        pending: deque[tuple[int, Any]] = deque()

        def take_one() -> None:
            number, ref = pending.popleft()
            for examined in _result(ray, ref):
                gathering.take(number, examined)
                if progress is not None and examined.advance:
                    progress(examined.advance)

        for number in range(max(len(corpus.files), 1)):
            leaves: list[bytes] = []
            pieces = corpus.pieces(number, leaves)
            while batch := list(islice(pieces, PIECES_A_TASK)):
                while len(pending) >= limit:
                    take_one()
                # In a list the scanner's reference is handed on as it is, to be resolved once.
                asked = (corpus.piece_bytes, config.fields, gathering.floor)
                pending.append((number, task.remote(batch, [held], *asked)))
            while pending and pending[0][0] != number:
                take_one()
            if leaves:
                gathering.leaves[number] = leaves
        while pending:
            take_one()
    gathering.finish()


@contextmanager
def _cluster(workers: int | None) -> Iterator[Any]:
    """Ray with a cluster; one that was started here is gone afterwards."""
    ray: Any = require("ray", "ray")
    if ray.is_initialized():
        yield ray
        return
    # Ray would report its use over the network.
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    quiet = {"include_dashboard": False, "log_to_driver": False, "logging_level": "ERROR"}
    if address := os.environ.get("RAY_ADDRESS"):
        _check_reachable(address)
        options = {"log_to_driver": False, "logging_level": "ERROR"}
    else:
        options = {**quiet, "num_cpus": workers or usable_cores()}
    try:
        ray.init(**options)
    except (ConnectionError, OSError, RuntimeError, ValueError) as error:
        raise _no_cluster(error, os.environ.get("RAY_ADDRESS", "a local one")) from error
    try:
        yield ray
    finally:
        ray.shutdown()


def _check_reachable(address: str) -> None:
    """Ask for a connection once; Ray itself goes on for minutes where nobody answers."""
    host, _, port = address.rpartition("://")[2].rpartition(":")
    if not host or not port.isdecimal():
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), _ANSWER_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise _no_cluster(error, address) from error


def _no_cluster(error: BaseException, where: str) -> InputError:
    return InputError(
        f"no Ray cluster: {_first_line(error)}",
        where=where,
        mend="connect with ray.init(…) first, or use engine='threads'",
    )


def _result(ray: Any, ref: Any) -> list[Examined]:
    try:
        found: list[Examined] = ray.get(ref)
    except ray.exceptions.RayTaskError as error:
        cause = error.cause
        if isinstance(cause, ProvenirError):
            raise cause from error
        raise _failed(f"{type(cause).__name__}: {_first_line(cause)}") from error
    except ray.exceptions.RayError as error:
        raise _failed(_first_line(error)) from error
    return found


def _failed(what: str) -> InputError:
    return InputError(
        f"a Ray worker failed ({what})",
        mend="see Ray's logs; every host needs the files under the same path and provenir[ray]",
    )


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


# In the workers ---------------------------------------------------------------------------------

_held: dict[str, tuple[Scanner, Buffers]] = {}


def _examine_all(
    pieces: list[Piece],
    held: list[Any],
    piece_bytes: int,
    fields: tuple[str, ...] | None,
    floor: tuple[int, float],
) -> list[Examined]:
    """Examine pieces with the scanner of the object store, which a process keeps for its next."""
    import ray

    key = held[0].hex()
    if key not in _held:
        _held.clear()
        _held[key] = ray.get(held[0]), Buffers(piece_bytes + SLACK_BYTES)
    scanner, buffers = _held[key]
    return [examine(piece, scanner, buffers, fields=fields, floor=floor) for piece in pieces]
