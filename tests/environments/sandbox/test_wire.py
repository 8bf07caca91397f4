"""Messages between a warden and its client come back as they went."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from provenir.environments.sandbox.inside import wire

SIZES = st.integers(0, 2**62)
COUNTS = st.integers(0, 2**32 - 1)
LIMITS = st.tuples(st.floats(0, 1e9), SIZES, SIZES, SIZES, SIZES, COUNTS, COUNTS)


@given(st.text(max_size=200), st.integers(-(2**63), 2**63 - 1), LIMITS)
def test_an_order(entry, seed, limits):
    message = wire.order(entry, seed=seed, limits=limits)
    assert wire.read_order(message) == (entry, seed, limits)
    assert len(message) < wire.MAX_MESSAGE


@given(
    st.sampled_from([wire.ENDED, wire.FAILED, wire.LOST, wire.SWOLLEN]),
    st.integers(0, 65535),
    st.floats(0, 1e9),
    st.integers(0, 2**62),
    st.text(max_size=100),
)
def test_an_ending(kind, status, cpu_s, peak, text):
    message = wire.ending(kind, status, cpu_s, peak, text)
    assert wire.read_ending(message) == (kind, status, cpu_s, peak, text)


def test_a_long_text_is_cut_and_an_odd_one_replaced():
    assert len(wire.ending(wire.FAILED, text="x" * 100_000)) < wire.MAX_MESSAGE
    assert wire.read_ending(wire.ending(wire.FAILED, text="é" * 5_000))[4].startswith("éé")
    assert wire.read_ending(wire.ending(wire.FAILED, text="a\ud800"))[4] == "a?"
