"""The default embedder."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given

from strategies import any_text

pytest.importorskip("numpy")

import numpy as np

from provenir.data.paraphrase.hashed import WIDTH, HashedFeatures

TEXTS = [
    "How many apples are in 3 baskets?",
    "The river flows north.",
    "Les élèves mangent 12 pommes",
]


@given(any_text, any_text)
def test_vectors_are_finite_the_same_again_and_apart_from_their_neighbours(one, other):
    embedder = HashedFeatures(TEXTS)
    both, alone = embedder.embed([one, other]), embedder.embed([one])
    assert both.shape == (2, 2 * WIDTH)
    assert np.isfinite(both).all()
    assert (both[0] == alone[0]).all()
    length = np.linalg.norm(both, axis=1)
    assert ((np.abs(length - 1) < 1e-5) | (length == 0)).all()


def test_units_and_concepts_bring_texts_together():
    embedder = HashedFeatures(TEXTS)
    a, b, c = embedder.embed(
        ["bought for 90 minutes", "purchase: an hour and a half", "sold at dawn"]
    )
    assert a @ b > 2 * max(a @ c, 0.1)


def test_vectors_do_not_depend_on_the_process():
    code = (
        "from provenir.data.paraphrase.hashed import HashedFeatures\n"
        f"print(HashedFeatures({TEXTS!r}).embed([{TEXTS[0]!r}]).tobytes().hex())"
    )
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            text=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": ":".join(sys.path)},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(seen) == 1
