from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from provenir.core.errors import UsageError
from provenir.provenance.flags import (
    DETERMINISM_FLAGS,
    THREAD_VARIABLES,
    kernel_determinism_flags,
)


def test_every_flag_says_what_it_does_and_who_says_so() -> None:
    assert set(kernel_determinism_flags()) == {flag.name for flag in DETERMINISM_FLAGS}
    for flag in DETERMINISM_FLAGS:
        assert flag.effect.endswith(".")
        assert flag.source
    assert list(kernel_determinism_flags()) == sorted(kernel_determinism_flags())


def test_threads_are_pinned_only_when_given() -> None:
    assert not THREAD_VARIABLES.keys() & kernel_determinism_flags().keys()
    pinned = kernel_determinism_flags(threads=3)
    assert {pinned[name] for name in THREAD_VARIABLES} == {"3"}
    for threads in (0, -1):
        with pytest.raises(UsageError):
            kernel_determinism_flags(threads=threads)


def run(code: str, **variables: str) -> str:
    ours = {*kernel_determinism_flags(1)}
    environment = {k: v for k, v in os.environ.items() if k not in ours}
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env={**environment, **variables},
    ).stdout  # fmt: skip


def test_the_hash_seed_fixes_the_order_of_sets() -> None:
    code = "print(hash('provenir'))"
    flags = kernel_determinism_flags()
    assert run(code, **flags) == run(code, **flags)
    assert run(code, PYTHONHASHSEED="1") != run(code, **flags)


@pytest.mark.skipif(find_spec("torch") is None, reason="needs torch")
def test_the_mkl_and_thread_flags_reach_torch() -> None:
    code = (
        "import torch; print(torch.get_num_threads(), flush=True);"
        "torch.mm(torch.ones(8, 8), torch.ones(8, 8))"
    )
    pinned = run(code, **kernel_determinism_flags(threads=1), MKL_VERBOSE="1")
    assert pinned.splitlines()[0] == "1"
    if "oneMKL" not in pinned:
        pytest.skip("this torch does not use oneMKL")
    assert "CNR:AUTO Dyn:0" in pinned  # without the flags: CNR:OFF Dyn:1


@pytest.mark.skipif(find_spec("transformers") is None, reason="needs transformers")
def test_the_transformers_flag_is_read_by_transformers() -> None:
    # The module is looked at, not imported: importing it loads torch.
    package = find_spec("transformers")
    assert package is not None
    assert package.origin is not None
    source = Path(package.origin).with_name("modeling_flash_attention_utils.py").read_text()
    assert "FLASH_ATTENTION_DETERMINISTIC" in source
