"""Places of set bits, by one instruction and one after the other."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.data.overlap.compiled import COMPILED, address, jit

if not COMPILED:
    pytest.skip("kernels are not compiled here", allow_module_level=True)

from llvmlite import binding

from provenir.data.overlap import lanes

masks = st.integers(0, 2**64 - 1) | st.sets(st.integers(0, 63)).map(
    lambda places: sum(1 << place for place in places)
)
WAYS = [lanes.append_places, jit(lanes._places_in_turn)]
if binding.llvm_version_info >= (20,):
    WAYS.append(jit(lanes._places_at_once))


@pytest.mark.parametrize("append_places", WAYS)
@given(masks, st.integers(0, 9), st.integers(0, 2**40))
def test_every_way_stores_the_same_places(append_places, mask, count, at):
    places = np.full(128, -1, dtype=np.int64)
    after = append_places(address(places), count, at, np.uint64(mask))
    assert after == count + mask.bit_count()
    assert places[count:after].tolist() == [at + bit for bit in range(64) if mask >> bit & 1]
    assert (places[:count] == -1).all()
    assert (places[count + 64 :] == -1).all()
