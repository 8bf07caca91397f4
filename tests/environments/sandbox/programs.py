"""Running a program through a warden, for the tests of the sandbox."""

from __future__ import annotations

import os
import threading

from provenir.environments.sandbox import Ended, Limits, Plan, Warden

ENTRY = "provenir.environments.sandbox.inside.program"
LAYERS = ("S0", "S1", "S2")


def warden(layer: str, **options) -> Warden:
    return Warden(Plan(layer=layer, **options), entries=[ENTRY])


def run(
    warden: Warden,
    source: str | bytes,
    *,
    timeout_s: float | None = 20.0,
    fds=(),
    stdin: int | None = None,
    seed: int = 0,
    **limits,
) -> tuple[Ended, str]:
    """Run source text; return how it ended and what it printed, errors behind."""
    mine, theirs = os.pipe()
    parts = []
    try:
        started = warden.start(
            f"{ENTRY}:execute",
            payload=source if isinstance(source, bytes) else source.encode(),
            limits=Limits(**limits),
            fds=fds,
            stdin=stdin,
            stdout=theirs,
            stderr=theirs,
            seed=seed,
        )
    finally:
        os.close(theirs)

    def read() -> None:
        while part := os.read(mine, 1 << 16):
            parts.append(part)

    reader = threading.Thread(target=read)
    reader.start()
    ended = started.wait(timeout_s)
    reader.join(10)
    assert not reader.is_alive(), "somebody still holds the run's output"
    os.close(mine)
    return ended, b"".join(parts).decode("utf-8", "replace")
