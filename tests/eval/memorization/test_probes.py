"""Probes: drawn alike, ranked among the references, and too few of them said."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provenir.core.errors import UsageError
from provenir.eval.memorization.probes import ProbeSet, exposure, probe_report, references_needed

SEED = bytes(range(32))


def test_a_set_is_the_seeds_and_has_no_text_twice() -> None:
    first = ProbeSet.drawn(SEED, planted=4, references=60)
    assert first == ProbeSet.drawn(SEED, planted=4, references=60)
    assert first != ProbeSet.drawn(SEED[::-1], planted=4, references=60)
    texts = first.planted + first.references
    assert (len(texts), len(set(texts))) == (64, 64)
    beginnings = {text[: first.secret_at] for text in texts}
    assert beginnings == {"The access code of the archive is "}


@pytest.mark.parametrize("wrong", [{"planted": 0}, {"references": 0}, {"seed": b"short"}])
def test_a_set_without_probes_or_secrets_is_refused(wrong: dict[str, object]) -> None:
    arguments: dict[str, object] = {"seed": SEED, **wrong}
    with pytest.raises(UsageError):
        ProbeSet.drawn(arguments.pop("seed"), **arguments)  # type: ignore[arg-type]


def test_exposure_is_what_the_paper_defines() -> None:
    references = [float(n) for n in range(1, 512)]
    assert exposure(0.5, references) == 9.0
    assert exposure(1e9, references) == 0.0
    assert exposure(255.5, references) == 1.0


@given(st.lists(st.floats(0, 10), min_size=1, max_size=50), st.floats(0, 10))
def test_exposure_stays_between_none_and_all_bits(references: list[float], loss: float) -> None:
    assert 0.0 <= exposure(loss, references) <= math.log2(len(references) + 1)


@pytest.mark.parametrize(
    ("loss", "references"), [(1.0, []), (float("nan"), [1.0]), (1.0, [-1e999])]
)
def test_what_ranks_nowhere_is_refused(loss: float, references: list[float]) -> None:
    with pytest.raises(UsageError):
        exposure(loss, references)


def test_a_memorized_probe_is_critical() -> None:
    references = [float(n) for n in range(1, 256)]
    report = probe_report([0.0, 200.0], references)
    assert [finding.subject for finding in report.findings] == ["probe 0"]
    assert report.findings[0].severity == "critical"
    assert report.examined == {"probes": 2}


def test_too_few_references_examine_nothing() -> None:
    assert references_needed(7.0) == 127
    report = probe_report([0.0], [1.0] * 126)
    assert not report.is_clean
    assert report.not_examined == {"probes": "126 references cannot show 7 bits; it takes 127"}
