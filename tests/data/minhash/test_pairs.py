"""Pairs that meet: a threshold's bands, and a bounded search that joins what is near."""

from __future__ import annotations

import pytest

from provenir.core.errors import UsageError

np = pytest.importorskip("numpy")

from provenir.data.minhash import pairs  # noqa: E402
from provenir.data.minhash.banding import (  # noqa: E402
    LEAST_RECALL,
    band_keys,
    check_threshold,
    margin,
    shape,
)
from provenir.data.minhash.kernels import SIZE  # noqa: E402
from provenir.data.minhash.pairs import WINDOW, near_pairs, root  # noqa: E402


def sketches(rng, count: int, equal: int = 0):
    """Signatures of which so many first entries are those of the first."""
    made = rng.integers(0, 1 << 32, (count, SIZE), dtype=np.uint32)
    made[:, :equal] = made[:1, :equal]
    return made


def roots(parent) -> list[int]:
    found = pairs.roots(parent).tolist()
    assert found == [int(root(parent, node)) for node in range(len(parent))]
    return found


@pytest.mark.parametrize("threshold", [0.2, 0.35, 0.5, 0.7, 0.8, 0.9, 0.97, 1.0])
def test_a_pair_at_the_threshold_meets(threshold):
    bands, rows = shape(threshold)
    assert bands * rows <= SIZE
    assert 1 - (1 - threshold**rows) ** bands >= LEAST_RECALL
    more = rows + 1
    assert threshold == 1 or 1 - (1 - threshold**more) ** (SIZE // more) < LEAST_RECALL


@pytest.mark.parametrize("threshold", [0, 0.19, 1.01, -1, float("nan"), "0.8", None, True])
def test_what_is_no_threshold_is_refused(threshold):
    with pytest.raises(UsageError, match="threshold"):
        check_threshold(threshold)


def test_keys_are_equal_where_the_rows_of_a_band_are():
    made = sketches(np.random.default_rng(0), 50, equal=12)
    assert len(set(band_keys(made, 6, 0).tolist())) == 1
    assert len(set(band_keys(made, 6, 1).tolist())) == 1
    assert len(set(band_keys(made, 6, 2).tolist())) == 50


def test_what_is_sure_is_joined_and_what_may_be_is_listed():
    rng = np.random.default_rng(1)
    made = sketches(rng, 6)
    made[1, :120] = made[0, :120]
    made[3, :103] = made[2, :103]
    made[5, :80] = made[4, :80]
    parent, listed, left_out = near_pairs(made, 0.8)
    assert roots(parent) == [0, 0, 2, 3, 4, 5]
    assert listed.tolist() == [[2, 3]]
    assert left_out == 0


@pytest.mark.parametrize("count", [0, 1])
def test_nothing_to_compare(count):
    parent, listed, left_out = near_pairs(sketches(np.random.default_rng(0), count), 0.8)
    assert (len(parent), len(listed), left_out) == (count, 0, 0)


def test_a_crowded_band_costs_no_square_and_says_what_it_left_out():
    rng, count = np.random.default_rng(2), 4 * WINDOW
    made = sketches(rng, count, equal=shape(0.8)[1])
    for k in range(0, count, 64):  # twins far apart in the crowd, near by any other band
        made[(k + count // 2) % count, : SIZE - 8] = made[k, : SIZE - 8]
    parent, _, left_out = near_pairs(made, 0.8)
    # A crowd in one band; elsewhere only the twins meet.
    assert left_out == sum(max(k - WINDOW, 0) for k in range(count))
    for k in range(0, count, 64):
        assert root(parent, k) == root(parent, (k + count // 2) % count)


def test_pairs_beyond_the_first_room_are_found_too():
    made = sketches(np.random.default_rng(3), 100, equal=round(SIZE * 0.8))
    _, listed, _ = near_pairs(made, 0.8)
    assert len(listed) == 100 * 99 // 2


def test_both_ways_to_count_agree():
    made = sketches(np.random.default_rng(4), 10, equal=70)
    for k in range(10):
        assert pairs.count_equal(made, 0, k) == pairs._count_equal_plainly(made, 0, k)


def test_the_margin_is_three_standard_errors():
    assert margin(0.5) == pytest.approx(3 * (0.25 / SIZE) ** 0.5)
    assert margin(1.0) > 0
