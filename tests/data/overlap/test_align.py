"""The alignment: the kernel against a slow oracle, and the laws of a chain."""

from __future__ import annotations

import math
import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from provenir.data.overlap import align

WORDS = st.lists(st.integers(0, 5), max_size=24)


def words_of(numbers):
    return np.array(numbers, np.uint64) * np.uint64(0x9E3779B97F4A7C15 >> 3)


def aligned(item, row, weights=None):
    weights = np.ones(len(item), np.float32) if weights is None else weights
    pairs = np.array([[0, len(item), 0, len(row)]], np.int64)
    roles = np.zeros(len(item), np.int8)
    at, found = align.align_pairs(pairs, words_of(item), weights, roles, words_of(row))
    return at.tolist(), float(found[0, 0])


def runs_slowly(item, row, least=2):
    """Every maximal common run, by trying all places."""
    found = set()
    for i in range(len(item)):
        for j in range(len(row)):
            if i and j and item[i - 1] == row[j - 1]:
                continue
            n = 0
            while i + n < len(item) and j + n < len(row) and item[i + n] == row[j + n]:
                n += 1
            if n >= least:
                found.add((i, j, n))
    return found


def worth_slowly(item, row, weights):
    """The worth of the best chain, by trying all chains of runs in the item's order."""
    runs = sorted(runs_slowly(item, row))
    best = {}
    for f, (i, j, n) in enumerate(runs):
        best[f] = sum(weights[i : i + n])
        for g in range(f):
            gi, gj, gn = runs[g]
            if gi + gn >= i + n:
                continue
            gain = sum(weights[max(i, gi + gn) : i + n])
            jump = align.JUMP + align.JUMP_PER_DOUBLING * math.log2(1 + abs((j - i) - (gj - gi)))
            best[f] = max(best[f], best[g] + gain - jump)
    return max(best.values(), default=0.0)


def test_texts_that_repeat_a_few_words_end_soon_and_the_rest_is_found():
    rest = list(range(10, 60))
    at, found = aligned([1, 2] * 40_000 + rest, [1, 2] * 60_000 + rest)
    assert at[-len(rest) :] == list(range(120_000, 120_000 + len(rest)))
    assert found > 70_000


@given(WORDS, WORDS)
@settings(max_examples=200, deadline=None)
def test_the_kernel_finds_every_maximal_run(item, row):
    runs = np.empty((align.MAX_RUNS, 3), np.int32)
    e, r = words_of(item), words_of(row)
    with np.errstate(over="ignore"):
        count = align.find_runs(e, r, np.empty(64, np.int32), np.empty(len(e), np.int32), 2, runs)
    assert {tuple(run) for run in runs[:count].tolist()} == runs_slowly(item, row)


@given(WORDS, WORDS, st.lists(st.sampled_from([0.02, 0.25, 0.3, 1.0]), min_size=24, max_size=24))
@settings(max_examples=200, deadline=None)
def test_what_is_matched_is_the_same_word_and_no_worse_than_the_best_chain(item, row, weights):
    weights = np.array(weights[: len(item)], np.float32)
    at, found = aligned(item, row, weights)
    assert all(j < 0 or item[i] == row[j] for i, j in enumerate(at))
    matched = sum(w for w, j in zip(weights.tolist(), at, strict=True) if j >= 0)
    worth = worth_slowly(item, row, weights.tolist())
    assert worth <= align.JUMP + 1e-6 or matched >= worth - 1e-6
    assert found <= matched + 1e-6


def test_of_many_runs_the_heaviest_are_chained():
    rng = random.Random(3)
    item = [rng.randrange(12) for _ in range(200)]
    row = [rng.randrange(12) for _ in range(1000)]
    assert len(runs_slowly(item, row)) > 4 * align.MAX_CHAINED
    edited = [99 if n % 10 == 9 else word for n, word in enumerate(item)]
    at, _ = aligned(item, row[:500] + edited + row[500:])
    assert at == [-1 if n % 10 == 9 else 500 + n for n in range(200)]


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=40, unique=True), WORDS, WORDS)
@settings(max_examples=100, deadline=None)
def test_a_copy_is_matched_whole_wherever_it_stands(item, before, after):
    shifted = [n + 2000 for n in before], [n + 3000 for n in after]
    at, found = aligned(item, [*shifted[0], *item, *shifted[1]])
    assert at == list(range(len(before), len(before) + len(item)))
    assert found == len(item)


def test_a_far_run_must_say_more_than_its_place_costs():
    item = list(range(10))
    near = [0, 1, 2, 3, 4, 99, 5, 6]
    far = [0, 1, 2, 3, 4, *range(1000, 3000), 5, 6]
    assert aligned(item, near)[0][5:7] == [6, 7]
    assert aligned(item, far)[0][5:7] == [-1, -1]


def test_runs_may_stand_in_another_order():
    item = list(range(20))
    at, _ = aligned(item, [*range(10, 20), *range(10)])
    assert all(j >= 0 for j in at)


def test_many_runs_leave_the_longest():
    item = [1, 2] * 400 + list(range(10, 40))
    row = [1, 2, 7] * 3000 + list(range(10, 40))
    at, _ = aligned(item, row)
    assert at[800:] == list(range(9000, 9030))


def test_common_grams_are_those_of_all_runs():
    item, row = list(range(10)), [*range(6), 99, *range(4, 10)]
    at = align.common_grams(words_of(item), words_of(row), 5)
    assert at.tolist() == [0, 1, -1, -1, 7, 8, -1, -1, -1, -1]
