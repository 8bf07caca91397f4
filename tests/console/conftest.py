"""Run folders for the tests of the page, made by the product itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import provenir
from provenir.data import Dataset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


def log(run: Any, steps: int) -> None:
    for step in range(steps):
        run.log_step(
            {
                "step": step,
                "kl": 3.0 if 40 <= step < 50 else 0.01 + step / 1e4,
                "reward_mean": step / steps,
                "loss": float("nan") if step == 30 else 0.5,
                "my/own": 1.0,
            }
        )
        run.log_trajectory(
            {
                "prompt": f"What is {step}+1?",
                "prediction": str(step + 1),
                "reward": 1.0,
                "true_reward": float(step != 7),
                "group_id": f"g{step // 4}",
            }
        )


@pytest.fixture
def make_run(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that tracks a small run and gives back its folder."""

    def make(name: str = "sample", *, steps: int = 60, **settings: Any) -> Path:
        folder = tmp_path / "artifacts" / "run"
        with provenir.track(name, output_dir=folder, **settings) as run:
            log(run, steps)
            run.record_eval("gsm8k", score=0.71)
        return folder

    return make


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Path]:
    """Yield the folder of a run that is still going."""
    folder = tmp_path / "artifacts" / "run"
    rows = Dataset([{"q": "1+1"}, {"q": "1+2"}], name="my rows")
    run = provenir.track("going", dataset=rows, output_dir=folder).start()
    log(run, 30)
    yield folder
    run.finish()
