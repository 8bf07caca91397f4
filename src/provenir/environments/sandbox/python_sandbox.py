"""Running a Python program that nobody trusts, and saying what held it."""

from __future__ import annotations

import contextlib
import os
import time
from typing import TYPE_CHECKING, Final

from provenir.core.protocols import Execution
from provenir.environments.sandbox.config import SandboxConfig
from provenir.environments.sandbox.streams import Written, collect
from provenir.environments.sandbox.warden import PRELOAD, Warden, memory_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from provenir.environments.sandbox.values import Ended

__all__ = ["PythonSandbox"]

_ENTRY: Final = "provenir.environments.sandbox.inside.program"


class PythonSandbox:
    """An `Executor` (`core.protocols`) behind the strongest walls that stand on this machine.

    Safe to use from many threads; it is closed when it is collected, or when the program ends.

    Args:
        config: Limits and walls; None is the default of each.

    Attributes:
        config: The same.
        plan: Where programs run, with what was seen to hold there.

    Raises:
        UsageError: The walls are weaker than the configuration's `minimum`.
    """

    def __init__(self, config: SandboxConfig | None = None) -> None:
        self.config = config or SandboxConfig()
        self.plan = self.config.plan()
        self._warm = self.warden(entries=[_ENTRY]) if self.config.warm else None

    @property
    def layer(self) -> str:
        """The layer that programs run at."""
        return self.plan.layer

    def warden(self, *, entries: Sequence[str], preload: Sequence[str] = PRELOAD) -> Warden:
        """Return a warden of the caller's own behind the same walls; the caller closes it."""
        return Warden(self.plan, entries=entries, preload=preload)

    def execute(
        self, source: str, *, stdin: str | bytes = "", timeout_s: float | None = None
    ) -> Execution:
        """Run source text as a program.

        Args:
            source: Python source.
            stdin: What standard input holds.
            timeout_s: Wall-clock seconds; None is the configuration's.

        Returns:
            What happened, whatever the program did.
        """
        told = source.encode("utf-8", "surrogatepass")
        given = stdin.encode("utf-8", "surrogateescape") if isinstance(stdin, str) else stdin
        limit_s = self.config.timeout_s if timeout_s is None else timeout_s
        started = time.monotonic()
        with contextlib.ExitStack() as ours:
            warden = self._warm
            if warden is None:
                warden = ours.enter_context(self.warden(entries=[_ENTRY], preload=()))
            ended, streams = self._run(warden, told, given, limit_s, ours)
        return self._execution(ended, streams, time.monotonic() - started)

    def _run(
        self,
        warden: Warden,
        source: bytes,
        stdin: bytes,
        timeout_s: float,
        ours: contextlib.ExitStack,
    ) -> tuple[Ended, list[Written]]:
        streams, theirs = [], []
        for _ in range(2):
            read, write = os.pipe()
            ours.callback(os.close, read)
            streams.append(Written(read, self.config.max_output_bytes))
            theirs.append(write)
        theirs.append(memory_file(stdin))
        try:
            run = warden.start(
                f"{_ENTRY}:execute",
                payload=source,
                limits=self.config.limits(),
                stdout=theirs[0],
                stderr=theirs[1],
                stdin=theirs[2],
            )
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        return collect(run, streams, timeout_s=timeout_s), streams

    def _execution(self, ended: Ended, streams: list[Written], duration_s: float) -> Execution:
        remarks = [ended.detail] if ended.detail else []
        for name, stream in zip(("standard output", "standard error"), streams, strict=True):
            if stream.cut:
                remarks.append(f"{name} was cut at {self.config.max_output_bytes} bytes")
        stdout, stderr = (stream.data.decode("utf-8", "replace") for stream in streams)
        return Execution(
            exit_code=ended.exit_code,
            stdout=stdout,
            stderr=stderr,
            timed_out=ended.timed_out,
            duration_s=duration_s,
            detail="; ".join(remarks),
            isolation=ended.isolation.as_dict(),
            layer=self.layer,
        )

    def close(self) -> None:
        """End the interpreter that is kept ready."""
        if self._warm is not None:
            self._warm.close()

    def __enter__(self) -> PythonSandbox:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
