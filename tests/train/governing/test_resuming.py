"""Killed and resumed: no gap in the ledger, and the weights of the training that nobody killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import governed_runs as run
from provenir.core.clock import FixedClock
from provenir.core.errors import UsageError
from provenir.provenance.ledger.reader import read_records
from provenir.provenance.ledger.records import Header, Resume, Snapshot, Step

pytest.importorskip("trl")

from transformers import TrainerCallback

SAVING = {"save_strategy": "steps", "save_steps": 4}


class Dies(TrainerCallback):  # type: ignore[misc]
    """Ends the process, or the training, before the update of a step."""

    def __init__(self, step: int, *, signal_: int | None = None, error: type | None = None) -> None:
        self.step, self.signal, self.error = step, signal_, error

    def on_pre_optimizer_step(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
        if state.global_step + 1 == self.step:
            if self.signal is not None:
                os.kill(os.getpid(), self.signal)
            if self.error is not None:
                raise self.error


def training(folder: Path, *callbacks: Any, lora: bool = True, **changes: Any) -> Any:
    rows = run.corpus()
    saving = changes.pop("saving", SAVING)
    changes.setdefault("clock", FixedClock(run.START, step_s=0.001))
    return run.trainer(
        rows,
        run.governance(rows, folder / "run", **changes),
        run.arguments(folder / "out", **saving),
        model=run.model(lora=lora),
        callbacks=list(callbacks),
    )


def killed(folder: Path, step: int, *, lora: bool = True) -> None:
    """Train in a process of its own that is killed before the update of a step."""
    code = (
        f"import sys; sys.path[:0] = {[*sys.path]!r}\n"
        "import signal\nfrom pathlib import Path\n"
        "import torch; torch.set_num_threads(1)\n"
        "import test_resuming as t\n"
        f"t.training(Path({str(folder)!r}), t.Dies({step}, signal_=signal.SIGKILL), lora={lora})"
        ".train()\n"
    )
    here = str(Path(__file__).parent)
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {here!r})\n{code}"],
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr.decode()[-2000:]


def chain(folder: Path) -> list[Any]:
    """The ledger's records; the reader refuses a gap."""
    return [placed.record for placed in read_records(folder / "run/governed")]


@pytest.mark.parametrize(
    "lora", [True, pytest.param(False, marks=pytest.mark.slow)], ids=["lora", "full"]
)
def test_a_killed_training_goes_on_as_if_it_had_not_been(tmp_path: Path, lora: bool) -> None:
    training(tmp_path / "a", lora=lora).train()
    killed(tmp_path / "b", 7, lora=lora)
    assert chain(tmp_path / "b")[-1].step == 6
    training(tmp_path / "b", lora=lora).train(resume_from_checkpoint=True)
    whole, resumed = chain(tmp_path / "a"), chain(tmp_path / "b")
    assert whole[-1].final == resumed[-1].final
    assert resumed[-1].status == "completed"
    steps = [one for one in resumed if isinstance(one, Step)]
    assert [one.step for one in steps] == list(range(1, 11))
    (at,) = (n for n, one in enumerate(resumed) if isinstance(one, Resume))
    assert isinstance(resumed[at - 1], Snapshot)
    assert (resumed[at].step, resumed[at].discarded.n) == (4, 2)
    for mine, theirs in zip(steps, (one for one in whole if isinstance(one, Step)), strict=True):
        assert mine.param_post == theirs.param_post
        assert mine.rng_digest == theirs.rng_digest
        assert mine.w_digest == theirs.w_digest
        assert mine.lr == theirs.lr


@pytest.mark.slow
def test_one_killed_before_its_first_snapshot_begins_again(tmp_path: Path) -> None:
    killed(tmp_path / "b", 3)
    training(tmp_path / "b").train(resume_from_checkpoint=True)
    training(tmp_path / "a").train()
    assert chain(tmp_path / "a")[-1].final == chain(tmp_path / "b")[-1].final
    (resume,) = (one for one in chain(tmp_path / "b") if isinstance(one, Resume))
    assert (resume.step, resume.discarded.n) == (0, 2)


def test_at_the_end_of_an_epoch_too(tmp_path: Path) -> None:
    saving = {"save_strategy": "epoch"}
    training(tmp_path / "a", saving=saving).train()
    with pytest.raises(ZeroDivisionError):
        training(tmp_path / "b", Dies(8, error=ZeroDivisionError), saving=saving).train()
    training(tmp_path / "b", saving=saving).train(resume_from_checkpoint=True)
    assert chain(tmp_path / "a")[-1].final == chain(tmp_path / "b")[-1].final


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_an_interrupted_training_is_closed_and_can_go_on(tmp_path: Path, error: type) -> None:
    with pytest.raises(error):
        training(tmp_path / "b", Dies(7, error=error)).train()
    interrupted = chain(tmp_path / "b")
    assert (interrupted[-1].status, interrupted[-1].n_steps) == ("interrupted", 6)
    assert interrupted[-1].final.root == interrupted[-2].param_post
    training(tmp_path / "b").train(resume_from_checkpoint=True)
    resumed = chain(tmp_path / "b")
    assert resumed[-1].status == "completed"
    (resume,) = (one for one in resumed if isinstance(one, Resume))
    assert resume.discarded.n == 3  # two steps and the close


def test_segments_of_several_steps_end_at_snapshots(tmp_path: Path) -> None:
    training(tmp_path / "a", hash_every=3).train()
    killed_ = training(tmp_path / "b", Dies(7, error=ZeroDivisionError), hash_every=3)
    with pytest.raises(ZeroDivisionError):
        killed_.train()
    assert not (tmp_path / "b/run/governed/close.json").exists()  # inside a segment
    training(tmp_path / "b", hash_every=3).train(resume_from_checkpoint=True)
    whole, resumed = chain(tmp_path / "a"), chain(tmp_path / "b")
    assert whole[-1].final == resumed[-1].final
    hashed = [one.step for one in resumed if isinstance(one, Step) and one.param_post]
    assert hashed == [3, 4, 7, 8, 10]


def test_a_ledger_of_another_training_is_not_gone_on_with(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError):
        training(tmp_path, Dies(7, error=ZeroDivisionError)).train()
    other = training(tmp_path, clip=0.5)
    with pytest.raises(UsageError, match="other clipping"):
        other.train(resume_from_checkpoint=True)
    assert chain(tmp_path)[-1].status == "interrupted"


def test_changed_weights_are_not_gone_on_with(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    with pytest.raises(ZeroDivisionError):
        training(tmp_path, Dies(7, error=ZeroDivisionError)).train()
    path = tmp_path / "out/checkpoint-4/adapter_model.safetensors"
    tensors = load_file(path)
    name = min(tensors)
    tensors[name] = tensors[name] + torch.finfo(torch.float32).eps
    save_file(tensors, path, metadata={"format": "pt"})
    with pytest.raises(UsageError, match="parameters are not those"):
        training(tmp_path).train(resume_from_checkpoint=True)


def test_a_finished_training_is_not_begun_again(tmp_path: Path) -> None:
    training(tmp_path).train()
    header = chain(tmp_path)[0]
    assert isinstance(header, Header)
    with pytest.raises(UsageError, match="was closed"):
        training(tmp_path).train()


def test_one_killed_after_its_close_ends_anew(tmp_path: Path) -> None:
    training(tmp_path).train()
    whole = chain(tmp_path)[-1]
    (tmp_path / "run/governed/close.json").unlink()  # the process died before it signed
    resumed = training(tmp_path)
    resumed.train(resume_from_checkpoint=True)
    again = chain(tmp_path)
    assert [type(one) for one in again[-3:]] == [Snapshot, Resume, type(whole)]
    assert (again[-1].final, again[-1].status) == (whole.final, "completed")
    assert again[-2].discarded.n == 1
    with pytest.raises(UsageError, match="was closed"):  # now it is signed
        training(tmp_path).train(resume_from_checkpoint=True)


FULL_DISK = """
import resource, sys
sys.path[:0] = {paths!r}
from pathlib import Path
import torch; torch.set_num_threads(1)
import test_resuming as t

class Fills(t.TrainerCallback):
    def on_pre_optimizer_step(self, args, state, control, **kwargs):
        if state.global_step == 5:
            size = Path({folder!r}, "run/governed/ledger.jsonl").stat().st_size
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + 20, resource.RLIM_INFINITY))

t.training(Path({folder!r}), Fills()).train()
"""


def test_a_ledger_that_cannot_be_written_ends_the_training(tmp_path: Path) -> None:
    paths = [str(Path(__file__).parent), *sys.path]
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK.format(paths=paths, folder=str(tmp_path / "b"))],
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert b"OSError: only 20 of" in done.stderr
    # Step 6 was made and is not in the ledger: nothing rests on it.
    assert chain(tmp_path / "b")[-1].step == 5
    training(tmp_path / "a").train()
    training(tmp_path / "b").train(resume_from_checkpoint=True)
    assert chain(tmp_path / "a")[-1].final == chain(tmp_path / "b")[-1].final
