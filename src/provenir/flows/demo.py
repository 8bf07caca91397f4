"""The main job: a real GRPO run, tracked, signed, verified by a stranger, refused after one byte.

What happens, in order: a tiny model is made and warmed up by supervision; TRL trains it by GRPO on
the shipped word problems under `provenir.track`; the model folder is hashed and a passport signed
with a key made for this run alone; a second process, with nothing but copies of passport, model and
public key, verifies it; one byte of its weights is changed and the same process refuses.
"""

from __future__ import annotations

import dataclasses
import os
import tempfile
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import LockedError, UsageError
from provenir.flows.checkout import shipped
from provenir.flows.demo_phases import (
    MODEL,
    PASSPORT,
    PUBLIC_KEY,
    Evidence,
    draw,
    load,
    make,
    read_problems,
    train_and_sign,
)
from provenir.flows.demo_settings import DemoSettings
from provenir.flows.display import Display
from provenir.flows.quiet import quiet_libraries
from provenir.flows.stranger import StrangersVerdict, challenge, show_verdict
from provenir.provenance.run_layout import is_run_folder
from provenir.provenance.run_record import read_run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import Console

__all__ = ["DemoResult", "run_demo"]

COMPARED_STEPS: Final = 20
"""Mean rewards are compared over this many steps at the start and at the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoResult:
    """What the demo did.

    Attributes:
        evidence: the signed run, with rewards, accuracies and parameter digests.
        verified: what the stranger said about the three files as they were.
        refused: what the stranger said after one byte was changed.
        page: the page, where a renderer was given.
        seconds: wall time of the whole, the import of the training stack included.
    """

    evidence: Evidence
    verified: StrangersVerdict
    refused: StrangersVerdict
    page: Path | None
    seconds: float

    @property
    def compared_steps(self) -> int:
        """How many steps count as the first and as the last: twenty, of a short run half."""
        return min(COMPARED_STEPS, max(1, len(self.evidence.outcome.rewards) // 2))

    @property
    def reward_first(self) -> float:
        """Mean reward of the first steps."""
        return _mean(self.evidence.outcome.rewards[: self.compared_steps])

    @property
    def reward_last(self) -> float:
        """Mean reward of the last steps."""
        return _mean(self.evidence.outcome.rewards[-self.compared_steps :])

    @property
    def exit_code(self) -> int:
        """0 when the stranger accepted the evidence and refused the changed one, else 1."""
        return 0 if self.verified.accepted and self.refused.exit_code == 1 else 1


def _trained(display: Display, chosen: DemoSettings, out: Path) -> Evidence:
    """Load, make the model and train it; an interrupt says where the record lies."""
    data = shipped("data/train.jsonl"), shipped("data/eval.jsonl")
    determinism = load(display, chosen)
    with quiet_libraries(), tempfile.TemporaryDirectory(prefix="provenir-demo-") as scratch:
        base = Path(scratch) / "base"
        tiny = make(display, chosen, read_problems(data[0]), base)
        with _interrupt_says(out):
            return train_and_sign(
                display,
                chosen,
                data=data,
                tiny=tiny,
                base=base,
                out=out,
                determinism=determinism,
            )


def _chosen(settings: DemoSettings | None, **given: Any) -> DemoSettings:
    changes = {name: value for name, value in given.items() if value is not None}
    return dataclasses.replace(settings or DemoSettings(), **changes)


def run_demo(
    out_dir: str | Path,
    *,
    seed: int | None = None,
    steps: int | None = None,
    learning_rate: float | None = None,
    settings: DemoSettings | None = None,
    render: Callable[[Path], Path] | None = None,
    console: Console | None = None,
) -> DemoResult:
    """Run the demo and show it.

    Args:
        out_dir: the run folder; an earlier demo in it is moved aside.
        seed: of everything random.
        steps: GRPO steps.
        learning_rate: of GRPO; 0 shows that nothing is learnt.
        settings: all numbers; the three take precedence.
        render: draws the page of a run folder and returns its path.
        console: where to show it; by default stdout.

    Raises:
        MissingExtraError: an extra is not installed; the message holds the install line.
        InputError: the word problems are not there.
        LockedError: a run is alive in `out_dir`.
        UsageError: a number out of its range, or `out_dir` cannot be made or holds a model that is
            not a demo's.
        EvidenceError: the run could not be signed.
        KeyboardInterrupt: with a text that says where the record lies, once there is one.
    """
    started = time.monotonic()
    chosen = _chosen(settings, seed=seed, steps=steps, learning_rate=learning_rate)
    out = Path(out_dir)
    _refuse_unusable(out)
    with Display(console) as display:
        evidence = _trained(display, chosen, out)
        with _interrupt_says(out):
            verified, refused = challenge(display, out / PASSPORT, out / MODEL, out / PUBLIC_KEY)
            page = draw(display, out, render)
    result = DemoResult(
        evidence=evidence,
        verified=verified,
        refused=refused,
        page=page,
        seconds=time.monotonic() - started,
    )
    _summary(display, result)
    return result


@contextmanager
def _interrupt_says(out: Path) -> Iterator[None]:
    """Let Ctrl-C say where the record of the run lies."""
    try:
        yield
    except KeyboardInterrupt as interrupt:
        raise KeyboardInterrupt(f"what was recorded lies in {out}") from interrupt


def _refuse_unusable(out: Path) -> None:
    """Say before the training what would stop the run after it."""
    another = "give another folder with --out"
    there = next(path for path in (out, *out.absolute().parents) if path.exists())
    if not (there.is_dir() and os.access(there, os.W_OK | os.X_OK)):
        what = "it cannot be written to" if there.is_dir() else "it is a file"
        raise UsageError(f"the run folder cannot be made: {what}", where=str(there), mend=another)
    if is_run_folder(out) and read_run(out).alive:
        raise LockedError("a run is alive in this folder", where=str(out), mend=another)
    if (out / MODEL).exists() and not (out / "manifests").is_dir():
        raise UsageError(
            "the folder holds a model that no demo wrote, and the demo would overwrite it",
            where=str(out / MODEL),
            mend=another,
        )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else float("nan")


def _summary(display: Display, result: DemoResult) -> None:
    say, evidence = display.say, result.evidence
    outcome = evidence.outcome
    changed = evidence.parameters_before != evidence.parameters_after
    compared = result.compared_steps
    say("")
    say("Learning", "bold")
    say(
        f"  mean reward {result.reward_first:.3f} in the first {compared} steps, "
        f"{result.reward_last:.3f} in the last {compared}"
    )
    say(
        f"  held-out problems answered rightly {outcome.eval_before:.0%} before, "
        f"{outcome.eval_after:.0%} after (n={outcome.eval_n}, greedy); probability of the answer "
        f"{outcome.probability_before:.3f} before, {outcome.probability_after:.3f} after"
    )
    say(f"  parameters before {evidence.parameters_before}")
    same = "" if changed else "  (the same)"
    say(f"  parameters after  {evidence.parameters_after}{same}")
    show_verdict(display, "A stranger verifies", result.verified)
    show_verdict(display, "One byte later", result.refused)
    say("")
    say(f"Run folder {evidence.run_dir}  ({result.seconds:.0f} s in all)", whole=True)
    if result.page is not None:
        say(f"Page {result.page}", whole=True)
