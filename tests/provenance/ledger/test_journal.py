"""What a killed process leaves is cut and gone on from; what is lost is said."""

from __future__ import annotations

import json
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledgers import Settings, Training, make_ledger
from provenir.core.errors import EvidenceError, InputError
from provenir.provenance.ledger.commitments import Salts
from provenir.provenance.ledger.reader import read_steps
from provenir.provenance.ledger.writer import LedgerWriter

TESTS = Path(__file__).resolve().parents[2]
FILES = ("private/facts.jsonl", "details.jsonl", "ledger.jsonl")

RUN = """
import json, sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from ledgers import Settings, Training, day_time
from provenir.core.files import atomic_write
from provenir.provenance.ledger.commitments import Salts
from provenir.provenance.ledger.writer import LedgerWriter

folder, state = Path(sys.argv[2]), Path(sys.argv[2]).parent / "state.json"
salts = Salts(bytes(range(32)))
settings = Settings(rows=120, epochs=3, snapshot_every=10, interventions={3: [(1, "lower", 300)]})
training = Training(folder, settings, salts)
if folder.exists():
    writer = LedgerWriter.reopen(folder, salts)
    at = writer.snapshots[-1]
    kept = json.loads(state.read_text()) if at else {}
    for name, raw in kept.get(str(at), {}).items():
        training.data[name] = bytes.fromhex(raw)
    writer.resume(at, time=day_time(settings, at), param_root=training.trained_root().root,
                  opt_root=None, rng_digest=None, env={})
else:
    writer = LedgerWriter.create(folder, training.plan, salts, salts_path="x")
    kept = {}
last = training.sampler.total_steps
print("of", last, flush=True)
while writer.chain.step < last:
    step = writer.chain.step + 1
    outcome = training.outcome(writer, step, day_time(settings, step), last)
    writer.step(outcome)
    for row, action, factor in settings.interventions.get(step, []):
        writer.intervention(time=outcome.time, row=row, action=action, factor=factor,
                            reason="memorized", measure="4.5")
    if step % settings.snapshot_every == 0:
        kept[str(step)] = {name: raw.hex() for name, raw in training.data.items()}
        atomic_write(state, json.dumps(kept).encode())
        writer.snapshot(time=outcome.time, param_root=training.trained_root().root,
                        opt_root=None, rng_digest=None, files=training.plan.base.root)
    print(step, flush=True)
closed = writer.close(time=day_time(settings, last), status="completed", tensors=training.final(),
                      sampler_seed=settings.seed)
print("closed", closed.root, flush=True)
"""


def run_until(folder, kill_at):
    """Start or go on; kill when a step is reported, None runs to the end. Return the last line."""
    child = subprocess.Popen(
        [sys.executable, "-c", RUN, str(TESTS), str(folder)], stdout=subprocess.PIPE, text=True
    )
    line = ""
    for line in child.stdout:
        if kill_at is not None and line.split()[0].isdigit() and int(line) >= kill_at:
            child.send_signal(signal.SIGKILL)
            break
    child.wait(60)
    child.stdout.close()
    return line


def test_a_run_that_is_killed_goes_on_without_a_gap(tmp_path):
    chance = random.Random(7)
    killed, plain = tmp_path / "killed" / "governed", tmp_path / "plain" / "governed"
    for folder in (killed, plain):
        folder.parent.mkdir()
    for _ in range(4):
        run_until(killed, chance.randrange(1, 60))
    assert run_until(killed, None).startswith("closed")
    assert run_until(plain, None).startswith("closed")
    for name in ("details.jsonl", "private/facts.jsonl", "final.json"):
        assert (killed / name).read_bytes() == (plain / name).read_bytes()
    steps = [read.record.step for read in read_steps(killed)]
    assert steps == list(range(1, len(steps) + 1))
    kinds = [json.loads(line)["kind"] for line in (killed / "ledger.jsonl").open()]
    assert kinds.count("resume") >= 1
    assert kinds[-1] == "close"


@pytest.fixture(scope="module")
def unfinished(tmp_path_factory):
    """A ledger of six steps that nobody closed, and its training."""
    folder = tmp_path_factory.mktemp("unfinished") / "run" / "governed"
    salts = Salts(bytes(range(32)))
    training = Training(folder, Settings(snapshot_every=2), salts)
    writer = LedgerWriter.create(folder, training.plan, salts, salts_path="x")
    training.train(writer, 6)
    writer.release()
    return folder, training, salts


def cut_after(data, steps):
    """The position behind the line of a step; snapshots stand among the ledger's lines."""
    end = 0
    for line in data.splitlines(keepends=True):
        value = json.loads(line)
        if value.get("kind", "step") == "step":
            if value["step"] > steps:
                break
        elif value["kind"] != "header" and value["step"] > steps - 1:
            break
        end += len(line)
    return end


@settings(max_examples=60)
@given(st.integers(0, 5), st.integers(0, 2), st.data())
def test_it_may_die_at_any_byte(unfinished, steps, dying, data):
    """A step's lines go to three files; the death cuts one of them, and the next are without."""
    folder, training, salts = unfinished
    with_copy = folder.parent.parent / "copy"
    shutil.rmtree(with_copy, ignore_errors=True)
    shutil.copytree(folder, with_copy)
    for number, name in enumerate(FILES):
        whole = (folder / name).read_bytes()
        before, behind = cut_after(whole, steps), cut_after(whole, steps + 1)
        at = behind if number < dying else before
        if number == dying:
            at = data.draw(st.integers(before, behind - 1))
        (with_copy / name).write_bytes(whole[:at])
    writer = LedgerWriter.reopen(with_copy, salts)
    assert writer.chain.step == steps
    training.data = dict(training.history[steps])
    training.train(writer, 8)
    writer.release()
    assert [read.record.step for read in read_steps(with_copy)] == list(range(1, 9))


def test_a_death_between_the_discarded_and_the_cut_is_made_good(unfinished, tmp_path, monkeypatch):
    from provenir.provenance.ledger import writer as module

    folder, training, salts = unfinished
    copy = tmp_path / "governed"
    shutil.copytree(folder, copy)
    lines = (copy / "ledger.jsonl").read_bytes().splitlines(keepends=True)
    saved = json.loads(lines[3])
    state = {"opt_root": saved["opt_root"], "rng_digest": saved["rng_digest"], "env": {}}
    training.data = dict(training.history[2])
    root = training.trained_root().root
    with LedgerWriter.reopen(copy, salts) as writer:
        module.keep_discarded(copy, writer._journal.marks[2], [line[:-1] for line in lines[4:]])
    assert (copy / "ledger.discarded-0.jsonl").read_bytes() == b"".join(lines[4:])
    assert (copy / "ledger.jsonl").read_bytes() == b"".join(lines)
    with LedgerWriter.reopen(copy, salts) as writer:
        writer.resume(2, time=saved["time"], param_root=root, **state)
        assert writer.chain.last.discarded.n == len(lines) - 4
    assert not (copy / "ledger.discarded-1.jsonl").exists()


def test_a_line_that_is_broken_in_the_middle_is_refused(unfinished, tmp_path):
    folder, _, salts = unfinished
    copy = tmp_path / "governed"
    shutil.copytree(folder, copy)
    path = copy / "ledger.jsonl"
    before = path.read_bytes().replace(b'"step":3', b'"step":9')
    path.write_bytes(before)
    with pytest.raises(EvidenceError, match=r"ledger\.jsonl:5"):
        LedgerWriter.reopen(copy, salts)
    assert path.read_bytes() == before


def test_a_link_in_a_files_place_is_refused(unfinished, tmp_path):
    folder, _, salts = unfinished
    for name in FILES:
        copy = tmp_path / "linked" / name
        shutil.copytree(folder, copy)
        (copy / name).rename(copy / "elsewhere")
        (copy / name).symlink_to(copy / "elsewhere")
        with pytest.raises((OSError, InputError)):
            LedgerWriter.reopen(copy, salts)


def test_a_full_disk_ends_the_writing_until_it_is_opened_again(tmp_path):
    code = """
import resource, sys, signal
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from ledgers import Settings, Training
from provenir.provenance.ledger.commitments import Salts
from provenir.provenance.ledger.writer import LedgerWriter
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
folder, salts = Path(sys.argv[2]), Salts(bytes(range(32)))
training = Training(folder, Settings(), salts)
writer = LedgerWriter.create(folder, training.plan, salts, salts_path="x")
training.train(writer, 2)
size = (folder / "ledger.jsonl").stat().st_size + 300
resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))
said = []
for _ in range(2):
    try:
        training.train(writer, 3)
    except Exception as fault:
        said.append(type(fault).__name__)
        training.data = dict(training.history[2])
writer.release()
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
writer = LedgerWriter.reopen(folder, salts)
training.data = dict(training.history[2])
training.train(writer, 8)
print(said, writer.chain.step)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(TESTS), str(tmp_path / "run" / "governed")],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout.strip() == "['OSError', 'EvidenceError'] 8", done.stderr


def test_an_honest_ledger_has_no_lines_too_many(tmp_path):
    made = make_ledger(tmp_path / "run" / "governed", snapshot_every=2, killed_after=(3,))
    assert len(list(read_steps(made.folder))) == len(
        (made.folder / "details.jsonl").read_bytes().splitlines()
    )
