"""The sampler: the stated algorithm, its test vectors, its laws."""

from __future__ import annotations

import hashlib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.core.errors import UsageError
from provenir.provenance.ledger.sampler import Sampler, micro_sizes, seed_commit, shuffled

SEED = bytes(range(32))


def oracle(seed: bytes, epoch: int, rows: list[int]) -> list[int]:
    """The page's words, one after the other."""
    stream = b"".join(
        hashlib.sha256(
            b"provenir/stream/1" + seed + epoch.to_bytes(8, "big") + c.to_bytes(8, "big")
        ).digest()
        for c in range(len(rows) + 8)
    )
    words = [int.from_bytes(stream[i : i + 8], "big") for i in range(0, len(stream), 8)]
    order = list(rows)
    for i in range(len(order) - 1, 0, -1):
        while (word := words.pop(0)) >= 2**64 - 2**64 % (i + 1):
            continue
        j = word % (i + 1)
        order[i], order[j] = order[j], order[i]
    return order


def test_vectors_of_the_page():
    assert seed_commit(bytes(32)) == (
        "sha256:388b805b189fc271d3f2a20b2b1cec15c08005df66c1d626e14ab7bb5e40cb17"
    )
    assert shuffled(bytes(32), 0, range(10)) == [2, 7, 8, 4, 9, 3, 1, 5, 6, 0]
    assert shuffled(bytes(32), 1, range(10)) == [1, 6, 4, 2, 7, 5, 3, 8, 0, 9]


@given(st.binary(min_size=32, max_size=32), st.integers(0, 2**40), st.sets(st.integers(0, 999)))
def test_the_order_is_that_of_the_page(seed, epoch, rows):
    assert shuffled(seed, epoch, sorted(rows)) == oracle(seed, epoch, sorted(rows))


@given(st.sets(st.integers(0, 99)), st.integers(1, 9), st.integers(1, 4), st.booleans())
def test_every_row_is_drawn_once_an_epoch(rows, batch, epochs, drop_last):
    sampler = Sampler(SEED, sorted(rows), batch, epochs, drop_last)
    seen = [sampler.drawn(step) for step in range(1, sampler.total_steps + 1)]
    for epoch in range(epochs):
        drawn = [row for of, batch_rows in seen if of == epoch for row in batch_rows]
        assert Counter(drawn).keys() <= rows
        assert max(Counter(drawn).values(), default=0) <= 1
        assert len(drawn) == (len(rows) // batch * batch if drop_last else len(rows))


@given(st.integers(0, 2**64))
def test_steps_can_be_asked_in_any_order(start):
    sampler = Sampler(SEED, range(10), 3, 3)
    step = start % sampler.total_steps + 1
    forward = [Sampler(SEED, range(10), 3, 3).drawn(step) for step in range(1, 13)]
    assert sampler.drawn(step) == forward[step - 1]
    assert sampler.drawn(1) == forward[0]


def test_every_order_of_four_is_as_likely():
    n = 24_000
    counts = Counter(tuple(shuffled(SEED, epoch, range(4))) for epoch in range(n))
    chi2 = sum((count - n / 24) ** 2 / (n / 24) for count in counts.values())
    assert len(counts) == 24
    assert chi2 < 49.7  # 23 degrees of freedom: passed by one seed in a thousand


def test_microbatches():
    assert micro_sizes(7, 3) == [3, 3, 1]
    assert micro_sizes(0, 3) == []


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Sampler(b"short", [1], 1, 1),
        lambda: Sampler(SEED, [1], 0, 1),
        lambda: Sampler(SEED, [1], 1, 0),
        lambda: Sampler(SEED, [2, 1], 1, 1),
        lambda: Sampler(SEED, [1, 1], 1, 1),
        lambda: Sampler(SEED, [1], 1, 1).drawn(0),
        lambda: Sampler(SEED, [1], 1, 1).drawn(2),
        lambda: Sampler(SEED, [], 1, 1).drawn(1),
    ],
)
def test_misuse_is_refused(wrong):
    with pytest.raises(UsageError):
        wrong()
