"""Both ways to fold a text give the same bytes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("numpy")

from provenir.data.minhash.folds import MOST_BYTES, fold, fold_plainly

TANGLED = "a-\n\x01\u00ad\u0301é½ßﬁ京가\u1100\u1161\u11a8ㅎιа😀\ufdd0\ufdd1\ufdd2\ufdfa"


@settings(deadline=None)
@given(st.text(st.one_of(st.sampled_from(TANGLED), st.characters(exclude_categories=("Cs",)))))
def test_both_ways_fold_alike(text):
    data = text.encode()
    assert fold(data) == fold_plainly(data)


@pytest.mark.slow
def test_every_code_point_folds_alike_and_within_the_bound():
    for start in range(0, 0x110000, 0x1000):
        points = [point for point in range(start, start + 0x1000) if not 0xD800 <= point < 0xE000]
        data = "a".join(map(chr, points)).encode()
        assert fold(data) == fold_plainly(data)
        assert all(len(fold_plainly(chr(point).encode())) <= MOST_BYTES // 2 for point in points)


def test_what_grows_much_fits():
    text = "\ufdfa" * 10_000
    assert fold(text.encode()) == fold_plainly(text.encode())
    assert fold(b"") == b""
