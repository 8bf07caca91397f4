"""Questions that may never be answered, asked of a process that can be killed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from provenir.environments.verifiers import killable
from provenir.environments.verifiers.killable import EndedError, ask_killable

ENDLESS = {"ask": "match", "engine": "re", "pattern": "(a+)+$", "flags": 0, "full": False}
HELD = {**ENDLESS, "text": "a" * 50 + "b"}
QUICK = {**ENDLESS, "text": "a"}


def test_the_same_worker_answers_again():
    assert ask_killable(QUICK) == {"matched": True}
    _, worker = killable._idle[-1]
    assert ask_killable({**QUICK, "text": "b\ud800\x00"}) == {"matched": False}
    assert killable._idle[-1][1] is worker


def test_what_never_ends_is_ended_and_the_next_question_answered():
    with pytest.raises(EndedError) as ended:
        ask_killable(HELD, cpu_s=0.1)
    assert ended.value.reason == "timeout"
    assert ask_killable(QUICK) == {"matched": True}


def test_a_worker_that_is_killed_while_idle_is_replaced():
    ask_killable(QUICK)
    for _, worker in list(killable._idle):
        worker.process.kill()
        worker.process.wait()
    assert ask_killable(QUICK) == {"matched": True}


def test_a_worker_that_dies_over_a_question_says_so():
    with pytest.raises(EndedError) as ended:
        ask_killable({"ask": "nothing that it knows"})
    assert ended.value.reason == "engine_died"


def test_threads_have_a_worker_each():
    answers = []

    def ask(text):
        answers.append((text, ask_killable({**QUICK, "text": text})["matched"]))

    threads = [threading.Thread(target=ask, args=("ab"[n % 2],)) for n in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=120)
    assert sorted(answers) == [("a", True)] * 8 + [("b", False)] * 8


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_starts_its_own():
    ask_killable(QUICK)
    child = os.fork()
    if child == 0:
        os._exit(0 if ask_killable(QUICK) == {"matched": True} else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert ask_killable(QUICK) == {"matched": True}


def test_workers_are_gone_with_the_process_that_asked():
    code = (
        "from provenir.environments.verifiers import killable\n"
        f"killable.ask_killable({QUICK!r})\n"
        "print(killable._idle[0][1].process.pid)\n"
        "import os; os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run(
        [sys.executable, "-u", "-c", code], capture_output=True, text=True, check=False, timeout=120
    )
    pid = int(done.stdout)
    waited = threading.Event()
    for _ in range(200):
        if not _runs(pid):
            return
        waited.wait(0.05)
    pytest.fail(f"the worker {pid} is still there")


def _runs(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
