"""Determinism: what is set, what repeats, and what is said when it is too late."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys

import pytest

from provenir.core.errors import UsageError
from provenir.provenance.flags import kernel_determinism_flags
from provenir.train import apply_determinism

pytestmark = pytest.mark.usefixtures("own_process_state")


WITHOUT_TORCH = "import sys; sys.modules.update(numpy=None, torch=None)"
# A stand-in is enough: what counts is that a library of that name is loaded.
NUMPY_LOADED = """
import importlib.machinery, sys, types
numpy = types.ModuleType("numpy")
numpy.__spec__ = importlib.machinery.ModuleSpec("numpy", None)
numpy.random = types.SimpleNamespace(seed=lambda seed: None)
sys.modules.update(numpy=numpy, torch=None)
"""
APPLY = """
from provenir.train import apply_determinism
print(json.dumps(apply_determinism(1, {flags}).to_dict()))
"""


@pytest.fixture
def own_process_state():
    """Put the environment and torch's switches back after each test."""
    before = dict(os.environ)
    state = random.getstate()
    yield
    os.environ.clear()
    os.environ.update(before)
    random.setstate(state)
    if "torch" in sys.modules:
        torch = sys.modules["torch"]
        torch.use_deterministic_algorithms(False)
        torch.utils.deterministic.fill_uninitialized_memory = True
        torch.backends.cudnn.deterministic = False


def in_new_process(code: str, **env: str) -> dict:
    base = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-c", f"import json\n{code}"],
        env={**base, **env},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_the_flags_are_set_in_the_environment():
    wanted = kernel_determinism_flags(threads=1)
    applied = apply_determinism(3, wanted)
    assert {name: os.environ[name] for name in wanted} == wanted == dict(applied.flags)
    assert applied.seed == 3


def test_the_generators_repeat():
    first = apply_determinism(3)
    drawn = random.random()
    second = apply_determinism(3)
    assert random.random() == drawn
    assert first.seeded == second.seeded
    apply_determinism(4)
    assert random.random() != drawn


def test_numpy_repeats():
    numpy = pytest.importorskip("numpy", reason="needs the extra data")
    apply_determinism(3)
    drawn = numpy.random.rand()
    assert "numpy" in apply_determinism(3).seeded
    assert numpy.random.rand() == drawn


def test_torch_repeats_and_is_told_to_be_deterministic():
    torch = pytest.importorskip("torch", reason="needs the extra train")
    applied = apply_determinism(3, {"OMP_NUM_THREADS": "1"}, fill_memory=False)
    drawn = torch.rand(4)
    assert applied.torch_deterministic is True
    assert torch.are_deterministic_algorithms_enabled()
    assert torch.get_num_threads() == 1
    assert torch.utils.deterministic.fill_uninitialized_memory is False
    apply_determinism(3)
    assert torch.equal(torch.rand(4), drawn)


def test_a_missing_library_is_named():
    applied = in_new_process(f"{WITHOUT_TORCH}\n{APPLY.format(flags={})}")
    assert applied["not_applied"] == {"numpy": "not installed", "torch": "not installed"}
    assert applied["seeded"] == ["random"]
    assert applied["torch_deterministic"] is None
    assert not applied["complete"]


def test_the_hash_seed_is_late_in_a_process_that_was_started_without_it():
    code = f"{WITHOUT_TORCH}\n{APPLY.format(flags={'PYTHONHASHSEED': '0'})}"
    late = in_new_process(code)
    assert "interpreter" in late["late"]["PYTHONHASHSEED"]
    assert late["complete"] is False
    assert in_new_process(code, PYTHONHASHSEED="0")["late"] == {}
    # Written into the environment after the start, it is still too late.
    sneaked = in_new_process("import os; os.environ['PYTHONHASHSEED'] = '0'\n" + code)
    assert "PYTHONHASHSEED" in sneaked["late"]


def test_a_library_that_was_loaded_makes_its_flags_late():
    apply = APPLY.format(flags={"MKL_CBWR": "AUTO"})
    loaded = f"{NUMPY_LOADED}\n{apply}"
    assert in_new_process(loaded)["late"].keys() == {"MKL_CBWR"}
    assert in_new_process(f"{WITHOUT_TORCH}\n{apply}")["late"] == {}
    assert in_new_process(loaded, MKL_CBWR="AUTO")["late"] == {}


@pytest.mark.parametrize("seed", [-1, 2**32, True, 1.5, "1", None])
def test_no_seed_is_refused(seed):
    with pytest.raises(UsageError, match="seed"):
        apply_determinism(seed)


@pytest.mark.parametrize("threads", ["0", "many", ""])
def test_no_thread_count_is_refused(threads):
    with pytest.raises(UsageError, match="OMP_NUM_THREADS"):
        apply_determinism(1, {"OMP_NUM_THREADS": threads})
