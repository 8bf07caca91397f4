"""The state of the process's random generators: what dropout and the like will draw from."""

from __future__ import annotations

import hashlib
import random
from typing import Any

from provenir.core.digest import format_digest
from provenir.core.extras import require

torch: Any = require("train", "torch")
numpy: Any = require("train", "numpy")

__all__ = ["rng_digest", "rng_state", "set_rng_state"]


def rng_state() -> dict[str, Any]:
    """The states of Python's, numpy's and torch's generators, on every device in use."""
    kind, keys, *rest = numpy.random.get_state()
    state = {
        "python": random.getstate(),
        # torch reads tensors back without running anything of the file, numpy's arrays it does not
        "numpy": (kind, torch.from_numpy(keys.astype("int64")), *rest),
        "cpu": torch.random.get_rng_state(),
    }
    if torch.cuda.is_available() and torch.cuda.is_initialized():
        state["cuda"] = torch.cuda.random.get_rng_state_all()
    return state


def set_rng_state(state: dict[str, Any]) -> None:
    """Go on drawing from a state."""
    random.setstate(state["python"])
    kind, keys, *rest = state["numpy"]
    numpy.random.set_state((kind, keys.numpy().astype("uint32"), *rest))
    torch.random.set_rng_state(state["cpu"])
    if "cuda" in state:
        torch.cuda.random.set_rng_state_all(state["cuda"])


def rng_digest() -> str:
    """Digest over the present states, each part with its length before it."""
    state = rng_state()
    _, keys, position, has_gauss, cached = state["numpy"]
    parts = [
        repr(state["python"]).encode(),
        keys.numpy().tobytes(),
        repr((int(position), int(has_gauss), float(cached))).encode(),
        state["cpu"].numpy().tobytes(),
        *(one.numpy().tobytes() for one in state.get("cuda", ())),
    ]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return format_digest(digest.digest())
