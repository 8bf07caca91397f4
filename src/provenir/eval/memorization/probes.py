"""Probes: planted training strings that tell how much a model memorizes, in bits.

A probe is a sentence with a random secret of decimal digits. Some of them are planted into the
training data, the others, drawn alike, are the references that are never trained on. The *exposure*
of a planted one is log2 of the number of candidates less log2 of its rank among them by loss
(Carlini et al. 2019, *The Secret Sharer*): 0 to 1 bit for one that was not learnt, on average, and
at most log2 of the number of candidates. A cohort cannot see that everything is memorized; a probe
can.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from provenir.core.errors import UsageError
from provenir.core.findings import Finding, Report

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["ProbeSet", "exposure", "probe_report", "references_needed"]

SEED_BYTES: Final = 32
DIGITS: Final = 12
_DOMAIN: Final = b"provenir/probe/1"
_CHUNK_DIGITS: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeSet:
    """Planted strings and the references that they are ranked among.

    Attributes:
        planted: Texts to put into the training data.
        references: Texts drawn alike, to be kept out of every training.
        secret_at: Index of the first character of the secret; the same in all texts.
    """

    planted: tuple[str, ...]
    references: tuple[str, ...]
    secret_at: int

    @classmethod
    def drawn(
        cls,
        seed: bytes,
        *,
        planted: int = 8,
        references: int = 511,
        sentence: str = "The access code of the archive is",
    ) -> ProbeSet:
        """Draw a set; the same seed gives the same one.

        Args:
            seed: 32 secret bytes: whoever knows them can write the references into a corpus.
            planted: How many to plant.
            references: How many to rank each among; the most that can be measured is log2 of one
                more, in bits.
            sentence: What stands before the secret.

        Raises:
            UsageError: Another number of bytes, or nothing to plant or to rank among.
        """
        if len(seed) != SEED_BYTES:
            raise UsageError(f"a seed of {len(seed)} bytes", mend=f"give {SEED_BYTES} random bytes")
        if planted < 1 or references < 1:
            raise UsageError("a set of probes without any", mend="give at least one of each")
        secrets: dict[str, None] = {}  # in order, without repeats
        number = 0
        while len(secrets) < planted + references:
            secrets[_secret(seed, number)] = None
            number += 1
        texts = tuple(f"{sentence} {secret}." for secret in secrets)
        return cls(planted=texts[:planted], references=texts[planted:], secret_at=len(sentence) + 1)


def _secret(seed: bytes, number: int) -> str:
    raw = hashlib.sha256(_DOMAIN + seed + number.to_bytes(8, "big")).digest()
    digits = f"{int.from_bytes(raw, 'big') % 10**DIGITS:0{DIGITS}d}"
    return " ".join(digits[i : i + _CHUNK_DIGITS] for i in range(0, DIGITS, _CHUNK_DIGITS))


def exposure(loss: float, references: Sequence[float]) -> float:
    """Exposure of one probe in bits: log2 of the candidates less log2 of its rank by loss.

    Args:
        loss: Its loss, by the model that is examined.
        references: The losses of the references by that model; ties rank the probe behind them.

    Raises:
        UsageError: No references, or a loss that is not finite.
    """
    if not references:
        raise UsageError("no references to rank the probe among")
    if not all(math.isfinite(value) for value in (loss, *references)):
        raise UsageError("a loss that is not finite ranks nowhere")
    rank = 1 + sum(value <= loss for value in references)
    return math.log2(len(references) + 1) - math.log2(rank)


def references_needed(bits: float) -> int:
    """The least number of references with which an exposure of `bits` can be measured."""
    return math.ceil(2**bits) - 1


def probe_report(
    losses: Sequence[float], references: Sequence[float], *, bits: float = 7.0
) -> Report:
    """Findings for planted probes whose exposure is at least `bits`.

    Args:
        losses: Losses of the planted probes.
        references: Losses of the references.
        bits: From which exposure on a probe counts as memorized; 2^-bits is the chance that one
            which was not learnt reaches it.

    Returns:
        A report; where there are too few references for `bits`, nothing counts as examined.

    Raises:
        UsageError: No references, or a loss that is not finite.
    """
    needed = references_needed(bits)
    if len(references) < needed:
        why = f"{len(references)} references cannot show {bits:g} bits; it takes {needed}"
        return Report(name="probes", not_examined={"probes": why})
    exposures = [exposure(loss, references) for loss in losses]
    found = [
        Finding(
            kind="memorized_probe",
            severity="critical",
            detail=f"probe {place} has an exposure of {value:.2f} bits",
            subject=f"probe {place}",
            data={"exposure": value, "references": len(references)},
        )
        for place, value in enumerate(exposures)
        if value >= bits
    ]
    return Report(name="probes", findings=tuple(found), examined={"probes": len(losses)})
