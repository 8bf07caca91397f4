"""Trainers that train under a signed policy and write down which rows moved which blocks.

    with provenir.track("my-run", dataset=rows, sign_passport=True, signing_key="operator.pem"):
        GovernedTrainer(model, args, train_dataset=rows, …, governance=Governance(…)).train()

`governed/` in the run folder then holds the training ledger (docs/reference/ledger.md).
"""

from __future__ import annotations

from typing import Any

from provenir.core.extras import require
from provenir.train.governing.loop import GovernedLoop, MadeStep
from provenir.train.governing.settings import (
    Governance,
    ProbeRows,
    SpikePolicy,
    StarvationPolicy,
)
from provenir.train.governing.training import GovernedTraining

_Trainer: Any = require("train", "transformers").Trainer
_SFTTrainer: Any = require("train", "trl").SFTTrainer

__all__ = [
    "Governance",
    "GovernedLoop",
    "GovernedSFTTrainer",
    "GovernedTrainer",
    "MadeStep",
    "ProbeRows",
    "SpikePolicy",
    "StarvationPolicy",
]


class GovernedTrainer(GovernedTraining, _Trainer):  # type: ignore[misc]
    """`transformers.Trainer` under governance; takes its arguments, and `governance`."""


class GovernedSFTTrainer(GovernedTraining, _SFTTrainer):  # type: ignore[misc]
    """TRL's `SFTTrainer` under governance; takes its arguments, and `governance`."""
