"""Whether a text can be got out of a model by its beginning, in one forward pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from provenir.core.errors import UsageError

if TYPE_CHECKING:
    import torch

__all__ = ["Extraction", "prefix_extraction"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extraction:
    """What greedy decoding from a prefix gives of each text of a batch.

    Attributes:
        extractable: Whether it gives the whole rest of the text.
        matching: Share of the rest's tokens that are the most likely ones after the true text
            before them, 0 to 1.
        tokens: Number of tokens of the rest; 0 for a text that is no longer than the prefix, which
            is not extractable.
    """

    extractable: tuple[bool, ...]
    matching: tuple[float, ...]
    tokens: tuple[int, ...]


def prefix_extraction(logits: torch.Tensor, labels: torch.Tensor, *, prefix: int) -> Extraction:
    """Compare each text's most likely continuation with the text itself.

    Greedy decoding gives the rest of a text exactly if every token of it is the most likely one
    after the true text before it: the first that is not would be the first that differs. So one
    teacher-forced forward pass decides what generating token by token would
    (prefix extraction as in Carlini et al. 2021, *Extracting Training Data from LLMs*).

    Args:
        logits: [B, T, V], of a forward pass over the whole texts.
        labels: [B, T]: the tokens, -100 where there is padding or nothing to be told.
        prefix: How many tokens the model is given, at least 1.

    Raises:
        UsageError: Shapes that do not belong together, or no prefix.
    """
    if prefix < 1:
        raise UsageError(f"prefix={prefix} gives the model nothing to begin with")
    if logits.shape[:-1] != labels.shape:
        raise UsageError(f"logits {tuple(logits.shape)} are not of labels {tuple(labels.shape)}")
    told = labels[:, prefix:]
    counted = told != -100
    hits = (logits[:, prefix - 1 : -1].argmax(-1) == told) & counted
    tokens = counted.sum(1).tolist()
    right = hits.sum(1).tolist()
    return Extraction(
        extractable=tuple(n > 0 and r == n for r, n in zip(right, tokens, strict=True)),
        matching=tuple(r / n if n else 0.0 for r, n in zip(right, tokens, strict=True)),
        tokens=tuple(tokens),
    )
