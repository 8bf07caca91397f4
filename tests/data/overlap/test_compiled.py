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

SCAN = """
import sys
import numpy as np
from provenir.data.overlap.frame import frame
from provenir.data.overlap.plain import padded
from provenir.data.overlap.scan import find_candidates
from provenir.data.overlap.seeds import SeedTable, ascii_seeds
seeds = ascii_seeds(b"one two three four five six seven")
table = SeedTable.build(seeds, np.zeros(len(seeds), dtype=np.int32))
text = b'{"a":"so: One, two, three; four, FIVE six \\u00e9"}\\n{"b":\\n'
starts, suspect = frame(padded(text), len(text))
found = find_candidates(padded(text), starts, json=True, table=table)
columns = (found.row, found.item, found.seeds, found.first, found.last, found.foreign)
print(starts.tolist(), suspect.tolist(), [column.tolist() for column in columns])
"""


def run(tmp_path, text: str = PROGRAM, **environment: str) -> str:
    program = tmp_path / "program.py"
    program.write_text(text)
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


def test_with_and_without_numba_the_answers_are_the_same(tmp_path):
    plain = run(tmp_path, SCAN, PROVENIR_NO_NUMBA="1")
    assert plain == "[0, 51, 57] [False, True] [[0], [0], [2], [10], [41], [True, False]]"
    assert run(tmp_path, SCAN, PROVENIR_NO_NUMBA="") == plain
