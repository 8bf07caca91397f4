"""Signatures: the compiled kernel against numpy, and both against what a sketch must do."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

np = pytest.importorskip("numpy")


from provenir.data.minhash import kernels, plain, signatures  # noqa: E402
from provenir.data.minhash.kernels import EMPTY, LETTERS, SIZE, STRIDE  # noqa: E402
from provenir.data.minhash.parts import parts_of  # noqa: E402
from provenir.data.minhash.signing import Block, jaccard, shingle_set  # noqa: E402
from provenir.data.overlap.compiled import COMPILED  # noqa: E402

compiled = pytest.mark.skipif(not COMPILED, reason="numba is not here")
TEXTS = st.text(st.sampled_from("aB9 .-é漢\x00_"), max_size=60)
ROWS = st.lists(st.lists(TEXTS, max_size=3), min_size=1, max_size=6)
LONG = (
    b"a " * 30_000,
    b"x" * (3 * STRIDE),
    b"x " * (STRIDE // 2) + b"y",
    " ".join(str(k % 3000) for k in range(40_000)).encode(),
    b" " * STRIDE + b"one two three four" + b" " * STRIDE + b"five",
)


def signed_by(sign, block: Block):
    data, lo, hi, first = block.arrays()
    out = np.full((len(block), SIZE), EMPTY, np.uint32)
    seen, sums = np.zeros(len(block), np.int64), np.zeros(len(block), np.uint64)
    sign(data, lo, hi, first, LETTERS, out, seen, sums)
    return out, seen, sums


def block_of(rows) -> Block:
    block = Block()
    for row in rows:
        block.add([part for text in row for part in parts_of(text)])
    return block


def assert_same(block: Block) -> None:
    for ours, theirs in zip(
        signed_by(kernels.sign, block), signed_by(plain.sign, block), strict=True
    ):
        assert np.array_equal(ours, theirs)


@compiled
@settings(deadline=None)
@given(ROWS)
def test_both_ways_sign_alike(rows):
    assert_same(block_of(rows))


@compiled
def test_both_ways_sign_long_texts_alike():
    assert_same(block_of([[text] for text in LONG] + [list(LONG), [], [""]]))


@compiled
@settings(deadline=None)
@given(st.lists(TEXTS, max_size=3))
def test_both_ways_find_the_same_shingles(texts):
    block = block_of([texts])
    data, lo, hi, _ = block.arrays()
    room = np.empty(sum(map(len, block.parts)) + 4, np.uint64)
    room = room[: kernels.shingles(data, lo, hi, LETTERS, room)]
    assert np.array_equal(np.sort(room), np.sort(plain.part_shingles(data, lo, hi, LETTERS)[0]))


def five_word_runs(text: str) -> set[tuple[str, ...]]:
    words = text.lower().split()
    return {tuple(words[k : k + 5]) for k in range(max(len(words) - 4, min(len(words), 1)))}


@given(st.lists(st.sampled_from("abcdef"), max_size=40).map(" ".join))
@settings(deadline=None)
def test_shingles_are_the_runs_of_five_words(text):
    assert len(shingle_set(parts_of(text))) == len(five_word_runs(text))


def test_what_counts_as_a_shingle():
    def same(one, other):
        return jaccard(shingle_set(parts_of(one)), shingle_set(parts_of(other))) == 1

    assert same("The quick, brown FOX jumps!", "the quick brown fox jumps")
    assert same({"a": "one two", "b": "three"}, {"c": ["three", "one two"]})
    assert not same("one two three", {"a": "one two", "b": "three"})
    assert not same("one", "one one")
    assert not same("", "")


def test_a_text_without_words_has_no_signature():
    assert (signatures(["", " .\n", b"\xff\x00", {"a": 1}]) == EMPTY).all()
    assert not (signatures(["a"]) == EMPTY).any()


def test_order_repeats_and_blocks_change_nothing():
    texts = [f"w{k} x{k} y z{k % 7} q" * (1 + k % 9) for k in range(3000)]
    assert np.array_equal(signatures(texts)[::-1], signatures(texts[::-1]))
    assert np.array_equal(signatures(["a b c d e"]), signatures(["a b c d e a b c d e"[:9]]))


def pair(rng: random.Random, common: int, each: int) -> list[list[bytes]]:
    """Two texts with so many shingles in common, and so many of their own."""
    parts = [rng.randbytes(8).hex().encode() for _ in range(common + 2 * each)]
    return [parts[: common + each], parts[:common] + parts[common + each :]]


@pytest.mark.parametrize(("common", "each"), [(8, 1), (40, 5), (80, 10), (800, 100), (4000, 500)])
def test_the_estimate_is_without_bias_and_as_sharp_as_that_of_permutations(common, each):
    # 300 pairs: the mean within 4 standard errors; a variance of no more than 1.35 times the
    # binomial one, which chance passes with a probability below 1e-4.
    rng, block, pairs = random.Random(common), Block(), 300
    for _ in range(pairs):
        for parts in pair(rng, common, each):
            block.add(parts)
    out = block.sign().sketches
    estimates = (out[::2] == out[1::2]).mean(axis=1)
    truth = common / (common + 2 * each)
    error = math.sqrt(truth * (1 - truth) / SIZE)
    assert abs(estimates.mean() - truth) < 4 * error / math.sqrt(pairs)
    assert estimates.var() < 1.35 * error**2
