"""huggingface_hub: the front matter of a model card and the evaluation results in it."""

from __future__ import annotations

from pathlib import Path

import yaml
from huggingface_hub import ModelCard
from verdict import answer


def check(arguments: list[str]) -> str | None:
    """Read FILE as the Hub's client does."""
    card = ModelCard(Path(arguments[0]).read_text("utf-8"), ignore_metadata_errors=False)
    # A passport without a score gives a card without results.
    for result in card.data.eval_results or ():
        if not isinstance(result.metric_value, int | float):
            return f"a metric that is no number: {result.metric_value!r}"
    return None


if __name__ == "__main__":
    answer(check, (ValueError, KeyError, yaml.YAMLError))
