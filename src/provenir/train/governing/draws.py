"""What a step trains on: the sampler's rows, less those that may not train at this date."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from provenir.core.clock import parse_utc
from provenir.provenance.ledger.records import FULL_WEIGHT
from provenir.provenance.ledger.sampler import micro_sizes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from provenir.provenance.ledger.records import Intervention
    from provenir.provenance.ledger.sampler import Sampler
    from provenir.train.governing.rows import AdmittedRows

__all__ = ["Draw", "Micro", "draw"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Micro:
    """One microbatch of a step.

    Attributes:
        rows: Its rows, in order.
        weights: For each row one weight for each block, in thousandths.
    """

    rows: tuple[int, ...]
    weights: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """The batch of a step.

    Attributes:
        step: From 1.
        time: At which it was decided who may train.
        epoch: From 0.
        drawn: Number of rows that the sampler drew; what the sum of the gradients is divided by.
        rows: Those of them that train, in order.
        routes: The route of each.
        factors: What interventions left of the weights of each, in thousandths.
        weights: For each one weight for each block, in thousandths.
        micros: The microbatches.
    """

    step: int
    time: str
    epoch: int
    drawn: int
    rows: tuple[int, ...]
    routes: tuple[int, ...]
    factors: tuple[int, ...]
    weights: tuple[tuple[int, ...], ...]
    micros: tuple[Micro, ...]


def draw(
    step: int,
    time: str,
    sampler: Sampler,
    rows: AdmittedRows,
    standing: Mapping[int, Intervention],
    *,
    micro: int,
) -> Draw:
    """Draw a step's batch, and decide again for each row at the step's date.

    Args:
        step: From 1.
        time: The step's time, as the ledger will state it.
        sampler: Gives the rows.
        rows: Decides.
        standing: The intervention that holds for a row, where one lowers or excludes it.
        micro: Most rows of a microbatch.
    """
    epoch, drawn = sampler.drawn(step)
    on = parse_utc(time).date()
    kept: list[tuple[int, int, int]] = []
    for row in drawn:
        left = standing.get(row)
        route = rows.route(row, on)
        if route is None or (left is not None and left.action == "exclude"):
            continue
        factor = FULL_WEIGHT if left is None or left.factor is None else left.factor
        kept.append((row, route, factor))
    weights = tuple(
        tuple(weight * factor // FULL_WEIGHT for weight in rows.routes[route])
        for _, route, factor in kept
    )
    numbers = tuple(row for row, _, _ in kept)
    micros, start = [], 0
    for size in micro_sizes(len(kept), micro):
        cut = slice(start, start + size)
        micros.append(Micro(rows=numbers[cut], weights=weights[cut]))
        start += size
    return Draw(
        step=step,
        time=time,
        epoch=epoch,
        drawn=len(drawn),
        rows=numbers,
        routes=tuple(route for _, route, _ in kept),
        factors=tuple(factor for _, _, factor in kept),
        weights=weights,
        micros=tuple(micros),
    )
