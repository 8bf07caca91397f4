"""Evaluation: what is known about an eval set, and about the numbers that were taken on it.

Import from its parts: `provenir.eval.contamination` tells whether an eval is in the training data.
"""

__all__: list[str] = []
