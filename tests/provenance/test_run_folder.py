from __future__ import annotations

import json
import multiprocessing
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from provenir.core.clock import FixedClock
from provenir.core.errors import InputError, LockedError, UsageError
from provenir.core.ids import is_run_id
from provenir.provenance.run_folder import RunFolder, find_runs, read_run

CLOCK = FixedClock("2026-03-01T10:00:00Z", step_s=60)

HOSTILE_NAMES = [
    "a/b", "..", "../../etc", "line\nbreak", "🚀", "x" * 10_000, "", "nul\0byte", "-rf", "\ud800",
]  # fmt: skip


def write_manifest(folder: RunFolder, status: str, started_at: str = "2026-03-01T10:00:00Z") -> str:
    fields = {"run_id": folder.run_id, "status": status, "started_at": started_at}
    folder.write_document(f"manifests/{folder.run_id}.json", json.dumps(fields).encode())
    return folder.run_id


def finished_run(path: Path, status: str = "completed", steps: int = 2) -> str:
    """A run that logs into `path` and ends with `status`; `running` means that it died."""
    with RunFolder.create(path, "demo", clock=CLOCK, recover=None) as folder:
        for step in range(steps):
            folder.append_step(b'{"step":%d}\n' % step)
        folder.write_document("bom.json", b"{}")
        write_manifest(folder, status)
    return folder.run_id


def finish(path: Path) -> None:
    """What recovery does, as far as the folder asks for it."""
    for manifest in (path / "manifests").glob("*.json"):
        fields = json.loads(manifest.read_bytes())
        manifest.write_text(json.dumps({**fields, "status": "interrupted"}))


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_any_name_gives_a_folder_under_the_root(tmp_path: Path, name: str) -> None:
    with RunFolder.create(None, name, clock=CLOCK, root=tmp_path / "runs") as folder:
        assert is_run_id(folder.run_id)
        assert folder.path == tmp_path / "runs" / folder.run_id
    assert [p.name for p in tmp_path.iterdir()] == ["runs"]


def test_two_runs_of_one_name_in_one_second_get_two_folders(tmp_path: Path) -> None:
    clock = FixedClock("2026-03-01T10:00:00Z")
    one = RunFolder.create(None, "same", clock=clock, root=tmp_path)
    two = RunFolder.create(None, "same", clock=clock, root=tmp_path)
    assert one.path != two.path
    one.close()
    two.close()


def test_what_is_appended_is_there_before_close(tmp_path: Path) -> None:
    with RunFolder.create(tmp_path, "demo", clock=CLOCK) as folder:
        folder.append_step(b'{"step":0}\n')
        folder.append_trajectories([b'{"reward":1.0}\n'])
        folder.append_journal(b'{"eval":"x"}\n')
        record = read_run(tmp_path)
        assert list(record.steps()) == [{"step": 0}]
        assert list(record.trajectories()) == [{"reward": 1.0}]
        assert list(record.journal()) == [{"eval": "x"}]
        assert record.alive


@pytest.mark.parametrize("line", [b"", b"{}", b"{}\n{}\n", b"\n{}\n", b"{}\n\n"])
def test_exactly_one_line_is_appended_at_a_time(tmp_path: Path, line: bytes) -> None:
    with RunFolder.create(tmp_path, "demo", clock=CLOCK) as folder:
        with pytest.raises(UsageError):
            folder.append_step(line)
        assert not (tmp_path / "steps.jsonl").exists()


def test_a_closed_folder_takes_nothing_more(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "demo", clock=CLOCK)
    folder.close()
    folder.close()
    with pytest.raises(UsageError):
        folder.append_step(b"{}\n")
    with pytest.raises(UsageError):
        folder.write_document("bom.json", b"{}")


@pytest.mark.parametrize("name", ["../x.json", "/tmp/x.json", "a/../../x", "", ".", "a\0b"])
def test_a_document_stays_inside(tmp_path: Path, name: str) -> None:
    folder = RunFolder.create(tmp_path / "run", "demo", clock=CLOCK)
    with pytest.raises(UsageError):
        folder.write_document(name, b"{}")
    folder.close()
    assert [p.name for p in tmp_path.iterdir()] == ["run"]


def test_finished_runs_move_aside_twice_in_a_row(tmp_path: Path) -> None:
    path = tmp_path / "my-run"
    first = finished_run(path, "completed", steps=1)
    second = finished_run(path, "failed", steps=2)
    third = finished_run(path, "completed", steps=3)
    for run_id, steps in ((first, 1), (second, 2)):
        old = read_run(path / "runs" / run_id)
        assert (old.run_id, len(list(old.steps()))) == (run_id, steps)
        assert old.documents == ("bom.json",)
    assert read_run(path).run_id == third
    assert len(list(read_run(path).steps())) == 3
    assert [p.name for p in (path / "manifests").iterdir()] == [f"{third}.json"]
    assert set(find_runs(tmp_path)) == {path, path / "runs" / first, path / "runs" / second}


def test_files_of_the_user_are_never_moved(tmp_path: Path) -> None:
    finished_run(tmp_path)
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.safetensors").write_bytes(b"x")
    (tmp_path / "train.py").write_text("pass")
    finished_run(tmp_path)
    assert (tmp_path / "model" / "model.safetensors").exists()
    assert (tmp_path / "train.py").exists()


def test_a_dead_run_is_recovered_before_it_moves_aside(tmp_path: Path) -> None:
    old = finished_run(tmp_path, "running")
    seen: list[Path] = []

    def recover(path: Path) -> None:
        lock_is_free = not read_run(path).alive
        assert lock_is_free
        seen.append(path)
        finish(path)

    with RunFolder.create(tmp_path, "demo", clock=CLOCK, recover=recover):
        assert seen == [tmp_path]
    assert read_run(tmp_path / "runs" / old).status == "interrupted"


def test_a_dead_run_without_recovery_or_with_one_that_fails_is_refused(tmp_path: Path) -> None:
    finished_run(tmp_path, "running")
    with pytest.raises(InputError, match="provenir run recover"):
        RunFolder.create(tmp_path, "demo", clock=CLOCK)
    with pytest.raises(InputError, match="cannot be settled"):
        RunFolder.create(tmp_path, "demo", clock=CLOCK, recover=lambda path: None)
    with pytest.raises(ZeroDivisionError):
        RunFolder.create(tmp_path, "demo", clock=CLOCK, recover=lambda path: 1 / 0)
    assert not read_run(tmp_path).alive
    assert list(read_run(tmp_path).steps()) == [{"step": 0}, {"step": 1}]


def test_what_a_run_left_that_never_wrote_a_manifest_is_kept(tmp_path: Path) -> None:
    with RunFolder.create(tmp_path, "demo", clock=CLOCK) as folder:
        folder.append_step(b'{"step":0}\n')
    with RunFolder.create(tmp_path, "demo", clock=CLOCK):
        assert not (tmp_path / "steps.jsonl").exists()
    (moved,) = (tmp_path / "runs").iterdir()
    assert moved.name.startswith("unfinished-")
    record = read_run(moved)
    assert (record.status, list(record.steps())) == (None, [{"step": 0}])
    assert [f.kind for f in record.findings] == ["no_manifest"]


def test_a_move_that_was_cut_short_is_taken_up_again(tmp_path: Path) -> None:
    old = finished_run(tmp_path)
    target = tmp_path / "runs" / old
    target.mkdir(parents=True)
    (tmp_path / "steps.jsonl").rename(target / "steps.jsonl")
    finished_run(tmp_path)
    record = read_run(target)
    assert (record.run_id, record.documents, len(list(record.steps()))) == (old, ("bom.json",), 2)


def test_nothing_is_overwritten_when_a_run_moves_aside(tmp_path: Path) -> None:
    old = finished_run(tmp_path)
    taken = tmp_path / "runs" / old / "steps.jsonl"
    taken.parent.mkdir(parents=True)
    taken.write_text("precious")
    with pytest.raises(InputError, match="place is taken"):
        RunFolder.create(tmp_path, "demo", clock=CLOCK)
    assert taken.read_text() == "precious"


@pytest.mark.parametrize(
    "content",
    [b"no json", b"[]", b'{"status":"completed"}', b'{"run_id":"../x","status":"failed"}'],
)
def test_a_manifest_that_cannot_be_trusted_moves_nothing(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run" / "manifests").mkdir(parents=True)
    (tmp_path / "run" / "manifests" / "x.json").write_bytes(content)
    (tmp_path / "run" / "steps.jsonl").write_text("{}\n")
    with pytest.raises(InputError):
        RunFolder.create(tmp_path / "run", "demo", clock=CLOCK, recover=lambda path: None)
    assert (tmp_path / "run" / "steps.jsonl").exists()


def test_a_path_that_is_a_file_is_one_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="output_dir"):
        RunFolder.create(tmp_path / "file", "demo", clock=CLOCK)


HOLDER = """
import sys
from provenir.provenance.run_folder import RunFolder
folder = RunFolder.create(sys.argv[1], "holder")
print("ready", flush=True)
sys.stdin.read()
"""


def test_a_live_run_of_another_process_is_refused(tmp_path: Path) -> None:
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdin is not None
    assert holder.stdout is not None
    try:
        assert holder.stdout.readline() == "ready\n"
        with pytest.raises(LockedError, match=rf"process {holder.pid}.*output_dir"):
            RunFolder.create(tmp_path, "demo", clock=CLOCK)
    finally:
        holder.kill()
        holder.wait()
        holder.stdin.close()
        holder.stdout.close()
    RunFolder.create(tmp_path, "demo", clock=CLOCK).close()


APPENDER = """
import sys
from provenir.provenance.run_folder import RunFolder
folder = RunFolder.create(sys.argv[1], "doomed")
step = 0
while True:
    folder.append_step(b'{"step":%d,"pad":"%s"}\\n' % (step, b"x" * 200))
    print(step, flush=True)
    step += 1
"""


def test_kill_9_loses_no_step_that_was_acknowledged(tmp_path: Path) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", APPENDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert child.stdout is not None
    acknowledged = [int(child.stdout.readline()) for _ in range(200)]
    child.send_signal(signal.SIGKILL)
    acknowledged += [int(line) for line in child.stdout.read().splitlines(keepends=False) if line]
    child.wait()
    child.stdout.close()
    record = read_run(tmp_path)
    steps = [row["step"] for row in record.steps()]
    assert steps == list(range(len(steps)))
    assert steps[: len(acknowledged)] == acknowledged
    assert not record.alive


def _child_of(folder: RunFolder) -> None:
    folder.append_step(b'{"step":"child"}\n')
    assert not folder.owned
    folder.close()


def test_a_forked_child_neither_ends_the_run_nor_its_lock(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "demo", clock=CLOCK)
    folder.append_step(b'{"step":"parent"}\n')
    child = multiprocessing.get_context("fork").Process(target=_child_of, args=(folder,))
    child.start()
    child.join()
    assert child.exitcode == 0
    assert folder.owned
    with pytest.raises(LockedError):
        RunFolder.create(tmp_path, "demo", clock=CLOCK)
    folder.append_step(b'{"step":"parent again"}\n')
    folder.close()
    steps = [row["step"] for row in read_run(tmp_path).steps()]
    assert steps == ["parent", "child", "parent again"]


def _document_of(folder: RunFolder) -> None:
    with pytest.raises(UsageError):
        folder.write_document("bom.json", b"{}")


def test_a_forked_child_writes_no_document(tmp_path: Path) -> None:
    with RunFolder.create(tmp_path, "demo", clock=CLOCK) as folder:
        child = multiprocessing.get_context("fork").Process(target=_document_of, args=(folder,))
        child.start()
        child.join()
        assert child.exitcode == 0
    assert not (tmp_path / "bom.json").exists()


def test_other_ranks_join_the_folder_with_files_of_their_own(tmp_path: Path) -> None:
    finished_run(tmp_path)
    with (
        RunFolder.create(tmp_path, "demo", clock=CLOCK, rank=1) as second,  # it may come first
        RunFolder.create(tmp_path, "demo", clock=CLOCK) as first,
    ):
        second.append_step(b'{"step":1}\n')
        first.append_step(b'{"step":0}\n')
    record = read_run(tmp_path)
    assert record.ranks == (0, 1)
    assert list(record.steps(1)) == [{"step": 1}]
    assert list(record.steps()) == [{"step": 0}]
    with pytest.raises(UsageError):
        RunFolder.create(tmp_path, "demo", clock=CLOCK, rank=-1)


def test_what_another_rank_logged_before_rank_0_began_stays(tmp_path: Path) -> None:
    with RunFolder.create(tmp_path, "demo", clock=CLOCK, rank=1) as second:
        second.append_step(b'{"step":1}\n')
        with RunFolder.create(tmp_path, "demo", clock=CLOCK):
            second.append_step(b'{"step":2}\n')
    assert list(read_run(tmp_path).steps(1)) == [{"step": 1}, {"step": 2}]
    with RunFolder.create(tmp_path, "demo", clock=CLOCK):
        assert not (tmp_path / "steps.rank1.jsonl").exists()


def test_a_folder_of_the_user_with_one_of_our_names_stays(tmp_path: Path) -> None:
    (tmp_path / "reports").mkdir()
    with RunFolder.create(tmp_path, "demo", clock=CLOCK) as folder:
        assert (tmp_path / "reports").is_dir()
        folder.append_step(b'{"step":0}\n')
        assert folder.lost_files() == []
        (tmp_path / "steps.jsonl").rename(tmp_path / "elsewhere.jsonl")
        assert folder.lost_files() == ["steps.jsonl"]


def test_a_disk_that_refuses_is_said_to_the_caller(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    with RunFolder.create(tmp_path, "demo", clock=CLOCK) as folder:
        folder.append_step(b'{"step":0}\n')
        descriptor = folder._files["steps"]._descriptor
        kept, full = os.dup(descriptor), os.open("/dev/full", os.O_WRONLY)
        os.dup2(full, descriptor)
        with pytest.raises(OSError, match="No space"):
            folder.append_step(b'{"step":1}\n')
        os.dup2(kept, descriptor)
        os.close(kept)
        os.close(full)
        folder.append_step(b'{"step":2}\n')
    assert [row["step"] for row in read_run(tmp_path).steps()] == [0, 2]


def test_a_file_that_cannot_be_synced_leaves_no_other_open(tmp_path: Path) -> None:
    folder = RunFolder.create(tmp_path, "demo", clock=CLOCK)
    folder.append_step(b"{}\n")
    folder.append_journal(b"{}\n")
    opened = [file._descriptor for file in folder._files.values()]
    reader, writer = os.pipe()  # a pipe cannot be synced
    os.dup2(writer, opened[0])
    with pytest.raises(OSError, match="Invalid argument"):
        folder.close()
    for descriptor in opened:
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)
    os.close(reader)
    os.close(writer)
    RunFolder.create(tmp_path, "demo", clock=CLOCK).close()


def test_a_reopened_run_goes_on_behind_a_torn_line(tmp_path: Path) -> None:
    run_id = finished_run(tmp_path, "running")
    with (tmp_path / "steps.jsonl").open("ab") as stream:
        stream.write(b'{"step":2')
    with RunFolder.reopen(tmp_path) as folder:
        assert folder.run_id == run_id
        folder.append_step(b'{"step":3}\n')
        with pytest.raises(LockedError):
            RunFolder.reopen(tmp_path)
    assert [row["step"] for row in read_run(tmp_path).steps()] == [0, 1, 3]
    assert read_run(tmp_path).torn_lines()["steps.jsonl"] == 1


def test_only_a_run_with_a_manifest_is_reopened(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        RunFolder.reopen(tmp_path / "absent")
    (tmp_path / "steps.jsonl").write_text("{}\n")
    with pytest.raises(InputError, match="no manifest names"):
        RunFolder.reopen(tmp_path)


FILLER = """
import resource, signal, sys
from provenir.provenance.run_folder import RunFolder
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
folder = RunFolder.create(sys.argv[1], "full")
folder.append_step(b'{"step":0}\\n')
soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
resource.setrlimit(resource.RLIMIT_FSIZE, (15, hard))
try:
    folder.append_step(b'{"step":1}\\n')
except OSError as error:
    print(error)
resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
folder.append_step(b'{"step":2}\\n')
"""


def test_a_write_that_is_cut_short_costs_one_line(tmp_path: Path) -> None:
    result = subprocess.run(
        [sys.executable, "-c", FILLER, str(tmp_path)], capture_output=True, text=True, check=True
    )
    assert result.stdout == "only 4 of 11 bytes could be written\n"
    assert [row["step"] for row in read_run(tmp_path).steps()] == [0, 2]
