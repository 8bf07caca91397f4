"""What happened, and how to find out whether it could happen again.

The room holds the run folder (written while a run lives, readable after any kind of death), the
fingerprint of the host, the lineage graph, the replay comparison and the identity of model folders.
Nothing here loads torch or numpy: a stranger who only verifies needs the base install.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from provenir._lazy import lazy_exports

if TYPE_CHECKING:
    from provenir.provenance.artifact import (
        ArtifactIdentity,
        FilesIdentity,
        TensorsIdentity,
        identify_artifact,
        identify_files,
        identify_tensors,
    )
    from provenir.provenance.fingerprint import (
        Fingerprint,
        capture_fingerprint,
        package_set_digest,
    )
    from provenir.provenance.flags import kernel_determinism_flags
    from provenir.provenance.lineage import LineageGraph
    from provenir.provenance.replay import ReplayEngine, ReplayRecipe, ReplayVerification
    from provenir.provenance.run_folder import RunFolder
    from provenir.provenance.run_layout import find_runs
    from provenir.provenance.run_record import RunRecord, read_run

__all__ = [
    "ArtifactIdentity",
    "FilesIdentity",
    "Fingerprint",
    "LineageGraph",
    "ReplayEngine",
    "ReplayRecipe",
    "ReplayVerification",
    "RunFolder",
    "RunRecord",
    "TensorsIdentity",
    "capture_fingerprint",
    "find_runs",
    "identify_artifact",
    "identify_files",
    "identify_tensors",
    "kernel_determinism_flags",
    "package_set_digest",
    "read_run",
]

_EXPORTS = {
    "ArtifactIdentity": "provenir.provenance.artifact",
    "FilesIdentity": "provenir.provenance.artifact",
    "Fingerprint": "provenir.provenance.fingerprint",
    "LineageGraph": "provenir.provenance.lineage",
    "ReplayEngine": "provenir.provenance.replay",
    "ReplayRecipe": "provenir.provenance.replay",
    "ReplayVerification": "provenir.provenance.replay",
    "RunFolder": "provenir.provenance.run_folder",
    "RunRecord": "provenir.provenance.run_record",
    "TensorsIdentity": "provenir.provenance.artifact",
    "capture_fingerprint": "provenir.provenance.fingerprint",
    "find_runs": "provenir.provenance.run_layout",
    "identify_artifact": "provenir.provenance.artifact",
    "identify_files": "provenir.provenance.artifact",
    "identify_tensors": "provenir.provenance.artifact",
    "kernel_determinism_flags": "provenir.provenance.flags",
    "package_set_digest": "provenir.provenance.fingerprint",
    "read_run": "provenir.provenance.run_record",
}

__getattr__, __dir__ = lazy_exports(__name__, _EXPORTS)
