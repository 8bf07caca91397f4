"""Evaluation: what is known about an eval set, and about the numbers that were taken on it.

Import from its parts: `provenir.eval.contamination` tells whether an eval is in the training data,
`provenir.eval.memorization` what a model keeps of single contents, `provenir.eval.entropy` how
surprising contents are to a base model.
"""

__all__: list[str] = []
