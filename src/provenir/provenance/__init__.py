"""What happened, and how to find out whether it could happen again.

The room holds the run folder (written while a run lives, readable after any kind of death), the
fingerprint of the host, the lineage graph, the replay comparison and the identity of model folders.
Nothing here loads torch or numpy: a stranger who only verifies needs the base install.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from provenir.provenance.artifact import ArtifactIdentity, identify_artifact
    from provenir.provenance.run_folder import RunFolder
    from provenir.provenance.run_layout import find_runs
    from provenir.provenance.run_record import RunRecord, read_run

__all__ = [
    "ArtifactIdentity",
    "RunFolder",
    "RunRecord",
    "find_runs",
    "identify_artifact",
    "read_run",
]

_EXPORTS = {
    "ArtifactIdentity": "provenir.provenance.artifact",
    "RunFolder": "provenir.provenance.run_folder",
    "RunRecord": "provenir.provenance.run_record",
    "find_runs": "provenir.provenance.run_layout",
    "identify_artifact": "provenir.provenance.artifact",
    "read_run": "provenir.provenance.run_record",
}


def __getattr__(name: str) -> object:
    module = _EXPORTS.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(module), name)
