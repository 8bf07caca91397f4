"""The governor's draws as what a trainer's loop iterates over.

The loop asks for a step's microbatches when the step before is recorded, so that a batch is drawn
by the admission of its own day and by the interventions up to then. It expects the same number of
microbatches of every step; those that a step has none for are empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from provenir.core.errors import UsageError
from provenir.core.extras import require

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from provenir.train.governing.governor import Governor

torch: Any = require("train", "torch")
_IterableDataset: Any = torch.utils.data.IterableDataset

__all__ = ["GovernedBatches", "governed_loader"]


class GovernedBatches(_IterableDataset):  # type: ignore[misc]
    """The microbatches of one epoch after another.

    Args:
        governor: Gives the governor, once there is one.
        collate: Makes a batch of the rows of a microbatch.
        per_epoch: Steps of an epoch.
        accumulation: Microbatches of a step.
    """

    def __init__(
        self,
        governor: Callable[[], Governor],
        collate: Callable[[Sequence[int]], dict[str, Any]],
        *,
        per_epoch: int,
        accumulation: int,
    ) -> None:
        super().__init__()
        self._governor = governor
        self._collate = collate
        self._per_epoch = per_epoch
        self._accumulation = accumulation
        self._is_begun = False

    def __len__(self) -> int:
        return self._per_epoch * self._accumulation

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield the rest of the epoch that the next step is in.

        Microbatches of steps that were made before are yielded empty: a trainer that resumes
        passes over so many.

        Raises:
            UsageError: The epoch before was not gone through to its end.
        """
        governor = self._governor()
        made = (governor.next_step - 1) % self._per_epoch
        if made and self._is_begun:
            raise UsageError(
                f"an epoch was ended after step {governor.next_step - 1}, before its last one",
                mend="a callback may set should_training_stop, not should_epoch_stop",
            )
        self._is_begun = True
        for _ in range(made * self._accumulation):
            yield {}
        for _ in range(made, self._per_epoch):
            micros = governor.begin().micros
            for place in range(self._accumulation):
                yield self._collate(micros[place].rows) if place < len(micros) else {}


def governed_loader(batches: GovernedBatches) -> Any:
    """A torch loader over the batches, which looks no microbatch ahead and draws no random number.

    Args:
        batches: The batches, made already: the loader passes them on as they are.
    """
    return torch.utils.data.DataLoader(
        batches,
        batch_size=None,
        collate_fn=_as_it_is,
        generator=torch.Generator().manual_seed(0),  # its own: the process's stays as it is
    )


def _as_it_is(batch: dict[str, Any]) -> dict[str, Any]:
    return batch
