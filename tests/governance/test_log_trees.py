from __future__ import annotations

import pytest

from provenir.attest.event import Actor, LogEvent
from provenir.attest.log import EventLog, LogState
from provenir.core.digest import digest_bytes
from provenir.governance.log_trees import Trees

TIME = "2026-01-02T03:04:05.000Z"
OTHER = digest_bytes(b"another tree")


@pytest.fixture
def log(tmp_path):
    made = EventLog(tmp_path / "log")
    for number in range(6):
        event = LogEvent(
            type="evaluation", name=str(number), time=TIME, actor=Actor(id="a"), subjects={}
        )
        made.append(event)
    return made


def state(log, size):
    return LogState(size=size, root=log.consistency(size)["old_root"])


def test_a_log_says_which_trees_are_its_own(log):
    trees = Trees((), log.folder)
    assert [trees.in_log(state(log, size)) for size in range(7)] == ["prefix"] * 7
    assert trees.in_log(LogState(size=3, root=OTHER)) == "log-inconsistent"
    assert trees.in_log(LogState(size=7, root=OTHER)) == "log-truncated"
    assert Trees((), None).in_log(state(log, 3)) == "no-consistency-proof"


def test_a_log_is_read_once_for_all_the_trees_that_are_known_of(log):
    known = [state(log, size) for size in range(1, 7)]
    trees = Trees((), log.folder, sizes=[tree.size for tree in known])
    assert trees.in_log(known[0]) == "prefix"
    log.path.unlink()
    assert [trees.in_log(tree) for tree in known] == ["prefix"] * 6
    assert trees.in_log(LogState(size=3, root=OTHER)) == "log-inconsistent"
    assert trees.relation(known[1], known[4]) == "prefix"
