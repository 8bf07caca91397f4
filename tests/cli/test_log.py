"""`provenir log`: what it shows, what it refuses and why, and that nothing of a log acts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from provenir.attest.checkpoint import Checkpoint, cosignatures_by, verify_note_signature
from provenir.attest.event import LogEvent
from provenir.attest.keys import Ed25519Signer, PublicKey
from provenir.attest.log import EventLog, consistency_holds, inclusion_holds
from provenir.attest.note import SignedNote, parse_vkey

DIGEST = "sha256:" + "ab" * 32


def _event(number: int, kind: str = "evaluation") -> LogEvent:
    return LogEvent(type=kind, name=f"entry {number}", subjects={"m": DIGEST})


@pytest.fixture
def log(place):
    Ed25519Signer.generate().write(place / "log-key")
    Ed25519Signer.generate().write(place / "other")
    Ed25519Signer.generate().write(place / "w")
    opened = EventLog(place / "artifacts" / "log", origin="example.org/log")
    opened.append_many([_event(number) for number in range(600)])
    return opened


@pytest.fixture
def kept(call, log):
    """A signed checkpoint that somebody keeps elsewhere; the log has grown since."""
    path = Path("kept.note")
    assert call("log", "checkpoint", "--signing-key", "log-key.pem", "--out", path)[0] == 0
    log.append_many([_event(number) for number in range(600, 700)])
    return path


def verify(call, *options):
    code, out, _ = call("log", "verify", *options, "--json")
    return code, json.loads(out)["reasons"]


# --- show


def test_the_newest_entries_are_shown(call, log):
    code, out, err = call("log", "show", "--last", "3")
    assert (code, err) == (0, "")
    assert "600 entries, origin example.org/log" in out
    assert "entry 599" in out
    assert "entry 596" not in out


def test_more_entries_than_memory_counts_are_misuse(call, log):
    code, _, err = call("log", "show", "--last", str(2**63))
    assert code == 2
    assert "defect" not in err


@pytest.mark.parametrize("where", ["artifacts", "artifacts/log"])
def test_a_log_is_named_by_its_workspace_or_itself(call, log, where):
    code, out, _ = call("log", "show", where, "--json", "--last", "2")
    shown = json.loads(out)
    assert code == 0
    assert [entry["index"] for entry in shown["entries"]] == [598, 599]
    assert shown["entries"][0]["subjects"] == f"m={DIGEST}"


def test_entries_of_one_type_are_shown(call, log):
    log.append(_event(1, "incident"))
    log.append(_event(2))
    _, out, _ = call("log", "show", "--type", "incident", "--json")
    assert [entry["index"] for entry in json.loads(out)["entries"]] == [600]
    assert call("log", "show", "--type", "nothing")[0] == 2


def test_no_log_is_one_line(call, place):
    for words in (("show",), ("verify",), ("checkpoint",), ("prove", "--index", "0")):
        code, out, err = call("log", *words)
        assert (code, out) == (2, "")
        assert err.startswith("error: there is no log here, artifacts")
    (place / "file").touch()
    assert call("log", "show", "file")[0] == 2


HOSTILE = [
    b"\x1b]8;;http://x\x07click\x1b]8;;\x07",
    "\u202e\u2066[bold red]x[/]".encode(),
    "\x9b31m".encode(),
    b"\xff\xfe\x00",
    b'{"name":"\x1b[2J"}',
    LogEvent(type="incident", name="[bold]x[/bold]").line,
    LogEvent(type="incident", name="x").line.replace(b'"x"', '"\x1b[2J\u202e"'.encode()),
    LogEvent(type="incident", name="x").line.replace(b'"x"', b'"\\u001b]0;x\\u0007"'),
]


def test_nothing_of_a_hostile_log_acts_on_the_terminal(call, log):
    with log.path.open("ab") as file:
        file.write(b"".join(line + b"\n" for line in HOSTILE))
    (log.folder / "events-\x1b[2J.jsonl").touch()
    Path("\x1b]0;x\x07.note").write_bytes(b"\x1b[2J\n1\n\x1b\n\n")
    for words in (
        ("show",),
        ("show", "--json"),
        ("verify",),
        ("verify", "--json"),
        ("verify", "--checkpoint", "\x1b]0;x\x07.note"),
        ("prove", "--index", "603"),
    ):
        code, out, err = call("log", *words)
        assert code in (0, 1, 2)
        unsafe = {char for char in out + err if ord(char) < 32 or 0x7F <= ord(char) <= 0x9F}
        assert unsafe <= {"\n"}
        assert not {"\u202e", "\u2066"} & set(out + err)
        assert "Traceback" not in err


def test_markup_in_a_name_is_shown_as_it_stands(call, log):
    log.append(LogEvent(type="incident", name="[bold]x[/bold]"))
    assert "[bold]x[/bold]" in call("log", "show", "--last", "1")[1]


# --- verify


def test_without_a_checkpoint_truncation_is_not_checked(call, log):
    code, out, _ = call("log", "verify")
    assert code == 3
    assert "consistent; truncation not checked" in out


def test_a_log_that_extends_a_kept_checkpoint_is_good(call, kept):
    assert verify(call, "--checkpoint", kept) == (0, [])
    signed = ("--public-key", "log-key.pub.pem", "--origin", "example.org/log")
    assert verify(call, "--checkpoint", kept, *signed) == (0, [])
    code, out, _ = call("log", "verify", "--checkpoint", kept, *signed)
    assert code == 0
    assert "good" in out
    assert "signed by example.org/log" in out


def test_several_checkpoints_are_all_compared(call, log, kept):
    call("log", "checkpoint", "--signing-key", "log-key.pem", "--out", "later.note")
    assert verify(call, "--checkpoint", kept, "--checkpoint", "later.note") == (0, [])
    Path("broken.note").write_bytes(b"x")
    both = ("--checkpoint", kept, "--checkpoint", "broken.note")
    assert verify(call, *both) == (1, ["malformed"])


def test_a_cut_tail_is_found(call, log, kept):
    lines = log.path.read_bytes().splitlines(keepends=True)
    log.path.write_bytes(b"".join(lines[:599]))
    assert verify(call) == (3, [])
    assert verify(call, "--checkpoint", kept) == (1, ["log-truncated"])


def test_a_rewritten_middle_is_found(call, log, kept):
    lines = log.path.read_bytes().splitlines(keepends=True)
    lines[100] = _event(9).line + b"\n"
    log.path.write_bytes(b"".join(lines))
    assert verify(call) == (3, [])
    assert verify(call, "--checkpoint", kept) == (1, ["log-inconsistent"])


def test_a_forked_log_is_found(call, log, kept):
    lines = log.path.read_bytes().splitlines(keepends=True)
    log.path.write_bytes(b"".join(lines[:590]))
    EventLog(log.folder).append_many([_event(number) for number in range(300)])
    assert verify(call, "--checkpoint", kept) == (1, ["log-inconsistent"])


def test_the_checkpoint_of_another_log_is_told_from_this(call, log, place):
    other = EventLog(place / "other" / "log", origin="example.org/other")
    other.append(_event(1))
    call("log", "checkpoint", "other", "--signing-key", "log-key.pem", "--out", "other.note")
    assert verify(call, "--checkpoint", "other.note") == (1, ["wrong-log"])
    signed = ("--public-key", "log-key.pub.pem")
    assert verify(call, "--checkpoint", "other.note", *signed) == (1, ["wrong-log"])
    named = (*signed, "--origin", "example.org/log")
    code, reasons = verify(call, "--checkpoint", "other.note", *named)
    assert (code, reasons) == (1, ["bad-signature", "wrong-log"])
    (log.folder / "origin").write_text("example.org/other\n")
    code, reasons = verify(call, "--checkpoint", "other.note", *named)
    assert "wrong-log" in reasons


def test_a_signature_by_another_key_is_refused(call, kept):
    options = ("--checkpoint", kept, "--public-key", "other.pub.pem")
    assert verify(call, *options) == (1, ["bad-signature"])
    note = SignedNote.parse(kept.read_bytes())
    kept.write_bytes(note.text.encode())
    assert verify(call, "--checkpoint", kept) == (0, [])
    options = ("--checkpoint", kept, "--public-key", "log-key.pub.pem")
    assert verify(call, *options) == (1, ["bad-signature"])


def test_swapped_and_hostile_index_files_change_no_verdict(call, log, kept, place):
    index = log.folder / "index"
    (index / "level-0").rename(place / "level-0")
    (index / "level-1").rename(index / "level-0")
    (place / "level-0").rename(index / "level-1")
    assert verify(call, "--checkpoint", kept) == (0, [])
    shutil.rmtree(index)
    index.symlink_to("/dev")
    assert verify(call, "--checkpoint", kept) == (0, [])
    assert log.append(_event(1)).index == 700


def test_malformed_lines_and_missing_segments_are_refused(call, log, kept):
    with log.path.open("ab") as file:
        file.write(b"{}\n")
    assert verify(call, "--checkpoint", kept) == (1, ["malformed"])
    log.path.rename(log.folder / "events-000001.jsonl")
    assert verify(call, "--checkpoint", kept) == (1, ["malformed", "log-truncated"])


def test_a_torn_tail_is_a_note(call, log, kept):
    with log.path.open("ab") as file:
        file.write(b'{"actor"')
    code, out, _ = call("log", "verify", "--checkpoint", kept)
    assert code == 0
    assert "unfinished entry" in out


def test_a_checkpoint_inside_the_log_is_warned_about(call, log, kept):
    code, _, err = call("log", "verify", "--checkpoint", log.folder / "checkpoint")
    assert code == 0
    assert "lies in the log's own folder" in err


def test_what_a_verdict_rests_on_is_not_read_beside_the_evidence(call, log, kept):
    Path("provenir.toml").write_text('[log.verify]\ncheckpoint = ["kept.note"]\norigin = "x"\n')
    code, _, err = call("log", "verify")
    assert code == 3
    assert "log.verify.checkpoint" in err


def test_nobody_chooses_for_a_witness_what_it_remembers(call, log):
    Path("provenir.toml").write_text('[log.checkpoint]\nwitness-state = "forgetful.json"\n')
    words = ("--signing-key", "log-key.pem", "--witness", "w.pem", "--witness-name", "w.example")
    code, _, err = call("log", "checkpoint", *words)
    assert code == 2
    assert "log.checkpoint.witness-state" in err
    assert not Path("forgetful.json").exists()


def test_an_origin_without_a_key_is_misuse(call, log):
    assert call("log", "verify", "--origin", "x")[0] == 2


# --- checkpoint


def test_a_checkpoint_without_a_key_says_so(call, log):
    code, out, err = call("log", "checkpoint")
    assert code == 0
    assert Checkpoint.parse(out).size == 600
    assert "not signed" in err


def test_a_signed_checkpoint_is_a_note_with_its_key_beside(call, log):
    code, out, err = call("log", "checkpoint", "--signing-key", "log-key.pem")
    assert code == 0
    note = SignedNote.parse(out.encode())
    name, key, _ = parse_vkey(err.split()[-1])
    assert name == "example.org/log"
    assert verify_note_signature(note, name, key)


def test_a_witness_cosigns(call, log):
    words = ("--signing-key", "log-key.pem", "--witness", "w.pem", "--witness-name", "w.example")
    words = (*words, "--witness-state", "state.json", "--json")
    for size in (600, 601):
        code, out, _ = call("log", "checkpoint", *words)
        facts = json.loads(out)
        assert (code, facts["size"], facts["signed"]) == (0, size, True)
        seen = SignedNote.parse(facts["note"].encode())
        assert cosignatures_by(seen, "w.example", PublicKey.from_pem("w.pub.pem"))
        log.append(_event(1))
    lines = log.path.read_bytes().splitlines(keepends=True)
    log.path.write_bytes(b"".join(lines[:500]))
    (log.folder / "checkpoint").unlink()
    code, _, err = call("log", "checkpoint", *words)
    assert code == 1
    assert "had 601 entries and now has 500" in err
    assert call("log", "checkpoint", "--witness", "w.pem")[0] == 2


def test_a_log_is_named_once(call, place):
    EventLog(place / "artifacts" / "log").append(_event(1))
    (place / "artifacts" / "log" / "origin").unlink()
    assert call("log", "checkpoint", "--origin", "example.org/a")[0] == 0
    code, _, err = call("log", "checkpoint", "--origin", "example.org/b")
    assert code == 2
    assert "origin is example.org/a" in err


# --- prove, export


def test_proofs_hold_without_the_log(call, log):
    code, out, _ = call("log", "prove", "--index", "7")
    assert code == 0
    assert inclusion_holds(json.loads(out), log.state())
    assert json.loads(call("log", "prove", "--index", "7", "--size", "9")[1])["size"] == 9
    code, out, _ = call("log", "prove", "--from-size", "100")
    assert code == 0
    assert consistency_holds(json.loads(out), new=log.state())
    code, out, _ = call("log", "prove", "--digest", DIGEST, "--out", "proof.json")
    assert (code, json.loads(Path("proof.json").read_text())["index"]) == (0, 599)


def test_what_cannot_be_proved_is_refused(call, log):
    assert call("log", "prove")[0] == 2
    assert call("log", "prove", "--index", "1", "--from-size", "1")[0] == 2
    for words, why in [
        (("--index", "600"), "no index 600 at the log's size 600: indexes count from 0"),
        (("--index", "3", "--size", "601"), "the log has 600 entries, not 601"),
        (("--from-size", "601"), "was never of size 601"),
    ]:
        code, _, err = call("log", "prove", *words)
        assert (code, why in err) == (2, True), err
    assert call("log", "prove", "--digest", "sha256:x")[0] == 2
    assert call("log", "prove", "--digest", "sha256:" + "00" * 32)[0] == 3


def test_tiles_are_exported(call, log):
    assert call("log", "export", "--tiles", "tiles")[0] == 3
    call("log", "checkpoint", "--signing-key", "log-key.pem")
    code, out, _ = call("log", "export", "--tiles", "tiles", "--json")
    assert (code, json.loads(out)["size"]) == (0, 600)
    assert Path("tiles/tile/0/002.p/88").is_file()


@pytest.mark.parametrize(
    ("out", "mend"),
    [
        ("no/such/kept.note", "make its folder first"),
        ("artifacts", "give a file's name"),
        ("a-file/kept.note", "a file lies where a folder is meant"),
    ],
)
def test_a_file_that_cannot_be_written_comes_with_a_mend(call, log, place, out, mend):
    (place / "a-file").touch()
    code, _, err = call("log", "checkpoint", "--out", out)
    assert (code, err.count("error: ")) == (2, 1)
    assert f"{out}: " in err
    assert mend in err
