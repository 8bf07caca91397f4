"""Workers that are asked, killed, replaced, and left to the process that started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from provenir.core.errors import ProvenirError
from provenir.environments.warm import WarmPool, WorkerEndedError

WORKER = """
import json, os, signal, socket, struct, sys, time
line = socket.socket(fileno=int(sys.argv[1]))
def say(value):
    body = json.dumps(value).encode()
    line.sendall(struct.pack("!I", len(body)) + body)
say({})
while True:
    head = line.recv(4, socket.MSG_WAITALL)
    if len(head) < 4:
        break
    asked = json.loads(line.recv(struct.unpack("!I", head)[0], socket.MSG_WAITALL))
    if asked["do"] == "sleep":
        time.sleep(asked["s"])
    if asked["do"] == "die":
        os.kill(os.getpid(), asked["by"])
        time.sleep(60)
    say({"pid": os.getpid(), "echo": asked.get("text")})
"""


def made(**options):
    return WarmPool(lambda descriptor: [sys.executable, "-c", WORKER, str(descriptor)], **options)


@pytest.fixture
def pool():
    pool = made()
    yield pool
    pool.close()


def ask(pool, do="echo", wall_s=60.0, **more):
    return pool.ask({"do": do, **more}, wall_s=wall_s)


def runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def gone(pid):
    until = time.monotonic() + 20
    while runs(pid) and time.monotonic() < until:
        threading.Event().wait(0.02)
    return not runs(pid)


def test_the_same_worker_answers_again(pool):
    first = ask(pool, text="b\ud800\x00")
    assert first["echo"] == "b\ud800\x00"
    assert ask(pool)["pid"] == first["pid"]


def test_one_that_takes_too_long_is_killed(pool):
    pid = ask(pool)["pid"]
    with pytest.raises(WorkerEndedError) as ended:
        ask(pool, "sleep", s=60, wall_s=0.2)
    assert ended.value.out_of_time
    assert gone(pid)
    assert ask(pool)["pid"] != pid


@pytest.mark.parametrize("by", [signal.SIGPROF, signal.SIGXCPU])
def test_one_that_the_kernel_ends_was_out_of_time(pool, by):
    with pytest.raises(WorkerEndedError) as ended:
        ask(pool, "die", by=by)
    assert ended.value.out_of_time


def test_one_that_dies_over_a_question_died(pool):
    with pytest.raises(WorkerEndedError) as ended:
        ask(pool, "die", by=signal.SIGKILL)
    assert not ended.value.out_of_time


def test_one_that_is_killed_while_it_waits_is_replaced(pool):
    for _ in range(3):
        os.kill(ask(pool)["pid"], signal.SIGKILL)
    assert ask(pool)["pid"]


def test_one_is_replaced_after_its_questions():
    pool = made(questions_each=2)
    pids = [ask(pool)["pid"] for _ in range(4)]
    assert pids[0] == pids[1] != pids[2] == pids[3]
    assert gone(pids[0])
    pool.close()


def test_no_more_work_at_once_than_were_asked_for():
    pool = made(at_once=2)
    threads = [
        threading.Thread(target=ask, args=(pool, "sleep"), kwargs={"s": 0.05}) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    most = 0
    while any(thread.is_alive() for thread in threads):
        most = max(most, len(pool.processes()))
        threading.Event().wait(0.005)
    assert 1 <= most <= 2
    pool.close()


def test_a_forked_process_starts_its_own(pool):
    pid = ask(pool)["pid"]
    child = os.fork()
    if child == 0:
        os._exit(0 if ask(pool)["pid"] != pid else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert ask(pool)["pid"] == pid


def test_workers_are_gone_with_the_process_that_asked(tmp_path):
    (tmp_path / "asking.py").write_text(
        f"import os, sys\nfrom provenir.environments.warm import WarmPool\nW = {WORKER!r}\n"
        "pool = WarmPool(lambda fd: [sys.executable, '-c', W, str(fd)])\n"
        "print(pool.ask({'do': 'echo'}, wall_s=60)['pid'], flush=True)\nos.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run(
        [sys.executable, tmp_path / "asking.py"], capture_output=True, text=True, check=False
    )
    assert gone(int(done.stdout))


def test_a_worker_that_cannot_be_started_is_an_error():
    with pytest.raises(ProvenirError, match="could be started"):
        ask(WarmPool(lambda _: ["/no/such/program"]))
    with pytest.raises(ProvenirError, match="could be started"):
        ask(WarmPool(lambda _: [sys.executable, "-c", ""]))
