"""Make a process repeat itself: environment variables, seeds and torch's own switches.

Setting a variable from inside a running program helps only as long as nobody has read it. So the
result says, for each flag, whether it can still take effect here; `complete` is true only when all
of them can. What cannot be mended from inside is mended by starting the process with `flags` in
its environment.
"""

from __future__ import annotations

import os
import random
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import UsageError
from provenir.core.extras import available, require
from provenir.provenance.flags import DETERMINISM_FLAGS, THREAD_VARIABLES, kernel_determinism_flags

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["AppliedDeterminism", "apply_determinism"]

MAX_SEED: Final = 2**32 - 1
"""numpy's legacy generator takes 32 bits; the others take more."""

_DEADLINES: Final[Mapping[str, str]] = {
    flag.name: flag.by for flag in DETERMINISM_FLAGS
} | dict.fromkeys(THREAD_VARIABLES, "library load")
_READERS: Final[Mapping[str, tuple[str, ...]]] = {
    "NVTE_ALLOW_NONDETERMINISTIC_ALGO": ("transformer_engine",),
}
_DEFAULT_READERS: Final = ("numpy", "torch")


@dataclass(frozen=True, slots=True, kw_only=True)
class AppliedDeterminism:
    """What `apply_determinism` did, and what it could not do.

    Attributes:
        seed: The seed that every generator was given.
        flags: The environment variables, as they now stand.
        seeded: The generators that were seeded.
        late: Flags that were set but can no longer take effect in this process, each with why.
        not_applied: Everything else that was not done, each with why.
        torch_deterministic: torch was told to use deterministic algorithms; None without torch.
    """

    seed: int
    flags: Mapping[str, str]
    seeded: tuple[str, ...]
    late: Mapping[str, str] = field(default_factory=dict)
    not_applied: Mapping[str, str] = field(default_factory=dict)
    torch_deterministic: bool | None = None

    @property
    def complete(self) -> bool:
        """Whether everything asked for holds in this process."""
        return not self.late and not self.not_applied

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a run's configuration."""
        return {
            "seed": self.seed,
            "flags": dict(self.flags),
            "seeded": list(self.seeded),
            "late": dict(self.late),
            "not_applied": dict(self.not_applied),
            "torch_deterministic": self.torch_deterministic,
            "complete": self.complete,
        }


def apply_determinism(
    seed: int,
    flags: Mapping[str, str] | None = None,
    *,
    warn_only: bool = False,
    fill_memory: bool = True,
) -> AppliedDeterminism:
    """Set the flags in this process, seed its generators, and have torch be deterministic.

    Call it before anything imports numpy or torch: the variables are set first, then the libraries
    are loaded. A library that is not installed is named in `not_applied`.

    Args:
        seed: For `random`, numpy's legacy generator and torch on every device.
        flags: Environment variables; by default `kernel_determinism_flags()`. Where they give
            `OMP_NUM_THREADS`, torch is pinned to as many threads.
        warn_only: Have torch warn about an operation without a deterministic form; by default it
            raises at that operation (`torch.use_deterministic_algorithms`).
        fill_memory: Have torch fill memory before its first use, so that a program which reads
            what it never wrote repeats too (`torch.utils.deterministic.fill_uninitialized_memory`).
            It is torch's default and can cost more than the training: TRL's GRPO step on a small
            model took three times as long with it.

    Raises:
        UsageError: a seed outside 0 … 2**32 − 1, or a thread count that is none.
    """
    if type(seed) is not int or not 0 <= seed <= MAX_SEED:
        raise UsageError(f"seed={seed!r} is not a seed", mend="give an int from 0 to 2**32 - 1")
    wanted = dict(sorted((kernel_determinism_flags() if flags is None else flags).items()))
    threads = _threads(wanted.get("OMP_NUM_THREADS"))
    late = _set_flags(wanted)
    random.seed(seed)
    seeded, not_applied = ["random"], {}
    for library, act in (("numpy", _seed_numpy), ("torch", _seed_torch)):
        if available(library):
            act(seed)
            seeded.append(library)
        else:
            not_applied[library] = "not installed"
    if "torch" in seeded:
        _pin_torch(threads, warn_only=warn_only, fill_memory=fill_memory)
    return AppliedDeterminism(
        seed=seed,
        flags=wanted,
        seeded=tuple(seeded),
        late=late,
        not_applied=not_applied,
        torch_deterministic=True if "torch" in seeded else None,
    )


def _threads(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or int(text) < 1:
        raise UsageError(f"OMP_NUM_THREADS={text!r} is not a number of threads")
    return int(text)


def _set_flags(wanted: Mapping[str, str]) -> dict[str, str]:
    """Set each variable; return those for which it was too late, with the reason."""
    late: dict[str, str] = {}
    for name, value in wanted.items():
        before = os.environ.get(name)
        os.environ[name] = value
        if name == "PYTHONHASHSEED":
            # The variable may have been written after the start; the interpreter's flag is not.
            started = sys.flags.hash_randomization == 0 if value == "0" else before == value
        else:
            started = before == value
        reason = None if started else _too_late(name)
        if reason is not None:
            late[name] = reason
    return late


def _too_late(name: str) -> str | None:
    deadline = _DEADLINES.get(name, "first use")
    if deadline == "interpreter start":
        return "read when the interpreter starts, and it had started"
    if deadline == "library load":
        loaded = [lib for lib in _READERS.get(name, _DEFAULT_READERS) if sys.modules.get(lib)]
        return f"read when a library loads, and {loaded[0]} was loaded" if loaded else None
    used = _IN_USE.get(name)
    return used() if used is not None else None


def _cuda_in_use() -> str | None:
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        return "read at the first use of the GPU, and it was in use"
    return None


def _group_in_use() -> str | None:
    torch = sys.modules.get("torch")
    if (
        torch is not None
        and torch.distributed.is_available()
        and torch.distributed.is_initialized()
    ):
        return "read when processes join into a group, and they had joined"
    return None


_IN_USE: Final[Mapping[str, Callable[[], str | None]]] = {
    "CUBLAS_WORKSPACE_CONFIG": _cuda_in_use,
    "NCCL_ALGO": _group_in_use,
}


def _seed_numpy(seed: int) -> None:
    numpy: Any = require("data", "numpy")
    numpy.random.seed(seed)


def _seed_torch(seed: int) -> None:
    torch: Any = require("train", "torch")
    torch.manual_seed(seed)


def _pin_torch(threads: int | None, *, warn_only: bool, fill_memory: bool) -> None:
    torch: Any = require("train", "torch")
    torch.use_deterministic_algorithms(True, warn_only=warn_only)
    torch.utils.deterministic.fill_uninitialized_memory = fill_memory
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.deterministic = True
    if threads is not None:
        torch.set_num_threads(threads)
