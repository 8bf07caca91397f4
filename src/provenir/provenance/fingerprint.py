"""A content-addressed description of the host a run happened on.

Two parts. `compared` is known to any process on the host, whatever it has loaded, and has a digest.
`observed` depends on loaded modules and on variables that a program may set while it runs (torch's
threads, `CUBLAS_WORKSPACE_CONFIG`); it stands beside the digest, and a replay compares an item only
where both sides have it.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from provenir.core.digest import digest_value, is_digest
from provenir.core.errors import InputError
from provenir.core.plain import to_plain
from provenir.core.text import printable
from provenir.provenance import host
from provenir.provenance.flags import DETERMINISM_FLAGS, THREAD_VARIABLES
from provenir.provenance.git import GitState, git_state

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["Fingerprint", "capture_fingerprint", "package_set_digest"]

_VARIABLES: Final = (
    *(flag.name for flag in DETERMINISM_FLAGS),
    *THREAD_VARIABLES,
    "ATEN_CPU_CAPABILITY",
    "CUDA_VISIBLE_DEVICES",
    "NVIDIA_TF32_OVERRIDE",
    "TORCH_ALLOW_TF32_CUBLAS_OVERRIDE",
)
"""Environment variables that are noted because they change results; no others are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fingerprint:
    """What a host is.

    Attributes:
        digest: `sha256:<hex>` of the canonical bytes of `compared`.
        compared: `python`, `os`, `cpu`, `accelerators`, `packages`, `git`; null where unknown.
        observed: flat, `torch.threads` or `env.OMP_NUM_THREADS`; only what was there.
    """

    digest: str
    compared: Mapping[str, Any]
    observed: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Return the fingerprint as plain JSON values."""
        return {
            "digest": self.digest,
            "compared": dict(self.compared),
            "observed": dict(self.observed),
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> Fingerprint:
        """Read what `to_dict` wrote; the digest is taken as stated, `is_consistent` checks it.

        Raises:
            InputError: a field is missing or of another kind.
        """
        digest, compared = value.get("digest"), value.get("compared")
        observed = value.get("observed", {})
        if not (isinstance(digest, str) and is_digest(digest)):
            raise InputError("a fingerprint needs a digest", where="fingerprint.digest")
        if not isinstance(compared, Mapping) or not isinstance(observed, Mapping):
            raise InputError("a fingerprint needs the tables compared and observed")
        return cls(digest=digest, compared=dict(compared), observed=dict(observed))

    def observed_again(self) -> Fingerprint:
        """Return the same fingerprint with what this process shows by now.

        For the end of a run: by then the program has loaded its libraries and set its threads.
        """
        return Fingerprint(digest=self.digest, compared=self.compared, observed=_observe())

    @property
    def is_consistent(self) -> bool:
        """Whether the digest is that of `compared`."""
        return digest_value(dict(self.compared)) == self.digest


def capture_fingerprint(
    cwd: str | Path | None = None, *, git: GitState | None = None
) -> Fingerprint:
    """Describe this host; loads no module, writes nothing, never raises.

    Args:
        cwd: the folder whose git state counts; default the working directory.
        git: that state, where the caller has asked git already.
    """
    known = {**_machine(), "git": _quietly(lambda: _git(git or git_state(cwd)))}
    compared: Any = to_plain(known)[0]  # a copy: the machine's part is shared by all captures
    return Fingerprint(digest=digest_value(compared), compared=compared, observed=_observe())


def package_set_digest() -> str:
    """Digest of the installed set: canonical bytes of the sorted `[name, version]` pairs."""
    return str(host.package_set()["digest"])


@cache
def _machine() -> dict[str, Any]:
    """What does not change while a process lives (a library may narrow its CPU affinity)."""
    parts: dict[str, Callable[[], Any]] = {
        "python": host.python,
        "os": host.operating_system,
        "cpu": host.cpu,
        "accelerators": host.accelerators,
        "packages": host.package_set,
    }
    return {name: _quietly(part) for name, part in parts.items()}


def _git(state: GitState) -> dict[str, Any] | None:
    if state.sha is None and state.dirty is None:
        return None
    return {"sha": state.sha, "dirty": state.dirty, "diff_digest": state.diff_digest}


def _observe() -> dict[str, Any]:
    seen: dict[str, Any] = {
        f"env.{name}": printable(value, max_chars=200)
        for name in _VARIABLES
        if (value := os.environ.get(name)) is not None
    }
    torch = sys.modules.get("torch")
    if torch is not None:
        for name, probe in _TORCH.items():
            value = _quietly(lambda probe=probe: probe(torch))  # type: ignore[misc]
            if value is not None:
                seen[f"torch.{name}"] = value
    return dict(sorted(seen.items()))


_TORCH: Final[dict[str, Callable[[Any], str | int | bool | None]]] = {
    "version": lambda torch: str(torch.__version__),
    "cuda": lambda torch: None if torch.version.cuda is None else str(torch.version.cuda),
    "threads": lambda torch: int(torch.get_num_threads()),
    "interop_threads": lambda torch: int(torch.get_num_interop_threads()),
    "deterministic": lambda torch: bool(torch.are_deterministic_algorithms_enabled()),
    "cpu_capability": lambda torch: str(torch.backends.cpu.get_cpu_capability()),
    "matmul_precision": lambda torch: str(torch.get_float32_matmul_precision()),
    "device": lambda torch: (
        str(torch.cuda.get_device_name()) if torch.cuda.is_initialized() else None
    ),
}
"""Questions to a loaded torch; none of them starts CUDA."""


def _quietly(ask: Callable[[], Any]) -> Any:
    """Answer None where the host cannot say; a fingerprint never costs a run."""
    try:
        return ask()
    except Exception:  # noqa: BLE001 - whatever it is, the answer is "unknown"
        return None
