"""A log's own checkpoints: its origin, what it signs, and what it refuses to sign."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from provenir.attest.checkpoint import Checkpoint, cosignatures_by, verify_note_signature
from provenir.attest.event import LogEvent
from provenir.attest.keys import Ed25519Signer
from provenir.attest.log import EventLog, LogState
from provenir.attest.note import SignedNote
from provenir.attest.witness import FileWitness
from provenir.core.errors import EvidenceError, InputError, UsageError

GOLDEN = Path(__file__).parents[1] / "golden" / "0.1.0" / "artifacts" / "log"


def _filled(folder: Path, entries: int, **options: str) -> EventLog:
    log = EventLog(folder / "log", **options)  # type: ignore[arg-type]
    log.append_many([LogEvent(type="evaluation", name=f"{n}") for n in range(entries)])
    return log


def _read(data: bytes) -> Checkpoint:
    return Checkpoint.of(SignedNote.parse(data))


def test_a_log_gets_an_origin_of_its_own(tmp_path: Path) -> None:
    one, two = _filled(tmp_path / "1", 1), _filled(tmp_path / "2", 1)
    assert one.origin is not None
    assert one.origin.startswith("provenir.log/")
    assert len(one.origin) == len("provenir.log/") + 16
    assert one.origin != two.origin
    assert (one.folder / "origin").read_text() == one.origin + "\n"
    assert EventLog(tmp_path / "3").origin is None


def test_the_user_may_choose_the_origin_once(tmp_path: Path) -> None:
    log = _filled(tmp_path, 1, origin="example.org/log")
    assert log.origin == "example.org/log"
    assert EventLog(log.folder).append(LogEvent(type="incident", name="x")).index == 1
    other = EventLog(log.folder, origin="example.org/other")
    for use in (lambda: other.append(LogEvent(type="incident", name="x")), other.checkpoint):
        with pytest.raises(UsageError, match="origin is example"):
            use()
    with pytest.raises(InputError, match="no name"):
        _filled(tmp_path / "b", 1, origin="two words")
    assert log.size == 2


def test_an_origin_that_cannot_be_read_costs_no_entry(
    tmp_path: Path, signer: Ed25519Signer
) -> None:
    log = _filled(tmp_path, 1)
    (log.folder / "origin").write_bytes(b"\x1b]0;x\x07\xff")
    assert EventLog(log.folder).append(LogEvent(type="incident", name="x")).index == 1
    with pytest.raises(InputError, match="no origin"):
        log.checkpoint(signer)


def test_a_log_of_the_first_version_is_continued(tmp_path: Path, signer: Ed25519Signer) -> None:
    shutil.copytree(GOLDEN, tmp_path / "log")
    log = EventLog(tmp_path / "log")
    kept = log.state()
    assert log.origin is None
    assert log.append(LogEvent(type="incident", name="x")).index == kept.size
    assert log.origin is not None
    assert log.check(kept) == []
    assert _read(log.checkpoint(signer)).size == kept.size + 1


def test_a_checkpoint_is_a_note_that_the_log_keeps(tmp_path: Path, signer: Ed25519Signer) -> None:
    log = _filled(tmp_path, 5)
    data = log.checkpoint(signer)
    assert (log.folder / "checkpoint").read_bytes() == data
    note = SignedNote.parse(data)
    assert log.origin is not None
    assert verify_note_signature(note, log.origin, signer.verification_key)
    read = Checkpoint.of(note)
    assert (read.origin, LogState(size=read.size, root=read.root_digest)) == (
        log.origin,
        log.state(),
    )


def test_without_a_key_the_text_alone_is_given(tmp_path: Path, signer: Ed25519Signer) -> None:
    log = _filled(tmp_path, 2)
    text = log.checkpoint().decode()
    assert Checkpoint.parse(text).size == 2
    assert not (log.folder / "checkpoint").exists()
    assert Checkpoint.parse(text) == _read(log.checkpoint(signer))
    with pytest.raises(UsageError, match="witness"):
        log.checkpoint(witness=FileWitness(tmp_path / "state.json", signer, "w"))


def test_an_empty_log_has_a_checkpoint(tmp_path: Path, signer: Ed25519Signer) -> None:
    log = EventLog(tmp_path / "log", origin="a")
    assert _read(log.checkpoint(signer)).size == 0
    log.append(LogEvent(type="incident", name="x"))
    assert _read(log.checkpoint(signer)).size == 1


def test_a_log_that_was_cut_is_not_signed(tmp_path: Path, signer: Ed25519Signer) -> None:
    log = _filled(tmp_path, 600)
    log.checkpoint(signer)
    lines = log.path.read_bytes().splitlines(keepends=True)
    log.path.write_bytes(b"".join(lines[:500]))
    with pytest.raises(EvidenceError) as refused:
        log.checkpoint(signer)
    assert refused.value.reason == "log-truncated"


def test_a_log_that_was_rewritten_is_not_signed(tmp_path: Path, signer: Ed25519Signer) -> None:
    log = _filled(tmp_path, 600)
    kept = log.checkpoint(signer)
    lines = log.path.read_bytes().splitlines(keepends=True)
    lines[100] = LogEvent(type="incident", name="other").line + b"\n"
    log.path.write_bytes(b"".join(lines))
    shutil.rmtree(log.folder / "index")
    with pytest.raises(EvidenceError) as refused:
        log.checkpoint(signer)
    assert refused.value.reason == "log-inconsistent"
    assert (log.folder / "checkpoint").read_bytes() == kept


def test_a_wrong_index_does_not_stand_between_an_honest_log_and_its_checkpoint(
    tmp_path: Path, signer: Ed25519Signer
) -> None:
    log = _filled(tmp_path, 600)
    log.checkpoint(signer)
    log.append_many([LogEvent(type="evaluation", name="x") for _ in range(600)])
    level = log.folder / "index" / "level-0"
    level.write_bytes(bytes(level.stat().st_size - 32) + level.read_bytes()[-32:])
    read = _read(log.checkpoint(signer))
    assert (read.size, read.root_digest) == (1200, log.root())


def test_another_key_or_a_broken_note_binds_nothing(
    tmp_path: Path, signer: Ed25519Signer, other_signer: Ed25519Signer
) -> None:
    log = _filled(tmp_path, 3)
    log.checkpoint(other_signer)
    log.path.write_bytes(log.path.read_bytes().splitlines(keepends=True)[0])
    assert _read(log.checkpoint(signer)).size == 1
    (log.folder / "checkpoint").write_bytes(b"\xff")
    assert _read(log.checkpoint(signer)).size == 1


def test_a_witness_cosigns_what_extends_what_it_saw(
    tmp_path: Path, signer: Ed25519Signer, other_signer: Ed25519Signer
) -> None:
    log = _filled(tmp_path, 300)
    witness = FileWitness(tmp_path / "state.json", other_signer, "example.org/w")
    for _ in range(3):
        note = SignedNote.parse(log.checkpoint(signer, witness=witness))
        assert cosignatures_by(note, "example.org/w", other_signer.verification_key) is not None
        log.append_many([LogEvent(type="evaluation", name="x") for _ in range(300)])
    assert log.origin is not None
    assert witness.known_size(log.origin) == 900


def test_a_witness_refuses_a_fork_even_where_the_log_forgot(
    tmp_path: Path, signer: Ed25519Signer, other_signer: Ed25519Signer
) -> None:
    log = _filled(tmp_path, 5)
    witness = FileWitness(tmp_path / "state.json", other_signer, "example.org/w")
    log.checkpoint(signer, witness=witness)
    kept = log.path.read_bytes().splitlines(keepends=True)
    for lines, reason in (
        (kept[:3], "log-truncated"),
        ([*kept[:4], LogEvent(type="incident", name="x").line + b"\n"], "log-inconsistent"),
        ([LogEvent(type="incident", name="x").line + b"\n", *kept], "log-inconsistent"),
    ):
        (log.folder / "checkpoint").unlink(missing_ok=True)
        log.path.write_bytes(b"".join(lines))
        with pytest.raises(EvidenceError) as refused:
            log.checkpoint(signer, witness=witness)
        assert refused.value.reason == reason
        assert not (log.folder / "checkpoint").exists()
