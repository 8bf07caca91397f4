"""The warden and its client: runs, endings, threads, forks, deaths."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from environments.sandbox.programs import ENTRY, run, warden
from provenir.core.errors import UsageError
from provenir.environments.sandbox import Limits, Plan, Warden

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux")


@pytest.fixture(scope="module", params=["S0", "S1", "S2"])
def held(request):
    with warden(request.param) as one:
        ended, _ = run(one, "")
        if ended.detail:
            pytest.skip(f"{request.param} is not to be had here: {ended.detail}")
        yield one


def test_a_program_prints_and_ends(held):
    ended, text = run(held, "print('hello', __name__)")
    assert (ended.exit_code, ended.signal, ended.detail, text) == (0, None, "", "hello __main__\n")
    assert ended.peak_bytes > 1 << 20
    assert not ended.timed_out


def test_exit_codes_are_those_of_python(held):
    assert run(held, "import sys; sys.exit(3)")[0].exit_code == 3
    assert run(held, "import os; os._exit(5)")[0].exit_code == 5
    ended, text = run(held, "import sys; sys.exit('words')")
    assert (ended.exit_code, text) == (1, "words\n")


def test_a_traceback_shows_the_program_alone(held):
    ended, text = run(held, "def f():\n    1 / 0\nf()")
    assert ended.exit_code == 1
    assert [line.strip() for line in text.splitlines() if "File" in line] == [
        'File "program.py", line 3, in <module>',
        'File "program.py", line 2, in f',
    ]


def test_a_signal_ends_a_program_as_anywhere(held):
    ended, _ = run(held, "import os, signal; os.kill(os.getpid(), signal.SIGTERM)")
    assert (ended.exit_code, ended.signal) == (None, signal.SIGTERM)
    assert "SIGTERM" in ended.detail


def test_threads_and_exit_functions_are_waited_for(held):
    source = """
import atexit, threading, time
atexit.register(print, "third")
threading.Thread(target=lambda: (time.sleep(0.2), print("second"))).start()
print("first")
"""
    assert run(held, source)[1].split() == ["first", "second", "third"]


def test_a_run_is_killed_at_its_time_limit(held):
    started = time.monotonic()
    ended, _ = run(held, "while True: pass", timeout_s=0.3)
    assert ended.timed_out
    assert ended.exit_code is None
    assert time.monotonic() - started < 5


def test_a_run_is_killed_at_its_limit_of_processor_time(held):
    ended, _ = run(held, "while True: pass", cpu_s=1)
    assert ended.signal == signal.SIGXCPU
    assert "processor time" in ended.detail


def test_equal_seeds_give_equal_runs(held):
    source = "import random; print(random.random(), {'a', 'b', 'c', 'd'})"
    first, second, other = (run(held, source, seed=seed)[1] for seed in (7, 7, 8))
    assert first == second != other


def test_the_descriptors_that_were_given_and_no_others_are_open(held):
    ours, theirs = os.pipe()
    extra = os.open(os.devnull, os.O_RDONLY)
    os.set_inheritable(extra, True)
    source = """
import os
found = []
for n in range(256):
    try:
        os.fstat(n)
        found.append(n)
    except OSError:
        continue
os.write(3, repr(found).encode())
"""
    run(held, source, fds=[theirs])
    os.close(theirs)
    assert os.read(ours, 1000) == b"[0, 1, 2, 3]"
    os.close(ours)
    os.close(extra)


def test_no_variable_of_the_caller_is_seen(held, monkeypatch):
    monkeypatch.setenv("PROVENIR_SECRET", "hunter2")
    text = run(held, "import os; print(dict(os.environ))")[1]
    assert "hunter2" not in text
    assert sorted(eval(text)) == ["HOME", "LANG", "PATH", "PYTHONHASHSEED", "TMPDIR"]


def test_nothing_of_this_package_can_be_imported(held):
    assert "ModuleNotFoundError" in run(held, "import provenir.core.errors")[1]


def test_a_payload_of_megabytes_arrives(held):
    source = "x = '" + "a" * 3_000_000 + "'\nprint(len(x))"
    assert run(held, source)[1] == "3000000\n"


def test_an_entry_that_was_not_named_is_not_called(held):
    ended = held.start("os:abort", payload=b"", limits=Limits()).wait(10)
    assert "not run" not in ended.detail or ended.exit_code is None
    ended = held.start("nowhere:nothing", payload=b"", limits=Limits()).wait(10)
    assert ended.exit_code is None
    assert "nowhere is no entry" in ended.detail


def test_many_threads_share_a_warden(held):
    results = {}

    def one(number: int) -> None:
        results[number] = run(held, f"print({number})")[1]

    threads = [threading.Thread(target=one, args=(number,)) for number in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: f"{number}\n" for number in range(24)}


def test_a_run_that_nobody_holds_is_killed(held):
    mine, theirs = os.pipe()
    source = "import time\nwhile True: time.sleep(1)"
    held.start(f"{ENTRY}:execute", payload=source.encode(), limits=Limits(), stdout=theirs)
    os.close(theirs)
    assert os.read(mine, 1) == b""
    os.close(mine)


def test_a_warden_that_died_is_replaced():
    with warden("S0") as one:
        started = one.start(
            f"{ENTRY}:execute", payload=b"import time; time.sleep(30)", limits=Limits()
        )
        os.kill(one._supply._ready[0]._popen.pid, signal.SIGKILL)
        ended = started.wait(10)
        assert ended.exit_code is None
        assert ended.detail == "the warden ended"
        assert run(one, "print(1)")[1] == "1\n"


def test_a_forked_child_gets_a_warden_of_its_own(held):
    assert run(held, "print(1)")[1] == "1\n"
    child = os.fork()
    if child == 0:
        status = 1
        try:
            status = 0 if run(held, "print(2)")[1] == "2\n" else 2
            held.close()
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert run(held, "print(3)")[1] == "3\n"


def test_a_closed_warden_starts_nothing():
    one = warden("S0")
    one.close()
    with pytest.raises(UsageError, match="closed"):
        run(one, "")


def test_walls_that_cannot_stand_run_nothing():
    with Warden(Plan(layer="S2", read_only_paths=("/proc",)), entries=["nowhere"]) as one:
        ended = one.start("nowhere:f", payload=b"", limits=Limits()).wait(10)
    assert ended.exit_code is None
    assert "nowhere" in ended.detail


CLIENT = f"""
import os, sys, time
from provenir.environments.sandbox import Limits, Plan, Warden

warden = Warden(Plan(layer=sys.argv[1]), entries=["{ENTRY}"], preload=())
source = b"import os, time; os.fork(); os.write(1, b'x'); time.sleep(300)"
run = warden.start("{ENTRY}:execute", payload=source, limits=Limits(), stdout=1)
time.sleep(300)
"""


@pytest.mark.parametrize("layer", ["S0", "S1", "S2"])
def test_everything_ends_with_a_client_that_was_killed(layer):
    read, write = os.pipe()
    client = subprocess.Popen([sys.executable, "-c", CLIENT, layer], stdout=write)
    os.close(write)
    started = os.read(read, 1)
    client.kill()
    client.wait()
    if not started:
        pytest.skip(f"{layer} is not to be had here")
    # Both processes of the run hold the pipe: it ends with the last of them.
    deadline = time.monotonic() + 10
    os.set_blocking(read, False)
    ended = False
    while not ended and time.monotonic() < deadline:
        try:
            ended = os.read(read, 10) == b""
        except BlockingIOError:
            time.sleep(0.02)
    os.close(read)
    assert ended


@pytest.mark.parametrize("layer", ["S0", "S1", "S2"])
def test_a_run_ends_with_a_warden_that_was_killed(layer):
    with warden(layer) as one:
        mine, theirs = os.pipe()
        source = b"import os, time; os.fork(); os.write(1, b'x'); time.sleep(300)"
        started = one.start(f"{ENTRY}:execute", payload=source, limits=Limits(), stdout=theirs)
        os.close(theirs)
        if os.read(mine, 1):
            os.kill(one._supply._ready[0]._popen.pid, signal.SIGKILL)
        while os.read(mine, 1):
            continue
        os.close(mine)
        assert started.wait(10).exit_code is None


def test_a_run_that_was_killed_says_what_it_spent(held):
    ended, _ = run(held, "while True: pass", timeout_s=0.5)
    assert ended.timed_out
    assert 0.01 < ended.cpu_s < 1


def test_too_many_descriptors_are_refused(held):
    with pytest.raises(UsageError, match="at most"):
        run(held, "", fds=[0] * 101)
