"""What an import says about its log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir.core.findings import Finding
from provenir.core.manifest import IMPORTED

if TYPE_CHECKING:
    from collections.abc import Mapping

    from provenir.flows.import_names import Renaming
    from provenir.observability.logs import LogFiles

__all__ = ["changed", "imported", "unmet"]


def imported(files: LogFiles, digests: Mapping[str, str], renaming: Renaming) -> Finding:
    """Return what is always said of an imported run: its files, and what is not known."""
    shown = ", ".join(f"{name} {digest}" for name, digest in list(digests.items())[:3])
    more = "" if len(digests) <= 3 else f" and {len(digests) - 3} more files"
    more += "".join(f", {name} taken for {channel}" for name, channel in renaming.channels.items())
    data = {"source": files.source, "files": dict(digests)}
    return Finding(
        kind=IMPORTED,
        severity="warning",
        detail=f"imported from a log ({files.source}), not observed: {shown}{more}; how the run "
        "ended, on which host and with which code is not known",
        data=data | ({"channels": renaming.channels} if renaming.channels else {}),
    )


def unmet(name: str) -> Finding:
    """Return what is said of a name that was to be mapped and is in no row."""
    return Finding(
        kind="unmet_name",
        severity="warning",
        detail=f"no row has the name {name!r} that was to be mapped",
        subject=name,
    )


def changed(name: str) -> Finding:
    """Return what is said of a file that was written to meanwhile."""
    return Finding(
        kind="log_changed",
        severity="critical",
        detail=f"{name} changed while it was imported; its digest is not of what was read",
        subject=name,
    )
