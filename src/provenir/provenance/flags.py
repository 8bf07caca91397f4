"""Environment variables that make kernels give the same bits on the same machine.

Only variables that a library reads and acts upon are listed; each row says which library, what it
does, by when it must be set, and where that is documented. They are necessary, not sufficient: a
bitwise replay also needs the same stack, thread count, batch layout and seeds.

Setting them from inside a running program works for a row only as far as its `by` says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from provenir.core.errors import UsageError

__all__ = ["DETERMINISM_FLAGS", "THREAD_VARIABLES", "DeterminismFlag", "kernel_determinism_flags"]

Deadline = Literal["interpreter start", "library load", "first use"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeterminismFlag:
    """One variable.

    Attributes:
        name: the environment variable.
        value: what it is set to.
        effect: what changes, in one sentence.
        by: the latest moment at which setting it still works.
        source: where its library documents it.
    """

    name: str
    value: str
    effect: str
    by: Deadline
    source: str


DETERMINISM_FLAGS: Final = (
    DeterminismFlag(
        name="PYTHONHASHSEED",
        value="0",
        effect="Fixes the hashes of text and bytes, and with them the order of sets.",
        by="interpreter start",
        source="https://docs.python.org/3/using/cmdline.html#envvar-PYTHONHASHSEED",
    ),
    DeterminismFlag(
        name="CUBLAS_WORKSPACE_CONFIG",
        value=":4096:8",
        effect="Gives cuBLAS a fixed workspace per stream, without which matrix products may vary;"
        " torch.use_deterministic_algorithms refuses to run them on a GPU unless it is set.",
        by="first use",
        source="https://docs.nvidia.com/cuda/cublas/#results-reproducibility",
    ),
    DeterminismFlag(
        name="FLASH_ATTENTION_DETERMINISTIC",
        value="1",
        effect="Has transformers ask flash-attention for its deterministic backward pass.",
        by="first use",
        source="transformers, modeling_flash_attention_utils.py",
    ),
    DeterminismFlag(
        name="NVTE_ALLOW_NONDETERMINISTIC_ALGO",
        value="0",
        effect="Restricts Transformer Engine to deterministic kernels.",
        by="library load",
        source="https://docs.nvidia.com/megatron-core/developer-guide/nightly/user-guide/"
        "deterministic-training.html",
    ),
    DeterminismFlag(
        name="NCCL_ALGO",
        value="Ring",
        effect="Fixes the algorithm, and so the order of summation, of reductions between GPUs.",
        by="first use",
        source="https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/env.html#nccl-algo",
    ),
    DeterminismFlag(
        name="MKL_CBWR",
        value="AUTO",
        effect="Switches oneMKL to conditional numerical reproducibility: fixed cache sizes,"
        " deterministic reductions, static scheduling, on this machine's instruction set.",
        by="library load",
        source="oneMKL Developer Guide, Obtaining Numerically Reproducible Results",
    ),
    DeterminismFlag(
        name="MKL_DYNAMIC",
        value="FALSE",
        effect="Keeps oneMKL from choosing another number of threads at run time.",
        by="library load",
        source="oneMKL Developer Guide, Reproducibility Conditions",
    ),
    DeterminismFlag(
        name="OMP_DYNAMIC",
        value="FALSE",
        effect="Keeps the OpenMP runtime from adjusting the number of threads.",
        by="library load",
        source="OpenMP 5.2 specification, section 21.1.1",
    ),
)
"""Applied always."""

THREAD_VARIABLES: Final = {
    "OMP_NUM_THREADS": "OpenMP 5.2 specification, section 21.1.2",
    "MKL_NUM_THREADS": "oneMKL Developer Guide, Intel MKL-specific Environment Variables",
    "OPENBLAS_NUM_THREADS": "OpenBLAS README, Setting the number of threads using environment"
    " variables",
}
"""Set to the thread count where one is given: sums are split, and rounded, by thread."""


def kernel_determinism_flags(threads: int | None = None) -> dict[str, str]:
    """Return the environment variables for bitwise repetition on the same stack, sorted by name.

    Args:
        threads: number of CPU threads to pin; None leaves the libraries their own choice, which
            repeats only on a machine with as many cores.

    Raises:
        UsageError: fewer than one thread.
    """
    flags = {flag.name: flag.value for flag in DETERMINISM_FLAGS}
    if threads is not None:
        if threads < 1:
            raise UsageError(f"threads must be 1 or more, got {threads}")
        flags.update(dict.fromkeys(THREAD_VARIABLES, str(threads)))
    return dict(sorted(flags.items()))
