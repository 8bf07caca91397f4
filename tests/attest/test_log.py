from __future__ import annotations

import functools
import json
import operator
import os
import random
import signal
import subprocess
import sys
import threading
import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from provenir.attest.event import LogEvent
from provenir.attest.log import SEGMENT, EventLog, LogState, inclusion_holds
from provenir.attest.segment import MAX_ENTRY_BYTES
from provenir.core.digest import format_digest
from provenir.core.errors import BoundsError, InputError, LockedError, ProvenirError, UsageError
from provenir.core.files import FileLock
from provenir.core.merkle import (
    consistency_proof,
    leaf_hash,
    merkle_root,
    verify_consistency,
)

if TYPE_CHECKING:
    from pathlib import Path

    from provenir.core.findings import Finding

DIGEST = "sha256:" + "ab" * 32
TEXT = "the raw text of one training example"


def _event(number: int = 0) -> LogEvent:
    return LogEvent(
        type="evaluation", name=f"eval {number}", subjects={"m": DIGEST}, payload={"text": TEXT}
    )


def _filled(folder: Path, entries: int) -> EventLog:
    log = EventLog(folder / "log")
    for number in range(entries):
        log.append(_event(number))
    return log


def _lines(log: EventLog) -> list[bytes]:
    return log.path.read_bytes().splitlines()


def _kinds(findings: list[Finding]) -> list[str]:
    return [finding.kind for finding in findings]


# --- appending and reading


def test_appending_answers_with_the_place_and_the_root(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "new" / "log")
    for number in range(9):
        event = _event(number)
        receipt = log.append(event)
        lines = _lines(log)
        assert lines[number] == event.entry.to_bytes()
        assert (receipt.index, receipt.size) == (number, number + 1)
        assert receipt.root == format_digest(merkle_root(lines))
        assert receipt.leaf_hash == format_digest(leaf_hash(lines[number]))
        assert receipt.findings == ()
    assert [entry.name for entry in log.entries()] == [f"eval {n}" for n in range(9)]


def test_the_root_is_the_rfc_6962_root_of_the_lines(tmp_path: Path) -> None:
    log = _filled(tmp_path, 11)
    lines = _lines(log)
    assert log.root() == format_digest(merkle_root(lines))
    assert log.size == len(lines) == 11
    assert log.state() == LogState(size=11, root=log.root())


def test_no_log_is_an_empty_log_and_nothing_is_made(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    assert log.size == 0
    assert log.root() == format_digest(merkle_root([]))
    assert _kinds(log.check()) == ["log_absent", "truncation_not_checked"]
    with pytest.raises(InputError, match="no log here"):
        list(log.entries())
    assert not log.folder.exists()


def test_the_log_holds_digests_and_no_bodies(tmp_path: Path) -> None:
    log = _filled(tmp_path, 3)
    content = log.path.read_bytes()
    assert TEXT.encode() not in content
    assert all("payload" not in json.loads(line) for line in content.splitlines())
    assert content.count(b"payload_digest") == 3


def test_two_values_on_one_folder_see_each_other(tmp_path: Path) -> None:
    one, two = EventLog(tmp_path / "log"), EventLog(tmp_path / "log")
    for number in range(6):
        (one if number % 2 else two).append(_event(number))
    assert one.root() == two.root() == format_digest(merkle_root(_lines(one)))
    assert one.append(_event()).root == two.root()


def test_each_root_extends_the_one_before(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    roots = [bytes.fromhex(log.append(_event(n)).root[7:]) for n in range(8)]
    hashes = [leaf_hash(line) for line in _lines(log)]
    for m in range(1, 8):
        proof = consistency_proof(hashes, m)
        assert verify_consistency(m, 8, proof, roots[m - 1], roots[7])


def test_only_events_are_logged(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    with pytest.raises(UsageError, match="LogEvent"):
        log.append({"type": "incident"})  # type: ignore[arg-type]
    wide = {f"{'w' * 190}{n}": DIGEST for n in range(256)}
    with pytest.raises(UsageError, match="beyond"):
        log.append(LogEvent(type="incident", name="x", subjects=wide))
    assert not log.folder.exists()


# --- inclusion


def test_every_entry_is_provable_at_every_size(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    receipts = [log.append(_event(n)) for n in range(7)]
    for size in range(1, 8):
        for index in range(size):
            proof = log.inclusion(index, size=size)
            assert inclusion_holds(json.loads(json.dumps(proof)))
            assert proof["root"] == receipts[size - 1].root
            assert proof["leaf_hash"] == receipts[index].leaf_hash
    assert log.inclusion(3)["size"] == 7


@pytest.mark.parametrize(
    "change",
    [
        {"index": 3},
        {"index": True},
        {"index": -1},
        {"size": 6},
        {"size": "5"},
        {"entry": "{}"},
        {"entry": None},
        {"entry": "\ud800"},
        {"proof": []},
        {"proof": None},
        {"proof": [DIGEST, DIGEST, DIGEST]},
        {"proof": [7]},
        {"root": DIGEST},
        {"root": None},
        {"leaf_hash": DIGEST},
    ],
)
def test_a_changed_proof_holds_nothing(tmp_path: Path, change: dict[str, Any]) -> None:
    log = _filled(tmp_path, 5)
    proof, state = log.inclusion(2), log.state()
    assert inclusion_holds(proof)
    assert inclusion_holds(proof, state)
    assert not inclusion_holds(proof | change, state)
    assert change.keys() == {"size"} or not inclusion_holds(proof | change)
    assert not inclusion_holds({name: proof[name] for name in proof if name not in change})


def test_there_is_no_proof_for_what_is_not_there(tmp_path: Path) -> None:
    log = _filled(tmp_path, 3)
    for index, size in ((3, None), (-1, None), (0, 4), (2, 2), (0, 0)):
        with pytest.raises(UsageError):
            log.inclusion(index, size=size)


# --- several writers, and writers that die

_APPEND = """
import sys
from provenir.attest.event import LogEvent
from provenir.attest.log import EventLog
log = EventLog(sys.argv[1])
for number in range(int(sys.argv[3])):
    print(log.append(LogEvent(type="evaluation", name=f"{sys.argv[2]} {number}")).index, flush=True)
"""


def _start(log: EventLog, code: str, *args: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, str(log.folder), *args], stdout=subprocess.PIPE, text=True
    )


def test_four_processes_at_once_lose_and_mix_nothing(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    writers = [_start(log, _APPEND, f"writer{n}", "25") for n in range(4)]
    indices = [[int(line) for line in (writer.communicate()[0]).split()] for writer in writers]
    assert [writer.returncode for writer in writers] == [0] * 4
    assert sorted(functools.reduce(operator.iadd, indices, [])) == list(range(100))
    names = [entry.name for entry in log.entries()]
    for n, places in enumerate(indices):
        assert [names[place] for place in places] == [f"writer{n} {i}" for i in range(25)]
    assert _kinds(log.check(log.state())) == []


def test_threads_may_share_one_value(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    threads = [
        threading.Thread(target=lambda: [log.append(_event()) for _ in range(10)]) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert log.check(log.state()) == []
    assert log.size == 40
    assert log.append(_event()).root == log.root()


_DIE_MID_WRITE = """
import os, signal, sys
from provenir.attest.event import LogEvent
from provenir.attest.log import EventLog
log = EventLog(sys.argv[1])
log.append(LogEvent(type="evaluation", name="whole"))
write = os.write
def half(fd, data):
    if bytes(data).startswith(b"{"):
        write(fd, bytes(data)[: int(sys.argv[2])])
        os.kill(os.getpid(), signal.SIGKILL)
    return write(fd, data)
os.write = half
log.append(LogEvent(type="evaluation", name="half"))
"""


@pytest.mark.parametrize("written", ["0", "1", "40", "200"])
def test_a_kill_in_the_middle_of_a_write_costs_that_entry_only(
    tmp_path: Path, written: str
) -> None:
    log = EventLog(tmp_path / "log")
    writer = _start(log, _DIE_MID_WRITE, written)
    writer.communicate()
    assert writer.returncode == -signal.SIGKILL
    torn = int(written)
    assert log.path.read_bytes().endswith(b"\n") == (torn == 0)
    assert [entry.name for entry in log.entries()] == ["whole"]
    assert ("torn_tail" in _kinds(log.check())) == (torn > 0)

    before = log.state()
    receipt = log.append(_event())
    assert receipt.index == 1
    assert _kinds(list(receipt.findings)) == (["torn_tail_cut"] if torn else [])
    if torn:
        assert receipt.findings[0].data["bytes"] == torn
    assert log.check(before) == []
    assert receipt.root == log.root()


def test_kills_at_any_moment_leave_every_answered_entry(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    answered: list[int] = []
    rng = random.Random(7)
    for _ in range(4):
        writer = _start(log, _APPEND, "victim", "100000")
        assert writer.stdout is not None
        answered += [int(writer.stdout.readline()) for _ in range(rng.randrange(1, 30))]
        time.sleep(rng.random() / 200)
        writer.kill()
        answered.extend(int(line) for line in writer.communicate()[0].split())
    size_before = log.size
    assert answered == sorted(set(answered))
    assert answered[-1] < size_before
    assert log.append(_event()).index == size_before
    assert log.check(log.state()) == []


def test_a_full_disk_leaves_the_log_as_it_was(tmp_path: Path) -> None:
    log = _filled(tmp_path, 2)
    before = log.path.read_bytes()
    code = """
import resource, signal, sys
from provenir.attest.event import LogEvent
from provenir.attest.log import EventLog
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
limit = int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
try:
    EventLog(sys.argv[1]).append(LogEvent(type="evaluation", name="too much"))
except OSError as fault:
    print(type(fault).__name__)
"""
    writer = _start(log, code, str(len(before) + 20))
    assert writer.communicate()[0].strip() == "OSError"
    assert log.path.read_bytes() == before
    assert log.append(_event()).index == 2


def test_a_writer_that_hangs_is_waited_for_only_so_long(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log", lock_timeout_s=0.05)
    log.append(_event())
    with FileLock(log.folder / "log.lock"), pytest.raises(LockedError):
        log.append(_event())
    assert log.append(_event()).index == 1


def test_readers_do_not_wait_for_writers(tmp_path: Path) -> None:
    log = _filled(tmp_path, 2)
    with FileLock(log.folder / "log.lock"):
        assert log.size == 2
        assert len(list(log.entries())) == 2
        assert EventLog(log.folder, lock_timeout_s=0.02).check(log.state()) == []


def test_a_log_that_was_put_back_is_read_anew(tmp_path: Path) -> None:
    log = _filled(tmp_path, 3)
    kept = log.path.read_bytes().splitlines(keepends=True)[0]
    log.path.write_bytes(kept)
    receipt = log.append(_event())
    assert (receipt.index, receipt.root) == (1, log.root())
    log.path.unlink()
    assert log.append(_event()).index == 0


def test_a_log_that_was_swapped_for_a_longer_one_is_read_anew(tmp_path: Path) -> None:
    log = _filled(tmp_path, 3)
    longer = _filled(tmp_path / "other", 9).path.read_bytes()
    with log.path.open("r+b") as file:  # the same inode, other lines, other line ends
        file.write(longer)
    receipt = log.append(_event())
    assert (receipt.index, receipt.root) == (9, log.root())


def test_a_lock_that_cannot_be_taken_stops_writers_only(tmp_path: Path) -> None:
    log = _filled(tmp_path, 2)
    (log.folder / "log.lock").rename(log.folder / "lock")
    (log.folder / "log.lock").symlink_to("lock")
    with pytest.raises(InputError, match="cannot lock"):
        log.append(_event())
    assert log.check(log.state()) == []


# --- what is at the log's path


def test_only_a_regular_file_is_a_log(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text("precious")
    for number, make in enumerate(
        (lambda p: p.symlink_to(elsewhere), lambda p: os.mkfifo(p), lambda p: p.mkdir())
    ):
        log = EventLog(tmp_path / f"log{number}")
        log.folder.mkdir()
        make(log.path)
        for use in (lambda: log.append(_event()), lambda: log.state(), lambda: log.check()):  # noqa: B023
            with pytest.raises(InputError, match="cannot open the log"):
                use()
    assert elsewhere.read_text() == "precious"


def test_faults_of_the_folder_are_errors_that_a_caller_can_catch(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises((ProvenirError, OSError)):
        EventLog(tmp_path / "file" / "log").append(_event())
    with pytest.raises((ProvenirError, OSError)):
        EventLog(tmp_path / "file").append(_event())


def test_a_file_that_is_named_like_a_segment_is_not_passed_over(tmp_path: Path) -> None:
    log = _filled(tmp_path, 2)
    kept = log.state()
    (log.folder / "events-1.jsonl").write_bytes(b"garbage")
    (log.folder / "events-later.jsonl").touch()
    (finding,) = log.check(kept)
    assert finding.kind == "segment_not_examined"
    assert "events-1.jsonl and 1 more" in finding.detail
    for use in (lambda: log.append(_event()), log.state, log.root, lambda: log.inclusion(0)):
        with pytest.raises(InputError, match="segment"):
            use()
    (log.folder / "events-1.jsonl").unlink()
    (log.folder / "events-later.jsonl").unlink()
    assert log.append(_event()).index == 2


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_copy_can_be_checked(tmp_path: Path) -> None:
    log = _filled(tmp_path, 2)
    for path in (log.path, log.folder / "log.lock"):
        path.chmod(0o444)
    log.folder.chmod(0o555)
    try:
        assert log.check(log.state()) == []
    finally:
        log.folder.chmod(0o755)


# --- hostile content


def _forged(**changes: Any) -> bytes:
    document = json.loads(_event().entry.to_bytes()) | changes
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


HOSTILE = [
    b"",
    b" ",
    b"\x00" * 40,
    b"null",
    b"[]",
    b"{}",
    b"\xff\xfe",
    b"\xef\xbb\xbf{}",
    b"[" * 5000,
    b'{"a":1,"a":2}',
    b'{"id":NaN}',
    b"9" * 5000,
    _forged(type="other"),
    _forged(payload={"text": "a body"}),
    _forged(time="yesterday"),
    _forged(payload_digest="sha256:00"),
    _forged(subjects=[{"name": "\x1b]0;owned\x07", "digest": DIGEST}]),
    _forged(id="not a uuid"),
    _forged(schema_version="log-event/9"),
]


@pytest.mark.parametrize("line", HOSTILE)
def test_a_hostile_line_is_reported_and_the_record_goes_on(tmp_path: Path, line: bytes) -> None:
    log = _filled(tmp_path, 2)
    with log.path.open("ab") as file:
        file.write(line + b"\n")
    assert log.append(_event()).index == 3
    assert log.root() == format_digest(merkle_root(log.path.read_bytes().split(b"\n")[:-1]))
    (finding,) = log.check(log.state())
    assert (finding.kind, finding.severity) == ("malformed_entry", "critical")
    assert finding.subject == f"{log.path}:3"
    with pytest.raises(InputError, match=f"{SEGMENT}:3"):
        list(log.entries())
    with pytest.raises(InputError):
        log.inclusion(2)
    assert inclusion_holds(log.inclusion(3))


def test_another_spelling_of_an_entry_is_reported(tmp_path: Path) -> None:
    log = _filled(tmp_path, 1)
    with log.path.open("ab") as file:
        file.write(json.dumps(json.loads(_event().entry.to_bytes())).encode() + b"\n")
        file.write(_event().entry.to_bytes() + b"\r\n")
    assert _kinds(log.check(log.state())) == ["noncanonical_entry", "noncanonical_entry"]


def test_an_entry_twice_is_reported(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    event = _event()
    log.append(event)
    log.append(event)
    assert _kinds(log.check(log.state())) == ["duplicate_event"]


def test_a_parent_that_is_no_earlier_entry_is_noted(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    start = LogEvent(type="training_run", name="start")
    log.append(LogEvent(type="training_run", name="end", parents=(start.id,)))
    log.append(start)
    log.append(LogEvent(type="training_run", name="end", parents=(start.id,)))
    (finding,) = log.check(log.state())
    assert (finding.kind, finding.severity) == ("unknown_parent", "info")
    assert finding.subject == f"{log.path}:1"


def test_notes_are_counted_and_hide_nothing_that_is_wrong(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    log.folder.mkdir()
    elsewhere = (str(uuid.uuid4()),)
    events = [LogEvent(type="evaluation", name="e", parents=elsewhere) for _ in range(201)]
    log.path.write_bytes(b"".join(event.entry.to_bytes() + b"\n" for event in events))
    (note,) = log.check(log.state())
    assert (note.kind, note.severity, note.data) == ("unknown_parent", "info", {"count": 201})
    with log.path.open("ab") as file:
        file.write(b"{}\n")
    assert _kinds(log.check(log.state())) == ["malformed_entry", "unknown_parent"]


def test_an_endless_line_is_neither_loaded_nor_cut(tmp_path: Path) -> None:
    log = _filled(tmp_path, 2)
    with log.path.open("ab") as file:
        file.write(b"x" * (MAX_ENTRY_BYTES + 1))
    before = log.path.stat().st_size
    for use in (lambda: log.append(_event()), log.state, lambda: list(log.entries())):
        with pytest.raises(BoundsError):
            use()
    assert log.path.stat().st_size == before
    assert _kinds(log.check()) == ["oversized_line", "truncation_not_checked"]


def test_findings_about_lines_are_bounded(tmp_path: Path) -> None:
    log = _filled(tmp_path, 1)
    with log.path.open("ab") as file:
        file.write(b"{}\n" * 1000)
    findings = log.check(log.state())
    assert len(findings) == 201
    assert findings[-1].kind == "more_findings"
    assert findings[-1].severity == "critical"
    assert "800 more" in findings[-1].detail


@settings(max_examples=30, deadline=None)
@given(content=st.binary(max_size=300))
def test_any_content_can_be_checked_and_appended_to(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    log = EventLog(tmp_path_factory.mktemp("any") / "log")
    log.folder.mkdir()
    log.path.write_bytes(content)
    lines = content.split(b"\n")
    assert log.size == len(lines) - 1
    findings = log.check(log.state())
    assert ("torn_tail" in _kinds(findings)) == bool(lines[-1])
    receipt = log.append(_event())
    assert log.path.read_bytes().startswith(content[: len(content) - len(lines[-1])])
    assert receipt.size == len(lines)


# --- tampering, seen with what someone kept


def test_a_cut_tail_is_found(tmp_path: Path) -> None:
    log = _filled(tmp_path, 5)
    kept = log.state()
    log.path.write_bytes(b"".join(log.path.read_bytes().splitlines(keepends=True)[:4]))
    assert _kinds(log.check()) == ["truncation_not_checked"]
    assert _kinds(log.check(kept)) == ["log_truncated"]
    log.path.unlink()
    assert _kinds(log.check(kept)) == ["log_absent", "log_truncated"]


def test_a_rewritten_middle_is_found(tmp_path: Path) -> None:
    log = _filled(tmp_path, 5)
    kept = log.state()
    lines = log.path.read_bytes().splitlines(keepends=True)
    lines[2] = _event(99).entry.to_bytes() + b"\n"
    log.path.write_bytes(b"".join(lines))
    assert _kinds(log.check(kept)) == ["log_rewritten"]
    log.append(_event())
    assert _kinds(log.check(kept)) == ["log_rewritten"]


def test_a_reordering_is_found(tmp_path: Path) -> None:
    log = _filled(tmp_path, 4)
    kept = log.state()
    log.path.write_bytes(b"".join(log.path.read_bytes().splitlines(keepends=True)[::-1]))
    assert _kinds(log.check(kept)) == ["log_rewritten"]


def test_an_honest_log_extends_every_state_kept_of_it(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    states = [log.state()]
    for number in range(6):
        log.append(_event(number))
        states.append(log.state())
    assert [log.check(state) for state in states] == [[]] * 7


def test_a_kept_state_is_well_formed() -> None:
    with pytest.raises(UsageError):
        LogState(size=-1, root=DIGEST)
    with pytest.raises(UsageError):
        LogState(size=True, root=DIGEST)
    with pytest.raises(InputError):
        LogState(size=1, root="ab")
    assert LogState(size=1, root=DIGEST).to_dict() == {"size": 1, "root": DIGEST}
