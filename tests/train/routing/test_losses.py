"""The loss of each example against a loop over its tokens."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch", reason="needs the extra train")
pytest.importorskip("peft", reason="needs the extra train")

import torch

from provenir.core.errors import UsageError
from provenir.train.routing import per_example_mean_loss


def by_hand(logits, labels):
    losses = []
    for row, given_labels in zip(logits.tolist(), labels.tolist(), strict=True):
        tokens = []
        for scores, label in zip(row, given_labels[1:], strict=False):
            if label != -100:
                total = math.fsum(math.exp(score) for score in scores)
                tokens.append(math.log(total) - scores[label])
        losses.append(math.fsum(tokens) / len(tokens) if tokens else 0.0)
    return losses


@settings(max_examples=100, deadline=None)
@given(st.integers(1, 4), st.integers(1, 6), st.integers(2, 5), st.integers(0, 2**31))
def test_each_loss_is_the_mean_over_its_own_labels(rows, tokens, vocabulary, seed):
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(rows, tokens, vocabulary, dtype=torch.float64, generator=generator)
    labels = torch.randint(-1, vocabulary, (rows, tokens), generator=generator)
    labels[labels == -1] = -100
    found = per_example_mean_loss(logits, labels)
    assert found.tolist() == pytest.approx(by_hand(logits, labels), rel=1e-12, abs=1e-12)


def test_an_example_without_labels_has_loss_and_gradient_zero():
    logits = torch.randn(2, 4, 5, requires_grad=True)
    labels = torch.tensor([[-100] * 4, [1, 2, 3, 4]])
    losses = per_example_mean_loss(logits, labels)
    losses.sum().backward()
    assert losses[0] == 0
    assert not logits.grad[0].any()
    assert logits.grad[1].any()


def test_narrow_logits_are_widened():
    logits = torch.randn(2, 4, 5, dtype=torch.bfloat16)
    assert per_example_mean_loss(logits, torch.ones(2, 4, dtype=torch.long)).dtype == torch.float32


def test_shapes_must_belong_together():
    with pytest.raises(UsageError, match=r"give \[B, T, V\] and \[B, T\]"):
        per_example_mean_loss(torch.zeros(2, 3, 4), torch.zeros(2, 4))
