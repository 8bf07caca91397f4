"""Which layers stand on this machine, and what each was seen to hold.

A layer stands when a run behind its walls started and ended; what it holds is what the attempts of
`inside.probe` could not do there. An answer is kept in memory, and on disk for as long as nothing
that it depends on has changed (`probe_cache`).
"""

from __future__ import annotations

import os
import shutil
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from provenir.environments.sandbox import probe_cache
from provenir.environments.sandbox.bait import Bait
from provenir.environments.sandbox.inside.probe import ATTEMPTS
from provenir.environments.sandbox.values import LAYERS, Isolation, Layer, Limits, Plan
from provenir.environments.sandbox.warden import Warden

if TYPE_CHECKING:
    from provenir.environments.sandbox.values import Ended, Held, Maker

__all__ = ["Found", "attempts_at", "probe", "strongest"]

_ENTRY: Final = "provenir.environments.sandbox.inside.probe"
_TIMEOUT_S: Final = 10.0
_LIMITS: Final = Limits(memory_bytes=256 << 20, max_processes=8, cpu_s=5)
_MAX_ANSWER: Final = 1 << 16
_lock = threading.Lock()
_known: dict[Layer, Found] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found of one layer.

    Attributes:
        layer: The layer.
        stands: Whether a run behind its walls started and ended.
        isolation: What was seen to hold.
        why: Why it does not stand; empty where it does.
        by: Who makes the namespaces of S2.
    """

    layer: Layer
    by: Maker = "namespaces"
    stands: bool
    isolation: Isolation = field(default_factory=Isolation)
    why: str = ""

    def plan(
        self, read_only_paths: tuple[str, ...] = (), *, tmp_bytes: int = _LIMITS.tmp_bytes
    ) -> Plan:
        """Return where runs of this layer take place."""
        return Plan(
            layer=self.layer,
            by=self.by,
            read_only_paths=read_only_paths,
            tmp_bytes=tmp_bytes,
            isolation=self.isolation,
        )


def probe(layer: Layer, *, again: bool = False) -> Found:
    """Return what is known of a layer, after trying it where nothing is.

    Args:
        layer: The layer.
        again: Whether to try it even so.
    """
    with _lock:
        if again or layer not in _known:
            kept = None if again else probe_cache.load(layer)
            if kept is None:
                found = _try(Plan(layer=layer))
                if layer == "S2" and not found.stands and shutil.which("bwrap"):
                    other = _try(Plan(layer=layer, by="bubblewrap"))
                    found = other if other.stands else found
                probe_cache.save(layer, found.stands, found.isolation, found.why, found.by)
            else:
                stands, isolation, why, by = kept
                found = Found(layer=layer, by=by, stands=stands, isolation=isolation, why=why)
            _known[layer] = found
        return _known[layer]


def strongest() -> Found:
    """Return the strongest layer that stands here; the weakest one needs nothing but Linux."""
    for layer in reversed(LAYERS[1:]):
        found = probe(layer)
        if found.stands:
            return found
    return probe(LAYERS[0])


def _try(plan: Plan) -> Found:
    layer = plan.layer
    try:
        with Bait() as bait:
            reachable = bait.reachable()
            ended, attempts = attempts_at(plan, bait)
    except OSError as error:
        return Found(layer=layer, stands=False, why=f"the probe failed: {error}")
    if ended.exit_code is None:
        return Found(layer=layer, stands=False, why=ended.detail)
    isolation = _judge(attempts, reachable=reachable)
    return Found(layer=layer, by=plan.by, stands=True, isolation=isolation)


def attempts_at(plan: Plan, bait: Bait) -> tuple[Ended, dict[str, str]]:
    """Let the probe try everything behind a plan's walls.

    Returns:
        How the run ended, and by attempt ``reached`` or ``refused``.
    """
    limits = {"processes": _LIMITS.max_processes, "memory": _LIMITS.memory_bytes}
    payload = "\n".join(f"{name}={value}" for name, value in {**bait.told, **limits}.items())
    mine, theirs = os.pipe()
    try:
        with Warden(plan, entries=[_ENTRY], preload=()) as warden:
            try:
                run = warden.start(
                    f"{_ENTRY}:attempt", payload=payload.encode(), limits=_LIMITS, fds=[theirs]
                )
            finally:
                os.close(theirs)
            ended = run.wait(_TIMEOUT_S)
        os.set_blocking(mine, False)
        try:
            answer = os.read(mine, _MAX_ANSWER)
        except BlockingIOError:
            answer = b""
    finally:
        os.close(mine)
    attempts = dict(line.split("=", 1) for line in answer.decode().splitlines())
    for kind in bait.heard():
        attempts[f"net.{kind}"] = "reached"
    if bait.written():
        attempts["fs.write"] = "reached"
    return ended, attempts


def _judge(attempts: dict[str, str], *, reachable: bool) -> Isolation:
    held: dict[str, Held] = {}
    for name in ("net", "fs", "env", "nproc", "mem"):
        results = {attempts.get(each) for each in ATTEMPTS if each.startswith(f"{name}.")}
        if "reached" in results:
            held[name] = "not_enforced"
        elif results == {"refused"} and (reachable or name != "net"):
            held[name] = "enforced"
        else:
            held[name] = "unverified"
    return Isolation(**held)
