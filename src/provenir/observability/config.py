"""What the flight recorder watches for, and how strictly.

The defaults suit reinforcement learning with KL and entropy averaged per token; `preset` names
settings for other algorithms, and `from_file` reads a team's own from TOML.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from provenir.core.errors import InputError, UsageError
from provenir.core.files import read_bounded
from provenir.core.findings import SEVERITIES, Severity
from provenir.core.strict_toml import parse_toml
from provenir.observability.kinds import KINDS

if TYPE_CHECKING:
    import os

_MOST_BYTES: Final = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class FlightRecorderConfig:
    """Bounds and sensitivity of the flight recorder.

    Attributes:
        kl_max: KL at which every run is in trouble, nats per token.
        entropy_min: Entropy at which sampling is deterministic, nats per token.
        zero_std: Standard deviations up to here count as zero.
        reward_resolution: Reward differences below this size do not matter in any run.
        material: Share of the baseline below which a sustained shift is information.
        window: Past values that make a channel's baseline.
        lag: Most recent values that are kept out of the baseline, so that a fault does not hide
            itself.
        warmup: Values before the test for sustained shifts begins.
        slack: Shift, in robust standard deviations, that the sustained test ignores.
        threshold: Accumulated excess over `slack` at which the sustained test fires.
        leap: Distance, in robust standard deviations, that is an event in a single step.
        recover_after: Steps without the condition that end an episode.
        max_buckets: Buckets of a channel's recorded course.
        max_anomalies: Episodes that are kept; later ones are only counted.
        off: Kinds that are not watched; the report says so.
        at_most: Kind → severity that it does not exceed.
    """

    kl_max: float = 10.0
    entropy_min: float = 0.005
    zero_std: float = 1e-6
    reward_resolution: float = 0.03
    material: float = 0.05
    window: int = 96
    lag: int = 8
    warmup: int = 32
    slack: float = 1.2
    threshold: float = 5.0
    leap: float = 12.0
    recover_after: int = 5
    max_buckets: int = 2_000
    max_anomalies: int = 1_000
    off: tuple[str, ...] = ()
    at_most: Mapping[str, Severity] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse bounds that could never or would always fire.

        Raises:
            UsageError: naming the field and the values that it takes.
        """
        for name in _POSITIVE:
            value = getattr(self, name)
            if not _is_number(value) or value <= 0:
                raise UsageError(f"{name}={value!r}", mend="give a number greater than 0")
        for name in _NOT_NEGATIVE:
            value = getattr(self, name)
            if not _is_number(value) or value < 0:
                raise UsageError(f"{name}={value!r}", mend="give a number, 0 or greater")
        for name, least, most in _INTEGERS:
            value = getattr(self, name)
            if type(value) is not int or not least <= value <= most:
                raise UsageError(f"{name}={value!r}", mend=f"give an integer, {least} to {most}")
        if self.warmup > self.window:
            raise UsageError(
                f"warmup={self.warmup} is longer than window={self.window}",
                mend="give a warmup of at most the window",
            )
        object.__setattr__(self, "off", _kinds(self.off))
        object.__setattr__(self, "at_most", _grades(self.at_most))

    @classmethod
    def preset(cls, name: str) -> FlightRecorderConfig:
        """The settings for an algorithm: `grpo`, `dapo`, `gspo`, `ppo`, `dpo` or `sft`.

        Raises:
            UsageError: for any other name.
        """
        settings = PRESETS.get(str(name))
        if settings is None:
            raise UsageError(
                f"there is no preset {name!r}", mend=f"give one of {', '.join(PRESETS)}"
            )
        return cls(**settings)

    @classmethod
    def from_file(cls, path: str | os.PathLike[str]) -> FlightRecorderConfig:
        """Read settings from a TOML file; what it leaves out is as in its `preset`.

        Args:
            path: A file with the fields of this class and, optionally, ``preset = "ppo"``.

        Raises:
            InputError: if the file cannot be read, with the line of an unknown field or a value
                that no field takes.
        """
        where = str(path)
        data = read_bounded(Path(path), max_bytes=_MOST_BYTES)
        return cls._from_table(parse_toml(data, where=where, what="the settings"), data, where)

    @classmethod
    def _from_table(cls, table: dict[str, Any], data: bytes, where: str) -> FlightRecorderConfig:
        known = tuple(one.name for one in fields(cls))
        for key in table:
            if key not in known and key != "preset":
                raise InputError(
                    f"{key[:60]!r} is no setting of the flight recorder",
                    where=f"{where}:{_line_of(key, data)}",
                    mend=f"known are preset, {_listed(known)}",
                )
        try:
            base = cls.preset(table["preset"]).to_dict() if "preset" in table else {}
            return cls(**{**base, **{key: table[key] for key in table if key != "preset"}})
        except UsageError as fault:
            key = next((name for name in known if fault.what.startswith(name)), "preset")
            line = f"{where}:{_line_of(key, data)}"
            raise InputError(fault.what, where=line, mend=fault.mend) from fault

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> FlightRecorderConfig:
        """Make the settings that `to_dict` returned; fields of other versions are left out.

        Raises:
            UsageError: for a value that no field takes.
        """
        known = {one.name for one in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as plain values."""
        return {**asdict(self), "off": list(self.off), "at_most": dict(self.at_most)}


PRESETS: Final[Mapping[str, Mapping[str, Any]]] = {
    "grpo": {},
    # Trained without a KL; groups without gradient are filtered and sampled again.
    "dapo": {"at_most": {"zero_advantage_groups": "info"}},
    # Ratios of whole sequences are clipped far more often than those of tokens.
    "gspo": {"at_most": {"clip_saturation": "info"}},
    # Older trainers sum KL and entropy over the sequence; no groups.
    "ppo": {"kl_max": 200.0, "off": ("zero_advantage_groups",)},
    "dpo": {
        "off": (
            "advantage_collapse", "kl_mismatch", "reward_std_collapse", "truncation",
            "zero_advantage_groups", "clip_saturation",
        ),
    },
    "sft": {
        "off": (
            "advantage_collapse", "kl_blowup", "kl_collapse", "kl_mismatch", "reward_spike",
            "reward_std_collapse", "truncation", "zero_advantage_groups", "clip_saturation",
        ),
    },
}  # fmt: skip
"""What differs from the defaults, by algorithm."""

_POSITIVE = ("kl_max", "reward_resolution", "slack", "threshold", "leap")
_NOT_NEGATIVE = ("entropy_min", "zero_std", "material")
_INTEGERS = (
    ("window", 16, 4_096),
    ("lag", 0, 1_024),
    ("warmup", 8, 4_096),
    ("recover_after", 1, 10_000),
    ("max_buckets", 2, 2_000),
    ("max_anomalies", 1, 100_000),
)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _kinds(names: object) -> tuple[str, ...]:
    if isinstance(names, str) or not isinstance(names, tuple | list | set | frozenset):
        raise UsageError(f"off={names!r}", mend="give a list of kinds")
    for name in names:
        if name not in KINDS:
            raise UsageError(f"off: there is no kind {name!r}", mend=f"known are {_listed(KINDS)}")
    return tuple(dict.fromkeys(names))


def _grades(grades: object) -> dict[str, Severity]:
    if not isinstance(grades, Mapping):
        raise UsageError(f"at_most={grades!r}", mend="give kinds with their severity")
    for name, severity in grades.items():
        if name not in KINDS:
            raise UsageError(
                f"at_most: there is no kind {name!r}", mend=f"known are {_listed(KINDS)}"
            )
        if severity not in SEVERITIES:
            raise UsageError(
                f"at_most: {name}={severity!r}", mend=f"give one of {_listed(SEVERITIES)}"
            )
    return dict(grades)


def _listed(names: Any) -> str:
    return ", ".join(names)


def _line_of(key: str, data: bytes) -> int:
    """The line on which a key of the file stands, 1 where it is not written plainly."""
    for number, line in enumerate(data.decode("utf-8", "replace").splitlines(), start=1):
        name = line.split("=", 1)[0].strip().strip("[]\"'")
        if name == key or name.startswith(f"{key}."):
            return number
    return 1
