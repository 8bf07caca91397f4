"""Honest programs pass: at most one in two hundred is refused, and none is suspected."""

from __future__ import annotations

import pytest

from environments.code_pairs import pairs
from provenir.environments import CodeVerifier, verify_many

ALLOWED = 0.005


def refused_and_suspected(chosen):
    results = verify_many(
        CodeVerifier(), [pair.response for pair in chosen], [pair.reference for pair in chosen]
    )
    told = list(zip(chosen, results, strict=True))
    refused = {pair.name: result.detail for pair, result in told if not result.passed}
    suspected = [pair.name for pair, result in told if result.metadata["suspected_hacking"]]
    return refused, suspected


def test_each_honest_program_passes_in_one_style():
    styles = {pair.family.name: [] for pair in pairs()}
    for pair in pairs():
        styles[pair.family.name].append(pair)
    chosen = [written[n % len(written)] for n, written in enumerate(styles.values())]
    refused, suspected = refused_and_suspected(chosen)
    assert len(refused) <= ALLOWED * len(chosen), refused
    assert suspected == []


@pytest.mark.slow
def test_honest_programs_pass_in_every_style():
    refused, suspected = refused_and_suspected(pairs())
    assert len(refused) <= ALLOWED * len(pairs()), refused
    assert suspected == []


@pytest.mark.slow
def test_programs_with_objects_pass_in_every_style():
    chosen = [pair for pair in pairs() if "object" in pair.family.tags]
    refused, _ = refused_and_suspected(chosen)
    assert len(refused) <= ALLOWED * len(chosen), refused
