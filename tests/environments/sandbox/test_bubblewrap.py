"""The walls of S2 as bubblewrap makes them, one warden for each run."""

from __future__ import annotations

import os
import shutil
import threading
import time
from pathlib import Path

import pytest

from environments.sandbox.programs import ENTRY, run
from provenir.environments.sandbox import Limits, Plan, Warden, probes

pytestmark = pytest.mark.skipif(shutil.which("bwrap") is None, reason="needs bubblewrap")


@pytest.fixture(scope="module")
def found():
    tried = probes._try(Plan(layer="S2", by="bubblewrap"))
    if not tried.stands:
        pytest.skip(f"bubblewrap cannot work here: {tried.why}")
    return tried


@pytest.fixture
def held(found):
    with Warden(found.plan(tmp_bytes=4 << 20), entries=[ENTRY], preload=()) as one:
        yield one


def test_it_holds_what_the_other_way_holds(found):
    isolation = found.isolation.as_dict()
    if os.geteuid() == 0:
        # RLIMIT_NPROC does not bind root, and bubblewrap gives it no other id.
        assert isolation.pop("nproc") == "not_enforced"
    assert set(isolation.values()) == {"enforced"}


def test_runs_share_nothing(held):
    assert run(held, "open('/tmp/mine', 'w').write('x'); print(1)")[1] == "1\n"
    assert run(held, "import os; print(os.listdir('/tmp'), os.getuid())")[1] == "[] 1000\n"


def test_its_tmp_has_a_size(held):
    source = "open('/tmp/a', 'wb').write(bytes(16 << 20))"
    assert "No space left" in run(held, source)[1]


def test_many_runs_at_once(held):
    results = {}

    def one(number: int) -> None:
        results[number] = run(held, f"print({number})")[1]

    threads = [threading.Thread(target=one, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == {number: f"{number}\n" for number in range(6)}


def test_nothing_is_left_of_a_run_that_was_killed(held):
    forked = "import os, time\nos.fork()\nos.setsid() if os.getpid() > 3 else 0\ntime.sleep(300)"
    started = held.start(f"{ENTRY}:execute", payload=forked.encode(), limits=Limits())
    assert started.wait(1.0).timed_out
    process = started._process._popen.pid
    deadline = time.monotonic() + 5
    while Path(f"/proc/{process}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(f"/proc/{process}").exists()


def test_a_path_below_tmp_can_be_shown(found, tmp_path):
    tmp_path.chmod(0o755)
    (tmp_path / "data").write_text("shown")
    with Warden(found.plan((str(tmp_path),)), entries=[ENTRY], preload=()) as one:
        assert run(one, f"print(open('{tmp_path}/data').read())")[1] == "shown\n"
        assert "Read-only" in run(one, f"open('{tmp_path}/data', 'w')")[1]
