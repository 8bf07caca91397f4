"""Layer S3: a machine or a container apart, behind an interface of ours and code of yours.

Nothing here implements it: which cluster, which container runtime and whose credentials are the
user's affair.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from provenir.core.protocols import Execution
    from provenir.environments.sandbox.values import Isolation, Limits

__all__ = ["RemoteRunner"]


@runtime_checkable
class RemoteRunner(Protocol):
    """Runs programs where this machine's kernel is not shared with them.

    Laws: returns within the time limit, and no program makes it raise; two runs share no file, no
    process and no network; what the runner could not do is in the `Execution`'s detail with an exit
    code of None, and never looks like a program's own end.
    """

    @property
    def isolation(self) -> Isolation:
        """What was seen to hold when `inside.probe.attempt` ran there; else ``unverified``."""
        ...

    def run(self, source: str, *, stdin: bytes, limits: Limits, timeout_s: float) -> Execution:
        """Run Python source text; its `Execution` says ``S3`` as its layer.

        Args:
            source: The program.
            stdin: What its standard input holds.
            limits: What it may use.
            timeout_s: Wall-clock seconds, the way to the runner and back included.
        """
        ...
