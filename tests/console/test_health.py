from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from provenir.console.health import read_episodes, read_health
from strategies import json_objects


def anomaly(kind: str, severity: str, step: int, **fields: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        "severity": severity,
        "step": step,
        "detail": f"why {kind}",
        "channel": "kl",
        "value": 12.5,
        "last_step": step + 2,
        "recovered_at": None,
        **fields,
    }


def test_one_row_for_each_episode_the_worst_first() -> None:
    raw = [anomaly("kl_blowup", "warning", 3), anomaly("nonfinite", "critical", 9, value=None)]
    recorder = {"summary": {"verdict": "CRITICAL", "num_steps": 20}, "anomalies": raw}
    health = read_health(recorder, read_episodes(recorder))
    assert [[cell.text for cell in row] for row in health.episodes.rows] == [
        ["critical", "nonfinite", "kl", "9–11, open at the end", "–", "why nonfinite"],
        ["warning", "kl_blowup", "kl", "3–5, open at the end", "12.5", "why kl_blowup"],
    ]
    assert health.lead == "2 anomaly episodes over 20 recorded steps: 1 critical, 1 warning."


def test_a_recovered_episode_of_one_step() -> None:
    raw = anomaly("reward_spike", "warning", 3, last_step=3, recovered_at=4)
    (episode,) = read_episodes({"anomalies": [raw]})
    assert episode.when == "3"


@pytest.mark.parametrize("recorder", [{}, {"summary": {"verdict": "GREAT", "num_steps": None}}])
def test_no_data_is_unknown_and_never_healthy(recorder: dict[str, Any]) -> None:
    health = read_health(recorder, [])
    assert health.verdict == "UNKNOWN"
    assert "nothing is known" in health.lead


def test_healthy_speaks_only_of_what_was_watched() -> None:
    health = read_health({"summary": {"verdict": "HEALTHY", "num_steps": 1}}, [])
    assert health.verdict == "HEALTHY"
    assert "only the channels" in health.lead


@given(json_objects)
@settings(max_examples=40)
def test_any_document_gives_a_section(recorder: dict[str, Any]) -> None:
    health = read_health(recorder, read_episodes(recorder))
    assert health.lead
