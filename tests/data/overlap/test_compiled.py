"""Where kernels are compiled, and where they are not."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

PROGRAM = """
import sys
from provenir.data.overlap.compiled import COMPILED, jit
@jit
def twice(n):
    return 2 * n
print(COMPILED, twice(4), "numba" in sys.modules)
"""


def run(tmp_path, **environment: str) -> str:
    program = tmp_path / "program.py"
    program.write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, str(program)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_without_numba_a_kernel_is_the_plain_function(tmp_path):
    assert run(tmp_path, PROVENIR_NO_NUMBA="1") == "False 8 False"


def test_with_numba_machine_code_is_kept_on_disk(tmp_path):
    pytest.importorskip("numba")
    cache = tmp_path / "cache"
    assert run(tmp_path, NUMBA_CACHE_DIR=str(cache), PROVENIR_NO_NUMBA="") == "True 8 True"
    assert list(cache.rglob("*.nbc"))
