"""`provenir.track`: the public door of the wrapper."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from provenir.tracking.run import Run
from provenir.tracking.settings import check_arguments

if TYPE_CHECKING:
    import os

    from provenir.core.clock import Clock
    from provenir.observability.config import FlightRecorderConfig


def track(
    name: str,
    *,
    dataset: Any = None,
    eval_dataset: Any = None,
    base_model: str = "unknown",
    config: Any = None,
    seed: int | None = None,
    output_dir: str | os.PathLike[str] | None = None,
    sign_passport: bool = False,
    signing_key: Any = None,
    resume: bool | str | None = None,
    trajectories: str = "all",
    workspace: str | os.PathLike[str] | None = None,
    recorder: str | os.PathLike[str] | FlightRecorderConfig | None = None,
    clock: Clock | None = None,
    halt_on: Any = None,
    alerts: Any = None,
) -> Run:
    """Wrap a training loop and keep the evidence of what it did; never raise into it.

    The run has not started: it is a context manager, a decorator, or used by `start()`, `finish()`.

    Args:
        name: Any text; the folder and the run id carry its slug.
        dataset: Training data: a list of dicts, a path, a Hugging Face dataset, or
            `provenir.data.Dataset`. A stream is never consumed; its identity is then unknown.
        eval_dataset: Evaluation data, in the same forms.
        base_model: What the training started from.
        config: Hyperparameters: a dict, a dataclass, or a trainer's configuration object.
        seed: The seed of the run.
        output_dir: The run folder; default `artifacts/runs/<run_id>/`.
        sign_passport: Sign a Model Passport at the end; needs `signing_key`.
        signing_key: An HMAC secret as bytes, the path of a PEM file, a `Signer`, or a list.
        resume: True goes on with the unfinished run in `output_dir`; a run id, with that run.
        trajectories: What of the rollouts reaches the disk: `all`, `sampled`, `redacted`, `off`.
        workspace: The folder of the event log (see `provenir.attest.workspace`).
        recorder: A preset (`grpo` … `sft`), a TOML file, or a `FlightRecorderConfig`.
        clock: The source of all times in the records.
        halt_on: What `run.should_stop` becomes true for: a severity, a kind or several, or a
            `provenir.tracking.HaltOn`. None for nothing.
        alerts: Who is told of anomalies: a list of `provenir.tracking.WebhookAlert` and
            `CommandAlert`.

    Raises:
        UsageError: for misuse, with the mend in the message.
        InputError: when the data or a key cannot be read.
    """
    given = locals()  # nothing else has a name yet: exactly the arguments
    return Run(check_arguments(**given))
