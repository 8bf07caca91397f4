"""Which signals stay where there is no room for all."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from provenir.core.findings import SEVERITIES
from provenir.observability.hacking.kept import KeptSignals
from provenir.observability.hacking.signal import HACKING_KINDS, HackingSignal

LIMIT = 10


def signal(kind="degenerate_repetition", severity="warning", *, confirmed=False, index=0):
    return HackingSignal(kind=kind, severity=severity, detail="", index=index, confirmed=confirmed)


def test_a_flood_leaves_room_for_what_is_confirmed_later():
    kept = KeptSignals(LIMIT)
    kept.keep_all(signal(index=n) for n in range(100))
    kept.keep_all(signal("test_tampering", confirmed=True, index=100 + n) for n in range(8))
    assert [one.index for one in kept.signals if one.confirmed] == list(range(100, 108))
    assert len(kept.signals) == LIMIT + 1  # the first of a sort stays beside the others
    assert kept.counts == {"degenerate_repetition": 100, "test_tampering": 8}
    assert kept.dropped == 97


def test_kinds_of_one_weight_share_the_room():
    kept = KeptSignals(LIMIT)
    kept.keep_all(signal(index=n) for n in range(100))
    kept.keep_all(signal("judge_injection", index=100 + n) for n in range(100))
    assert Counter(one.kind for one in kept.signals) == {
        "degenerate_repetition": 6,
        "judge_injection": 5,
    }


signals = st.builds(
    signal,
    st.sampled_from(HACKING_KINDS),
    st.sampled_from(SEVERITIES),
    confirmed=st.booleans(),
    index=st.sampled_from([None, 1]),
)


@given(st.lists(signals, max_size=200))
def test_nothing_gives_way_to_what_weighs_less(given_signals):
    kept = KeptSignals(LIMIT)
    for one in given_signals:
        kept.keep_all([one])
    sorts = {(s.kind, s.severity, s.confirmed, s.index) for s in given_signals}
    assert {(s.kind, s.severity, s.confirmed, s.index) for s in kept.signals} == sorts
    assert len(kept.signals) + kept.dropped == len(given_signals)
    assert kept.copy().signals == kept.signals
    for index in (None, 1):
        came = [s for s in given_signals if s.index == index]
        stays = [s for s in kept.signals if s.index == index]
        assert min(LIMIT, len(came)) <= len(stays) <= LIMIT + len(sorts)
        confirmed = sum(s.confirmed for s in came)
        assert sum(s.confirmed for s in stays) >= min(confirmed, LIMIT - len(sorts))
