"""A log over several files: the order, the gaps, and where a new one begins."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from provenir.attest.event import LogEvent
from provenir.attest.log import EventLog, LogState, inclusion_holds
from provenir.attest.segments import SEGMENT_ENTRIES, Segments, segment_name
from provenir.core.digest import format_digest
from provenir.core.errors import InputError
from provenir.core.merkle import merkle_root

if TYPE_CHECKING:
    from pathlib import Path


def _event(number: int) -> LogEvent:
    return LogEvent(type="evaluation", name=f"eval {number}")


def _split(folder: Path, counts: list[int]) -> tuple[EventLog, list[bytes]]:
    """A log whose segments hold so many entries, as a writer with a small bound would leave it."""
    log = EventLog(folder / "log")
    log.folder.mkdir()
    lines = [_event(number).line for number in range(sum(counts))]
    rest = iter(lines)
    for ordinal, count in enumerate(counts):
        path = log.folder / segment_name(ordinal)
        path.write_bytes(b"".join(next(rest) + b"\n" for _ in range(count)))
    return log, lines


def _kinds(log: EventLog, known: LogState | None = None) -> list[str]:
    return [finding.kind for finding in log.check(known)]


def test_all_segments_are_read_in_order(tmp_path: Path) -> None:
    log, lines = _split(tmp_path, [3, 1, 4])
    state = log.state()
    assert state == LogState(size=8, root=format_digest(merkle_root(lines)))
    assert [entry.name for entry in log.entries()] == [f"eval {n}" for n in range(8)]
    assert log.check(state) == []
    for index in range(8):
        proof = log.inclusion(index)
        assert inclusion_holds(proof, state)
        assert proof["entry"].encode() == lines[index]


def test_appending_goes_on_in_the_last_segment(tmp_path: Path) -> None:
    log, lines = _split(tmp_path, [2, 3])
    receipt = log.append(_event(5))
    assert (receipt.index, receipt.size) == (5, 6)
    assert (log.folder / segment_name(1)).read_bytes().count(b"\n") == 4
    assert log.check(LogState(size=5, root=format_digest(merkle_root(lines)))) == []


def test_an_empty_last_segment_is_one_that_was_just_begun(tmp_path: Path) -> None:
    log, _ = _split(tmp_path, [2, 0])
    assert log.check(log.state()) == []
    assert log.append(_event(2)).index == 2
    assert (log.folder / segment_name(1)).read_bytes().count(b"\n") == 1
    assert EventLog(log.folder).append(_event(3)).index == 3
    assert log.check(log.state()) == []


def test_a_full_segment_is_followed_by_a_new_one(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "log")
    receipts = log.append_many([_event(number) for number in range(SEGMENT_ENTRIES - 1)])
    assert receipts[-1].size == SEGMENT_ENTRIES - 1
    for number in range(3):
        log.append(_event(number))
    assert Segments.of(log.folder).ordinals == (0, 1)
    counts = [(log.folder / segment_name(k)).read_bytes().count(b"\n") for k in (0, 1)]
    assert counts == [SEGMENT_ENTRIES, 2]
    fresh = EventLog(log.folder)
    assert fresh.append(_event(9)).index == SEGMENT_ENTRIES + 2
    assert inclusion_holds(fresh.inclusion(SEGMENT_ENTRIES), fresh.state())
    lines = [
        line for k in (0, 1) for line in (log.folder / segment_name(k)).read_bytes().splitlines()
    ]
    assert fresh.root() == format_digest(merkle_root(lines))


def test_a_full_segment_of_many_bytes_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    log = EventLog(tmp_path / "log")
    monkeypatch.setattr("provenir.attest.log_writer.SEGMENT_BYTES", len(_event(0).line) + 1)
    for number in range(3):
        log.append(_event(number))
    assert Segments.of(log.folder).ordinals == (0, 1, 2)
    assert log.check(log.state()) == []


def test_a_long_log_of_the_first_version_goes_on_behind_it(tmp_path: Path) -> None:
    log, _ = _split(tmp_path, [SEGMENT_ENTRIES + 10])
    kept = log.state()
    assert log.append(_event(0)).index == SEGMENT_ENTRIES + 10
    assert Segments.of(log.folder).ordinals == (0, 1)
    assert EventLog(log.folder).append(_event(1)).index == SEGMENT_ENTRIES + 11
    assert log.consistency(kept.size)["old_root"] == kept.root


@pytest.mark.parametrize("missing", [0, 1])
def test_a_missing_segment_is_found_and_nothing_is_counted(tmp_path: Path, missing: int) -> None:
    log, _ = _split(tmp_path, [2, 2, 2])
    kept = log.state()
    (log.folder / segment_name(missing)).unlink()
    assert _kinds(log, kept) == ["segment_missing", "log_truncated"]
    for use in (lambda: log.append(_event(0)), log.state, lambda: list(log.entries())):
        with pytest.raises(InputError, match=f"{segment_name(missing)} is missing"):
            use()


def test_a_missing_last_segment_is_a_cut_tail(tmp_path: Path) -> None:
    log, _ = _split(tmp_path, [2, 2])
    kept = log.state()
    (log.folder / segment_name(1)).unlink()
    assert _kinds(log, kept) == ["log_truncated"]


def test_an_empty_segment_in_the_middle_is_found(tmp_path: Path) -> None:
    log, lines = _split(tmp_path, [2, 0, 2])
    assert _kinds(log, log.state()) == ["empty_segment"]
    assert log.root() == format_digest(merkle_root(lines))
    assert log.append(_event(4)).index == 4


def test_a_torn_segment_in_the_middle_is_found_and_left_alone(tmp_path: Path) -> None:
    log, lines = _split(tmp_path, [2, 2])
    torn = log.folder / segment_name(0)
    with torn.open("ab") as file:
        file.write(b'{"actor"')
    before = torn.read_bytes()
    assert _kinds(log, log.state()) == ["torn_segment"]
    assert log.append(_event(4)).findings == ()
    assert torn.read_bytes() == before
    assert log.root() == format_digest(merkle_root([*lines, log.inclusion(4)["entry"].encode()]))
    assert log.inclusion(2)["entry"].encode() == lines[2]


def test_a_swapped_order_is_found(tmp_path: Path) -> None:
    log, _ = _split(tmp_path, [2, 2])
    kept = log.state()
    one, two = (log.folder / segment_name(k) for k in (0, 1))
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)
    assert _kinds(log, kept) == ["log_rewritten"]


def test_a_segment_that_is_a_link_is_refused(tmp_path: Path) -> None:
    log, _ = _split(tmp_path, [2, 2])
    moved = tmp_path / "elsewhere"
    (log.folder / segment_name(1)).rename(moved)
    (log.folder / segment_name(1)).symlink_to(moved)
    for use in (log.state, lambda: log.append(_event(0)), lambda: log.check()):
        with pytest.raises(InputError, match="cannot open the log"):
            use()
