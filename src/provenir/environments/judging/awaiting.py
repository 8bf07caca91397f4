"""Running a coroutine to its end, whether or not a loop runs in this thread.

Runs inside the sandbox: standard library only.
"""

from __future__ import annotations

import threading
from typing import Any

__all__ = ["run_to_end"]


def run_to_end(awaitable: Any) -> Any:
    """Return what an awaitable comes to; it runs in a loop of its own.

    Raises:
        BaseException: What it raises.
    """
    import asyncio

    async def finish() -> Any:
        return await awaitable

    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return asyncio.run(finish())
    outcome: list[Any] = []

    def apart() -> None:
        try:
            outcome.append((True, asyncio.run(finish())))
        except BaseException as error:  # noqa: BLE001
            outcome.append((False, error))

    thread = threading.Thread(target=apart)
    thread.start()
    thread.join()
    succeeded, value = outcome[0]
    if not succeeded:
        raise value
    return value
