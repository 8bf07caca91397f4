"""How a sandbox is configured, and the layer that this comes to on this machine."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from provenir.core.errors import UsageError
from provenir.environments.sandbox.values import LAYERS, Layer, Limits, Plan

__all__ = ["SandboxConfig"]

_MIB: Final = 1 << 20
_warned = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SandboxConfig:
    """What programs may use, and how strong the walls have to be.

    Attributes:
        timeout_s: Wall-clock seconds after which a program is killed.
        cpu_s: Processor seconds of each process.
        memory_bytes: Address space of each process; all of a run together may hold twice as much.
        max_processes: Processes and threads alive at once.
        max_output_bytes: How much of standard output, and of standard error, is kept.
        tmp_bytes: Size of the private /tmp, where the layer has one.
        max_file_bytes: Size of one file.
        layer: ``auto`` is the strongest layer that was found to stand here.
        minimum: The weakest layer that will do; None accepts what there is, with one warning.
        warm: Whether an interpreter is kept ready; else each program starts one.
        read_only_paths: Files and folders outside that programs may read, such as the folder of an
            installed package.

    Raises:
        UsageError: A value out of range, or a machine whose walls are weaker than `minimum`.
    """

    timeout_s: float = 10.0
    cpu_s: float = 10.0
    memory_bytes: int = 1024 * _MIB
    max_processes: int = 32
    max_output_bytes: int = _MIB
    tmp_bytes: int = 64 * _MIB
    max_file_bytes: int = 64 * _MIB
    layer: Layer | Literal["auto"] = "auto"
    minimum: Layer | None = None
    warm: bool = True
    read_only_paths: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 0 < self.timeout_s < 1e9:
            raise UsageError(
                f"timeout_s is {self.timeout_s!r}", mend="a positive number of seconds"
            )
        if not 0 <= self.max_output_bytes < 2**40:
            raise UsageError(f"max_output_bytes is {self.max_output_bytes!r}", mend="0 or more")
        if self.layer != "auto" and self.layer not in LAYERS:
            raise UsageError(f"{self.layer!r} is no layer", mend=f"auto, or one of {LAYERS}")
        if self.minimum is not None and self.minimum not in LAYERS:
            raise UsageError(f"{self.minimum!r} is no layer", mend=f"None, or one of {LAYERS}")
        for path in self.read_only_paths:
            if not Path(path).is_absolute() or not Path(path).exists():
                raise UsageError(f"{path!r} cannot be shown", mend="absolute paths that exist")
        self.limits()

    def limits(self) -> Limits:
        """Return the limits of one run."""
        return Limits(
            cpu_s=self.cpu_s,
            memory_bytes=self.memory_bytes,
            max_processes=self.max_processes,
            max_file_bytes=self.max_file_bytes,
            tmp_bytes=self.tmp_bytes,
        )

    def plan(self) -> Plan:
        """Return where runs take place, after probing the machine where that is not known.

        Raises:
            UsageError: The layer does not stand here, or is weaker than `minimum`.
        """
        from provenir.environments.sandbox import probes
        from provenir.environments.sandbox.advice import mend

        if self.layer == "auto":
            found = probes.strongest()
        else:
            found = probes.probe(self.layer)
            if not found.stands:
                what = f"layer {self.layer} does not stand here: {found.why}"
                raise UsageError(what, mend=mend(self.layer))
        if self.minimum is not None and found.layer < self.minimum:
            weak = probes.probe(self.minimum) if self.layer == "auto" else None
            why = f", for {weak.why}" if weak is not None and weak.why else ""
            what = f"the walls are {found.layer}, weaker than {self.minimum}{why}"
            raise UsageError(what, where="minimum", mend=mend(self.minimum))
        if found.layer == "S0":
            _warn_once()
        return found.plan(self.read_only_paths, tmp_bytes=self.tmp_bytes)


def _warn_once() -> None:
    global _warned
    if not _warned:
        _warned = True
        warnings.warn(
            "programs run at sandbox layer S0: limits, but no wall between them and your files and "
            "network; `provenir doctor` shows how to get a stronger layer",
            RuntimeWarning,
            stacklevel=4,
        )
