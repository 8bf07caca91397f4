"""Values of the sandbox: what a run may use, where it runs, how it ended, what held."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields
from typing import Final, Literal, get_args

from provenir.core.errors import UsageError

__all__ = ["LAYERS", "Ended", "Held", "Isolation", "Layer", "Limits", "Maker", "Plan"]

Layer = Literal["S0", "S1", "S2"]
LAYERS: Final[tuple[Layer, ...]] = get_args(Layer)
Maker = Literal["namespaces", "bubblewrap"]
Held = Literal["enforced", "not_enforced", "unverified"]
_MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Isolation:
    """What was seen to hold when a program tried, on this machine and at this layer.

    Attributes:
        net: No TCP, UDP or unix socket outside reaches or is reached.
        fs: Nothing outside can be written, and no file of people's can be read.
        env: Nothing of the caller's processes is seen or touched: no variable of theirs, no memory,
            no signal and no ptrace(2) to them.
        nproc: The limit on processes stops a fork bomb.
        mem: The limit on memory stops an allocation.
    """

    net: Held = "unverified"
    fs: Held = "unverified"
    env: Held = "unverified"
    nproc: Held = "unverified"
    mem: Held = "unverified"

    def __post_init__(self) -> None:
        for name, value in self.as_dict().items():
            if value not in get_args(Held):
                raise UsageError(
                    f"{value!r} is no state of {name}", mend=f"one of {get_args(Held)}"
                )

    def as_dict(self) -> dict[str, str]:
        """Return the five states by name."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one run may use.

    Attributes:
        cpu_s: Processor seconds of each process.
        memory_bytes: Address space of each process; all of a run together may hold twice as much.
        max_processes: Processes and threads alive at once.
        max_file_bytes: Size of one file.
        tmp_bytes: Size of the private /tmp, where the layer has one.
        max_open_files: Open descriptors of each process.
        stack_bytes: Stack of each thread.

    Raises:
        UsageError: A limit that is not positive.
    """

    cpu_s: float = 10.0
    memory_bytes: int = 1024 * _MIB
    max_processes: int = 32
    max_file_bytes: int = 64 * _MIB
    tmp_bytes: int = 64 * _MIB
    max_open_files: int = 256
    stack_bytes: int = 64 * _MIB

    def __post_init__(self) -> None:
        for each in fields(self):
            value = getattr(self, each.name)
            if not 0 < value < 2**62:
                raise UsageError(f"{each.name} is {value!r}", mend="a limit is a positive number")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Where runs take place.

    Attributes:
        layer: The walls to raise.
        by: Who makes the namespaces of S2.
        read_only_paths: Files and folders outside that runs may read.
        tmp_bytes: Size of /tmp where it is made before a run is known, as by bubblewrap.
        isolation: What the probes saw hold at this layer.
    """

    layer: Layer
    by: Maker = "namespaces"
    read_only_paths: tuple[str, ...] = ()
    tmp_bytes: int = 64 * _MIB
    isolation: Isolation = field(default_factory=Isolation)

    def __post_init__(self) -> None:
        if self.layer not in LAYERS:
            raise UsageError(f"{self.layer!r} is no layer", mend=f"one of {', '.join(LAYERS)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a run ended.

    Attributes:
        exit_code: Exit status; None where it was killed or never started.
        signal: The signal that killed the program, where it was not the caller.
        timed_out: Whether it was killed at the caller's time limit.
        cpu_s: Processor seconds of the program and of what it waited for.
        peak_bytes: Largest resident size of one of its processes.
        detail: Why it did not run or was killed; empty where it ended by itself.
        isolation: What is known to hold where it ran.
    """

    exit_code: int | None
    signal: int | None = None
    timed_out: bool = False
    cpu_s: float = 0.0
    peak_bytes: int = 0
    detail: str = ""
    isolation: Isolation = field(default_factory=Isolation)
