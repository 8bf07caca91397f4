"""Programs as an `Executor` runs them."""

from __future__ import annotations

import gc
import os
import resource
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenir.core.errors import UsageError
from provenir.core.protocols import Executor
from provenir.environments.sandbox import PythonSandbox, SandboxConfig, probes

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs Linux")


@pytest.fixture(scope="module")
def sandbox():
    with PythonSandbox() as one:
        yield one


def test_it_is_an_executor(sandbox):
    assert isinstance(sandbox, Executor)
    done = sandbox.execute("print(input()[::-1])", stdin="abc\n", timeout_s=10)
    assert (done.exit_code, done.stdout, done.stderr, done.detail) == (0, "cba\n", "", "")
    assert done.layer == sandbox.layer == sandbox.plan.layer
    assert done.isolation == sandbox.plan.isolation.as_dict()
    assert set(done.isolation) == {"net", "fs", "env", "nproc", "mem"}


def test_output_beyond_the_limit_is_read_and_dropped():
    with PythonSandbox(SandboxConfig(max_output_bytes=1000)) as sandbox:
        done = sandbox.execute("print('a' * 5_000_000); import sys; print('b', file=sys.stderr)")
    assert done.exit_code == 0
    assert done.stdout == "a" * 1000
    assert done.stderr == "b\n"
    assert done.detail == "standard output was cut at 1000 bytes"


def test_megabytes_of_input_meet_megabytes_of_output(sandbox):
    text = "x" * 3_000_000
    done = sandbox.execute("import sys; sys.stdout.write(sys.stdin.read()[:500_000])", stdin=text)
    assert done.stdout == text[:500_000]
    assert sandbox.execute("print(1)", stdin=text).stdout == "1\n"


def test_bytes_that_are_no_text_are_replaced(sandbox):
    done = sandbox.execute("import os; os.write(1, b'a\\xff\\x00b')")
    assert done.stdout == "a�\0b"


def test_bytes_of_input_arrive_as_they_are(sandbox):
    done = sandbox.execute("import sys; print(sys.stdin.buffer.read())", stdin=b"\xff\n")
    assert done.stdout == "b'\\xff\\n'\n"


@pytest.mark.parametrize(
    ("source", "error"),
    [("def f(:\n", "SyntaxError"), ("a = '\0'", "null bytes"), ("a = '\ud800'", "UnicodeEncode")],
)
def test_what_does_not_compile_is_said_as_python_says_it(sandbox, source, error):
    done = sandbox.execute(source)
    assert done.exit_code == 1
    assert error in done.stderr
    assert "inside" not in done.stderr


def test_a_long_source_and_a_deep_recursion(sandbox):
    assert sandbox.execute("x = 1\n" * 170_000 + "print(x)").stdout == "1\n"
    deep = "import sys\nsys.setrecursionlimit(10**6)\ndef f(n): return n and f(n - 1)\nf(10**5)"
    done = sandbox.execute(deep + "\nprint('deep')")
    assert done.stdout == "deep\n" or done.exit_code != 0
    assert sandbox.execute("print('alive')").stdout == "alive\n"


def test_a_time_limit_of_the_call_goes_before_that_of_the_configuration(sandbox):
    done = sandbox.execute("import time; time.sleep(60)", timeout_s=0.2)
    assert done.timed_out
    assert done.exit_code is None
    assert "time limit" in done.detail
    assert done.duration_s < 10


def test_cold_is_the_same_as_warm():
    with PythonSandbox(SandboxConfig(warm=False)) as cold:
        done = cold.execute("import random; print(random.random(), {'a', 'b'})")
    with PythonSandbox() as warm:
        again = warm.execute("import random; print(random.random(), {'a', 'b'})")
    assert done.stdout == again.stdout != ""


def test_a_path_that_is_shown_can_be_read_and_not_written(tmp_path):
    tmp_path.chmod(0o755)
    (tmp_path / "data").write_text("shown")
    layer = probes.strongest().layer
    if layer == "S0":
        pytest.skip("files are not kept from a program at S0")
    with PythonSandbox(SandboxConfig(read_only_paths=(str(tmp_path),))) as sandbox:
        done = sandbox.execute(f"print(open('{tmp_path}/data').read())")
        refused = sandbox.execute(f"open('{tmp_path}/new', 'w')")
    if layer == "S1" and os.geteuid() == 0:
        return
    assert done.stdout == "shown\n"
    assert refused.exit_code == 1
    assert "Error" in refused.stderr


def test_no_descriptor_is_left_open(sandbox):
    sandbox.execute("print(1)")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for source in ("print(1)", "1/0", "import time; time.sleep(9)"):
        sandbox.execute(source, timeout_s=0.5)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_sandbox_that_nobody_holds_leaves_no_process():
    sandbox = PythonSandbox()
    sandbox.execute("print(1)")
    process = sandbox._warm._supply._ready[0]._popen.pid
    del sandbox
    gc.collect()
    assert not Path(f"/proc/{process}").exists()


@pytest.mark.parametrize(
    "wrong",
    [
        {"timeout_s": 0},
        {"timeout_s": float("nan")},
        {"memory_bytes": -1},
        {"max_output_bytes": -1},
        {"layer": "S9"},
        {"minimum": "S3"},
        {"read_only_paths": ("relative",)},
        {"read_only_paths": ("/does/not/exist",)},
    ],
)
def test_a_wrong_configuration_is_refused_at_once(wrong):
    with pytest.raises(UsageError):
        SandboxConfig(**wrong)


def test_a_layer_below_the_minimum_is_refused_with_its_mend():
    with pytest.raises(UsageError, match=r"weaker than S2.*: "):
        PythonSandbox(SandboxConfig(layer="S1", minimum="S2"))


def test_the_weakest_layer_is_warned_of_once(recwarn, monkeypatch):
    from provenir.environments.sandbox import config

    monkeypatch.setattr(config, "_warned", False)
    for _ in range(2):
        PythonSandbox(SandboxConfig(layer="S0")).close()
    assert [str(w.message) for w in recwarn if "S0" in str(w.message)] != []
    assert len([w for w in recwarn if "S0" in str(w.message)]) == 1


@settings(max_examples=30, deadline=None)
@given(st.text(max_size=200))
def test_no_text_makes_it_raise(text):
    done = _shared().execute(text, timeout_s=5)
    assert done.exit_code is None or 0 <= done.exit_code < 256


def _shared(made=[]):  # noqa: B006 - one for all examples
    if not made:
        made.append(PythonSandbox())
    return made[0]


def test_a_flood_costs_the_caller_no_memory(sandbox):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    done = sandbox.execute(
        "import os\nfor _ in range(800): os.write(1, bytes(1 << 20))", timeout_s=60
    )
    assert done.exit_code == 0
    assert "cut" in done.detail
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 << 10
