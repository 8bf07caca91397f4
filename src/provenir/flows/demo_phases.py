"""The phases of the demo, in the order in which they run; each one shows itself."""

from __future__ import annotations

import json
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from provenir import Run, track
from provenir.attest.keys import Ed25519Signer
from provenir.core.errors import EvidenceError
from provenir.core.extras import require
from provenir.core.files import atomic_write
from provenir.core.ids import check_file_id
from provenir.data import Dataset
from provenir.eval.contamination import ContaminationChecker, ContaminationConfig
from provenir.flows.grpo import GrpoOutcome, Reward, Tick, exact_answer, train_grpo
from provenir.flows.quiet import stay_offline
from provenir.flows.tiny_model import TinyModel, build, warm_up
from provenir.provenance.artifact import identify_tensors
from provenir.provenance.flags import kernel_determinism_flags
from provenir.provenance.run_layout import OLD_RUNS, is_run_folder
from provenir.provenance.run_record import read_run
from provenir.tracking import recover_run
from provenir.train.determinism import AppliedDeterminism, apply_determinism
from provenir.train.reward import tracked_reward

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from provenir.flows.demo_settings import DemoSettings
    from provenir.flows.display import Display

__all__ = ["Evidence", "draw", "load", "make", "read_problems", "set_aside", "train_and_sign"]

RUN_NAME: Final = "demo-grpo"
EVAL_NAME: Final = "word-problems"
PROBABILITY_NAME: Final = f"{EVAL_NAME}-answer-probability"
MODEL: Final = "model"
PUBLIC_KEY: Final = "key.pub.pem"
PASSPORT: Final = "passport.json"
LICENSE: Final = "Apache-2.0"
RECENT_STEPS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """A signed run.

    Attributes:
        run_dir: its folder, with the model and the public key inside.
        run_id: its id.
        outcome: what GRPO did.
        parameters_before: digest of the tensors that GRPO began with.
        parameters_after: digest of the tensors that were signed.
    """

    run_dir: Path
    run_id: str
    outcome: GrpoOutcome
    parameters_before: str
    parameters_after: str


def read_problems(path: Path) -> list[dict[str, str]]:
    """The rows of a file of word problems."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def load(display: Display, settings: DemoSettings) -> AppliedDeterminism:
    """Set the process up for one thread and no hub, then import the training stack."""
    with display.phase("Load PyTorch and TRL") as phase:
        stay_offline()
        flags = kernel_determinism_flags(threads=1)
        # Filling fresh memory slows every step of a model this small; nothing here reads it.
        applied = apply_determinism(settings.seed, flags, fill_memory=False)
        require("train", "torch", "transformers", "datasets", "trl")
        phase.advance("one thread, no hub")
    return applied


def make(
    display: Display, settings: DemoSettings, problems: list[dict[str, str]], base: Path
) -> tuple[TinyModel, str]:
    """Make the model, warm it up, save it; return it with the digest of its tensors."""
    with display.phase("Make model and tokenizer") as phase:
        tiny = build(problems, settings)
        phase.advance(f"{tiny.parameters:,} parameters, Qwen2, {len(tiny.tokenizer)} tokens")
    with display.phase("Warm up by supervision", total=settings.warm_up_batches) as phase:
        batches = warm_up(
            tiny, problems, settings, lambda _, right: phase.advance(f"{right:.0%} right")
        )
        tiny.save(base)
        phase.note(f"stopped after {batches} batches")
    return tiny, _tensors(base)


def set_aside(out: Path) -> None:
    """Put model and public key of an earlier demo where the new run will move its record.

    A run moves the files of its predecessor to `runs/<run id>/`; what it knows nothing of would
    stay here and be overwritten, and then the older passport could never be verified again.
    """
    earlier = read_run(out) if is_run_folder(out) else None
    if earlier is None or earlier.run_id is None or earlier.alive:
        return
    if earlier.state == "died":  # it is judged with its model beside it
        recover_run(out)
    older = out / OLD_RUNS / check_file_id(earlier.run_id)
    for entry in (out / MODEL, out / PUBLIC_KEY):
        if entry.exists():
            older.mkdir(parents=True, exist_ok=True)
            entry.rename(older / entry.name)


def train_and_sign(
    display: Display,
    settings: DemoSettings,
    *,
    data: tuple[Path, Path],
    tiny: tuple[TinyModel, str],
    base: Path,
    out: Path,
    determinism: AppliedDeterminism,
) -> Evidence:
    """Run GRPO under `provenir.track`, save the model, sign; the private key is never written.

    Args:
        display: shows it.
        settings: the numbers.
        data: the files of training and evaluation problems.
        tiny: the warmed-up model and the digest of its tensors.
        base: the folder that it was saved in.
        out: the run folder.
        determinism: what was applied to this process, for the run's configuration.

    Raises:
        EvidenceError: the run could not be signed.
    """
    model, before = tiny
    signer = Ed25519Signer.generate()
    set_aside(out)
    with ExitStack() as open_run:
        run = open_run.enter_context(
            track(
                RUN_NAME,
                dataset=Dataset(data[0], name="word-problems-train", license=LICENSE),
                eval_dataset=Dataset(data[1], name="word-problems-eval", license=LICENSE),
                base_model=f"tiny-qwen2 {before}",
                config={**settings.to_dict(), "determinism": determinism.to_dict()},
                seed=settings.seed,
                output_dir=out,
                sign_passport=True,
                signing_key=signer,
            )
        )
        # Before the first step: a run that is broken off is signed too, and can be verified.
        atomic_write(out / PUBLIC_KEY, signer.public_pem())
        _check_overlap(display, run, data)
        with display.phase("Train by GRPO", total=settings.steps) as phase:
            trained, outcome = _grpo(run, model, base, data, settings, _reward_note(phase.advance))
        with display.phase("Hash and sign") as phase:
            trained.save(out / MODEL)
            _record(run, outcome, out / MODEL)
            open_run.close()
            phase.advance(f"signed by {signer.keyid[:24]}…")
    if run.passport is None:
        raise EvidenceError("the run was not signed", where=str(out), mend="see its findings")
    return Evidence(
        run_dir=out,
        run_id=str(run.run_id),
        outcome=outcome,
        parameters_before=before,
        parameters_after=_tensors(out / MODEL),
    )


def _check_overlap(display: Display, run: Run, data: tuple[Path, Path]) -> None:
    """Look for the evaluation's problems in the training data, and attach the report.

    Equal texts are looked for: both files tell the same few stories with other numbers, which is
    what the run is to learn from, and what any rule of common stretches would find.
    """
    with display.phase("Look for eval problems in the training data") as phase:
        checker = ContaminationChecker(ContaminationConfig(method="exact"))
        scored = dict.fromkeys((EVAL_NAME, PROBABILITY_NAME), data[1])
        report = checker.check_datasets(data[0], scored)
        run.attach(report)
        phase.advance(f"{report.contaminated} of {report.rows_examined} rows")


def _grpo(
    run: Run,
    model: TinyModel,
    base: Path,
    data: tuple[Path, Path],
    settings: DemoSettings,
    tick: Tick,
) -> tuple[TinyModel, GrpoOutcome]:
    # Imported here: the module subclasses a class of transformers, which takes seconds to load.
    from provenir.train.callback import TrackingCallback

    reward: Reward = tracked_reward(run, exact_answer, num_generations=settings.group_size)
    problems, evaluation = read_problems(data[0]), read_problems(data[1])
    return train_grpo(
        base,
        model,
        problems,
        evaluation,
        settings,
        reward=reward,
        callbacks=[TrackingCallback(run)],
        tick=tick,
    )


def _record(run: Run, outcome: GrpoOutcome, model: Path) -> None:
    run.log_artifact(model)
    n = outcome.eval_n
    run.record_eval(EVAL_NAME, outcome.eval_after, n=n, before=outcome.eval_before)
    run.record_eval(
        PROBABILITY_NAME,
        outcome.probability_after,
        n=n,
        before=outcome.probability_before,
    )


def _reward_note(advance: Callable[[str], None]) -> Tick:
    """A tick that shows the mean reward of the last steps."""
    rewards: list[float] = []

    def tick(step: int, reward: float) -> None:
        del step
        rewards.append(reward)
        recent = rewards[-RECENT_STEPS:]
        advance(f"reward {sum(recent) / len(recent):.2f}")

    return tick


def draw(display: Display, out: Path, render: Callable[[Path], Path] | None) -> Path | None:
    """Have the page drawn, where there is somebody to draw it."""
    if render is None:
        return None
    with display.phase("Draw the page") as phase:
        page = render(out)
        phase.advance()
    return page


def _tensors(folder: Path) -> str:
    return str(identify_tensors(folder).tensor_root)
