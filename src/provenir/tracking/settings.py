"""What `provenir.track` was asked for, checked at construction.

Everything that a user can get wrong is refused here, before a run exists, with the mend in the
message; after that nothing raises into the loop.
"""

from __future__ import annotations

import dataclasses
import operator
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, cast, get_args

from provenir.attest.keys import Signer, load_signer
from provenir.core.clock import Clock, SystemClock
from provenir.core.digest import digest_value
from provenir.core.errors import UsageError
from provenir.core.limits import MAX_SAFE_INTEGER
from provenir.core.plain import to_plain
from provenir.data import Dataset, as_dataset
from provenir.governance.components import MAX_FREE_DEPTH
from provenir.observability.config import PRESETS, FlightRecorderConfig
from provenir.tracking.alerts import Alert, checked_alerts
from provenir.tracking.halting import HaltOn, read_halt_on
from provenir.tracking.ranks import process_place

if TYPE_CHECKING:
    from provenir.core.findings import Finding

TrajectoryMode = Literal["all", "sampled", "redacted", "off"]
DEFAULT_ROOT: Final = Path("artifacts/runs")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSettings:
    """The checked arguments of one `track(...)` call."""

    name: str
    dataset: Dataset | None = None
    eval_dataset: Dataset | None = None
    base_model: str = "unknown"
    config: Mapping[str, Any] = field(default_factory=dict)
    config_notes: tuple[Finding, ...] = ()
    seed: int | None = None
    output_dir: Path | None = None
    signers: tuple[Signer, ...] = ()
    resume: bool | str = False
    trajectories: TrajectoryMode = "all"
    workspace: Path | None = None
    recorder: FlightRecorderConfig | None = None
    clock: Clock = field(default_factory=SystemClock)
    rank: int = 0
    world_size: int | None = 1
    halt_on: HaltOn | None = None
    alerts: tuple[Alert, ...] = ()

    def __post_init__(self) -> None:
        """Check what the types leave open.

        Raises:
            UsageError: with what is wrong and how to mend it.
        """
        _check_name(self.name)
        if self.trajectories not in get_args(TrajectoryMode):
            raise UsageError(
                f"trajectories={self.trajectories!r} is not a mode",
                mend=f"give one of {', '.join(get_args(TrajectoryMode))}",
            )
        if self.resume is True and self.output_dir is None:
            raise UsageError(
                "resume=True needs to know which run folder to go on with",
                mend='give output_dir=, or the id: resume="<run_id>"',
            )

    @property
    def hides_texts(self) -> bool:
        """Whether nothing that is written down may quote a rollout."""
        return self.trajectories in ("redacted", "off")

    def unsigned(self) -> RunSettings:
        """The same settings without keys."""
        return dataclasses.replace(self, signers=())


def check_arguments(
    name: str,
    *,
    dataset: object,
    eval_dataset: object,
    base_model: str,
    config: object,
    seed: int | None,
    output_dir: str | os.PathLike[str] | None,
    sign_passport: bool,
    signing_key: Any,
    resume: bool | str | None,
    trajectories: str,
    workspace: str | os.PathLike[str] | None,
    recorder: str | os.PathLike[str] | FlightRecorderConfig | None,
    clock: Clock | None,
    halt_on: Any,
    alerts: Any,
) -> RunSettings:
    """Check the arguments of `track` and load its keys.

    Raises:
        UsageError: for misuse, with the mend in the message.
        InputError: when a data file or key file cannot be read.
    """
    signers = _signers(sign_passport=sign_passport, signing_key=signing_key)
    plain, notes = plain_config(config)
    rank, world_size = process_place()
    return RunSettings(
        name=name,
        dataset=_dataset(dataset, "dataset"),
        eval_dataset=_dataset(eval_dataset, "eval_dataset"),
        base_model=str(base_model),
        config=plain,
        config_notes=notes,
        seed=_seed(seed),
        output_dir=_path(output_dir, "output_dir"),
        signers=signers,
        resume=resume if isinstance(resume, str) else bool(resume),
        trajectories=cast("TrajectoryMode", trajectories),
        workspace=_path(workspace, "workspace"),
        recorder=_recorder(recorder),
        clock=_clock(clock),
        rank=rank,
        world_size=world_size,
        halt_on=read_halt_on(halt_on),
        alerts=checked_alerts(alerts),
    )


def plain_config(config: object) -> tuple[dict[str, Any], tuple[Finding, ...]]:
    """The hyperparameters as a plain dict.

    Takes a mapping, a dataclass, anything with `to_dict()` (transformers and TRL configurations),
    or an object with attributes such as `argparse.Namespace`.

    Raises:
        UsageError: if `config` is none of these, or raises when it is read.
    """
    if config is None:
        return {}, ()
    try:
        source = _mapping_of(config)
    except Exception as fault:
        raise UsageError(
            f"config is a {type(config).__name__} that raises {type(fault).__name__} when read",
            mend="give a dict",
        ) from fault
    plain, notes = to_plain(source, max_depth=MAX_FREE_DEPTH)
    if not isinstance(plain, dict):
        raise UsageError(
            f"config is a {type(config).__name__}",
            mend="give a dict, a dataclass, or a trainer's configuration object",
        )
    return plain, notes


def _mapping_of(config: object) -> object:
    if isinstance(config, Mapping):
        return config
    if callable(getattr(config, "to_dict", None)):
        return config.to_dict()  # type: ignore[attr-defined]
    if dataclasses.is_dataclass(config) and not isinstance(config, type):
        # Not `asdict`, which copies every value: a configuration may hold a lock or a module.
        return {part.name: getattr(config, part.name) for part in dataclasses.fields(config)}
    return vars(config) if hasattr(config, "__dict__") and not callable(config) else config


def config_hash(config: object = None) -> str:
    """The `config_hash` that a run with this configuration gets; defined without one too."""
    return digest_value(plain_config(config)[0])


def _check_name(name: object) -> None:
    if not isinstance(name, str) or not name.strip():
        raise UsageError("a run needs a name", mend='provenir.track("my-run", …)')


def _seed(seed: object) -> int | None:
    if seed is None:
        return None
    try:
        number = operator.index(cast("int", seed))  # also numpy's integers
    except TypeError:
        number = MAX_SAFE_INTEGER + 1
    if isinstance(seed, bool) or abs(number) > MAX_SAFE_INTEGER:
        raise UsageError(f"seed={seed!r} is not an integer", mend="give an int or None")
    return number


def _recorder(
    given: str | os.PathLike[str] | FlightRecorderConfig | None,
) -> FlightRecorderConfig | None:
    """Settings of the flight recorder from a preset's name, a TOML file, or as they are."""
    if given is None or isinstance(given, FlightRecorderConfig):
        return given
    if isinstance(given, str) and (given in PRESETS or not given.endswith(".toml")):
        return FlightRecorderConfig.preset(given)
    if not isinstance(given, str | os.PathLike):
        raise UsageError(
            f"recorder is a {type(given).__name__}",
            mend="give a preset, the path of a TOML file, or a FlightRecorderConfig",
        )
    return FlightRecorderConfig.from_file(given)


def _clock(clock: Clock | None) -> Clock:
    if clock is not None and not isinstance(clock, Clock):
        raise UsageError("clock has no now()", mend="give a provenir.core.clock.Clock or None")
    return clock or SystemClock()


def _dataset(source: object, argument: str) -> Dataset | None:
    if source is None:
        return None
    try:
        return as_dataset(source)
    except UsageError as fault:
        raise UsageError(f"{argument}: {fault.what}", where=fault.where, mend=fault.mend) from fault


def _path(value: str | os.PathLike[str] | None, argument: str) -> Path | None:
    if value is None:
        return None
    text: object = os.fspath(value) if isinstance(value, os.PathLike) else value
    if not isinstance(text, str) or not text.strip() or "\0" in text:
        raise UsageError(f"{argument}={value!r} is not a path", mend="give the path of a folder")
    path = Path(text)
    try:
        os.fsencode(text)
        is_file = path.exists() and not path.is_dir()
    except (OSError, ValueError) as fault:  # too long, or no name that the file system can hold
        raise UsageError(
            f"{argument} cannot be the name of a folder", mend="give another path"
        ) from fault
    if is_file:
        raise UsageError(f"{argument}={text!r} is a file", mend="give the path of a folder")
    return path


def _signers(*, sign_passport: bool, signing_key: Any) -> tuple[Signer, ...]:
    if sign_passport and signing_key is None:
        raise UsageError(
            "sign_passport=True needs a key",
            mend='give signing_key="NAME.pem" (make one with: provenir key new --out NAME)',
        )
    if signing_key is None:
        return ()
    if not sign_passport:
        raise UsageError(
            "signing_key= was given without sign_passport=True",
            mend="add sign_passport=True, or leave the key out",
        )
    if isinstance(signing_key, bytearray | memoryview):
        signing_key = bytes(signing_key)
    several = isinstance(signing_key, Sequence) and not isinstance(signing_key, str | bytes)
    keys = list(cast("Sequence[Any]", signing_key)) if several else [signing_key]
    if not keys:
        raise UsageError("signing_key=[] holds no key", mend="give at least one key")
    return tuple(load_signer(key) for key in keys)
