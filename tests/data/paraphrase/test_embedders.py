"""Embedders by name and by hand: what is refused, and how."""

from __future__ import annotations

import importlib.util

import pytest

from provenir.core.errors import MissingExtraError, UsageError

pytest.importorskip("numpy")

import numpy as np

from provenir.data.paraphrase.embedders import DEFAULT_EMBEDDER, open_embedder

TEXTS = ["one text", "another text"]


def counting(texts: list[str]) -> object:
    return [[len(text), 1.0] for text in texts]


def test_a_callable_is_used_and_its_vectors_have_length_one():
    embedder = open_embedder(counting, [])
    assert embedder.name.startswith("callable:")
    assert embedder.name.endswith("counting")
    assert np.allclose(np.linalg.norm(embedder.unit_vectors(TEXTS * 50), axis=1), 1)


@pytest.mark.parametrize(
    ("vectors", "message"),
    [
        (lambda texts: np.full((len(texts), 3), np.nan), "NaN or infinity"),
        (lambda texts: np.full((len(texts), 3), np.inf), "NaN or infinity"),
        (lambda texts: np.zeros((len(texts), 3)), "without a direction"),
        (lambda texts: np.full((len(texts), 3), 1e308), "without a direction"),
        (lambda texts: np.ones(3), "shape"),
        (lambda texts: np.ones((len(texts), 0)), "shape"),
        (lambda texts: np.ones((len(texts) + 1, 3)), "shape"),
        (lambda texts: [["a"]] * len(texts), "failed"),
        (lambda texts: [[1.0], [1.0, 2.0]], "failed"),
        (lambda texts: None, "failed|shape"),
        (lambda texts: 1 / 0, "ZeroDivisionError"),
    ],
)
def test_vectors_that_mean_nothing_are_refused(vectors, message):
    with pytest.raises(UsageError, match=message) as caught:
        open_embedder(vectors, []).unit_vectors(TEXTS)
    assert "\n" not in str(caught.value)


def test_a_width_that_changes_is_refused():
    widths = iter([2, 3])
    embedder = open_embedder(lambda texts: np.ones((len(texts), next(widths))), [])
    embedder.unit_vectors(TEXTS)
    with pytest.raises(UsageError, match="of 2 and of 3"):
        embedder.unit_vectors(TEXTS)


@pytest.mark.parametrize(
    "name", ["", "hashed-features/0", "sentence-transformers:", "gpt", None, 3]
)
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(UsageError):
        open_embedder(name, TEXTS)


def test_a_model_that_is_not_here_is_an_error_and_nothing_else_is_used():
    installed = importlib.util.find_spec("sentence_transformers") is not None
    with pytest.raises(UsageError if installed else MissingExtraError):
        open_embedder("sentence-transformers:no/such-model", TEXTS)


def test_the_default_is_named():
    assert open_embedder(DEFAULT_EMBEDDER, TEXTS).name == "hashed-features/1"
