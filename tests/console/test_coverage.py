from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from provenir.console.coverage import read_coverage
from provenir.console.folder import RunSource
from provenir.console.watch_words import HACKS, anomaly_words
from provenir.observability import FlightRecorder
from provenir.observability.detectors import KINDS
from provenir.observability.hacking import HackingMonitor
from provenir.observability.hacking.signal import HACKING_KINDS
from provenir.provenance.run_record import RunRecord
from strategies import json_objects

NO_RECORD: Any = None


def source(recorder: dict[str, Any], hacking: dict[str, Any]) -> RunSource:
    documents = {"flight_recorder.json": recorder, "hacking_report.json": hacking}
    record: RunRecord = NO_RECORD
    return RunSource(record=record, documents=documents, problems={}, rebuilt=(), journal=())


def rows(recorder: dict[str, Any], hacking: dict[str, Any]) -> dict[str, list[str]]:
    view = read_coverage(source(recorder, hacking))
    return {
        f"{name} {row[1].text}": [cell.text for cell in row]
        for name, table in (("anomaly", view.anomalies), ("hack", view.hacks))
        for row in table.rows
    }


def test_every_kind_has_its_words() -> None:
    assert set(HACKS) == set(HACKING_KINDS)
    assert all(all(words) for words in (*map(anomaly_words, KINDS), *HACKS.values()))


def test_what_a_real_run_watched_and_what_it_did_not() -> None:
    recorder, hacking = FlightRecorder(), HackingMonitor()
    for step in range(40):
        recorder.log_step({"kl": 0.01, "grad_norm": 1.0, "reward_mean": step / 40})
        hacking.add({"reward": 1.0, "true_reward": 1.0 if step else None, "group_id": step // 4})
    found = rows(recorder.to_dict(), hacking.report().to_dict())
    assert found["anomaly kl_blowup"][:4] == ["watched", "kl_blowup", "40 values", "0"]
    assert found["anomaly entropy_collapse"][0] == "not watched"
    assert "never logged: entropy" in found["anomaly entropy_collapse"][2]
    assert found["anomaly entropy_collapse"][3] == "–"
    assert found["hack proxy_divergence"][0] == "watched"
    assert found["hack proxy_divergence"][2].startswith("39 rollouts, 1 of 40")
    assert found["hack solved_group"][:3] == ["watched", "solved_group", "10 groups"]
    assert found["hack test_tampering"][0] == "not watched"
    assert found["hack test_tampering"][4].startswith("the text and the syntax")


@pytest.mark.parametrize(
    ("why", "watched"),
    [
        ("", "30 rollouts"),
        ("no format was declared for 20 of 30 texts", "10 rollouts"),
        ("no format was declared for 30 of 30 texts", None),
        ("no text of a rollout was read: they carried no text", None),
        ("blocks of code that were not analysed: too long: 3", "30 rollouts"),
    ],
)
def test_a_reason_that_covers_a_part_leaves_the_rest_watched(why: str, watched: str | None) -> None:
    report = {
        "examined": {"texts": 30, "trajectories": 30},
        "not_examined": {"format_exploit": why},
    }
    row = rows({}, report)["hack format_exploit"]
    assert row[0] == ("not watched" if watched is None else "watched")
    assert row[2].startswith(watched or why)


def test_means_that_were_compared_are_watched_without_rollouts() -> None:
    monitor = HackingMonitor()
    for step in range(40):
        monitor.add_step({"step": step, "reward": 0.5, "true_reward": 0.5})
    row = rows({}, monitor.report().to_dict())["hack proxy_divergence"]
    assert row[0] == "watched"
    assert row[2].startswith("40 steps, no rollout carried both")


def test_nothing_recorded_is_nothing_watched() -> None:
    view = read_coverage(source({}, {}))
    assert view.lead.startswith("0 of ")
    assert {row[0].text for row in view.anomalies.rows + view.hacks.rows} == {"not watched"}


@given(json_objects, json_objects)
@settings(max_examples=40)
def test_any_document_can_be_covered(recorder: dict[str, Any], hacking: dict[str, Any]) -> None:
    read_coverage(source({"summary": recorder}, hacking))
