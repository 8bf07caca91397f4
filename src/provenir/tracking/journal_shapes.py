"""What the records of a journal look like; a journal on disk may have been changed by anybody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_Shape = Mapping[str, tuple[type, ...]]
_NONE: Final = type(None)
_TEXT: Final = (str, _NONE)
_FLAG: Final = (bool, _NONE)

_SHAPES: Final[Mapping[str, _Shape]] = {
    "start": {
        "base_model": _TEXT,
        "dataset": (dict, _NONE),
        "eval_dataset": (dict, _NONE),
        "trajectories": _TEXT,
        "dirty": _FLAG,
        "diff_digest": _TEXT,
        "recorder": (dict, _NONE),
    },
    "resume": {"trajectories": _TEXT, "dirty": _FLAG, "diff_digest": _TEXT},
    "config": {"values": (dict, _NONE)},
    "eval": {
        "benchmark": (str,),
        "score": (int, float, _NONE),
        "contaminated": (bool, _NONE),
        "n": (int, _NONE),
        "meta": (dict, _NONE),
    },
    "report": {"file": (str,), "digest": (str,), "contamination": (dict, _NONE)},
    "statement": {"file": (str,), "digest": (str,), "role": (str,)},
    "artifact": {"path": (str,), "name": (str,), "kind": (str,), "dir_hash": (str,)},
}
_DATASET: Final[_Shape] = {
    "name": (str,),
    "records_root": _TEXT,
    "n": (int, _NONE),
    "license": _TEXT,
    "reason": _TEXT,
}


def misshapen(kind: object, body: Mapping[str, object]) -> list[str]:
    """Names of the parts of a record that have another type than ours; [] for unknown kinds."""
    shape = _SHAPES.get(kind, {}) if isinstance(kind, str) else {}
    parts = _other(body, shape)
    if kind == "start":
        sets = {role: body.get(role) for role in ("dataset", "eval_dataset")}
        parts += [
            role
            for role, described in sets.items()
            if isinstance(described, dict) and _other(described, _DATASET)
        ]
    return parts


def _other(body: Mapping[str, object], shape: _Shape) -> list[str]:
    return [name for name, types in shape.items() if not isinstance(body.get(name), types)]
