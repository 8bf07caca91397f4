"""Many verdicts at once: a bounded number under way, the order kept, nothing lost."""

from __future__ import annotations

import asyncio
import itertools
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sized
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import UsageError
from provenir.environments.verifiers.asking import ask, is_verifier

if TYPE_CHECKING:
    from provenir.core.protocols import VerificationResult, Verifier

__all__ = ["averify_many", "verify_many"]

Tick = Callable[[int], None]

_AHEAD: Final = 2
"""Tasks that wait for each worker: what is consumed of the input before it is needed."""

_END: Final = object()


def verify_many(
    verifier: Verifier,
    responses: Iterable[Any],
    references: Iterable[Any],
    *,
    max_workers: int | None = None,
    progress: Tick | None = None,
) -> list[VerificationResult]:
    """Verify responses against their references.

    Threads are enough: what takes long waits for a process of its own. Both inputs are consumed as
    they are needed, so they may be generators. A verifier that raises gives a result that does not
    pass, with the reason ``verifier_error``; Ctrl-C ends the work at once and is raised.

    Args:
        verifier: Asked from several threads.
        responses: One text for each verdict.
        references: As many references.
        max_workers: Verdicts under way at once; the number of processors by default, and 1 asks
            in this thread.
        progress: Called in this thread with 1 after each verdict, in order, as
            `core.progress.progress_bar` wants it.

    Returns:
        The verdicts, in the order of the responses.

    Raises:
        UsageError: Not as many references as responses, no verifier, or `max_workers` below 1.
    """
    workers = _workers(verifier, max_workers)
    pairs = _paired(responses, references)
    results: list[VerificationResult] = []

    def add(result: VerificationResult) -> None:
        results.append(result)
        if progress is not None:
            progress(1)

    if workers == 1:
        for response, reference in pairs:
            add(ask(verifier, response, reference))
        return results
    pool = ThreadPoolExecutor(workers, thread_name_prefix="verify")
    waiting: deque[Future[VerificationResult]] = deque()
    try:
        for response, reference in pairs:
            waiting.append(pool.submit(ask, verifier, response, reference))
            if len(waiting) >= _AHEAD * workers:
                add(waiting.popleft().result())
        while waiting:
            add(waiting.popleft().result())
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return results


async def averify_many(
    verifier: Verifier,
    responses: Iterable[Any],
    references: Iterable[Any],
    *,
    max_workers: int | None = None,
    progress: Tick | None = None,
) -> list[VerificationResult]:
    """Do what `verify_many` does, without holding up the event loop.

    The arguments, the results and the errors are the same; the inputs are consumed and `progress`
    is called in the loop's thread. Cancelling it drops what has not begun.
    """
    workers = _workers(verifier, max_workers)
    pairs = _paired(responses, references)
    results: list[VerificationResult] = []
    loop = asyncio.get_running_loop()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="verify")
    waiting: deque[asyncio.Future[VerificationResult]] = deque()

    async def add_first() -> None:
        results.append(await waiting.popleft())
        if progress is not None:
            progress(1)

    try:
        for response, reference in pairs:
            waiting.append(loop.run_in_executor(pool, ask, verifier, response, reference))
            if len(waiting) >= _AHEAD * workers:
                await add_first()
        while waiting:
            await add_first()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    return results


def _workers(verifier: Verifier, max_workers: int | None) -> int:
    if not is_verifier(verifier):
        raise UsageError(
            f"{type(verifier).__name__} has no method verify",
            mend="give an object with verify(response, reference)",
        )
    if max_workers is None:
        return os.cpu_count() or 1
    if max_workers < 1:
        raise UsageError(f"max_workers is {max_workers}", mend="1 or more")
    return max_workers


def _paired(responses: Iterable[Any], references: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    """Pairs, as they are asked for; lengths that differ are told as soon as they are known."""
    for name, given in (("responses", responses), ("references", references)):
        if isinstance(given, str | bytes) or not isinstance(given, Iterable):
            raise UsageError(f"{name} is {type(given).__name__}", mend="give a list")
    if isinstance(responses, Sized) and isinstance(references, Sized):
        _check_lengths(len(responses), len(references))
    return _pairs(responses, references)


def _pairs(responses: Iterable[Any], references: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
    both = itertools.zip_longest(responses, references, fillvalue=_END)
    for done, (response, reference) in enumerate(both):
        if response is _END or reference is _END:
            _check_lengths(done + (response is not _END), done + (reference is not _END))
        yield response, reference


def _check_lengths(responses: int, references: int) -> None:
    if responses != references:
        raise UsageError(
            f"{responses} responses and {references} references, or more",
            mend="give one reference for each response",
        )
