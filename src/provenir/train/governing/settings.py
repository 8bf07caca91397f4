"""What a governed training is asked for: a value, checked when it is made."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from provenir.attest.keys import Signer, each_key, load_signer
from provenir.core.clock import Clock, SystemClock
from provenir.core.errors import UsageError
from provenir.eval.memorization.monitor import MemorizationPolicy
from provenir.governance.metadata import Metadata
from provenir.governance.statements import RoleStatement

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from provenir.governance.admission import AdmissionPolicy
    from provenir.governance.depth import DepthTable

__all__ = ["Governance", "ProbeRows", "SpikePolicy", "StarvationPolicy"]

SEED_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class SpikePolicy:
    """When an update is left out because its gradient is out of all proportion.

    Attributes:
        ratio: A step is skipped whose gradient norm, before clipping, is more than so many times
            the median of the last steps.
        window: Of how many steps the median is taken; nothing is skipped before as many were made.

    Raises:
        UsageError: A ratio of 1 or less, or fewer than 4 steps.
    """

    ratio: float = 10.0
    window: int = 20

    def __post_init__(self) -> None:
        if not (self.ratio > 1 and math.isfinite(self.ratio)):
            raise UsageError(f"ratio={self.ratio!r} is no spike", mend="give a number above 1")
        if type(self.window) is not int or self.window < 4:
            raise UsageError(f"window={self.window!r} steps", mend="give 4 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class StarvationPolicy:
    """When a trained block counts as starved: nearly nothing of its gradient is let through.

    Attributes:
        share: The least share, 0 to 1, of what the batch's rows sent to the block that their
            weights must have let through, over the window.
        window: Number of steps.
        frozen: Blocks that the profiles are meant to starve.

    Raises:
        UsageError: A share outside 0 to 1, or no window.
    """

    share: float = 0.01
    window: int = 50
    frozen: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not 0 <= self.share <= 1:
            raise UsageError(f"share={self.share!r} is no share", mend="give 0 to 1")
        if type(self.window) is not int or self.window < 1:
            raise UsageError(f"window={self.window!r} steps", mend="give 1 or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeRows:
    """Planted strings and their references as rows that the collator takes.

    Attributes:
        planted: Those that stand in the training data.
        references: Those that do not, drawn alike (`provenir.eval.memorization.ProbeSet`).
        bits: From which exposure on a planted one counts as memorized.

    Raises:
        UsageError: Nothing is planted, or there is nothing to rank it among.
    """

    planted: Sequence[Mapping[str, Any]]
    references: Sequence[Mapping[str, Any]]
    bits: float = 7.0

    def __post_init__(self) -> None:
        if not self.planted or not self.references:
            raise UsageError("probes without any", mend="give planted ones and references")


@dataclass(frozen=True, slots=True, kw_only=True)
class Governance:
    """Under which policy a model is trained, who answers for it, and what is recorded.

    Attributes:
        policy: Which examples may train.
        table: How far into the model each may reach.
        metadata: What the data source says of the contents.
        statements: Signed statements about policy, dataset and metadata; the passport lists them.
        signers: The operator's keys, which sign the ledger's close; each a signer or the path of a
            PEM file, and one may stand by itself.
        folder: Where `governed/` is made; None is the folder of the open run.
        secret: File of the salts' secret, outside of the run folder; None is a new file beside
            it.
        seed: 32 secret bytes from which the order of the rows follows; None draws them.
        clip: Most norm of each block's gradient; None does not clip.
        hash_every: Parameters are hashed every so many steps.
        norms: Measure what each row sends to each block.
        memorization: When a content counts as memorized and what is done; None does not watch.
        probes: Planted strings that are examined after the last step; None where there are none.
        spike: When an update is left out; None never is.
        starvation: When a block counts as starved; None does not look.
        clock: Where the times and the date of admission come from.

    Raises:
        UsageError: A value out of its range, or no key.
    """

    policy: AdmissionPolicy
    table: DepthTable
    signers: Sequence[Signer]
    metadata: Metadata = field(default_factory=Metadata)
    statements: Sequence[RoleStatement] = ()
    folder: Path | None = None
    secret: Path | None = None
    seed: bytes | None = field(default=None, repr=False)
    clip: float | None = 1.0
    hash_every: int = 1
    norms: bool = True
    memorization: MemorizationPolicy | None = field(default_factory=MemorizationPolicy)
    probes: ProbeRows | None = None
    spike: SpikePolicy | None = field(default_factory=SpikePolicy)
    starvation: StarvationPolicy | None = field(default_factory=StarvationPolicy)
    clock: Clock = field(default_factory=SystemClock)

    def __post_init__(self) -> None:
        # Both are needed at the end only; what is wrong with them is not to be found out there.
        signers = tuple(load_signer(key) for key in each_key(self.signers))
        object.__setattr__(self, "signers", signers)
        given: Any = self.statements
        object.__setattr__(self, "statements", _statements(given))
        if not self.signers:
            raise UsageError(
                "a governed training needs the operator's key to sign its ledger",
                mend="give signers=[load_signer('operator.pem')]",
            )
        if self.seed is not None and len(self.seed) != SEED_BYTES:
            raise UsageError(f"a seed of {len(self.seed)} bytes", mend=f"give {SEED_BYTES} bytes")
        if self.clip is not None and not (self.clip > 0 and math.isfinite(self.clip)):
            raise UsageError(f"clip={self.clip!r} is no norm", mend="give a number above 0 or None")
        if type(self.hash_every) is not int or self.hash_every < 1:
            raise UsageError(f"hash_every={self.hash_every!r}", mend="give 1 or more steps")


def _statements(given: Any) -> tuple[RoleStatement, ...]:
    """What was given as statements, one or several.

    Raises:
        UsageError: Something else.
    """
    listed = (given,) if isinstance(given, RoleStatement) else given
    if isinstance(listed, str) or not all(isinstance(one, RoleStatement) for one in listed):
        raise UsageError(
            "statements= takes signed statements",
            mend="give what sign_statement returns, or RoleStatement.read(path)",
        )
    return tuple(listed)
