"""The index: a fresh process reads little, and a wrong index costs time and nothing else."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from provenir.attest.event import LogEvent
from provenir.attest.log import EventLog, LogState, consistency_holds, inclusion_holds
from provenir.attest.log_index import IndexHead, LogIndex
from provenir.attest.log_tree import LogTree
from provenir.attest.segments import SEGMENT_ENTRIES, Segments
from provenir.core.digest import format_digest
from provenir.core.merkle import consistency_proof, inclusion_proof, leaf_hash, merkle_root

N = SEGMENT_ENTRIES + 700
FEW = 1_500
NAMES = ("head.json", "ends", "level-0", "level-1")


def _event(number: int = 0) -> LogEvent:
    return LogEvent(type="evaluation", name=f"eval {number}")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("written") / "log"
    log = EventLog(folder)
    for start in range(0, N, 4_096):
        log.append_many([_event(number) for number in range(start, min(start + 4_096, N))])
    return folder


@pytest.fixture
def log(written: Path, tmp_path: Path) -> EventLog:
    shutil.copytree(written, tmp_path / "log")
    return EventLog(tmp_path / "log")


def _lines(log: EventLog) -> list[bytes]:
    paths = sorted(log.folder.glob("events-*.jsonl"))
    return [line for path in paths for line in path.read_bytes().splitlines()]


def _indexed(log: EventLog) -> int:
    return LogTree.opened(log.folder, Segments.of(log.folder)).indexed


def test_a_fresh_process_takes_whole_tiles_from_the_index(log: EventLog) -> None:
    lines = _lines(log)
    assert _indexed(log) == N - N % 256
    assert log.state() == LogState(size=N, root=format_digest(merkle_root(lines)))
    receipt = log.append(_event())
    assert (receipt.index, receipt.size) == (N, N + 1)
    assert receipt.root == format_digest(merkle_root(_lines(log)))


def test_proofs_by_the_index_are_those_of_the_lines(log: EventLog) -> None:
    lines = _lines(log)
    hashes = [leaf_hash(line) for line in lines]
    rng = random.Random(3)
    for _ in range(12):
        n = rng.choice([rng.randrange(1, N + 1), rng.randrange(1, 600), 65_536, 256, N])
        index, m = rng.randrange(n), rng.randrange(n + 1)
        proof = log.inclusion(index, size=n)
        assert inclusion_holds(proof, LogState(size=n, root=format_digest(merkle_root(lines[:n]))))
        assert proof["proof"] == [format_digest(x) for x in inclusion_proof(hashes[:n], index)]
        assert proof["entry"].encode() == lines[index]
        grown = log.consistency(m, n)
        assert grown["proof"] == [format_digest(x) for x in consistency_proof(hashes[:n], m)]
        assert grown["old_root"] == format_digest(merkle_root(lines[:m]))
        assert consistency_holds(grown)


def test_reading_writes_nothing(log: EventLog) -> None:
    before = sorted(log.folder.rglob("*"))
    log.state()
    log.inclusion(3)
    log.check()
    assert sorted(log.folder.rglob("*")) == before


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _zero(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def _flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    for at in range(7, len(data), max(len(data) // 50, 1)):
        data[at] ^= 1
    path.write_bytes(bytes(data))


def _link(path: Path) -> None:
    path.rename(path.with_name("moved"))
    path.symlink_to("moved")


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        *((name, Path.unlink) for name in NAMES),
        *((name, _flip) for name in NAMES),
        ("level-0", _cut),
        ("ends", _zero),
        ("level-1", _zero),
        ("level-1", _link),
        ("head.json", _pipe),
    ],
)
def test_a_harmed_index_changes_no_answer(tmp_path: Path, name: str, harm: object) -> None:
    log = EventLog(tmp_path / "log")
    log.append_many([_event(number) for number in range(FEW)])
    _answers_as_its_lines_say(log, log.folder / "index" / name, harm, FEW)


@pytest.mark.parametrize("harm", [Path.unlink, _flip])
def test_a_harmed_upper_level_changes_no_answer(log: EventLog, harm: object) -> None:
    _answers_as_its_lines_say(log, log.folder / "index" / "level-2", harm, N)


def _answers_as_its_lines_say(log: EventLog, path: Path, harm: object, n: int) -> None:
    lines = _lines(log)
    state = LogState(size=n, root=format_digest(merkle_root(lines)))
    harm(path)  # type: ignore[operator]
    assert log.state() == state
    for index in (300, n - 1):
        proof = log.inclusion(index)
        assert inclusion_holds(proof, state)
        assert proof["entry"].encode() == lines[index]
    assert consistency_holds(log.consistency(n - 99), new=state)
    for number in range(300):
        assert log.append(_event()).index == n + number
    assert log.root() == format_digest(merkle_root(_lines(log)))


def test_a_lost_index_is_made_anew_by_the_next_append(log: EventLog) -> None:
    shutil.rmtree(log.folder / "index")
    assert _indexed(log) == 0
    log.append(_event())
    assert _indexed(log) == N - N % 256


def test_a_wrong_index_is_mended_when_a_proof_shows_it(log: EventLog) -> None:
    _flip(log.folder / "index" / "level-0")
    good = (log.folder / "index" / "level-1").read_bytes()
    assert inclusion_holds(log.inclusion(300), log.state())
    fresh = LogIndex(log.folder / "index")
    assert fresh.hashes(0, 300, 301) == leaf_hash(_lines(log)[300])
    assert (log.folder / "index" / "level-1").read_bytes() == good


def test_an_index_that_vanishes_under_a_writer_spoils_no_append(log: EventLog) -> None:
    log.append(_event())
    shutil.rmtree(log.folder / "index")
    for number in range(1, 600):
        assert log.append(_event()).index == N + number
    assert log.root() == format_digest(merkle_root(_lines(log)))
    assert _indexed(log) == (N + 600) // 256 * 256


def test_a_folder_where_no_index_can_be_made_spoils_no_append(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    log.folder.mkdir()
    (log.folder / "index").touch()
    for number in range(600):
        assert log.append(_event()).index == number
    assert inclusion_holds(log.inclusion(5), log.state())


def test_the_index_of_another_log_counts_for_nothing(log: EventLog, tmp_path: Path) -> None:
    other = EventLog(tmp_path / "other")
    other.append_many([_event(number) for number in range(2_000)])
    shutil.rmtree(log.folder / "index")
    shutil.copytree(other.folder / "index", log.folder / "index")
    state = LogState(size=N, root=format_digest(merkle_root(_lines(log))))
    assert log.state() == state
    assert log.append(_event()).index == N
    assert log.check(state) == []


def test_a_hostile_index_does_not_reach_the_check(log: EventLog) -> None:
    """An index that fits itself and the last line, over a middle that is not the log's."""
    kept = LogState(size=N, root=format_digest(merkle_root(_lines(log))))
    hostile = EventLog(log.folder.parent / "hostile")
    lines = _lines(log)
    lines[1_000] = _event(7).line.replace(b"eval 7", b"eval 1000")
    hostile.folder.mkdir()
    hostile.path.write_bytes(b"\n".join(lines[: N - N % 256]) + b"\n")
    hostile.append(_event())
    head = IndexHead.read(hostile.folder / "index" / "head.json")
    shutil.rmtree(log.folder / "index")
    shutil.copytree(hostile.folder / "index", log.folder / "index")
    assert head.root != format_digest(merkle_root(_lines(log)[: head.size]))
    assert log.check(kept) == []


def test_a_killed_write_of_the_index_leaves_more_than_the_head_counts(log: EventLog) -> None:
    with (log.folder / "index" / "level-0").open("ab") as file:
        file.write(b"\xff" * 5_000)
    (log.folder / "index" / "head.json.new").write_bytes(b"{")
    state = log.state()
    for number in range(600):
        assert log.append(_event()).index == N + number
    assert log.root() == format_digest(merkle_root(_lines(log)))
    assert inclusion_holds(log.inclusion(N + 5))
    assert log.check(state) == []


def test_many_tails_are_put_back(log: EventLog) -> None:
    """The last segment is cut below what the index has, and goes on with other entries."""
    last = sorted(log.folder.glob("events-*.jsonl"))[-1]
    lines = last.read_bytes().splitlines(keepends=True)
    log.append(_event())
    for kept in (600, 300, 1):
        last.write_bytes(b"".join(lines[:kept]))
        receipt = log.append(_event())
        assert (receipt.index, receipt.root) == (
            SEGMENT_ENTRIES + kept,
            format_digest(merkle_root(_lines(log))),
        )
